/**
 * A running emulator without data plane and a client that speaks Azure Resource Manager to it, for tests of what goes
 * over the wire. The server is the production server: same routes, same port, same store.
 */
import type { Test } from 'tap';
import { Agent, request } from 'undici';
import { parseConfig } from '../../../../src/config/config.js';
import { Emulator } from '../../../../src/emulator.js';
import { Clock } from '../../../../src/support/clock.js';
import { type Log, silentLog } from '../../../../src/support/log.js';
import { manualTime } from '../../../manual-time.js';

export const subscriptionId = '00000000-0000-0000-0000-00000000000a';
export const newestApiVersion = '2025-05-01';
export const group = `/subscriptions/${subscriptionId}/resourceGroups/rg`;
export const network = `${group}/providers/Microsoft.Network`;
export const balancerId = `${network}/loadBalancers/lb`;

/** Any JSON object; tests say what they expect of it. */
export type Json = Record<string, unknown>;

/** The value at `properties.probes.0.name` of an answer's body. */
export function at(value: unknown, path: string): unknown {
  let found = value;
  for (const step of path.split('.')) found = (found as Json | undefined)?.[step];
  return found;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly body: Json;
}

export interface RequestOptions {
  readonly apiVersion?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is, instead of a body made into JSON. */
  readonly text?: string;
}

export interface ArmClientOptions {
  /** Further arguments of `lazurite start`. */
  readonly argv?: readonly string[];
  readonly clock?: Clock;
  readonly log?: Log;
}

const isEmulatorPath = (path: string): boolean => path.startsWith('/_lazurite/');

export class ArmClient {
  readonly #agent = new Agent({ connections: 32, pipelining: 1 });
  #closed: Promise<void> | undefined;

  private constructor(readonly emulator: Emulator) {}

  /** Starts an emulator that ends with the test. Time stands still unless a clock is given. */
  static async start(
    t: Test,
    { argv = [], clock = new Clock({ source: manualTime() }), log = silentLog }: ArmClientOptions = {},
  ) {
    const place = argv.includes('--data') ? [] : ['--in-memory'];
    const config = parseConfig(['--port', '0', '--host', '127.0.0.1', '--engine', 'none', ...place, ...argv], {});
    const emulator = await Emulator.start(config, { clock, log });
    const client = new ArmClient(emulator);
    t.teardown(() => client.close());
    return client;
  }

  /** Ends emulator and client; harmless the second time. */
  close(): Promise<void> {
    this.#closed ??= this.#agent.destroy().then(() => this.emulator.close());
    return this.#closed;
  }

  /** Forgets everything: cheaper than another emulator. */
  async reset(): Promise<void> {
    const { status } = await this.post('/_lazurite/reset');
    if (status >= 300) throw new Error(`reset: ${status}`);
  }

  get origin(): string {
    return this.emulator.httpUrl.replace('localhost', '127.0.0.1');
  }

  /** One request. `path` may be absolute, as polling URLs are; an api-version is added when it has none. */
  async send(method: string, path: string, body?: unknown, options: RequestOptions = {}): Promise<Answer> {
    const url = new URL(path.startsWith('http') ? path : `${this.origin}${path}`);
    const wanted = 'apiVersion' in options ? options.apiVersion : newestApiVersion;
    if (wanted !== undefined && !url.searchParams.has('api-version') && !isEmulatorPath(path)) {
      url.searchParams.set('api-version', wanted);
    }
    const text = options.text ?? (body === undefined ? undefined : JSON.stringify(body));
    const answer = await request(url, {
      method: method as 'GET',
      dispatcher: this.#agent,
      headers: { ...(text === undefined ? {} : { 'content-type': 'application/json' }), ...options.headers },
      ...(text === undefined ? {} : { body: text }),
    });
    const received = await answer.body.text();
    return {
      status: answer.statusCode,
      headers: answer.headers as Record<string, string>,
      text: received,
      body:
        received !== '' && String(answer.headers['content-type']).includes('json')
          ? (JSON.parse(received) as Json)
          : {},
    };
  }

  get = (path: string, options?: RequestOptions) => this.send('GET', path, undefined, options);
  head = (path: string, options?: RequestOptions) => this.send('HEAD', path, undefined, options);
  delete = (path: string, options?: RequestOptions) => this.send('DELETE', path, undefined, options);
  put = (path: string, body?: unknown, options?: RequestOptions) => this.send('PUT', path, body, options);
  patch = (path: string, body?: unknown, options?: RequestOptions) => this.send('PATCH', path, body, options);
  post = (path: string, body?: unknown, options?: RequestOptions) => this.send('POST', path, body, options);

  /** What an accepted request's operation says: its `Azure-AsyncOperation`, or its `Location`. */
  poll(accepted: Answer, header: 'azure-asyncoperation' | 'location' = 'azure-asyncoperation'): Promise<Answer> {
    const url = accepted.headers[header];
    if (url === undefined) throw new Error(`no ${header} in an answer ${accepted.status} ${accepted.text}`);
    return this.send('GET', url);
  }

  /** A write that must succeed; answers the body. */
  async made(path: string, body: unknown, options?: RequestOptions): Promise<Json> {
    const answer = await this.put(path, body, options);
    if (answer.status !== 200 && answer.status !== 201) throw new Error(`PUT ${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  }

  /** The group that everything else lies in. */
  makeGroup(path = group, location = 'westeurope'): Promise<Json> {
    return this.made(path, { location });
  }

  /** The group, and a virtual network `vnet` (10.0.0.0/16) with a subnet `default` (10.0.0.0/24) in it. */
  async makeNetwork(): Promise<Json> {
    await this.makeGroup();
    return this.made(`${network}/virtualNetworks/vnet`, virtualNetwork());
  }

  /** A Standard, static public IP address. */
  makePublicIPAddress(name: string, properties: Json = {}): Promise<Json> {
    return this.made(`${network}/publicIPAddresses/${name}`, publicIPAddress(properties));
  }

  /** A NIC in subnet `default`, in these pools and behind these NAT rules of balancer `lb`. */
  makeNetworkInterface(name: string, options: MembershipOptions = {}): Promise<Json> {
    return this.made(`${network}/networkInterfaces/${name}`, networkInterface(options));
  }

  /** Network, public IP `ip` and the balancer `lb` with a frontend, a pool, a probe and a rule. */
  async makeLoadBalancer(properties: Json = {}): Promise<Json> {
    await this.makeNetwork();
    await this.makePublicIPAddress('ip');
    return this.made(balancerId, loadBalancer(properties));
  }
}

export interface MembershipOptions {
  readonly pools?: readonly string[];
  readonly natRules?: readonly string[];
  readonly privateIPAddress?: string;
  readonly subnet?: string;
}

export const subnetId = `${network}/virtualNetworks/vnet/subnets/default`;
export const publicIPAddressId = (name: string): string => `${network}/publicIPAddresses/${name}`;
export const childId = (collection: string, name: string): string => `${balancerId}/${collection}/${name}`;

export const virtualNetwork = (): Json => ({
  location: 'westeurope',
  properties: {
    addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
    subnets: [{ name: 'default', properties: { addressPrefix: '10.0.0.0/24' } }],
  },
});

export const publicIPAddress = (properties: Json = {}): Json => ({
  location: 'westeurope',
  sku: { name: 'Standard' },
  properties: { publicIPAllocationMethod: 'Static', ...properties },
});

const references = (ids: readonly string[]) => ids.map((id) => ({ id }));

export const networkInterface = ({
  pools = [],
  natRules = [],
  privateIPAddress,
  subnet = subnetId,
}: MembershipOptions = {}): Json => ({
  location: 'westeurope',
  properties: {
    ipConfigurations: [
      {
        name: 'ipconfig',
        properties: {
          subnet: { id: subnet },
          ...(privateIPAddress ? { privateIPAddress, privateIPAllocationMethod: 'Static' } : {}),
          ...(pools.length ? { loadBalancerBackendAddressPools: references(pools) } : {}),
          ...(natRules.length ? { loadBalancerInboundNatRules: references(natRules) } : {}),
        },
      },
    ],
  },
});

/** What lets TCP in from anywhere, as the SDKs write a security rule. */
export const inboundRule = (destinationPortRange: string) => ({
  protocol: 'Tcp',
  access: 'Allow',
  direction: 'Inbound',
  priority: 100,
  sourceAddressPrefix: '*',
  sourcePortRange: '*',
  destinationAddressPrefix: '*',
  destinationPortRange,
});

export const publicFrontend = (name = 'frontend', address = 'ip'): Json => ({
  name,
  properties: { publicIPAddress: { id: publicIPAddressId(address) } },
});

export const internalFrontend = (name = 'frontend', properties: Json = {}): Json => ({
  name,
  properties: { subnet: { id: subnetId }, ...properties },
});

export const rule = (name = 'rule', properties: Json = {}): Json => ({
  name,
  properties: {
    protocol: 'Tcp',
    frontendPort: 80,
    backendPort: 8080,
    frontendIPConfiguration: { id: childId('frontendIPConfigurations', 'frontend') },
    backendAddressPool: { id: childId('backendAddressPools', 'pool') },
    probe: { id: childId('probes', 'probe') },
    ...properties,
  },
});

export const natRule = (name: string, properties: Json = {}): Json => ({
  name,
  properties: {
    protocol: 'Tcp',
    frontendPort: 5000,
    backendPort: 22,
    frontendIPConfiguration: { id: childId('frontendIPConfigurations', 'frontend') },
    ...properties,
  },
});

export const probe = (name = 'probe', properties: Json = {}): Json => ({
  name,
  properties: { protocol: 'Tcp', port: 8080, ...properties },
});

/** A Standard balancer that balances TCP 80 on its frontend to TCP 8080 of its pool. */
export const loadBalancer = (properties: Json = {}, envelope: Json = {}): Json => ({
  location: 'westeurope',
  sku: { name: 'Standard' },
  properties: {
    frontendIPConfigurations: [publicFrontend()],
    backendAddressPools: [{ name: 'pool' }],
    probes: [probe()],
    loadBalancingRules: [rule()],
    ...properties,
  },
  ...envelope,
});

/** `code: message` of a refusal, and of each of its details on a line of its own. */
export function refusal({ status, body }: Answer): string {
  interface Refusal {
    readonly code: string;
    readonly message: string;
    readonly details?: readonly Refusal[];
  }
  const { code, message, details = [] } = (body.error ?? {}) as Refusal;
  const lines = details.map((one) => `\n  ${one.code}: ${one.message}`);
  return `${status} ${code}: ${message}${lines.join('')}`;
}
