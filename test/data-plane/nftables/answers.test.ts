/**
 * Answers that come by another node than the one that has carried the request, in a network of four: the client (this
 * process), two nodes whose rulesets are loaded as text, and a member.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { IndexedPlan } from '../../../src/data-plane/model/plan.js';
import type { NodeOptions } from '../../../src/data-plane/nftables/frontend.js';
import { RulesetModel } from '../../../src/data-plane/nftables/ruleset.js';
import { changesBetween, transactions } from '../../../src/data-plane/nftables/transaction.js';
import { inTime } from '../../turns.js';
import { echoes, openStream, UdpClient } from '../network.js';
import { frontend, member, plan, rule } from '../plans.js';
import { isInNamespace } from './in-namespace.js';
import { noFilter, Place } from './place.js';

const node: NodeOptions = { adopt: 'always', symmetric: false };
const client = '10.9.0.1';
const served = { address: '203.0.113.5', port: 80 };
const backend = { address: '10.8.0.4', port: 28080 };

const plans = new IndexedPlan(
  plan(
    (['tcp', 'udp'] as const).map((transport) =>
      frontend(transport, `${served.address}:${served.port}`, rule([member(backend.address, backend.port)])),
    ),
  ),
);

/** What is known of this kind. */
const isEmpty = (place: Place, map: string): boolean =>
  !place.run(`nft list map ip lazurite ${map}`).includes('elements');

function load(place: Place): void {
  const model = new RulesetModel(1, { node });
  const ruleset = model.compile(plans, { healthOf: () => undefined });
  for (const text of ['add table ip lazurite', ...transactions(changesBetween(new Map(), ruleset))]) {
    place.run('nft -f -', text);
  }
}

const here = (commands: string): string => execFileSync('sh', ['-ec', commands], { encoding: 'utf8' });

/** Requests of the client go by the first node, answers of the member by the second one. */
async function network(t: Test): Promise<{ nodes: readonly [Place, Place]; answersBy: (node: number) => void }> {
  const memberFile = fileURLToPath(
    new URL(import.meta.url.endsWith('.ts') ? 'member.ts' : 'member.js', import.meta.url),
  );
  const start = async (command?: readonly string[]): Promise<Place> => {
    const place = await Place.start(command);
    t.teardown(() => place.end());
    return place;
  };
  const nodes = [await start(), await start()] as const;
  const serve = `ip address add ${backend.address} dev lo; exec "$@"`;
  const program = [process.execPath, ...process.execArgv, memberFile, `${backend.address}:${backend.port}`];
  const last = await start(['sh', '-c', serve, 'sh', ...program]);
  const { stdout } = last.child;
  if (stdout) await inTime('the member', once(stdout, 'data'));
  // Not every address is one of this namespace.
  here(`ip route delete local 0.0.0.0/0 dev lo 2>/dev/null || true
    ip address add ${client} dev lo 2>/dev/null || true
    ${noFilter}`);
  for (const [index, { child }] of nodes.entries()) {
    const to = nodes[index] as Place;
    // A link of its own to the client and to the member.
    t.teardown(() => here(`ip link delete client${index} 2>/dev/null || true`));
    here(`ip link add client${index} type veth peer name front netns ${child.pid}
      ip address add 10.1.${index}.1/24 dev client${index}; ip link set client${index} up
      ip link add node${index} netns ${last.child.pid} type veth peer name back netns ${child.pid}`);
    last.run(`ip address add 10.2.${index}.2/24 dev node${index}; ip link set node${index} up`);
    to.run(`ip address add 10.1.${index}.2/24 dev front; ip link set front up
      ip address add 10.2.${index}.1/24 dev back; ip link set back up
      ip route add ${client} via 10.1.${index}.1; ip route add ${backend.address} via 10.2.${index}.2`);
    load(to);
  }
  const answersBy = (node: number): unknown => last.run(`ip route replace ${client} via 10.2.${node}.1`);
  requestsBy(0);
  answersBy(1);
  return { nodes, answersBy };
}

const requestsBy = (node: number): string =>
  here(`ip route replace ${served.address} via 10.1.${node}.2 src ${client}`);

if (isInNamespace(t, import.meta.url)) {
  t.test('A node that knows nothing of a flow turns its answers back, and remembers nothing', async (t) => {
    const { nodes } = await network(t);
    const [first, second] = nodes;
    const stream = await openStream(served, { from: client });
    t.equal(stream.backend, backend.address);
    t.match(stream.seenAs, `${client}:`);
    t.ok(await echoes(stream, 'by two nodes'));
    const datagrams = await UdpClient.open({ from: client });
    t.match(await datagrams.ask(served), { backend: backend.address });
    datagrams.close();
    for (const map of ['tcp_flows', 'tcp_replies', 'udp_replies', 'tcp_adopted']) t.ok(isEmpty(second, map), map);
    t.notOk(isEmpty(first, 'tcp_flows'));
    stream.socket.destroy();
  });

  t.test('Answers to what a node itself has asked are not turned back: its probes see the member', async (t) => {
    const { nodes } = await network(t);
    for (const node of nodes) {
      const ask = `timeout 60 bash -c 'exec 3<>/dev/tcp/${backend.address}/${backend.port}; head -n 1 <&3'`;
      t.match(node.run(ask), new RegExp(`^${backend.address} 10\\.2\\.`));
    }
  });

  t.test('A flow goes on by a node that its answers do not come by', async (t) => {
    const { nodes, answersBy } = await network(t);
    const [first, second] = nodes;
    const stream = await openStream(served, { from: client });
    t.ok(await echoes(stream, 'by the first node'));
    first.run('nft delete table ip lazurite');
    load(first);
    requestsBy(1);
    answersBy(0);
    for (const text of ['once', 'twice', 'three times']) t.ok(await echoes(stream, text));
    t.notOk(isEmpty(second, 'tcp_flows'), 'known by its second packet');
    t.ok(isEmpty(first, 'tcp_flows'));
    stream.socket.destroy();
  });
}
