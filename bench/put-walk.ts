/**
 * How many files of `src` run a function between a request and its answer, once everything is warm: of a PUT of a load
 * balancer with ten rules, and of a classic `UpdateLbSet`. Runs on unbundled modules, whose coverage V8 counts exactly.
 *
 * On its way, the body of the PUT is copied or converted as a whole six times: from bytes to text (Fastify), from text to
 * an object (`RequestBody.value`), into its canonical form (`canonicalise`), from the completed document to the text that
 * is stored (`ResourceStore.save`), into the resource as it is shown (`renderResource`), and from that to text (`textOf`).
 */
import { Session } from 'node:inspector/promises';
import { parseConfig } from '../src/config/config.js';
import { Emulator } from '../src/emulator.js';
import { Clock } from '../src/support/clock.js';
import { silentLog } from '../src/support/log.js';

interface Walk {
  readonly name: string;
  /** The most files that the walk may enter. */
  readonly bar: number;
  readonly request: (turn: number) => Promise<void>;
}

const rules = 10;
const warmUps = 30;
const subscriptionId = '00000000-0000-0000-0000-0000000000b0';
const group = `/subscriptions/${subscriptionId}/resourceGroups/walk`;
const network = `${group}/providers/Microsoft.Network`;
const balancerId = `${network}/loadBalancers/lb`;
const armVersion = 'api-version=2024-05-01';

const emulator = await Emulator.start(
  parseConfig(['--port', '0', '--host', '127.0.0.1', '--engine', 'none', '--in-memory'], {}),
  { clock: new Clock(), log: silentLog },
);
const origin = emulator.httpUrl.replace('localhost', '127.0.0.1');

async function send(method: string, path: string, { body, headers = {} }: SendOptions = {}): Promise<string> {
  const answer = await fetch(`${origin}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
  const text = await answer.text();
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text;
}

interface SendOptions {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const put = (path: string, body: object): Promise<string> =>
  send('PUT', `${path}?${armVersion}`, {
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });

/** Every PUT changes something: the idle timeout of its rules. */
const balancer = (turn: number): object => ({
  location: 'westeurope',
  sku: { name: 'Standard' },
  properties: {
    frontendIPConfigurations: [
      { name: 'frontend', properties: { publicIPAddress: { id: `${network}/publicIPAddresses/ip` } } },
    ],
    backendAddressPools: [{ name: 'pool' }],
    probes: [{ name: 'probe', properties: { protocol: 'Tcp', port: 80, intervalInSeconds: 5, numberOfProbes: 2 } }],
    loadBalancingRules: Array.from({ length: rules }, (_, index) => ({
      name: `rule${index}`,
      properties: {
        frontendIPConfiguration: { id: `${balancerId}/frontendIPConfigurations/frontend` },
        backendAddressPool: { id: `${balancerId}/backendAddressPools/pool` },
        probe: { id: `${balancerId}/probes/probe` },
        protocol: 'Tcp',
        frontendPort: 8000 + index,
        backendPort: 8000 + index,
        idleTimeoutInMinutes: 4 + (turn % 20),
      },
    })),
  },
});

const classic = `/${subscriptionId}/services/hostedservices`;
const classicHeaders = { 'x-ms-version': '2015-04-01', 'content-type': 'application/xml' };
const xmlns = 'xmlns="http://schemas.microsoft.com/windowsazure"';
const sendXml = (method: string, path: string, body: string): Promise<string> =>
  send(method, path, { body, headers: classicHeaders });

const endpoint = `<InputEndpoint><LoadBalancedEndpointSetName>set</LoadBalancedEndpointSetName><LocalPort>80</LocalPort><Name>web</Name><Port>80</Port><LoadBalancerProbe><Port>80</Port><Protocol>tcp</Protocol></LoadBalancerProbe><Protocol>tcp</Protocol></InputEndpoint>`;
const role = (name: string): string =>
  `<Role><RoleName>${name}</RoleName><RoleType>PersistentVMRole</RoleType><ConfigurationSets><ConfigurationSet><ConfigurationSetType>NetworkConfiguration</ConfigurationSetType><InputEndpoints>${endpoint}</InputEndpoints></ConfigurationSet></ConfigurationSets><OSVirtualHardDisk><MediaLink>http://127.0.0.1/vhd</MediaLink><SourceImageName>image</SourceImageName></OSVirtualHardDisk><RoleSize>Small</RoleSize></Role>`;

async function makeHostedService(): Promise<void> {
  const label = Buffer.from('walk').toString('base64');
  await sendXml(
    'POST',
    classic,
    `<CreateHostedService ${xmlns}><ServiceName>walk</ServiceName><Label>${label}</Label><Location>West Europe</Location></CreateHostedService>`,
  );
  await sendXml(
    'POST',
    `${classic}/walk/deployments`,
    `<Deployment ${xmlns}><Name>walk</Name><DeploymentSlot>Production</DeploymentSlot><Label>${label}</Label><RoleList>${role('one')}</RoleList></Deployment>`,
  );
  await sendXml(
    'POST',
    `${classic}/walk/deployments/walk/roles`,
    role('two').replace('<Role>', `<PersistentVMRole ${xmlns}>`).replace('</Role>', '</PersistentVMRole>'),
  );
}

const updateLbSet = (turn: number): Promise<string> =>
  sendXml(
    'POST',
    `${classic}/walk/deployments/walk/?comp=UpdateLbSet`,
    `<LoadBalancedEndpointList ${xmlns}>${endpoint.replace('</InputEndpoint>', `<LoadBalancerDistribution>${turn % 2 === 0 ? 'sourceIP' : 'sourceIPProtocol'}</LoadBalancerDistribution></InputEndpoint>`)}</LoadBalancedEndpointList>`,
  );

const walks: readonly Walk[] = [
  {
    name: `PUT of a load balancer with ${rules} rules`,
    bar: 45,
    request: async (turn) => void (await put(balancerId, balancer(turn))),
  },
  { name: 'classic UpdateLbSet', bar: 24, request: async (turn) => void (await updateLbSet(turn)) },
];

/** The files of `src` of which a function ran since the last look. */
async function filesEntered(session: Session): Promise<string[]> {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  const entered = result.filter(
    ({ url, functions }) =>
      url.includes('/src/') &&
      !url.includes('/node_modules/') &&
      // The function that starts with the file is the module itself, which ran when it was loaded.
      functions.some(({ ranges: [range] }) => range !== undefined && range.startOffset > 0 && range.count > 0),
  );
  return entered.map(({ url }) => url.slice(url.lastIndexOf('/src/') + 1)).sort();
}

const session = new Session();
session.connect();
try {
  await put(group, { location: 'westeurope' });
  await put(`${network}/publicIPAddresses/ip`, {
    location: 'westeurope',
    sku: { name: 'Standard' },
    properties: { publicIPAllocationMethod: 'Static' },
  });
  await makeHostedService();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  for (const { name, bar, request } of walks) {
    for (let turn = 1; turn <= warmUps; turn++) await request(turn);
    await filesEntered(session);
    await request(0);
    const files = await filesEntered(session);
    console.log(`${name}: ${files.length} files of src (at most ${bar})`);
    for (const file of files) console.log(`  ${file}`);
    if (files.length > bar) process.exitCode = 1;
  }
} finally {
  session.disconnect();
  await emulator.close();
}
