import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Test, test } from 'tap';
import { request } from 'undici';
import * as armKit from '../api/arm/resources/arm-client.js';
import { nextEvent } from '../turns.js';

const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));

interface Running {
  readonly child: ChildProcess;
  readonly origin: string;
  /** Resolves when the process has ended, however early it is asked for. */
  readonly ended: Promise<unknown>;
}

/** `lazurite start` in a process of its own. */
async function startProcess(t: Test, data: string): Promise<Running> {
  const argv = ['start', '--port', '0', '--host', '127.0.0.1', '--engine', 'userspace', '--data', data];
  const child = spawn(process.execPath, [...process.execArgv, main, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  // Listened for from the start: a killed process may be gone before its last client has noticed.
  const ended = once(child, 'exit');
  const [line] = (await nextEvent(createInterface({ input: child.stdout }), 'line')) as [string];
  const port = /^lazurite ready https:\/\/[^:]+:(\d+)/.exec(line)?.[1];
  return { child, origin: `http://127.0.0.1:${port}`, ended };
}

interface Written {
  readonly status: number;
  readonly body: armKit.Json;
}

async function send(origin: string, method: 'PUT' | 'GET', path: string, body?: armKit.Json): Promise<Written> {
  const answer = await request(`${origin}${path}?api-version=2025-05-01`, {
    method,
    ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
  });
  return { status: answer.statusCode, body: (await answer.body.json()) as armKit.Json };
}

const childrenPerBalancer = 20;
const balancer = (number: number): string => `${armKit.network}/loadBalancers/lb${number}`;
const balancerBody = (): armKit.Json => ({
  location: 'westeurope',
  sku: { name: 'Standard' },
  properties: {
    frontendIPConfigurations: [armKit.internalFrontend()],
    backendAddressPools: Array.from({ length: childrenPerBalancer }, (_, index) => ({ name: `pool${index}` })),
    probes: Array.from({ length: childrenPerBalancer }, (_, index) =>
      armKit.probe(`probe${index}`, { port: index + 1 }),
    ),
  },
});

async function listening(t: Test, server: Server | net.Server, host: string): Promise<number> {
  server.listen(0, host);
  await nextEvent(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A port that nobody has right now. */
async function freePort(t: Test): Promise<number> {
  const server = net.createServer();
  const port = await listening(t, server, '127.0.0.1');
  server.close();
  return port;
}

test('an emulator that is killed in the middle of 200 writes has every acknowledged one, and no half of another', async (t) => {
  const data = t.testdir();
  const backend = createServer((_request, response) => response.end('still here'));
  const backendPort = await listening(t, backend, '127.0.0.200');
  const frontendPort = await freePort(t);
  const first = await startProcess(t, data);
  const put = async (path: string, body: armKit.Json): Promise<armKit.Json> => {
    const { status, body: answer } = await send(first.origin, 'PUT', path, body);
    if (status > 201) throw new Error(`${status} ${JSON.stringify(answer)}`);
    return answer;
  };
  await put(armKit.group, { location: 'westeurope' });
  const vnet = await put(`${armKit.network}/virtualNetworks/vnet`, armKit.virtualNetwork());
  const address = await put(`${armKit.network}/publicIPAddresses/ip`, armKit.publicIPAddress());
  const member = { name: 'a', properties: { ipAddress: '10.0.0.200', virtualNetwork: { id: vnet.id } } };
  const served = await put(`${armKit.network}/loadBalancers/lb`, {
    location: 'westeurope',
    sku: { name: 'Standard' },
    properties: {
      frontendIPConfigurations: [armKit.publicFrontend()],
      backendAddressPools: [{ name: 'pool', properties: { loadBalancerBackendAddresses: [member] } }],
      loadBalancingRules: [armKit.rule('rule', { frontendPort, backendPort, probe: undefined })],
    },
  });
  const url = `http://${armKit.at(address, 'properties.ipAddress')}:${frontendPort}/`;
  t.equal(await (await request(url, { reset: true })).body.text(), 'still here');

  const acknowledged = new Map<string, armKit.Json>();
  // A few at a time: when the process is killed, most have not been sent.
  let sent = 0;
  const client = async (): Promise<void> => {
    for (let number = sent++; number < 200; number = sent++) {
      const { status, body } = await send(first.origin, 'PUT', balancer(number), balancerBody());
      if (status === 201) acknowledged.set(balancer(number), body);
      if (acknowledged.size === 60) first.child.kill('SIGKILL');
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: 16 }, client));
  await first.ended;
  t.ok(acknowledged.size >= 60);
  t.ok(
    outcomes.some(({ status }) => status === 'rejected'),
    'it was in the middle',
  );

  const second = await startProcess(t, data);
  const get = (path: string) => send(second.origin, 'GET', path);
  for (const [path, body] of acknowledged) t.same((await get(path)).body, body, path);
  t.same((await get(`${armKit.network}/loadBalancers/lb`)).body, served);
  const all = (await get(`${armKit.network}/loadBalancers`)).body.value as armKit.Json[];
  const made = all.filter(({ name }) => name !== 'lb');
  t.comment(`${acknowledged.size} acknowledged, ${made.length} made`);
  const addresses = made.map((one) =>
    armKit.at(one, 'properties.frontendIPConfigurations.0.properties.privateIPAddress'),
  );
  t.equal(new Set(addresses).size, made.length, 'each has an address of its own');
  for (const one of made) {
    const { backendAddressPools, probes, provisioningState } = one.properties as Record<string, armKit.Json[]>;
    t.same(
      [backendAddressPools?.length, probes?.length, provisioningState],
      [childrenPerBalancer, childrenPerBalancer, 'Succeeded'],
    );
  }
  const subnet = armKit.at(
    (await get(`${armKit.network}/virtualNetworks/vnet`)).body,
    'properties.subnets.0.properties.ipConfigurations',
  );
  const users = (subnet as { id: string }[])
    .map(({ id }) => id.slice(0, id.indexOf('/frontendIPConfigurations')))
    .sort();
  t.same(users, made.map(({ id }) => String(id)).sort(), 'the subnet knows exactly those that are there');
  const next = await send(second.origin, 'PUT', `${armKit.network}/loadBalancers/next`, balancerBody());
  t.notOk(
    addresses.includes(armKit.at(next.body, 'properties.frontendIPConfigurations.0.properties.privateIPAddress')),
  );
  t.equal(await (await request(url, { reset: true })).body.text(), 'still here', 'the frontend answers again');
  second.child.kill('SIGKILL');
});
