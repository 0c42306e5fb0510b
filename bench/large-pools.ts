/**
 * What large balancers cost: a PUT of 1,500 rules over a pool of 100 members through the API of a process of its own, with
 * its memory; scale sets of 100 to 1,000 instances in a pool, and a network interface that joins them; and one member of a
 * pool of 5,000 exchanged in the userspace engine, with the longest hold of either thread.
 */
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as pause, setTimeout as wait } from 'node:timers/promises';
import { emptyPlan, type ForwardingPlan, type PlanMember } from '../src/data-plane/model/plan.js';
import { UserspaceEngine } from '../src/data-plane/userspace/engine.js';
import { Clock, systemTime } from '../src/support/clock.js';
import { balancerBody } from '../test/balancer-body.js';
import { frontend, member, rule, tcpProbe } from '../test/data-plane/plans.js';
import {
  group,
  large,
  largeBody,
  largeMembers,
  largeRules,
  location,
  network,
  publicIp,
  vnet,
} from './control-plane-body.js';
import { cpuSeconds, lazurite, median, type Started, start, stop } from './process.js';

const largePool = 5000;
const turns = 9;
const joinsTimed = 40;
const failures: string[] = [];

function show(what: string, { value, unit, bar }: { value: number; unit: string; bar: number }): void {
  const over = value > bar;
  console.log(`${what.padEnd(60)} ${value.toFixed(1).padStart(8)} ${unit}${over ? `  over the bar of ${bar}` : ''}`);
  if (over) failures.push(what);
}

/** PUTs a resource and follows its operation to the end; answers the milliseconds until then. */
async function put({ url }: Started, path: string, body: object, version = '2024-05-01'): Promise<number> {
  const fromMs = systemTime.now();
  const answer = await fetch(`${url}${path}?api-version=${version}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
  const operation = answer.headers.get('azure-asyncoperation');
  while (operation) {
    const { pathname, search } = new URL(operation);
    const { status } = (await (await fetch(`${url}${pathname}${search}`)).json()) as { status: string };
    if (status !== 'InProgress') break;
    await wait(2);
  }
  return systemTime.now() - fromMs;
}

/** The most memory that a process has had, in MiB; Linux only. */
const peakMiB = ({ process: { pid } }: Started): number =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

async function largePut(): Promise<void> {
  const server = await start(lazurite, ['start', '--in-memory', '--port', '0', '--log-level', 'error']);
  await put(server, group, { location }, '2021-04-01');
  await put(server, `${network}/virtualNetworks/vnet`, vnet);
  await put(server, `${network}/publicIPAddresses/ip`, publicIp);
  const of = `${largeRules} rules × ${largeMembers} members`;
  const unit = 'ms';
  show(`PUT of ${of}, until it is carried out`, { value: await put(server, large, largeBody(0)), unit, bar: 1000 });
  show(`PUT of ${of}, one member another`, { value: await put(server, large, largeBody(1)), unit, bar: 1000 });
  show('the most memory of the process', { value: peakMiB(server), unit: 'MiB', bar: 250 });
  await stop(server);
}

/** CPU of the whole process: for a scale set per instance, and for a network interface that joins its pool or leaves it. */
async function scaleSets(): Promise<void> {
  const server = await start(lazurite, ['start', '--in-memory', '--port', '0', '--log-level', 'error']);
  await put(server, group, { location }, '2021-04-01');
  await put(server, `${network}/virtualNetworks/vnet`, vnet);
  const subnet = { id: `${network}/virtualNetworks/vnet/subnets/vms` };
  for (const instances of [100, 300, 1000]) {
    const balancer = `${network}/loadBalancers/lb-${instances}`;
    const rule = { frontendPort: 80, backendPort: 80, probe: 'probe' };
    const parts = {
      frontends: { front: { subnet } },
      pools: { pool: {} },
      probes: { probe: { port: 9, intervalInSeconds: 300 } },
    };
    await put(server, balancer, balancerBody(balancer, { ...parts, rules: { rule } }));
    const pools = { loadBalancerBackendAddressPools: [{ id: `${balancer}/backendAddressPools/pool` }] };
    const configuration = (properties: object): object[] => [{ name: 'ip', properties: { subnet, ...properties } }];
    const nic = { name: 'nic', properties: { primary: true, ipConfigurations: configuration(pools) } };
    const networkProfile = { networkInterfaceConfigurations: [nic] };
    const set = `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/set-${instances}`;
    const sku = { name: 'Standard_B1s', capacity: instances };
    const setBody = { location, sku, properties: { virtualMachineProfile: { networkProfile } } };
    const join = (round: number): Promise<number> =>
      put(server, `${network}/networkInterfaces/nic`, {
        location,
        properties: { ipConfigurations: configuration(round % 2 === 0 ? pools : {}) },
      });
    const cpuMsOf = async (work: () => Promise<unknown>): Promise<number> => {
      const before = cpuSeconds(server);
      await work();
      return 1000 * (cpuSeconds(server) - before);
    };
    const perInstance = (await cpuMsOf(() => put(server, set, setBody, '2024-07-01'))) / instances;
    for (let round = 0; round < turns + 1; round++) await join(round);
    const joins = await cpuMsOf(async () => {
      for (let round = 0; round < joinsTimed; round++) await join(round);
    });
    const bar = Number.POSITIVE_INFINITY;
    show(`CPU of a new scale set of ${instances} in a pool, for each instance`, {
      value: perInstance,
      unit: 'ms',
      bar,
    });
    show(`CPU of an interface that joins or leaves ${instances}`, { value: joins / joinsTimed, unit: 'ms', bar });
  }
  await stop(server);
}

async function largePoolChange(): Promise<void> {
  const clock = new Clock();
  const engine = new UserspaceEngine({
    clock,
  });
  const addresses = Array.from({ length: largePool + 1 }, (_, index) => `127.91.${index >> 8}.${index & 255}`);
  const all = addresses.map((address): PlanMember => member(address, 9, { probe: `probe-1|${address}` }));
  const probes = addresses.map((address) => tcpProbe(address, 9, { intervalMs: 3_600_000 }));
  const planOf = (present: readonly PlanMember[]): ForwardingPlan => ({
    ...emptyPlan,
    frontends: [frontend('tcp', '127.91.255.1:20000', rule(present))],
    probes,
  });
  await engine.apply(planOf(all.slice(1)));
  await engine.setFaults([{ id: 'up', effect: 'probe', verdict: 'up' }]);
  while (!engine.health().every(({ up }) => up)) await wait(20);
  const holds: { main: number; worker: number }[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const main = monitorEventLoopDelay({ resolution: 1 });
    let worker = 0;
    let done = false;
    const asking = (async () => {
      while (!done) {
        const fromMs = systemTime.now();
        await engine.flows();
        worker = Math.max(worker, systemTime.now() - fromMs);
        await pause();
      }
    })();
    main.enable();
    await engine.apply(planOf(turn % 2 === 0 ? all.slice(0, -1) : all.slice(1)));
    await wait(50);
    done = true;
    await asking;
    main.disable();
    holds.push({ main: main.max / 1e6, worker });
  }
  const of = `one of ${largePool} members changes: longest hold`;
  const medianOf = (pick: (of: { main: number; worker: number }) => number): number => median(holds.map(pick));
  show(`${of} of the API’s thread`, { value: medianOf(({ main }) => main), unit: 'ms', bar: 20 });
  show(`${of} of the other thread`, { value: medianOf(({ worker }) => worker), unit: 'ms', bar: 20 });
  await engine.close(0);
  clock.close();
}

await largePut();
await scaleSets();
await largePoolChange();
console.log(failures.length === 0 ? 'everything within its bar' : `over its bar: ${failures.join('; ')}`);
process.exit(failures.length === 0 ? 0 : 1);
