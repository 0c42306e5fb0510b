/** `lazurite top` and `--watch`: what they show of the stream of events. */
import t from 'tap';
import type { BackendView, FrontendView } from '../../src/api/admin/views.js';
import { runCommand } from '../../src/cli/commands.js';
import { TopView } from '../../src/cli/top.js';
import { fit } from '../../src/cli/watch.js';
import { openStream } from '../data-plane/network.js';
import { Cloud } from '../emulator/cloud.js';
import { balancer } from '../portal/balancer.js';

const network = 233;
const rule = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/loadBalancers/lb/loadBalancingRules/http';

/** Runs a command until `ends` says that what it has printed is enough. */
async function untilPrinted(
  argv: readonly string[],
  ends: (text: string) => boolean | Promise<boolean>,
): Promise<string> {
  const stop = new AbortController();
  let out = '';
  const print = (text: string): void => {
    out += `${text}\n`;
    if (ends(out)) stop.abort();
  };
  const exitCode = await runCommand(argv, { env: {}, print, printError: print, signal: stop.signal });
  t.equal(exitCode, 0);
  return out;
}

t.test('top counts from what it has seen first, for each rule and member', async (t) => {
  const view = new TopView();
  const frontends = ['tcp', 'udp'].map((transport) => ({
    key: `${transport}/127.0.0.9/80`,
    rule,
  })) as unknown as FrontendView[];
  const backends = ['10.0.0.4', '10.0.0.5'].map((azureAddress) => ({
    rule,
    azureAddress,
    state: 'Up',
    reason: 'Up_Probe_Success',
  })) as BackendView[];
  view.replace({ frontends, backends });
  const counters = (scope: string, values: Record<string, number>): void =>
    view.read({
      type: 'counters',
      data: { value: Object.entries(values).map(([name, value]) => ({ scope, name, value })) },
    });
  counters('tcp/127.0.0.9/80|10.0.0.4', { connections: 100, connectionsClosed: 90 });
  t.match(
    view.draw('http://here', 0),
    /^http:\/\/here · 2 of 2 members up · 0\.0 flows\/s · 10 open · 0 B\/s in · 0 B\/s out\n/,
  );
  counters('tcp/127.0.0.9/80|10.0.0.4', { connections: 120, bytesIn: 4000 });
  counters('udp/127.0.0.9/80|10.0.0.4', { connections: 10 });
  counters('tcp/127.0.0.9/80|10.0.0.5', { connections: 10 });
  counters('tcp/127.0.0.9/80', { connections: 5000 });
  const drawn = view.draw('http://here', 2000);
  t.match(drawn, '20.0 flows/s · 50 open · 2.0 kB/s in');
  t.match(drawn, /lb\/loadBalancingRules\/http +10\.0\.0\.4 +Up +Up_Probe_Success +15\.0 +40 +█{18}·{6} 75 %/);
  t.match(drawn, /\n +10\.0\.0\.5 +Up +Up_Probe_Success +5\.0 +10 +█{6}·{18} 25 %$/);

  await t.test('without traffic the rates fall to nothing, and the shares stay', async (t) => {
    view.draw('http://here', 5000);
    const later = view.draw('http://here', 8000);
    t.match(later, ' 0.0 flows/s · 50 open');
    t.match(later, '75 %');
  });

  await t.test('after a reset nothing is counted', async (t) => {
    view.read({ type: 'reset', data: { by: 'reset' } });
    view.replace({ frontends: [], backends: [] });
    t.match(view.draw('http://here', 9000), /0 of 0 members up[\s\S]*There are no backends/);
  });
});

t.test('what a terminal cannot hold is cut, and its lines are counted', async (t) => {
  t.strictSame(fit('abcdefghij\nb\nc\nd\ne', { columns: 8, rows: 4 }), ['abcdefgh', 'b', '… 3 more']);
  t.strictSame(fit('a\nb', { columns: 4, rows: 4 }), ['a', 'b']);
});

t.test('the commands that watch follow a running emulator', async (t) => {
  const cloud = await Cloud.start(t, { network });
  await cloud.prepare();
  const machines = [await cloud.machine(t, 4, 8080), await cloud.machine(t, 5, 8080)];
  await cloud.put('loadBalancers/lb', balancer(cloud, [4, 5]));
  await cloud.membersUp(4, 5);
  const url = cloud.emulator.httpUrl;

  await t.test('backends --watch shows a member that goes down, and that it comes back', async (t) => {
    let step = 0;
    let listening: Promise<unknown> | undefined;
    const out = await untilPrinted(['backends', '--watch', '--json', '--url', url], (text) => {
      const states = text
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { value: BackendView[] }).value.map(({ state }) => state));
      const last = states.at(-1)?.join();
      if (step === 0 && last === 'Up,Up') {
        step = 1;
        machines[1]?.refuse();
      } else if (step === 1 && last === 'Up,Down') {
        step = 2;
        listening = machines[1]?.acceptAgain();
      } else if (step === 2 && last === 'Up,Up') return true;
      return false;
    });
    await listening;
    t.match(out, /Down_Probe_/);
  });

  await t.test('frontends --watch prints the table again when a resource is written', async (t) => {
    let deleted: Promise<unknown> | undefined;
    const out = await untilPrinted(['frontends', '--watch', '--url', url], (text) => {
      deleted ??= cloud.delete('loadBalancers/lb');
      return text.includes('There are no frontends');
    });
    await deleted;
    t.match(out, /loadBalancingRules\/http[\s\S]*There are no frontends/);
    await cloud.put('loadBalancers/lb', balancer(cloud, [4, 5]));
    await cloud.membersUp(4, 5);
  });

  await t.test('top shows open flows and their shares', async (t) => {
    const [frontend] = await cloud.frontends();
    const at = await cloud.place(frontend?.azureAddress ?? '', 8080);
    const streams: Awaited<ReturnType<typeof openStream>>[] = [];
    let opening: Promise<unknown> | undefined;
    const open = async (): Promise<void> => {
      for (let turn = 0; turn < 10; turn++) streams.push(await openStream(at));
    };
    const out = await untilPrinted(['top', '--url', url], (text) => {
      opening ??= open();
      return / · 10 open · /.test(text) && /█/.test(text);
    });
    await opening;
    t.match(out, '2 of 2 members up');
    for (const { socket } of streams) socket.destroy();
  });
});

t.test('a command that watches where nothing listens says so', async (t) => {
  await t.rejects(
    untilPrinted(['top', '--url', 'http://127.0.0.1:1'], () => false),
    { name: 'UsageError', message: /^nothing listens/ },
  );
});
