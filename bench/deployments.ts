/**
 * Template deployments of 100, 400 and 800 resources: how long one takes, how long the same one takes again, its what-if,
 * and the longest that another client waits for an answer meanwhile. A virtual network, then public IP addresses,
 * load balancers with a rule each, and network interfaces in their pools, by copies.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lazurite, median, type Started, start, stop } from './process.js';

const sizes = [100, 400, 800];
const rounds = 3;
/** Milliseconds. Each is for 800 resources; the last for every size. */
const bars = { deploy: 1500, redeploy: 1000, wait: 50 };

const group = '/subscriptions/00000000-0000-0000-0000-0000000000b0/resourceGroups/bench';
const network = (type: string, name: string) => `[resourceId('Microsoft.Network/${type}', ${name})]`;
const each = (name: string) => `format('${name}{0}', copyIndex())`;
const resource = (type: string, name: string, more: object): object => ({
  type: `Microsoft.Network/${type}`,
  apiVersion: '2024-05-01',
  name,
  location: 'westeurope',
  ...more,
});

/** A template of `size` resources. */
function template(size: number): object {
  const count = Math.floor((size - 1) / 3);
  const copy = (name: string, times = count) => ({ copy: { name, count: times } });
  const part = (collection: string) => network(`loadBalancers/${collection}`, `${each('lb')}, 'one'`);
  return {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    resources: [
      resource('virtualNetworks', 'vnet', {
        properties: {
          addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
          subnets: [{ name: 'default', properties: { addressPrefix: '10.0.0.0/20' } }],
        },
      }),
      resource('publicIPAddresses', `[${each('ip')}]`, {
        ...copy('ips', size - 1 - 2 * count),
        sku: { name: 'Standard' },
        properties: { publicIPAllocationMethod: 'Static' },
      }),
      resource('loadBalancers', `[${each('lb')}]`, {
        ...copy('balancers'),
        dependsOn: [network('publicIPAddresses', each('ip'))],
        sku: { name: 'Standard' },
        properties: {
          frontendIPConfigurations: [
            { name: 'one', properties: { publicIPAddress: { id: network('publicIPAddresses', each('ip')) } } },
          ],
          backendAddressPools: [{ name: 'one' }],
          probes: [{ name: 'one', properties: { protocol: 'Tcp', port: 80, intervalInSeconds: 5, numberOfProbes: 2 } }],
          loadBalancingRules: [
            {
              name: 'one',
              properties: {
                frontendIPConfiguration: { id: part('frontendIPConfigurations') },
                backendAddressPool: { id: part('backendAddressPools') },
                probe: { id: part('probes') },
                protocol: 'Tcp',
                frontendPort: 80,
                backendPort: 80,
              },
            },
          ],
        },
      }),
      resource('networkInterfaces', `[${each('nic')}]`, {
        ...copy('nics'),
        dependsOn: ["[resourceId('Microsoft.Network/virtualNetworks', 'vnet')]", network('loadBalancers', each('lb'))],
        properties: {
          ipConfigurations: [
            {
              name: 'one',
              properties: {
                subnet: { id: network('virtualNetworks/subnets', "'vnet', 'default'") },
                loadBalancerBackendAddressPools: [{ id: part('backendAddressPools') }],
              },
            },
          ],
        },
      }),
    ],
  };
}

interface Sent {
  readonly status: number;
  readonly body: string;
  readonly location: string | undefined;
}

const agent = new Agent({ keepAlive: true });

function send(url: string, method: string, body?: object): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent, headers: { 'content-type': 'application/json' } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece: string) => {
        text += piece;
      });
      answer.on('end', () => {
        const location = answer.headers['azure-asyncoperation'];
        resolve({ status: answer.statusCode as number, body: text, location: location?.toString() });
      });
    });
    sent.on('error', reject);
    sent.end(body && JSON.stringify(body));
  });
}

async function expected(url: string, method: string, body?: object): Promise<Sent> {
  const sent = await send(url, method, body);
  if (sent.status >= 300) throw new Error(`${method} ${url}: ${sent.status} ${sent.body.slice(0, 500)}`);
  return sent;
}

async function succeeded(url: string): Promise<void> {
  for (;;) {
    const { status, error } = JSON.parse((await expected(url, 'GET')).body) as { status: string; error?: unknown };
    if (status === 'Succeeded') return;
    if (status === 'Failed') throw new Error(JSON.stringify(error).slice(0, 500));
  }
}

interface Figures {
  readonly ms: number;
  /** The longest that a read of the resource group took meanwhile. */
  readonly waitMs: number;
}

/** Does `work` while another client reads the resource group again and again. */
async function beside(server: Started, work: () => Promise<void>): Promise<Figures> {
  let done = false;
  let waitMs = 0;
  const reader = (async () => {
    while (!done) {
      const sentMs = performance.now();
      await expected(`${server.url}${group}?api-version=2022-09-01`, 'GET');
      waitMs = Math.max(waitMs, performance.now() - sentMs);
    }
  })();
  const startedMs = performance.now();
  await work();
  const ms = performance.now() - startedMs;
  done = true;
  await reader;
  return { ms, waitMs };
}

async function measure(server: Started, size: number): Promise<Record<'deploy' | 'redeploy' | 'whatIf', Figures>> {
  const url = `${server.url}${group}/providers/Microsoft.Resources/deployments/bench`;
  const body = { properties: { mode: 'Incremental', template: template(size) } };
  const put = async () => {
    const { location } = await expected(`${url}?api-version=2022-09-01`, 'PUT', body);
    await succeeded(location as string);
  };
  await expected(`${server.url}/_lazurite/reset`, 'POST');
  await expected(`${server.url}${group}?api-version=2022-09-01`, 'PUT', { location: 'westeurope' });
  const deploy = await beside(server, put);
  const redeploy = await beside(server, put);
  const whatIf = await beside(server, async () => {
    const { body: answer } = await expected(`${url}/whatIf?api-version=2022-09-01`, 'POST', body);
    if (answer.includes('"Modify"')) throw new Error('the what-if shows a change where nothing changes');
  });
  return { deploy, redeploy, whatIf };
}

const folder = mkdtempSync(join(tmpdir(), 'lazurite-bench-'));
const server = await start(lazurite, ['start', '--port', '0', '--data', join(folder, 'data'), '--engine', 'none']);
try {
  // The first deployment meets cold code.
  await measure(server, 100);
  for (const size of sizes) {
    const measured = [];
    for (let round = 0; round < rounds; round++) measured.push(await measure(server, size));
    for (const what of ['deploy', 'redeploy', 'whatIf'] as const) {
      const ms = median(measured.map((one) => one[what].ms));
      const waitMs = median(measured.map((one) => one[what].waitMs));
      const each = ((ms * 1000) / size).toFixed(0);
      console.log(
        `${String(size).padStart(3)} resources  ${what.padEnd(8)}  ${ms.toFixed(0).padStart(5)} ms  ${each.padStart(5)} µs each  others wait ${waitMs.toFixed(0)} ms at most`,
      );
      const bar = size === 800 && what !== 'whatIf' ? bars[what] : Number.POSITIVE_INFINITY;
      if (ms > bar || waitMs > bars.wait) process.exitCode = 1;
    }
  }
} finally {
  agent.destroy();
  await stop(server);
  rmSync(folder, { recursive: true, force: true });
}
