/** Frontends on sockets by the address rule: exactly, on a fallback, or nowhere with a reason. */
import { createServer } from 'node:net';
import t from 'tap';
import { CounterMemory } from '../../../src/data-plane/model/counters.js';
import type { PlaceState } from '../../../src/data-plane/model/engine.js';
import { SlotTables } from '../../../src/data-plane/selection/decision.js';
import { UserspaceEngine } from '../../../src/data-plane/userspace/engine.js';
import { Frontend } from '../../../src/data-plane/userspace/frontend.js';
import { FrontendBinder } from '../../../src/data-plane/userspace/frontend-binder.js';
import type { ListenAt, Listener } from '../../../src/data-plane/userspace/listeners.js';
import { Clock } from '../../../src/support/clock.js';
import { manualTime } from '../../manual-time.js';
import { nextEvent } from '../../turns.js';
import { tcpBackend } from '../network.js';
import { frontend, rule } from '../plans.js';
import { membersOf, World } from '../world.js';

const context = { healthOf: () => undefined, tables: new SlotTables() };
const memory = new CounterMemory({ opened: () => {}, released: () => {} });
const at = (place: string, id = 'rule-1'): Frontend =>
  new Frontend(frontend('tcp', place, rule([], { id })), { context, memory });

/** A machine on which some addresses cannot be had. */
class Machine {
  readonly realClock = new Clock({ source: manualTime(0) });
  readonly open = new Set<string>();
  readonly log: string[] = [];
  readonly states: PlaceState[] = [];
  #frontends: readonly Frontend[] = [];
  refuse: (at: ListenAt) => string | undefined = () => undefined;
  free = 40000;
  readonly binder = new FrontendBinder({
    listeners: { open: (_, at) => this.#listen(at) },
    realClock: this.realClock,
    announce: (state) => this.states.push(state),
  });

  async #listen(at: ListenAt): Promise<Listener> {
    const port = at.port === 0 ? this.free++ : at.port;
    const place = `${at.address}:${port}`;
    this.log.push(place);
    const code = this.refuse(at) ?? (this.open.has(place) ? 'EADDRINUSE' : undefined);
    if (code) throw Object.assign(new Error(code), { code });
    this.open.add(place);
    return { port, close: () => this.open.delete(place) };
  }

  apply(frontends: readonly Frontend[]): Promise<void> {
    this.#frontends = frontends;
    return this.binder.apply(frontends);
  }

  get #current(): PlaceState[] {
    return this.#frontends.flatMap((frontend) => this.binder.stateOf(frontend) ?? []);
  }

  /** `place state reason` of each frontend. */
  get view(): string[] {
    return this.#current.map(({ key, state, boundAddress, boundPort }) => {
      return `${key} ${state}${state === 'Unbound' ? '' : ` ${boundAddress}:${boundPort}`}`;
    });
  }

  reason(key: string): string | undefined {
    return this.#current.find((state) => state.key === key)?.reason;
  }

  async second(): Promise<void> {
    this.realClock.advance(1000);
    // The retry that is under way comes first.
    await this.binder.apply(this.#frontends);
  }
}

t.test('Without the right to ports below 1024, 80 is found at 8080 and 443 at 8443', async (t) => {
  const machine = new Machine();
  machine.refuse = ({ port }) => (port !== 0 && port < 1024 ? 'EACCES' : undefined);
  await machine.apply([at('127.77.0.1:80'), at('127.77.0.1:443'), at('127.77.0.1:8000')]);
  t.strictSame(machine.view, [
    'tcp/127.77.0.1/80 Fallback 127.77.0.1:8080',
    'tcp/127.77.0.1/443 Fallback 127.77.0.1:8443',
    'tcp/127.77.0.1/8000 Bound 127.77.0.1:8000',
  ]);
  t.match(machine.reason('tcp/127.77.0.1/80'), 'needs the right to listen below 1024');
});

t.test('A fallback never takes a port that another rule of that address names', async (t) => {
  const machine = new Machine();
  machine.refuse = ({ port }) => (port !== 0 && port < 1024 ? 'EACCES' : undefined);
  const http = at('127.77.0.1:80');
  await machine.apply([http, at('127.77.0.1:8080')]);
  t.strictSame(machine.view, [
    'tcp/127.77.0.1/80 Fallback 127.0.0.1:40000',
    'tcp/127.77.0.1/8080 Bound 127.77.0.1:8080',
  ]);

  const later = new Machine();
  later.refuse = machine.refuse;
  const early = at('127.77.0.1:80');
  await later.apply([early]);
  t.strictSame(later.view, ['tcp/127.77.0.1/80 Fallback 127.77.0.1:8080']);
  await later.apply([early, at('127.77.0.1:8080', 'rule-2')]);
  t.strictSame(
    later.view,
    ['tcp/127.77.0.1/80 Fallback 127.0.0.1:40000', 'tcp/127.77.0.1/8080 Bound 127.77.0.1:8080'],
    'and gives it back when a rule names it later',
  );

  const free = new Machine();
  // 40000 is free, but a rule that could not be bound yet names it.
  free.refuse = ({ address, port }) => (address === '127.77.0.9' || port === 40000 ? 'EADDRNOTAVAIL' : undefined);
  await free.apply([at('127.77.0.9:80'), at('127.0.0.1:40000')]);
  t.equal(free.view[0], 'tcp/127.77.0.9/80 Fallback 127.0.0.1:40001', 'nor does a free port of 127.0.0.1');
});

t.test('An address that is taken or does not exist falls back to 127.0.0.1, an IPv6 one to [::1]', async (t) => {
  const machine = new Machine();
  machine.refuse = ({ address, port }) => {
    if (address === '127.77.0.2') return 'EADDRNOTAVAIL';
    if (address.startsWith('fd7f')) return 'EADDRNOTAVAIL';
    return port === 9090 ? 'EADDRINUSE' : undefined;
  };
  const http6 = at('fd7f:1a2b::5:80');
  await machine.apply([at('127.77.0.1:9090'), at('127.77.0.2:80'), http6]);
  t.strictSame(machine.view, [
    'tcp/127.77.0.1/9090 Fallback 127.0.0.1:40000',
    'tcp/127.77.0.2/80 Fallback 127.0.0.1:40001',
    'tcp/fd7f:1a2b::5/80 Fallback ::1:40002',
  ]);
  t.match(machine.reason('tcp/127.77.0.1/9090'), '0.0.0.0:9090');
  t.match(machine.reason('tcp/127.77.0.2/80'), 'not an address of this machine');
});

t.test('A frontend heals within a second when the obstacle goes', async (t) => {
  const machine = new Machine();
  let blocked = true;
  machine.refuse = ({ address }) => (blocked && address !== '127.0.0.1' ? 'EADDRINUSE' : undefined);
  await machine.apply([at('127.77.0.1:9090')]);
  await machine.second();
  t.strictSame(machine.view, ['tcp/127.77.0.1/9090 Fallback 127.0.0.1:40000'], 'it keeps its fallback meanwhile');
  blocked = false;
  await machine.second();
  t.strictSame(machine.view, ['tcp/127.77.0.1/9090 Bound 127.77.0.1:9090']);
  t.strictSame([...machine.open], ['127.77.0.1:9090'], 'the fallback is closed');
  t.strictSame(
    machine.states.map(({ state }) => state),
    ['Fallback', 'Bound'],
    'only changes are announced',
  );
  const attempts = machine.log.length;
  await machine.second();
  t.equal(machine.log.length, attempts, 'nothing is tried any more');
});

t.test('Where nothing can be opened the frontend is Unbound, says why, and is tried again', async (t) => {
  const machine = new Machine();
  let code: string | undefined = 'EMFILE';
  machine.refuse = () => code;
  await machine.apply([at('127.77.0.1:9090')]);
  t.strictSame(machine.view, ['tcp/127.77.0.1/9090 Unbound']);
  t.match(machine.reason('tcp/127.77.0.1/9090'), 'no file descriptors');
  code = 'EWEIRD';
  await machine.second();
  t.match(machine.reason('tcp/127.77.0.1/9090'), 'EWEIRD');
  code = undefined;
  await machine.second();
  t.strictSame(machine.view, ['tcp/127.77.0.1/9090 Bound 127.77.0.1:9090']);
});

t.test('HA ports are Unbound: a socket cannot listen on every port', async (t) => {
  const machine = new Machine();
  await machine.apply([at('127.77.0.1:0')]);
  t.match(machine.reason('tcp/127.77.0.1/0'), 'nftables');
  await machine.second();
  t.strictSame(machine.log, []);
});

t.test('What stays in the plan is not opened again, what leaves is closed', async (t) => {
  const machine = new Machine();
  const [one, two, three] = [at('127.77.0.1:9001'), at('127.77.0.1:9002'), at('127.77.0.1:9003')];
  await machine.apply([one, two]);
  await machine.apply([two, three]);
  t.strictSame(machine.log, ['127.77.0.1:9001', '127.77.0.1:9002', '127.77.0.1:9003']);
  t.strictSame([...machine.open], ['127.77.0.1:9002', '127.77.0.1:9003']);
  machine.binder.stop();
  t.equal(machine.open.size, 0);
});

t.test('On a real machine: a port taken by another process, its fallback, and healing', async (t) => {
  const world = new World((options) => new UserspaceEngine(options));
  t.teardown(() => world.close());
  const [backend] = await world.backends('127.81.0', { count: 1, port: 28080 });
  const occupant = createServer().listen(21080, '127.81.0.100');
  await nextEvent(occupant, 'listening');
  const members = membersOf(backend ? [backend] : []);
  const first = frontend('tcp', '127.81.0.100:21080', rule(members, { id: 'first' }));
  const second = frontend('tcp', '127.81.0.100:21080', rule(members, { id: 'second' }));
  const everywhere = frontend('udp', '127.81.0.100:0', rule(members, { id: 'ha-ports' }));
  await world.apply([first, second, everywhere, frontend('tcp', 'fd7f:1a2b::5:21080', rule(members))]);
  const state = world.engine.frontends().find(({ key }) => key === first.key);
  t.match(state, { state: 'Fallback', boundAddress: '127.0.0.1' });
  t.equal(await tcpBackend({ address: '127.0.0.1', port: state?.boundPort ?? 0 }), '127.81.0.4');
  const reasons = world.engine.frontends().map(({ reason }) => reason);
  t.ok(reasons.some((reason) => reason?.includes('Collision: 127.81.0.100:21080 belongs to first')));
  t.ok(reasons.some((reason) => reason?.includes('HA ports')));
  const six = world.engine.frontends().find(({ key }) => key === 'tcp/fd7f:1a2b::5/21080');
  t.ok(six?.state === 'Fallback' ? six.boundAddress === '::1' : six?.state === 'Unbound');
  occupant.close();
  await world.until(() => world.statesSeen.some(({ key, state }) => key === first.key && state === 'Bound'));
  t.equal(await tcpBackend({ address: '127.81.0.100', port: 21080 }), '127.81.0.4');
});
