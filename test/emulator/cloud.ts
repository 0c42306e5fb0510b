/** A whole emulator and a client of its HTTPS API, for tests that say what Azure does and look at real packets. */
import type { Test } from 'tap';
import type { BackendView, FrontendView } from '../../src/api/admin/views.js';
import { createHttpClient, type HttpAnswer, type HttpClient } from '../../src/cli/http-client.js';
import { parseConfig } from '../../src/config/config.js';
import { Emulator } from '../../src/emulator.js';
import type { Log } from '../../src/support/log.js';
import { silentLog } from '../../src/support/log.js';
import { type At, Backend } from '../data-plane/network.js';
import { until } from '../turns.js';

export const subscriptionId = '11111111-2222-3333-4444-555555555555';
const group = `/subscriptions/${subscriptionId}/resourceGroups/test`;
const apiVersion = '2024-05-01';
const location = 'westeurope';

/** A top-level resource says where it is; a child must not. */
const located = (path: string, body: Record<string, unknown>): Record<string, unknown> =>
  path.split('/').length === 2 ? { location, ...body } : body;

/** Id of a Microsoft.Network resource or child in the test's resource group: `idOf('loadBalancers/lb')`. */
export const idOf = (path: string): string => `${group}/providers/Microsoft.Network/${path}`;

export const ref = (path: string): { id: string } => ({ id: idOf(path) });

export interface Document {
  readonly id: string;
  readonly etag?: string;
  readonly properties: Record<string, unknown>;
}

export interface CloudOptions {
  /** Second number of the virtual network 10.N.0.0/16 and third of the public pool: one per test file. */
  readonly network: number;
  readonly argv?: readonly string[];
  readonly log?: Log;
}

export class Cloud {
  readonly network: number;
  readonly emulator: Emulator;
  readonly client: HttpClient;
  #closed = false;

  private constructor(of: { network: number; emulator: Emulator; client: HttpClient }) {
    this.network = of.network;
    this.emulator = of.emulator;
    this.client = of.client;
  }

  /** Starts an emulator on a free port; it ends with the test. */
  static async start(t: Test, { network, argv = ['--in-memory'], log = silentLog }: CloudOptions): Promise<Cloud> {
    const pool = `127.250.${network}.0/24`;
    const emulator = await Emulator.start(parseConfig(['--port', '0', '--public-ip-pool', pool, ...argv], {}), { log });
    const plain = createHttpClient({ url: emulator.httpUrl });
    const { body } = await plain.send('GET', '/_lazurite/ca.pem');
    plain.close();
    const client = createHttpClient({ url: emulator.url, caPem: String(body) });
    const cloud = new Cloud({ network, emulator, client });
    t.teardown(() => cloud.close());
    return cloud;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.client.close();
    await this.emulator.close();
  }

  /** Azure address of the nth VM of the virtual network, and the address that stands for it here. */
  azureAddress = (host: number): string => `10.${this.network}.0.${host}`;
  localAddress = (host: number): string => `127.${this.network}.0.${host}`;

  /** A VM on the subnet's nth address: a process that says who it is. */
  async machine(t: Test, host: number, port: number): Promise<Backend> {
    const backend = await Backend.start(this.localAddress(host), port);
    t.teardown(() => backend.stop());
    return backend;
  }

  send(method: string, path: string, body?: unknown): Promise<HttpAnswer> {
    return this.client.send(method, path, body);
  }

  /** PUT that has to be accepted, followed to the end of its operation; answers what a GET shows then. */
  async put(path: string, body: Record<string, unknown>): Promise<Document> {
    const url = `${idOf(path)}?api-version=${apiVersion}`;
    const status = await this.#follow(await this.send('PUT', url, located(path, body)));
    if (status !== 'Succeeded') throw new Error(`PUT ${path}: ${status}`);
    return this.get(path);
  }

  /** PUT whose operation may fail: its final state, and the error of a failed one. */
  async tryPut(path: string, body: Record<string, unknown>): Promise<string> {
    return this.#follow(await this.send('PUT', `${idOf(path)}?api-version=${apiVersion}`, located(path, body)));
  }

  async get(path: string): Promise<Document> {
    return this.#succeed(await this.send('GET', `${idOf(path)}?api-version=${apiVersion}`)).body as Document;
  }

  async delete(path: string): Promise<void> {
    const status = await this.#follow(await this.send('DELETE', `${idOf(path)}?api-version=${apiVersion}`));
    if (status !== 'Succeeded') throw new Error(`DELETE ${path}: ${status}`);
  }

  #succeed(answer: HttpAnswer): HttpAnswer {
    if (answer.status >= 400) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    return answer;
  }

  async #follow(answer: HttpAnswer): Promise<string> {
    this.#succeed(answer);
    const url = answer.headers['azure-asyncoperation'];
    if (typeof url !== 'string') return 'Succeeded';
    return until(`the end of ${url}`, async () => {
      const { status, error } = this.#succeed(await this.send('GET', url)).body as {
        status: string;
        error?: { code: string; message: string };
      };
      if (status === 'InProgress') return undefined;
      return error ? `${status} ${error.code}: ${error.message}` : status;
    });
  }

  /** An empty cloud with a group, a network of one subnet, and a public address; answers that address. */
  async prepare(): Promise<string> {
    this.#succeed(await this.send('POST', '/_lazurite/reset'));
    this.#succeed(await this.send('PUT', `${group}?api-version=2021-04-01`, { location }));
    const prefix = `10.${this.network}.0.0/16`;
    await this.put('virtualNetworks/vnet', {
      properties: {
        addressSpace: { addressPrefixes: [prefix] },
        subnets: [{ name: 'vms', properties: { addressPrefix: prefix } }],
      },
    });
    return this.publicIp('ip');
  }

  async publicIp(name: string): Promise<string> {
    const { properties } = await this.put(`publicIPAddresses/${name}`, {
      sku: { name: 'Standard' },
      properties: { publicIPAllocationMethod: 'Static' },
    });
    return String(properties.ipAddress);
  }

  /** A network interface with the subnet's nth address, a member of the pools and NAT rules named. */
  nic(host: number, { pools = [], natRules = [] }: { pools?: string[]; natRules?: string[] } = {}): Promise<Document> {
    return this.put(`networkInterfaces/vm${host}`, {
      properties: {
        ipConfigurations: [
          {
            name: 'ip',
            properties: {
              subnet: ref('virtualNetworks/vnet/subnets/vms'),
              privateIPAllocationMethod: 'Static',
              privateIPAddress: this.azureAddress(host),
              ...(pools.length > 0 && { loadBalancerBackendAddressPools: pools.map(ref) }),
              ...(natRules.length > 0 && { loadBalancerInboundNatRules: natRules.map(ref) }),
            },
          },
        ],
      },
    });
  }

  async #admin<T>(path: string): Promise<T[]> {
    const { body } = this.#succeed(await this.send('GET', `/_lazurite/${path}`));
    return (body as { value: T[] }).value;
  }

  frontends = (): Promise<FrontendView[]> => this.#admin('frontends');
  backends = (): Promise<BackendView[]> => this.#admin('backends');

  /** Where a frontend is on this machine: a client looks there, whether it is Bound or a Fallback. */
  async place(azureAddress: string, port: number, transport = 'tcp'): Promise<At> {
    const found = (await this.frontends()).find(
      (one) => one.azureAddress === azureAddress && one.port === port && one.transport === transport,
    );
    if (!found?.boundAddress || !found.boundPort) throw new Error(`Nowhere: ${JSON.stringify(found)}`);
    return { address: found.boundAddress, port: found.boundPort };
  }

  /** Waits until exactly the machines with these last numbers are up behind every rule of the load balancer. */
  async membersUp(...hosts: number[]): Promise<void> {
    const wanted = hosts.map(this.azureAddress).sort().join();
    await until(`members up: ${wanted}`, async () => {
      const up = (await this.backends()).filter(({ state }) => state === 'Up');
      return [...new Set(up.map(({ azureAddress }) => azureAddress))].sort().join() === wanted;
    });
  }
}
