/**
 * `flows-site DATABASE-URL FLOWS TUPLES PROGRAM…`: a network of clients (this process), a router that spreads flows over
 * three kernel nodes, and ten members, whose answers come back by any of the nodes. Runs in a network namespace of its
 * own, which `flows.ts` makes. Prints one sentence a line; those that begin with `NOT SO: ` are faults.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { echoes, inParallel, openStream, type Stream } from '../data-plane/network.js';
import { noFilter, Place } from '../data-plane/nftables/place.js';
import { nextEvent, until } from '../turns.js';
import { Machine } from './machines.js';

const [database = '', flowsText = '', tuplesText = '', ...program] = process.argv.slice(2);
const [flowCount, tupleCount] = [Number(flowsText), Number(tuplesText)];

const count = 3;
const numbers = Array.from({ length: count }, (_, index) => index + 1);
const members = Array.from({ length: 10 }, (_, index) => `10.2.0.${101 + index}`);
const [servicePort, probePort, apiPort] = [28080, 8081, 4567];
const clients = Array.from({ length: 20 }, (_, index) => `10.9.0.${1 + index}`);
const idleMinutes = 4;
/** At once at most: a new connection is several packets of several processes. */
const together = 50;

// Nothing outlives a test that is killed.
process.stdin.on('end', () => process.exit(1)).resume();

const say = (sentence: string): void => void process.stdout.write(`${sentence}\n`);
const hold = (holds: boolean, sentence: string): void => say(holds ? sentence : `NOT SO: ${sentence}`);
const here = (commands: string): string => execFileSync('sh', ['-ec', commands], { encoding: 'utf8' });
const backendsOf = (port: number): string[] => members.map((address) => `${address}:${port}`);

/** A node: its namespace, and the process in it. */
interface Node {
  readonly number: number;
  readonly place: Place;
  readonly machine: Machine;
}

class Site {
  readonly #folder = mkdtempSync(join(tmpdir(), 'lazurite-flows-'));
  readonly #places: Place[] = [];
  #router!: Place;
  #members!: Place;
  /** Of the router, when the kernel can leave flows of other next hops where they are. */
  #kind = 'type resilient buckets 256 idle_timer 600';
  #up = 0;
  nodes: readonly Node[] = [];
  alive = new Set(numbers);
  address = '';

  async #place(command?: readonly string[]): Promise<Place> {
    const place = await Place.start(command);
    this.#places.push(place);
    return place;
  }

  async start(): Promise<void> {
    this.#router = await this.#place();
    const file = fileURLToPath(new URL('../data-plane/nftables/member.js', import.meta.url));
    const addresses = members.map((address) => `ip address add ${address}/24 dev back`).join('; ');
    this.#members = await this.#place([
      'sh',
      '-c',
      `ip link add back type bridge; ${addresses}; ip link set back up; exec "$@"`,
      'sh',
      process.execPath,
      ...process.execArgv,
      file,
      ...[servicePort, probePort].flatMap(backendsOf),
    ]);
    if (this.#members.child.stdout) await nextEvent(this.#members.child.stdout, 'data');
    this.#connectClients();
    const nodes: Node[] = [];
    for (const number of numbers) {
      const place = await this.#place();
      this.#connect(place, number);
      const machine = new Machine(program, this.#folder, number, place.entering);
      machine.port = apiPort;
      nodes.push({ number, place, machine });
    }
    this.nodes = nodes;
    this.#route();
    for (const node of nodes) await this.#begin(node);
    await this.#makeBalancer();
  }

  #connectClients(): void {
    const spread = 'echo 1 > /proc/sys/net/ipv4/fib_multipath_hash_policy';
    here(`ip route delete local 0.0.0.0/0 dev lo 2>/dev/null || true; ${noFilter}
      ip link add clients type veth peer name clients netns ${this.#router.child.pid}
      ${clients.map((address) => `ip address add ${address}/24 dev clients`).join('\n')}
      ip link set clients up; ip route add default via 10.9.0.254 src ${clients[0]}`);
    this.#router.run(`${spread}; ip address add 10.9.0.254/24 dev clients; ip link set clients up
      ip link add front type bridge; ip address add 10.1.0.1/24 dev front; ip link set front up`);
    this.#members.run(spread);
  }

  /** One link to the router, one to the members. */
  #connect(place: Place, number: number): void {
    for (const [link, to] of [
      ['front', this.#router],
      ['back', this.#members],
    ] as const) {
      to.run(`ip link add node${number} type veth peer name ${link} netns ${place.child.pid}
        ip link set node${number} master ${link} up`);
    }
    place.run(`ip address add 10.1.0.1${number}/24 dev front; ip address add 10.2.0.1${number}/24 dev back
      ip link set back up; ${noFilter}`);
    this.#attach(place);
  }

  #attach(place: Place): void {
    place.run('ip link set front up; ip link set back up; ip route add default via 10.1.0.1');
  }

  /** Frontends are reached by the nodes that are there, and answers come back by any of them. */
  #route(): void {
    const alive = [...this.alive];
    const answers = alive.map((number) => `nexthop via 10.2.0.1${number}`).join(' ');
    this.#members.run(`ip route replace 10.9.0.0/24 ${answers}`);
    const isFirst = !this.#router.run('ip nexthop').includes('id 10 ');
    for (const number of alive) this.#router.run(`ip nexthop replace id ${number} via 10.1.0.1${number} dev front`);
    const group = (): string =>
      this.#router.run(`ip nexthop replace id 10 group ${alive.join('/')} ${this.#kind} 2>&1`);
    try {
      group();
    } catch {
      this.#kind = '';
      group();
      say('The kernel has no resilient next hops: flows of all nodes move when one ends.');
    }
    if (isFirst) this.#router.run('ip route add 20.0.0.0/16 nhid 10');
  }

  #begin({ number, machine }: Node): Promise<void> {
    const own = ['--host', `10.1.0.1${number}`, '--engine', 'nftables'];
    return machine.start(database, [...own, '--public-ip-pool', '20.0.0.0/16', '--address-map', 'none']);
  }

  /** The machine ends with all of its network, and the router learns of it. */
  async kill(number: number): Promise<void> {
    const { machine, place } = this.#node(number);
    await machine.signal('SIGKILL');
    place.run('ip link set front down; ip link set back down; nft flush ruleset');
    this.alive.delete(number);
    this.#router.run(`ip nexthop delete id ${number}`);
    this.#route();
  }

  async bringBack(number: number): Promise<void> {
    const node = this.#node(number);
    this.#attach(node.place);
    await this.#begin(node);
    this.alive.add(number);
    // A resilient group would leave nearly all of its buckets where they are: no flow is under way, so it is made anew.
    this.#router.run('ip nexthop delete id 10');
    this.#route();
    await this.#untilUp(this.#up);
  }

  #node(number: number): Node {
    const node = this.nodes.find((one) => one.number === number);
    if (!node) throw new Error(`there is no node ${number}`);
    return node;
  }

  /** All new flows go by this node. */
  steer(number: number): void {
    this.#router.run(`ip route replace 20.0.0.0/16 via 10.1.0.1${number}`);
  }

  /** An answer of a node's API as JSON; a status that is none of success is an error. */
  async ask<T>(number: number, sent: { method?: string; path: string; body?: unknown }): Promise<T> {
    const { method = 'GET', path, body } = sent;
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const headers = { 'content-type': 'application/json' };
    const call = () => fetch(`http://10.1.0.1${number}:${apiPort}${path}`, { method, headers, ...init });
    // A connection that was kept may be one to the process that was killed.
    const answer = await call().catch(call);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text) as T;
  }

  async #makeBalancer(): Promise<void> {
    const group = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/flows';
    const network = `${group}/providers/Microsoft.Network`;
    const put = <T>(id: string, properties: unknown): Promise<T> => {
      const isGroup = id === group;
      const path = `${id}?api-version=${isGroup ? '2021-04-01' : '2024-05-01'}`;
      const rest = isGroup ? {} : { properties, ...(id.includes('virtualN') ? {} : { sku: { name: 'Standard' } }) };
      return this.ask(1, { method: 'PUT', path, body: { location: 'westeurope', ...rest } });
    };
    await put(group, {});
    const vnet = `${network}/virtualNetworks/vnet`;
    await put(vnet, { addressSpace: { addressPrefixes: ['10.2.0.0/24'] } });
    const ip = `${network}/publicIPAddresses/ip`;
    const made = await put<{ properties: { ipAddress: string } }>(ip, { publicIPAllocationMethod: 'Static' });
    this.address = made.properties.ipAddress;
    const lb = `${network}/loadBalancers/lb`;
    await put(lb, {
      frontendIPConfigurations: [{ name: 'front', properties: { publicIPAddress: { id: ip } } }],
      backendAddressPools: [
        {
          name: 'pool',
          properties: {
            loadBalancerBackendAddresses: members.map((ipAddress) => ({
              name: ipAddress,
              properties: { ipAddress, virtualNetwork: { id: vnet } },
            })),
          },
        },
      ],
      probes: [{ name: 'probe', properties: { protocol: 'Tcp', port: probePort, intervalInSeconds: 5 } }],
      loadBalancingRules: [
        {
          name: 'rule',
          properties: {
            protocol: 'Tcp',
            frontendPort: 80,
            backendPort: servicePort,
            idleTimeoutInMinutes: idleMinutes,
            enableTcpReset: false,
            frontendIPConfiguration: { id: `${lb}/frontendIPConfigurations/front` },
            backendAddressPool: { id: `${lb}/backendAddressPools/pool` },
            probe: { id: `${lb}/probes/probe` },
          },
        },
      ],
    });
    await this.#untilUp(members.length);
  }

  /** Resolves when every node that is there sees so many members up. */
  async #untilUp(expected: number): Promise<void> {
    this.#up = expected;
    for (const number of this.alive) {
      await until(`${expected} members that node ${number} sees up`, async () => {
        const text = JSON.stringify(await this.ask(number, { path: '/_lazurite/backends' }));
        return text.split('"state":"Up"').length - 1 === expected;
      });
    }
  }

  /** The last member fails its probe, on every node. */
  async failLastMember(): Promise<void> {
    this.#members.child.stdin?.write(`refuse ${members.at(-1)}:${probePort}\n`);
    await this.#untilUp(members.length - 1);
  }

  #explain<T>(number: number, from: string): Promise<T> {
    return this.ask<T>(number, { path: `/_lazurite/explain?proto=tcp&from=${from}&to=${this.address}:80` });
  }

  /** Whether every node that is there drops packets in the middle of flows that it does not know. */
  async refusesUnknown(): Promise<boolean> {
    for (const number of this.alive) {
      const explained = await this.#explain<{ unknownFlow: string }>(number, `${clients[0]}:1`);
      if (!explained.unknownFlow.includes('is dropped')) return false;
    }
    return true;
  }

  /** Resolves when all flows have timed out on every node, and flows of others are not taken over any more. */
  async expire(): Promise<void> {
    await until('flows that have expired on every node', async () => {
      const body = { advanceSeconds: idleMinutes * 60 + 1 };
      await this.ask(1, { method: 'POST', path: '/_lazurite/clock', body });
      return (await this.refusesUnknown()) && Math.max(...(await this.known())) === 0;
    });
  }

  /** Whether a new flow from the same place would get another member. */
  async hasMoved({ seenAs, backend }: Stream): Promise<boolean> {
    const { choice } = await this.#explain<{ choice?: { address: string } }>(1, seenAs);
    return choice !== undefined && choice.address !== backend;
  }

  /** How many flows each node that is there knows. */
  async known(): Promise<number[]> {
    const flows = (number: number) => this.ask<{ value: unknown[] }>(number, { path: '/_lazurite/flows' });
    return (await Promise.all([...this.alive].map(flows))).map(({ value }) => value.length);
  }

  async open(): Promise<Stream[]> {
    const streams: Stream[] = [];
    await inParallel(
      Array.from({ length: flowCount }, (_, index) => clients[index % clients.length] as string),
      together,
      async (from) => {
        const stream = await openStream({ address: this.address, port: 80 }, { from });
        stream.socket.on('error', () => {});
        streams.push(stream);
      },
    );
    return streams;
  }

  async end(): Promise<void> {
    await Promise.all(this.nodes.map(({ machine }) => machine.signal('SIGKILL')));
    for (const place of this.#places) place.end();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** How many of them carry a word there and back. */
async function goOn(streams: readonly Stream[], word: string): Promise<number> {
  const went = await Promise.all(streams.map((stream) => echoes(stream, word).catch(() => false)));
  return went.filter(Boolean).length;
}

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`;

async function unchanged(site: Site): Promise<void> {
  const streams = await site.open();
  hold((await goOn(streams, 'begun')) === flowCount, `${flowCount} flows are established`);
  const known = await site.known();
  hold(Math.min(...known) > 0, `flows by node: ${known.join(', ')}`);
  await site.kill(3);
  const left = await goOn(streams, 'after the loss of a node');
  hold(
    left >= 0.99 * flowCount,
    `unchanged pool and health: ${left} of ${flowCount} flows go on without node 3 (${percent(left, flowCount)}, at least 99 %)`,
  );
  for (const { socket } of streams) socket.resetAndDestroy();
  await site.bringBack(3);
}

async function memberChanged(site: Site): Promise<void> {
  const streams = await site.open();
  await goOn(streams, 'begun');
  say(`flows by node: ${(await site.known()).join(', ')}`);
  await site.failLastMember();
  await site.kill(2);
  const left = await goOn(streams, 'after the loss of a node');
  const lost = streams.filter(({ socket }) => socket.destroyed);
  let moved = 0;
  for (const stream of lost) if (await site.hasMoved(stream)) moved++;
  // How many of few flows are of that member and by that node is chance.
  hold(
    moved === flowCount - left && (flowCount < 1000 || left >= 0.94 * flowCount),
    `one of ten members had changed: ${left} of ${flowCount} flows go on without node 2 (${percent(left, flowCount)}, at least 94 % of 1,000); of ${lost.length} that ended, ${moved} have another member now`,
  );
  // Resets are off: a member still has its connection, and would answer what a node lets pass.
  const open = streams.filter(({ socket }) => !socket.destroyed);
  let answered = 0;
  for (const { socket } of open) socket.on('data', () => answered++);
  // A node that is slow on a busy machine counts as one that has come or gone.
  await until('nodes of which none has come or gone for an idle timeout', async () => {
    await site.expire();
    answered = 0;
    for (const { socket } of open) socket.write('too late');
    const marker = await openStream({ address: site.address, port: 80 }, { from: clients[0] as string });
    for (const word of ['one', 'two', 'three']) await echoes(marker, word);
    marker.socket.resetAndDestroy();
    return site.refusesUnknown();
  });
  hold(answered === 0, `expired: ${open.length - answered} of ${open.length} flows are refused`);
  for (const { socket } of open) socket.resetAndDestroy();
  await site.bringBack(2);
}

async function sameMember(site: Site): Promise<void> {
  const perClient = Math.ceil(tupleCount / clients.length);
  const tuples = clients
    .flatMap((from) => Array.from({ length: perClient }, (_, index) => ({ from, fromPort: 20_000 + index })))
    .slice(0, tupleCount);
  const chosen = new Map<string, Set<string>>();
  for (const number of numbers) {
    site.steer(number);
    await inParallel(tuples, together, async (tuple) => {
      const { socket, backend } = await openStream({ address: site.address, port: 80 }, tuple);
      const key = `${tuple.from}:${tuple.fromPort}`;
      chosen.set(key, (chosen.get(key) ?? new Set()).add(backend));
      const closed = nextEvent(socket, 'close');
      socket.resetAndDestroy();
      await closed;
    });
  }
  const same = [...chosen.values()].filter(({ size }) => size === 1).length;
  hold(same === tuples.length, `${same} of ${tuples.length} new flows have the same member on every node`);
}

const site = new Site();
try {
  await site.start();
  await unchanged(site);
  await memberChanged(site);
  await sameMember(site);
} catch (error) {
  say(`NOT SO: ${error instanceof Error ? error.message : error}`);
  for (const { machine } of site.nodes) for (const line of machine.lines.slice(-30)) say(line);
} finally {
  await site.end();
  // Connections to members that are gone would keep the process.
  process.exit();
}
