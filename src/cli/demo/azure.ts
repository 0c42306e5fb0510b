/** What the demo asks of Azure Resource Manager: the requests that any client sends, over HTTPS. */
import type { HttpAnswer, HttpClient } from '../http-client.js';

const apiVersion = '2024-05-01';
const resourcesApiVersion = '2021-04-01';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks again until there is an answer; throws when that takes longer than `patienceMs`. */
export async function until<Answer>(ask: () => Promise<Answer | undefined>, patienceMs = 15_000): Promise<Answer> {
  for (let waitedMs = 0; ; waitedMs += 20) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (waitedMs >= patienceMs) throw new TypeError(`Azure had not finished after ${patienceMs} ms`);
    await pause(20);
  }
}

/** A resource as far as the demo looks into it. */
export interface DemoResource {
  readonly id: string;
  readonly properties: Record<string, unknown>;
}

export type LoadDistribution = 'Default' | 'SourceIP' | 'SourceIPProtocol';

export interface Topology {
  readonly publicIp: string;
  /** The private addresses of the network interfaces, in the order of their names. */
  readonly backends: readonly string[];
}

/** One resource group of one subscription. */
export class DemoAzure {
  readonly #client: HttpClient;
  readonly #group: string;
  readonly #location = 'westeurope';

  constructor(client: HttpClient, { subscriptionId, group }: { subscriptionId: string; group: string }) {
    this.#client = client;
    this.#group = `/subscriptions/${subscriptionId}/resourceGroups/${group}`;
  }

  /** The resource group, and in it a network with one interface per backend. */
  async createNetwork(subnetPrefix: string, backendCount: number): Promise<string[]> {
    await this.#client
      .send('PUT', `${this.#group}?api-version=${resourcesApiVersion}`, { location: this.#location })
      .then(mustSucceed);
    await this.#put('virtualNetworks/vnet', {
      addressSpace: { addressPrefixes: [subnetPrefix] },
      subnets: [{ name: 'vms', properties: { addressPrefix: subnetPrefix } }],
    });
    const addresses: string[] = [];
    for (let number = 1; number <= backendCount; number++) {
      const nic = await this.#put(`networkInterfaces/vm${number}`, { ipConfigurations: [this.#ipConfiguration()] });
      addresses.push(privateAddressOf(nic));
    }
    return addresses;
  }

  /** A public IP and a load balancer with an HTTP probe, one rule for TCP and one for UDP; the interfaces join it. */
  async createLoadBalancer(ports: { frontend: number; backend: number }, backendCount: number): Promise<string> {
    const publicIp = await this.#put('publicIPAddresses/ip', { publicIPAllocationMethod: 'Static' }, 'Standard');
    const balancer = this.#id('loadBalancers/web');
    const child = (kind: string, name: string) => ({ id: `${balancer}/${kind}/${name}` });
    const rule = (protocol: string) => ({
      name: protocol,
      properties: {
        protocol,
        frontendPort: ports.frontend,
        backendPort: ports.backend,
        frontendIPConfiguration: child('frontendIPConfigurations', 'public'),
        backendAddressPool: child('backendAddressPools', 'vms'),
        probe: child('probes', 'health'),
        loadDistribution: 'Default',
        // 4 minutes are 24 s of real time, and a busy machine may take longer for the demo.
        idleTimeoutInMinutes: 30,
      },
    });
    await this.#put(
      'loadBalancers/web',
      {
        frontendIPConfigurations: [{ name: 'public', properties: { publicIPAddress: { id: publicIp.id } } }],
        backendAddressPools: [{ name: 'vms' }],
        probes: [
          {
            name: 'health',
            // Six seconds of real time: a busy machine may hold the backends up for one.
            properties: { protocol: 'Http', port: ports.backend, requestPath: '/health', intervalInSeconds: 60 },
          },
        ],
        loadBalancingRules: [rule('Tcp'), rule('Udp')],
      },
      'Standard',
    );
    const loadBalancerBackendAddressPools = [child('backendAddressPools', 'vms')];
    for (let number = 1; number <= backendCount; number++) {
      const ipConfigurations = [this.#ipConfiguration({ loadBalancerBackendAddressPools })];
      await this.#put(`networkInterfaces/vm${number}`, { ipConfigurations });
    }
    return String(publicIp.properties.ipAddress);
  }

  /** Switches both rules as az does: read the load balancer, change it, put all of it back. */
  async switchTo(loadDistribution: LoadDistribution): Promise<void> {
    const path = `${this.#id('loadBalancers/web')}?api-version=${apiVersion}`;
    const { body } = mustSucceed(await this.#client.send('GET', path));
    const balancer = body as { properties: { loadBalancingRules: { properties: Record<string, unknown> }[] } };
    for (const { properties } of balancer.properties.loadBalancingRules) properties.loadDistribution = loadDistribution;
    await this.#finish(await this.#client.send('PUT', path, balancer));
  }

  /** How many members the rule for TCP has that are up, as Azure's rule health says. */
  async healthyMembers(): Promise<number> {
    const path = `${this.#id('loadBalancers/web')}/loadBalancingRules/Tcp/health?api-version=${apiVersion}`;
    const first = mustSucceed(await this.#client.send('POST', path));
    const { location } = first.headers;
    if (first.status !== 202 || !location) return (first.body as { up: number }).up;
    return until(async () => {
      const { status, body } = mustSucceed(await this.#client.send('GET', location));
      return status === 202 ? undefined : (body as { up: number }).up;
    });
  }

  #ipConfiguration(more: Record<string, unknown> = {}): object {
    const subnet = { id: `${this.#id('virtualNetworks/vnet')}/subnets/vms` };
    return { name: 'ip', properties: { subnet, ...more } };
  }

  #id(path: string): string {
    return `${this.#group}/providers/Microsoft.Network/${path}`;
  }

  async #put(path: string, properties: Record<string, unknown>, sku?: string): Promise<DemoResource> {
    const url = `${this.#id(path)}?api-version=${apiVersion}`;
    const body = { location: this.#location, ...(sku && { sku: { name: sku } }), properties };
    await this.#finish(await this.#client.send('PUT', url, body));
    return mustSucceed(await this.#client.send('GET', url)).body as DemoResource;
  }

  /** Follows Azure-AsyncOperation to its end. */
  async #finish(answer: HttpAnswer): Promise<void> {
    mustSucceed(answer);
    const url = answer.headers['azure-asyncoperation'];
    if (typeof url !== 'string') return;
    await until(async () => {
      const { body } = mustSucceed(await this.#client.send('GET', url));
      const { status } = body as { status: string };
      if (status === 'Failed' || status === 'Canceled') throw new TypeError(`Azure says: ${JSON.stringify(body)}`);
      return status === 'Succeeded' || undefined;
    });
  }
}

function mustSucceed(answer: HttpAnswer): HttpAnswer {
  if (answer.status >= 400) throw new TypeError(`Azure answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer;
}

function privateAddressOf(nic: DemoResource): string {
  const [first] = nic.properties.ipConfigurations as [{ properties: { privateIPAddress: string } }];
  return first.properties.privateIPAddress;
}

/** Waits until the probe has found every member. */
export const everyMemberUp = (azure: DemoAzure, expected: number): Promise<true> =>
  until(async () => (await azure.healthyMembers()) === expected || undefined);
