/** A whole emulator that is told by XML only, with a virtual network in it: for tests that look at real packets. */
import type { Test } from 'tap';
import { readXml } from '../../../src/api/classic/xml/xml.js';
import { inParallel } from '../../data-plane/network.js';
import { Cloud, subscriptionId } from '../../emulator/cloud.js';
import { createServiceXml, deploymentXml, endpointXml, roleXml, setsXml, textOf } from './harness.js';
import { dep, services } from './my-service.js';

/** The machines of every deployment here, by the last number of their address. */
export const hosts = [4, 5, 6];

type Parts = Readonly<Record<string, string | number>>;

/** A member of a set; Name belongs behind LocalPort. */
export const member = (set: string, { LocalPort, ...parts }: Parts & { LocalPort: number }): string =>
  endpointXml({ LoadBalancedEndpointSetName: set, LocalPort, Name: set, ...parts });

export interface DeployOptions {
  /** What follows the roles. */
  readonly rest?: string;
  /** Endpoints that one machine has besides the others'. */
  readonly own?: (host: number) => string;
  /** What follows the endpoints in each machine's network configuration. */
  readonly network?: (host: number) => string;
}

export class ClassicCloud {
  readonly cloud: Cloud;
  /** Addresses of the machines on this computer. */
  readonly all: readonly string[];

  private constructor(cloud: Cloud) {
    this.cloud = cloud;
    this.all = hosts.map(cloud.localAddress).sort();
  }

  /** Starts an emulator whose machines are 10.<network>.0.4 and up; it ends with the test. */
  static start = async (t: Test, { network, engine }: { network: number; engine: string }): Promise<ClassicCloud> =>
    new ClassicCloud(await Cloud.start(t, { network, argv: ['--in-memory', '--engine', engine] }));

  /** The classic API of an emulator that runs already. */
  static of = (cloud: Cloud): ClassicCloud => new ClassicCloud(cloud);

  /** A classic request: status, request id and text of its answer. */
  async ask(method: string, path: string, body?: string) {
    const url = `${this.cloud.emulator.httpUrl}/${subscriptionId}${path}`;
    const headers = { 'x-ms-version': '2015-04-01', 'content-type': 'application/xml' };
    const answer = await fetch(url, { method, headers, ...(body !== undefined && { body }) });
    return { status: answer.status, requestId: answer.headers.get('x-ms-request-id'), text: await answer.text() };
  }

  /** A classic request that has to be accepted, and whose operation has to succeed; answers its text. */
  send = async (method: string, path: string, body?: string): Promise<string> => {
    const { status, requestId, text } = await this.ask(method, path, body);
    if (status >= 400) throw new Error(`${method} ${path}: ${status} ${text}`);
    if (status === 202) {
      const operation = readXml(await this.send('GET', `/operations/${requestId}`));
      if (textOf(operation, 'Status') !== 'Succeeded')
        throw new Error(`${method} ${path}: ${textOf(operation, 'Message')}`);
    }
    return text;
  };

  /** Empties the cloud; then it has the hosted service `mySvc` and a virtual network with one subnet. */
  async prepare(): Promise<void> {
    await this.cloud.send('POST', '/_lazurite/reset');
    await this.addService();
  }

  /** Adds the hosted service `mySvc` and a virtual network with one subnet. */
  async addService(): Promise<void> {
    const { network } = this.cloud;
    const site = `<VirtualNetworkSite name="VNet" Location="West US"><AddressSpace><AddressPrefix>10.${network}.0.0/16</AddressPrefix></AddressSpace><Subnets><Subnet name="vms"><AddressPrefix>10.${network}.0.0/24</AddressPrefix></Subnet></Subnets></VirtualNetworkSite>`;
    await this.send(
      'PUT',
      '/services/networking/media',
      `<NetworkConfiguration xmlns="http://schemas.microsoft.com/ServiceHosting/2011/07/NetworkConfiguration"><VirtualNetworkConfiguration><VirtualNetworkSites>${site}</VirtualNetworkSites></VirtualNetworkConfiguration></NetworkConfiguration>`,
    );
    await this.send('POST', services, createServiceXml('mySvc'));
  }

  /** A body that deploys one machine per host, all with the same endpoints. */
  deployment(endpoints: string, { rest = '', own = () => '', network = () => '' }: DeployOptions = {}): string {
    const subnet = '<SubnetNames><SubnetName>vms</SubnetName></SubnetNames>';
    const roles = hosts.map((host) =>
      roleXml('Role', { name: `vm${host}`, endpoints: endpoints + own(host), network: subnet + network(host) }),
    );
    const inNetwork = '<VirtualNetworkName>VNet</VirtualNetworkName>';
    return deploymentXml({ name: 'mySvc', roles: roles.join(''), rest: inNetwork + rest });
  }

  /** Deploys; answers the VIP. */
  async deploy(endpoints: string, options: DeployOptions = {}): Promise<string> {
    await this.send('POST', `${services}/mySvc/deployments`, this.deployment(endpoints, options));
    return this.virtualIp();
  }

  async virtualIp(): Promise<string> {
    const [element = '<a/>'] = /<VirtualIP>.*?<\/VirtualIP>/.exec(await this.send('GET', dep)) ?? [];
    return textOf(readXml(element), 'Address') ?? '';
  }

  /** UpdateLbSet of one set. */
  updateSet = (name: string, parts: Parts): Promise<string> =>
    this.send('POST', `${dep}?comp=UpdateLbSet`, setsXml(endpointXml({ LoadBalancedEndpointSetName: name, ...parts })));

  /** What runs on every machine, until the test ends. */
  async machines(t: Test, ...ports: number[]): Promise<void> {
    for (const host of hosts) for (const port of ports) await this.cloud.machine(t, host, port);
  }
}

/** Backends that each client meets in several calls. */
export async function meetings(
  clients: readonly string[],
  ask: (from: string) => Promise<string>,
  rounds = 3,
): Promise<Map<string, Set<string>>> {
  const met = new Map<string, Set<string>>(clients.map((client) => [client, new Set()]));
  const calls = Array.from({ length: rounds }, () => clients).flat();
  await inParallel(calls, 16, async (client) => void met.get(client)?.add(await ask(client)));
  return met;
}

/** Everybody who was met, in order. */
export const everybodyMet = (met: ReadonlyMap<string, ReadonlySet<string>>): string[] =>
  [...new Set([...met.values()].flatMap((set) => [...set]))].sort();
