/**
 * `lazurite demo`: the main job on real traffic. Makes a load balancer through Azure Resource Manager and a load-balanced
 * set through the classic API, sends connections through both from many addresses, and switches their distribution mode
 * live. Every number it prints is measured in that run.
 */

import { once } from 'node:events';
import net from 'node:net';
import { parseConfig } from '../config/config.js';
import { defaultSubscriptionId } from '../config/config-values.js';
import { systemTime } from '../support/clock.js';
import { EchoBackend } from '../support/echo-backend.js';
import { mapAddress } from '../support/ip-address.js';
import { UsageError } from '../support/usage-error.js';
import type { Command, CommandContext } from './command.js';
import { DemoAzure, everyMemberUp, type LoadDistribution, until } from './demo/azure.js';
import { DemoClassic } from './demo/classic.js';
import { type Api, contradictions, type ModeResult, reportTable } from './demo/report.js';
import { callTcp, createUdpCaller, HeldConnection, runRound, type Target } from './demo/traffic.js';
import { createHttpClient, type HttpClient } from './http-client.js';

const modes: readonly LoadDistribution[] = ['Default', 'SourceIP', 'SourceIPProtocol'];
const subnetPrefix = '10.77.0.0/24';
const backendCount = 3;
const clients = Array.from({ length: 40 }, (_, index) => `127.88.0.${index + 1}`);
const callsPerClient = 6;
const heldCount = 12;
const timeScale = 10;
const interruptedExitCode = 130;

/** A load balancer that one of the APIs made, before the same backends. */
interface Balancer {
  readonly api: Api;
  readonly target: Target;
  switchTo(mode: LoadDistribution): Promise<void>;
}

interface Stage {
  readonly balancers: readonly Balancer[];
  /** By the addresses that the virtual network gives them. */
  readonly backends: readonly string[];
  /** Calls that reached backends since it was last emptied. */
  readonly received: Map<string, number>;
  readonly callUdp: ReturnType<typeof createUdpCaller>;
}

/** Undoes what was set up, last first. */
type CleanUp = (() => unknown)[];

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function connect(httpUrl: string, url: string): Promise<HttpClient> {
  const plain = createHttpClient({ url: httpUrl });
  const { body } = await plain.send('GET', '/_lazurite/ca.pem');
  plain.close();
  return createHttpClient({ url, caPem: String(body) });
}

/** One backend per address, all on one port. */
async function startBackends(
  addresses: readonly string[],
  { onCall, cleanUp }: { onCall: (transport: string, address: string) => void; cleanUp: CleanUp },
): Promise<number> {
  let port = 0;
  for (const address of addresses) {
    try {
      const backend = await EchoBackend.start({ address, port, onCall: (call) => onCall(call.transport, address) });
      cleanUp.push(() => backend.close());
      port = backend.port;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'EADDRNOTAVAIL') throw error;
      throw new UsageError(`the demo needs the loopback address ${address} (${message}); Linux has all of 127.0.0.0/8`);
    }
  }
  return port;
}

async function setUp(argv: readonly string[], { print }: CommandContext, cleanUp: CleanUp): Promise<Stage> {
  const config = parseConfig(['--in-memory', '--port=0', '--log-level=warn', `--time-scale=${timeScale}`, ...argv], {});
  const { Emulator } = await import('../emulator.js');
  const emulator = await Emulator.start(config);
  cleanUp.push(() => emulator.close());
  print(`Lazurite runs at ${emulator.url}, in memory; ${timeScale} Azure seconds pass in one.`);
  const client = await connect(emulator.httpUrl, emulator.url);
  cleanUp.push(() => client.close());

  const azure = new DemoAzure(client, { subscriptionId: defaultSubscriptionId, group: 'demo' });
  const privateAddresses = await azure.createNetwork(subnetPrefix, backendCount);
  const received = new Map<string, number>();
  const addresses = privateAddresses.map((address) => mapAddress(address, config.addressMap));
  const backendPort = await startBackends(addresses, {
    cleanUp,
    onCall: (transport, address) =>
      received.set(`${transport} ${address}`, (received.get(`${transport} ${address}`) ?? 0) + 1),
  });
  const port = await freePort();
  const ports = { frontend: port, backend: backendPort };
  const publicIp = await azure.createLoadBalancer(ports, backendCount);
  const classic = new DemoClassic(emulator.httpUrl, defaultSubscriptionId);
  const virtualIp = await classic.createDeployment(ports, { subnetPrefix, machines: backendCount });
  print(`ARM:      a VNet ${subnetPrefix}, ${backendCount} network interfaces, a public IP and a load balancer.`);
  print(`classic:  a cloud service with ${backendCount} machines on the same addresses, in load-balanced sets.`);
  print(`Backends: ${privateAddresses.join(', ')} are ${addresses.join(', ')} here, port ${backendPort}.`);
  print(`Frontends: ${publicIp}:${port} (ARM) and ${virtualIp}:${port} (classic), TCP and UDP; HTTP probe /health.`);
  await Promise.all([everyMemberUp(azure, backendCount), everyBackendUp(client)]);
  return {
    balancers: [
      { api: 'ARM', target: { address: publicIp, port }, switchTo: (mode) => azure.switchTo(mode) },
      { api: 'classic', target: { address: virtualIp, port }, switchTo: (mode) => classic.switchTo(mode) },
    ],
    backends: addresses,
    received,
    callUdp: createUdpCaller(),
  };
}

/** The classic API has no word for health, so Lazurite's own is asked. */
const everyBackendUp = (client: HttpClient): Promise<true> =>
  until(async () => {
    const { body } = await client.send('GET', '/_lazurite/backends');
    return (body as { value: { state: string }[] }).value.every(({ state }) => state === 'Up') || undefined;
  });

async function measure(
  stage: Stage,
  { balancer, mode }: { balancer: Balancer; mode: LoadDistribution },
): Promise<ModeResult> {
  await balancer.switchTo(mode);
  stage.received.clear();
  const round = { target: balancer.target, clients, callsPerClient };
  const [tcp, udp] = await Promise.all([runRound(round, callTcp), runRound(round, stage.callUdp)]);
  return { api: balancer.api, mode, tcp, udp, received: new Map(stage.received) };
}

async function run(stage: Stage, { print, signal }: CommandContext, cleanUp: CleanUp): Promise<number> {
  const held = stage.balancers.flatMap(({ target }) =>
    clients.slice(0, heldCount).map((client) => new HeldConnection(target, client)),
  );
  cleanUp.push(() => held.map((connection) => connection.close()));
  const alive = async (): Promise<number> =>
    (await Promise.all(held.map((connection) => connection.isAlive()))).filter(Boolean).length;
  const aliveAtFirst = await alive();

  print(
    `Clients: ${clients.length} addresses from ${clients[0]} on, ${callsPerClient} calls each per protocol and mode.`,
  );
  print('\nConnections (TCP) and flows (UDP) that each backend received, while the mode was switched live,');
  print('in Resource Manager by loadDistribution and in the classic API by UpdateLbSet:\n');
  const results: ModeResult[] = [];
  for (const balancer of stage.balancers) {
    for (const mode of modes) {
      if (signal.aborted) return interruptedExitCode;
      results.push(await measure(stage, { balancer, mode }));
    }
  }
  print(reportTable(results, stage.backends));
  const aliveAtLast = await alive();
  print(`\n${aliveAtLast} of ${held.length} connections opened before the first switch are still with their backend.`);

  const wrong = contradictions(results, stage.backends);
  if (aliveAtFirst < held.length || aliveAtLast < held.length) wrong.push('a switch of the mode ended connections');
  for (const line of wrong) print(`CONTRADICTION: ${line}`);
  return wrong.length === 0 ? 0 : 1;
}

export const demo: Command = {
  usage: 'demo [OPTION of start…]',
  summary: 'Balances real traffic in every distribution mode, switched live, and prints what was measured.',
  async run(argv, context) {
    const startedMs = systemTime.now();
    const cleanUp: CleanUp = [];
    try {
      const stage = await setUp(argv, context, cleanUp);
      const exitCode = await run(stage, context, cleanUp);
      context.print(`Every number was measured in this run, which took ${seconds(systemTime.now() - startedMs)} s.`);
      return exitCode;
    } finally {
      for (const undo of cleanUp.reverse()) await undo();
    }
  },
};

const seconds = (ms: number): string => (ms / 1000).toFixed(1);
