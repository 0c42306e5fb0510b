/** What the fuzzer sends: for each surface of the emulator, requests that are right in part and broken in part. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as armKit from '../api/arm/resources/arm-client.js';
import * as classicKit from '../api/classic/harness.js';
import { cscfg, csdx, cspkg } from '../api/classic/media-service.js';
import { jsonBody, mutateBytes, mutateText, mutateValue } from './mutate.js';
import { Random } from './random.js';

/** A request: over HTTP, or as bytes on a connection of their own. */
export interface Attempt {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly raw?: Buffer;
  /** Changes how the emulator treats others (faults, time): sent alone, and undone before the next. */
  readonly alone?: boolean;
}

type Surface = (random: Random) => Attempt;

const apiVersions = [
  '2025-05-01',
  '2024-05-01',
  '2023-09-01',
  '2020-11-01',
  '2018-07-01',
  '2015-06-15',
  '2014-01-01',
  '',
  'x',
];
const internalId = `${armKit.network}/loadBalancers/internal`;
const compute = `${armKit.group}/providers/Microsoft.Compute`;
const location = 'westeurope';

const image = { publisher: 'Canonical', offer: 'UbuntuServer', sku: '18.04-LTS', version: 'latest' };
const machineProfile = {
  osProfile: { computerName: 'vm', adminUsername: 'me', adminPassword: 'not-A-secret-1' },
  storageProfile: { imageReference: image },
};
const ipConfiguration = {
  name: 'ip',
  properties: {
    subnet: { id: armKit.subnetId },
    loadBalancerBackendAddressPools: [{ id: `${armKit.balancerId}/backendAddressPools/pool` }],
  },
};

/** Paths of resources, with a body that Azure takes. */
const documents: readonly (readonly [path: string, body: armKit.Json])[] = [
  [armKit.group, { location, tags: { a: 'b' } }],
  [`${armKit.network}/virtualNetworks/vnet`, armKit.virtualNetwork()],
  [armKit.subnetId, { properties: { addressPrefix: '10.0.0.0/24', privateLinkServiceNetworkPolicies: 'Disabled' } }],
  [armKit.publicIPAddressId('ip'), armKit.publicIPAddress({ dnsSettings: { domainNameLabel: 'fuzzed' } })],
  [
    `${armKit.network}/publicIPPrefixes/prefix`,
    { location, sku: { name: 'Standard' }, properties: { prefixLength: 30 } },
  ],
  [armKit.balancerId, armKit.loadBalancer()],
  [
    armKit.balancerId,
    armKit.loadBalancer({
      inboundNatRules: [armKit.natRule('nat')],
      loadBalancingRules: [
        armKit.rule('rule', { disableOutboundSnat: true, enableFloatingIP: true, loadDistribution: 'SourceIP' }),
      ],
      outboundRules: [
        {
          name: 'out',
          properties: {
            protocol: 'All',
            frontendIPConfigurations: [{ id: armKit.childId('frontendIPConfigurations', 'frontend') }],
            backendAddressPool: { id: armKit.childId('backendAddressPools', 'pool') },
          },
        },
      ],
    }),
  ],
  [
    internalId,
    armKit.loadBalancer({ frontendIPConfigurations: [armKit.internalFrontend()], loadBalancingRules: [], probes: [] }),
  ],
  [
    `${armKit.network}/networkInterfaces/nic`,
    armKit.networkInterface({ pools: [`${armKit.balancerId}/backendAddressPools/pool`] }),
  ],
  [`${internalId}/backendAddressPools/pool`, { properties: {} }],
  [armKit.childId('inboundNatRules', 'nat'), armKit.natRule('nat')],
  [
    `${armKit.network}/networkSecurityGroups/nsg`,
    {
      location,
      properties: {
        securityRules: [
          {
            name: 'r',
            properties: {
              protocol: '*',
              access: 'Allow',
              direction: 'Inbound',
              priority: 100,
              sourcePortRange: '*',
              destinationPortRange: '80-90',
              sourceAddressPrefix: '*',
              destinationAddressPrefix: '*',
            },
          },
        ],
      },
    },
  ],
  [`${armKit.network}/natGateways/nat`, { location, sku: { name: 'Standard' }, properties: { publicIpAddresses: [] } }],
  [`${armKit.network}/routeTables/routes`, { location, properties: { routes: [] } }],
  [`${armKit.network}/applicationSecurityGroups/asg`, { location }],
  [
    `${armKit.network}/privateLinkServices/pls`,
    {
      location,
      properties: {
        loadBalancerFrontendIpConfigurations: [{ id: `${internalId}/frontendIPConfigurations/frontend` }],
        ipConfigurations: [{ name: 'ip', properties: { subnet: { id: armKit.subnetId } } }],
      },
    },
  ],
  [
    `${compute}/availabilitySets/set`,
    { location, sku: { name: 'Aligned' }, properties: { platformFaultDomainCount: 2 } },
  ],
  [
    `${compute}/virtualMachines/vm`,
    {
      location,
      properties: {
        ...machineProfile,
        hardwareProfile: { vmSize: 'Standard_D2s_v3' },
        networkProfile: { networkInterfaces: [{ id: `${armKit.network}/networkInterfaces/nic` }] },
      },
    },
  ],
  [
    `${compute}/virtualMachineScaleSets/vmss`,
    {
      location,
      sku: { name: 'Standard_D2s_v3', capacity: 2 },
      properties: {
        upgradePolicy: { mode: 'Manual' },
        virtualMachineProfile: {
          ...machineProfile,
          networkProfile: {
            networkInterfaceConfigurations: [
              { name: 'nic', properties: { primary: true, ipConfigurations: [ipConfiguration] } },
            ],
          },
        },
      },
    },
  ],
  [
    `${armKit.group}/providers/Microsoft.Storage/storageAccounts/fuzzed`,
    { location, sku: { name: 'Standard_LRS' }, kind: 'StorageV2' },
  ],
  [`${armKit.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/me`, { location }],
];

/** Ids that exist, that could, and that are not ids. */
const ids = [
  ...documents.map(([path]) => path),
  `${armKit.balancerId}/frontendIPConfigurations/frontend`,
  `${armKit.balancerId}/probes/probe`,
  `${armKit.group}/providers/Microsoft.Network/loadBalancers/LB/backendAddressPools/none`,
  `/subscriptions/${armKit.subscriptionId}`,
  '/',
];

const actions = [
  'start',
  'deallocate',
  'listKeys',
  'health',
  'migrateToIpBased',
  'queryInboundNatRulePortMapping',
  'instanceView',
  'effectiveRouteTable',
];
const pick = (random: Random, path: string): string =>
  random.oneIn(8) ? encodeURI(safe(mutateText(random, path))) : path;
const encoded = (text: string): string => encodeURIComponent(Buffer.from(text).toString());
/** A path that a client's HTTP library lets through: blanks and line ends would never leave it. */
const safe = (text: string): string =>
  `/${Buffer.from(text)
    .toString()
    .replace(/[\s\0#]/g, '')
    .replace(/^\/+/, '')}`.slice(0, 7_000);

function query(random: Random): string {
  const parts = random.oneIn(20) ? [] : [`api-version=${random.of(apiVersions)}`];
  if (random.oneIn(10)) parts.push(`$expand=${encoded(random.of(['instanceView', 'x', '', '*', 'a/b']))}`);
  if (random.oneIn(10)) parts.push(`$filter=${encoded(mutateText(random, "resourceType eq 'a' and name ne 'b'"))}`);
  if (random.oneIn(10))
    parts.push(`$top=${random.of(['1', '0', '-1', 'x', '99999999999'])}`, `$skiptoken=${random.of(['x', '', '%00'])}`);
  return parts.length > 0 ? `?${parts.join('&')}` : '';
}

const json = { 'content-type': 'application/json' };

const arm: Surface = (random) => {
  const [path, body] = random.of(documents);
  const method = random.weighted([
    [8, 'PUT'],
    [2, 'PATCH'],
    [3, 'GET'],
    [1, 'DELETE'],
    [2, 'POST'],
    [1, 'HEAD'],
    [1, 'OPTIONS'],
  ]);
  const tail = method === 'POST' || random.oneIn(12) ? `/${random.of(actions)}` : '';
  const headers: Record<string, string> = { ...json };
  if (random.oneIn(12)) headers[random.of(['if-match', 'if-none-match'])] = random.of(['*', '"x"', 'W/"1"', '']);
  return {
    method,
    path: `${pick(random, path)}${tail}${query(random)}`,
    headers,
    body: jsonBody(random, mutateValue(random, body, ids)),
  };
};

const lists: Surface = (random) => {
  const path = random.of([
    `/subscriptions/${armKit.subscriptionId}/resources`,
    `${armKit.group}/resources`,
    `${armKit.network}/loadBalancers`,
    '/subscriptions',
    `/subscriptions/${armKit.subscriptionId}/providers/Microsoft.Network/loadBalancers`,
    '/tenants',
    `/subscriptions/${armKit.subscriptionId}/providers`,
    `${compute}/virtualMachineScaleSets/vmss/virtualMachines`,
    `${armKit.group}/deployments`,
    `${armKit.group}/providers/microsoft.insights/metrics`,
    `${armKit.balancerId}/providers/microsoft.insights/metrics`,
    `/subscriptions/${armKit.subscriptionId}/providers/Microsoft.Network/locations/${location}/usages`,
    `/subscriptions/${armKit.subscriptionId}/providers/Microsoft.Network/locations/${location}/CheckDnsNameAvailability`,
    '/metadata/endpoints',
  ]);
  return {
    method: random.weighted([
      [6, 'GET'],
      [1, 'POST'],
      [1, 'PUT'],
      [1, 'DELETE'],
    ]),
    path: pick(random, path) + query(random),
    headers: {},
  };
};

const functions = [
  'concat',
  'createArray',
  'createObject',
  'reduce',
  'map',
  'filter',
  'split',
  'replace',
  'range',
  'union',
  'json',
  'string',
  'reference',
  'resourceId',
  'listKeys',
  'format',
  'substring',
  'cidrSubnet',
  'dateTimeAdd',
  'lambda',
  'parameters',
  'variables',
  'copyIndex',
  'if',
  'length',
  'base64',
  'uri',
  'guid',
  'padLeft',
  'max',
  'indexFromEnd',
  'toObject',
  'sort',
  'shallowMerge',
  'nothing',
];

function expression(random: Random, depth: number): string {
  if (depth === 0 || random.oneIn(4))
    return random.of([
      "'a'",
      '1',
      '-1',
      '2147483648',
      "parameters('p')",
      "variables('v')",
      'true',
      "'%'",
      "''",
      "lambdaVariables('x')",
    ]);
  const args = Array.from({ length: random.below(4) }, () => expression(random, depth - 1)).join(', ');
  return `${random.of(functions)}(${args})${random.oneIn(8) ? random.of(['.a', '[0]', "['x']", '.a.b', '[-1]']) : ''}`;
}

const templates: Surface = (random) => {
  const some = (): string => {
    const text = `[${expression(random, 4)}]`;
    return random.oneIn(10) ? mutateText(random, text) : text;
  };
  const [id, body] = random.of(documents.slice(1));
  const [, provider = '', type = '', name = ''] = /providers\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(id) ?? [];
  const template = {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    parameters: {
      p: { type: random.of(['string', 'int', 'object', 'array', 'secureString', 'bool']), defaultValue: some() },
    },
    variables: { v: some(), w: { copy: [{ name: 'c', count: random.of([0, 2, 801, -1]), input: some() }] } },
    resources: [
      {
        type: `${provider}/${type}`,
        apiVersion: random.of(apiVersions),
        name: random.oneIn(3) ? some() : name,
        ...body,
        condition: random.oneIn(4) ? some() : true,
      },
    ],
    outputs: { o: { type: random.of(['string', 'object', 'array', 'int']), value: some() } },
  };
  const path = `${armKit.group}/providers/Microsoft.Resources/deployments/d${random.below(20)}`;
  const [method, tail] = random.of([
    ['PUT', ''],
    ['POST', '/validate'],
    ['POST', '/whatIf'],
  ] as const);
  const properties = {
    mode: random.of(['Incremental', 'Complete', 'x']),
    template: mutateValue(random, template, ids),
    parameters: { p: { value: 'x' } },
  };
  return {
    method,
    path: `${path}${tail}?api-version=2022-09-01`,
    headers: json,
    body: jsonBody(random, random.oneIn(6) ? mutateValue(random, { properties }, ids) : { properties }),
  };
};

const services = `/${classicKit.subscription}/services/hostedservices`;
const set = classicKit.endpointXml({
  LoadBalancedEndpointSetName: 'LBSet1',
  LocalPort: 8080,
  Name: 'HttpIn',
  Port: 80,
  Protocol: 'tcp',
});
const packageUrl = (bytes: Buffer): string => `data:application/octet-stream;base64,${bytes.toString('base64')}`;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const classicRequests: readonly ((random: Random) => readonly [method: string, path: string, body: string])[] = [
  () => ['POST', services, classicKit.createServiceXml('mySvc')],
  () => [
    'POST',
    `${services}/mySvc/deployments`,
    classicKit.deploymentXml({
      name: 'mySvc',
      roles:
        classicKit.roleXml('Role', { name: 'vm1', endpoints: set }) +
        classicKit.roleXml('Role', { name: 'vm2', endpoints: set }),
    }),
  ],
  () => ['POST', `${services}/mySvc/deployments/mySvc?comp=UpdateLbSet`, classicKit.setsXml(set)],
  () => [
    'PUT',
    `${services}/mySvc/deployments/mySvc/roles/vm1`,
    classicKit.roleXml('PersistentVMRole', { name: 'vm1', endpoints: set }),
  ],
  () => [
    'POST',
    `${services}/mySvc/deployments/mySvc/roleinstances/vm1/Operations`,
    `<ShutdownRoleOperation ${classicKit.azureXmlns}><OperationType>ShutdownRoleOperation</OperationType></ShutdownRoleOperation>`,
  ],
  () => [
    'PUT',
    `/${classicKit.subscription}/services/networking/media`,
    '<NetworkConfiguration xmlns="http://schemas.microsoft.com/ServiceHosting/2011/07/NetworkConfiguration"><VirtualNetworkConfiguration><VirtualNetworkSites><VirtualNetworkSite name="v" Location="West US"><AddressSpace><AddressPrefix>10.9.0.0/16</AddressPrefix></AddressSpace><Subnets><Subnet name="s"><AddressPrefix>10.9.0.0/24</AddressPrefix></Subnet></Subnets></VirtualNetworkSite></VirtualNetworkSites></VirtualNetworkConfiguration></NetworkConfiguration>',
  ],
  () => [
    'POST',
    `/${classicKit.subscription}/services/networking/reservedips`,
    `<ReservedIP ${classicKit.azureXmlns}><Name>r</Name><Location>West US</Location></ReservedIP>`,
  ],
  (random) => {
    const bytes = random.of([cspkg, csdx]);
    const configuration = random.oneIn(2) ? mutateText(random, cscfg()) : cscfg();
    const url = packageUrl(random.oneIn(2) ? mutateBytes(random, bytes) : bytes);
    return [
      'POST',
      `${services}/mySvc/deploymentslots/${random.of(['Production', 'Staging'])}`,
      `<CreateDeployment ${classicKit.azureXmlns}><Name>web</Name><PackageUrl>${url}</PackageUrl><Label>bA==</Label><Configuration>${base64(configuration)}</Configuration></CreateDeployment>`,
    ];
  },
  () => ['GET', `${services}/mySvc?embed-detail=true`, ''],
  () => ['GET', `${services}/mySvc/deploymentslots/Production`, ''],
  () => ['DELETE', `${services}/mySvc?comp=media`, ''],
];

const classic: Surface = (random) => {
  const [method, path, xml] = random.of(classicRequests)(random);
  const text = random.oneIn(3) ? mutateText(random, xml) : xml;
  const body = random.weighted<() => Buffer>([
    [10, () => Buffer.from(text)],
    [1, () => Buffer.from(`\ufeff${text}`, 'utf16le')],
    [1, () => mutateBytes(random, Buffer.from(text))],
    [1, () => Buffer.from(`${'<a>'.repeat(1 + random.below(20_000))}`)],
    [1, () => Buffer.from(`<!DOCTYPE x [<!ENTITY a "${'b'.repeat(random.below(1_000))}">]><x>&a;</x>`)],
  ])();
  const version = random.weighted([
    [12, '2015-04-01'],
    [4, '2014-10-01'],
    [1, '2009-10-01'],
    [1, 'x'],
    [1, ''],
  ]);
  return {
    method: random.oneIn(15) ? random.of(['GET', 'PUT', 'POST', 'DELETE', 'PATCH']) : method,
    path: pick(random, path),
    headers: { 'content-type': 'application/xml', ...(version === '' ? {} : { 'x-ms-version': version }) },
    body,
  };
};

const fault = {
  kind: 'api',
  method: 'PUT',
  path: '/subscriptions/*/**',
  status: 429,
  retryAfterSeconds: 1,
  next: 1,
  delayMs: 1,
};
const faults: readonly armKit.Json[] = [
  fault,
  { kind: 'dataPlane', effect: 'slow', latencyMs: 1 },
  { kind: 'probe', verdict: 'flap', flapEverySeconds: 5 },
];

const admin: Surface = (random) => {
  const at = (path: string): string => `/_lazurite/${path}`;
  const tail = encodeURI(safe(mutateText(random, 'tcp&from=10.0.0.1:1&to=10.0.0.2:80')).slice(1));
  const filters = `status=${random.of(['404', '4xx', 'x', ''])}&top=${random.of(['1', '-1', 'x'])}&path=${encoded(`/${'*'.repeat(random.below(40))}a`)}`;
  return random.weighted<() => Attempt>([
    [
      4,
      () => ({
        method: 'GET',
        path: at(
          random.of([
            'frontends',
            'backends',
            'outbound',
            'flows',
            'clock',
            'metrics',
            'events',
            'faults',
            'ready',
            'nothing',
          ]),
        ),
        headers: {},
      }),
    ],
    [3, () => ({ method: 'GET', path: at(`explain?proto=${tail}`), headers: {} })],
    [2, () => ({ method: 'GET', path: at(`requests?${filters}`), headers: {} })],
    [
      2,
      () => ({
        method: 'POST',
        path: at('simulate'),
        headers: json,
        body: jsonBody(
          random,
          mutateValue(random, { proto: 'tcp', to: '127.0.0.1:80', clients: 20, connections: 3 }, ids),
        ),
      }),
    ],
    [
      3,
      () => ({
        method: 'POST',
        path: at('faults'),
        headers: json,
        body: jsonBody(random, mutateValue(random, random.of(faults), ids)),
        alone: true,
      }),
    ],
    [
      1,
      () => ({
        method: 'POST',
        path: at('clock'),
        headers: json,
        body: jsonBody(random, mutateValue(random, { advanceSeconds: random.below(300) }, ids)),
        alone: true,
      }),
    ],
  ])();
};

/** Bytes that are HTTP in part. */
const raw: Surface = (random) => {
  const bytes = random.of([
    'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET /subscriptions?api-version=2022-12-01 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    'PUT /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST /_lazurite/clock HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999\r\n\r\n{}',
    `GET /${'a'.repeat(9_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: ${'b'.repeat(3_000)}\r\nX: ${'c'.repeat(20_000)}\r\n\r\n`,
    'GET http://other/ HTTP/1.0\r\n\r\n',
    'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  ]);
  return { method: 'RAW', path: '', headers: {}, raw: mutateBytes(random, Buffer.from(bytes, 'latin1')) };
};

/** Requests of recorded exchanges, changed; without the recordings, one of the other surfaces. */
function recordedRequests(folder: string): Surface | undefined {
  if (!existsSync(folder)) return undefined;
  const files = readdirSync(folder).filter((file) => file.endsWith('.jsonl'));
  const lines = new Map<string, string[]>();
  return (random) => {
    const file = random.of(files);
    if (!lines.has(file)) lines.set(file, readFileSync(join(folder, file), 'utf8').split('\n').filter(Boolean));
    const { request } = JSON.parse(random.of(lines.get(file) as string[]));
    const [url, tail = ''] = String(request.url).split('?', 2) as [string, string?];
    // In the one group that exists, what a request names may be there.
    const here = (text: string): string =>
      text.replace(/\/subscriptions\/[^/"]+\/resourceGroups\/[^/"]+/gi, armKit.group);
    const path = here(url);
    return {
      method: String(request.method),
      path: `${pick(random, safe(path))}${random.oneIn(15) ? query(random) : `?${tail}`}`,
      headers: json,
      ...(request.body === undefined || request.body === null
        ? {}
        : { body: jsonBody(random, mutateValue(random, JSON.parse(here(JSON.stringify(request.body))), ids)) }),
    };
  };
}

/** What is there when an episode begins: every document, and a classic deployment. */
export const beginning: readonly Attempt[] = [
  ...documents.map(([path, body]): Attempt => {
    return {
      method: 'PUT',
      path: `${path}?api-version=2023-09-01`,
      headers: json,
      body: Buffer.from(JSON.stringify(body)),
    };
  }),
  ...classicRequests.slice(0, 2).map((make): Attempt => {
    const [method, path, body] = make(new Random(0));
    return {
      method,
      path,
      headers: { 'content-type': 'application/xml', 'x-ms-version': '2015-04-01' },
      body: Buffer.from(body),
    };
  }),
];

/**
 * The request of number `index` of a run with `seed`: always the same, whatever came before. `recordings` is a folder of
 * recorded exchanges; where it is missing, only what this file knows is sent.
 */
export function surfaces(recordings: string): (random: Random) => Attempt {
  const recorded = recordedRequests(recordings);
  const weighted: (readonly [number, Surface])[] = [
    [30, arm],
    [8, lists],
    [20, templates],
    [20, classic],
    [10, admin],
    [4, raw],
  ];
  if (recorded !== undefined) weighted.push([20, recorded]);
  return (random) => random.weighted(weighted)(random);
}
