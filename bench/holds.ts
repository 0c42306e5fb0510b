/**
 * How long the largest requests that the limits allow hold the API's thread: for each the longest turn of the event loop, in
 * milliseconds of its CPU. What holds it longer than the bar keeps everybody else waiting.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { balancerBody } from '../test/balancer-body.js';
import { group, large, largeBody, largeRules, location, network, publicIp, vnet } from './control-plane-body.js';
import { lazurite, median } from './process.js';

/** Milliseconds. */
const bar = 50;
const rounds = 3;
const subscription = group.split('/').slice(0, 3).join('/');
const deployments = `${group}/providers/Microsoft.Resources/deployments`;
const version = 'api-version=2024-05-01';
const groupVersion = 'api-version=2022-09-01';

const agent = new Agent({ keepAlive: true });
const folder = mkdtempSync(join(tmpdir(), 'lazurite-bench-'));
const measuring = fileURLToPath(new URL('turn-times.js', import.meta.url));
const options = ['start', '--port', '0', '--data', join(folder, 'data'), '--log-level', 'error'];
const child: ChildProcess = spawn(process.execPath, ['--import', measuring, lazurite, ...options], {
  stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
});
let port = 0;

interface Sent {
  readonly status: number;
  readonly text: string;
  readonly operation: string | undefined;
}

function send(
  method: string,
  path: string,
  body?: object | string | Buffer,
  headers: Record<string, string> = {},
): Promise<Sent> {
  const content = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const all = { 'content-type': 'application/json', ...headers };
    const sent = request(
      { host: '127.0.0.1', port, path, method, agent, headers: { host: `localhost:${port}`, ...all } },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const { 'azure-asyncoperation': operation } = answer.headers;
          resolve({
            status: answer.statusCode as number,
            text: Buffer.concat(chunks).toString(),
            operation: operation?.toString(),
          });
        });
      },
    );
    sent.on('error', reject);
    sent.end(content);
  });
}

/** A request that must succeed, followed to its end. */
async function done(
  method: string,
  path: string,
  body?: object | string | Buffer,
  headers?: Record<string, string>,
): Promise<string> {
  const { status, text, operation } = await send(method, path, body, headers);
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text.slice(0, 1000)}`);
  while (operation) {
    const { pathname, search } = new URL(operation);
    const { status: state, error } = JSON.parse((await send('GET', `${pathname}${search}`)).text);
    if (state === 'Succeeded') break;
    if (state === 'Failed') throw new Error(`${method} ${path}: ${JSON.stringify(error).slice(0, 1000)}`);
    await wait(10);
  }
  return text;
}

async function tell(message: 'start' | 'stop'): Promise<number> {
  child.send(message);
  return Number((await once(child, 'message'))[0]);
}

interface Measured {
  readonly times?: number;
  /** It is one transaction or one answer, however long: its figure is shown, and nothing more. */
  readonly isWhole?: boolean;
}

/** Measures `work` some times and prints the first and the median of the longest turns. */
async function measure(
  what: string,
  work: (round: number) => Promise<unknown>,
  { times = rounds, isWhole = false }: Measured = {},
): Promise<void> {
  const longest: number[] = [];
  for (let round = 0; round < times; round++) {
    await tell('start');
    await work(round);
    longest.push(await tell('stop'));
  }
  const [first = 0] = longest;
  const middle = median(longest);
  const over = middle > bar && !isWhole;
  console.log(
    `${what.padEnd(64)} ${first.toFixed(0).padStart(5)} first ${middle.toFixed(0).padStart(5)} ms${over ? `  over the bar of ${bar}` : ''}`,
  );
  if (over) process.exitCode = 1;
}

const template = (resources: readonly object[], more: object = {}): object => ({
  $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
  contentVersion: '1.0.0.0',
  ...more,
  resources,
});
const deployment = (of: object): object => ({ properties: { mode: 'Incremental', template: of } });

/** Everything that can be done with a template. */
async function deploys(what: string, of: object, how?: Measured): Promise<void> {
  const body = deployment(of);
  const name = what.replaceAll(/\W/g, '');
  const path = `${deployments}/${name}`;
  await measure(`validate: ${what}`, () => send('POST', `${path}/validate?${groupVersion}`, body));
  await measure(`what-if: ${what}`, () => done('POST', `${path}/whatIf?${groupVersion}`, body), how);
  await measure(`deploy: ${what}`, () => done('PUT', `${path}?${groupVersion}`, body), how);
  await measure(`what-if of the same: ${what}`, () => done('POST', `${path}/whatIf?${groupVersion}`, body), how);
  await measure(`GET of the deployment: ${what}`, () => done('GET', `${path}?${groupVersion}`));
  await measure(`its template: ${what}`, () => done('POST', `${path}/exportTemplate?${groupVersion}`));
  await measure(`its operations: ${what}`, () => done('GET', `${path}/operations?${groupVersion}`));
  await measure(`export of the group: ${what}`, () =>
    done('POST', `${group}/exportTemplate?${groupVersion}`, { resources: ['*'] }),
  );
  await measure(`the group's resources: ${what}`, () =>
    done('GET', `${group}/resources?${groupVersion}&$expand=createdTime`),
  );
}

async function fresh(): Promise<void> {
  await done('POST', '/_lazurite/reset');
  await done('PUT', `${group}?${groupVersion}`, { location });
}

const text = (length: number, seed: number): string => `${seed}-`.padEnd(length, 'lorem ipsum dolor sit amet ');

const opaque = (count: number, bytes: number): object[] =>
  Array.from({ length: count }, (_, index) => ({
    type: 'Contoso.Things/things',
    apiVersion: '2024-01-01',
    name: `thing${index}`,
    location,
    properties: {
      list: Array.from({ length: Math.ceil(bytes / 100) }, (_, part) => ({
        name: `part${part}`,
        text: text(70, part),
        number: part,
      })),
    },
  }));

const networkResource = (type: string, name: string, body: object): object => ({
  type: `Microsoft.Network/${type}`,
  apiVersion: '2024-05-01',
  name,
  ...body,
});

async function inParallel(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

const at = (place: string, query = version): string => `${place}${place.includes('?') ? '&' : '?'}${query}`;

/** Measures a GET of each path, by what it reads. */
async function reads(paths: Readonly<Record<string, string>>, how?: Measured): Promise<void> {
  for (const [what, path] of Object.entries(paths)) await measure(what, () => done('GET', path), how);
}

const admin = {
  frontends: '/_lazurite/frontends',
  backends: '/_lazurite/backends',
  counters: '/_lazurite/counters',
  flows: '/_lazurite/flows',
  Prometheus: '/_lazurite/metrics',
};
const whole = { isWhole: true };
const metrics = (name: string, filter: string): string =>
  `${large}/providers/microsoft.insights/metrics?api-version=2023-10-01&metricnames=${name}&$filter=${encodeURIComponent(filter)}`;
const pool = { id: `${large}/backendAddressPools/pool` };
const subnet = { id: `${network}/virtualNetworks/vnet/subnets/vms` };

async function aroundBalancer(): Promise<void> {
  await fresh();
  await done('PUT', at(`${network}/virtualNetworks/vnet`), vnet);
  await done('PUT', at(`${network}/publicIPAddresses/ip`), publicIp);
}

const parts: Readonly<Record<string, () => Promise<void>>> = {
  async templates() {
    const secret = { parameters: { key: { type: 'secureString', defaultValue: 'not-A-secret-1' } } };
    const tags = { key: "[parameters('key')]" };
    const long = Array.from({ length: 60_000 }, (_, index) => text(45, index));
    const kinds: Readonly<Record<string, object>> = {
      '400 unmodelled resources of 9 kB': template(opaque(400, 9000)),
      'five unmodelled resources of 0.6 MB': template(opaque(5, 600_000)),
      '800 unmodelled resources of 4.5 kB': template(opaque(800, 4500)),
      '800 of them with a secret': template(
        opaque(800, 4400).map((one) => ({ ...one, tags })),
        secret,
      ),
    };
    for (const [what, of] of Object.entries(kinds)) {
      await fresh();
      await deploys(what, of);
    }
    const refused = deployment(template([], { variables: Object.fromEntries(long.map((one) => [one, one])) }));
    await measure('60,000 variables, refused', () =>
      send('POST', at(`${deployments}/x/validate`, groupVersion), refused),
    );
  },
  async rules() {
    await aroundBalancer();
    await measure(`PUT of ${largeRules} rules`, (round) => done('PUT', at(large), largeBody(round)), whole);
    await measure('the same PUT', () => done('PUT', at(large), largeBody(rounds - 1)), whole);
    await measure('PATCH of its tags', (round) => done('PATCH', at(large), { tags: { round: String(round) } }));
    await reads({
      GET: at(large),
      'GET of an older version': at(large, 'api-version=2018-07-01'),
      'its rules': at(`${large}/loadBalancingRules`),
      'one rule': at(`${large}/loadBalancingRules/rule-7`),
      'its pools': at(`${large}/backendAddressPools`),
      'list of balancers': at(`${network}/loadBalancers`),
      'metrics by port': metrics('VipAvailability,ByteCount,PacketCount,SYNCount', "FrontendPort eq '*'"),
      ...admin,
    });
    await measure('health of a rule', () => done('POST', at(`${large}/loadBalancingRules/rule-7/health`)));
    const { location: _, ...body } = largeBody(0);
    await deploys(
      `${largeRules} rules`,
      template([networkResource('loadBalancers', 'large', { location, ...body })]),
      whole,
    );
    await measure('DELETE', () => done('DELETE', at(large)), { times: 1, ...whole });
  },
  async many() {
    await aroundBalancer();
    const rule = { frontendPort: 20_000, backendPort: 9000, probe: 'probe' };
    const frontends = { front: { publicIPAddress: { id: `${network}/publicIPAddresses/ip` } } };
    const probes = { probe: { port: 9, intervalInSeconds: 300 } };
    await done('PUT', at(large), balancerBody(large, { frontends, probes, rules: { one: rule } }));
    const members = 500;
    const putNic = (index: number, tags: object = {}): Promise<string> => {
      const joined = index < members ? { loadBalancerBackendAddressPools: [pool] } : {};
      const properties = { ipConfigurations: [{ name: 'ip', properties: { subnet, ...joined } }] };
      return done('PUT', at(`${network}/networkInterfaces/nic-${index}`), { location, tags, properties });
    };
    await inParallel(4000, putNic);
    await measure('PUT of a network interface', (round) => putNic(7, { round: String(round) }));
    await reads(
      {
        'list of 4,000 network interfaces': at(`${network}/networkInterfaces`),
        'resources of the group': at(`${group}/resources`, groupVersion),
        'resources of the subscription': at(`${subscription}/resources`, groupVersion),
        usages: at(`${subscription}/providers/Microsoft.Network/locations/${location}/usages`),
      },
      whole,
    );
    await reads({
      'GET of the balancer': at(large),
      'GET of its pool': at(pool.id),
      'GET of the subnet': at(subnet.id),
      'GET of the network': at(`${network}/virtualNetworks/vnet`),
      'metrics by member': metrics('DipAvailability', "BackendIPAddress eq '*'"),
      ...admin,
    });
    await measure('health of the rule', () => done('POST', at(`${large}/loadBalancingRules/one/health`)));
    const all = { resources: ['*'] };
    await measure('export of the group', () => done('POST', at(`${group}/exportTemplate`, groupVersion), all), whole);
    let snapshot = '';
    const save = async (): Promise<void> => {
      snapshot = await done('GET', '/_lazurite/snapshot');
    };
    await measure('snapshot saved', save, whole);
    await measure('snapshot loaded', () => done('PUT', '/_lazurite/snapshot', snapshot), whole);
    await measure('DELETE of the group', () => done('DELETE', at(group, groupVersion)), { times: 1, ...whole });
    await measure('reset', () => done('POST', '/_lazurite/reset'), { times: 1 });
  },
};

try {
  const [line] = (await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')) as [string];
  port = Number(/:(\d+)/.exec(line)?.[1]);
  const wanted = process.argv.slice(2);
  for (const [name, part] of Object.entries(parts)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    console.log(`-- ${name}`);
    await part();
  }
} finally {
  agent.destroy();
  child.kill('SIGTERM');
  await once(child, 'exit');
  rmSync(folder, { recursive: true, force: true });
}
