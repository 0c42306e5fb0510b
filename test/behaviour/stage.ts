/** Load balancers as the assertions about Azure want them, and machines whose health a test decides. */
import { createServer, type Server } from 'node:http';
import type { Test } from 'tap';
import { balancerBody, type RuleParts } from '../balancer-body.js';
import { type At, inParallel, tcpBackend } from '../data-plane/network.js';
import { type Cloud, idOf, ref } from '../emulator/cloud.js';
import { nextEvent, until } from '../turns.js';

type Properties = Readonly<Record<string, unknown>>;

export interface Member {
  readonly host: number;
  readonly adminState?: 'None' | 'Up' | 'Down';
}

export interface BalancerWish {
  readonly sku?: 'Standard' | 'Basic';
  /** Name of each frontend's public address; `{ front: 'ip' }` without it. */
  readonly frontends?: Readonly<Record<string, string>>;
  /** With it, the only frontend is `front` at this private address. */
  readonly privateIPAddress?: string;
  readonly pools?: Readonly<Record<string, readonly Member[]>>;
  readonly probes?: Readonly<Record<string, Properties>>;
  readonly rules?: Readonly<Record<string, RuleParts>>;
  /** Inbound NAT rules of pools. */
  readonly natRules?: Readonly<Record<string, RuleParts>>;
  readonly outboundRules?: Readonly<Record<string, Properties>>;
  readonly drainPeriodInSeconds?: number;
}

export const frontend = (name = 'front') => ref(`loadBalancers/lb/frontendIPConfigurations/${name}`);
export const pool = (name = 'pool') => ref(`loadBalancers/lb/backendAddressPools/${name}`);

/** The members of a pool as its own PUT takes them. */
export const addresses = (cloud: Cloud, members: readonly Member[]): Properties => ({
  loadBalancerBackendAddresses: members.map(({ host, adminState }) => ({
    name: `vm${host}`,
    properties: {
      ipAddress: cloud.azureAddress(host),
      virtualNetwork: ref('virtualNetworks/vnet'),
      ...(adminState && { adminState }),
    },
  })),
});

const eachOf = <T>(of: Readonly<Record<string, T>>, properties: (one: T) => Properties) =>
  Object.fromEntries(Object.entries(of).map(([name, one]) => [name, properties(one)]));

/** The body of the load balancer `lb`. */
export function balancer(cloud: Cloud, wish: BalancerWish): Record<string, unknown> {
  const { frontends = { front: 'ip' }, privateIPAddress, pools = { pool: [] }, drainPeriodInSeconds } = wish;
  const subnet = ref('virtualNetworks/vnet/subnets/vms');
  const natRules = eachOf(wish.natRules ?? {}, (rule) => ({ pool: 'pool', ...rule }));
  return balancerBody(idOf('loadBalancers/lb'), {
    ...wish,
    natRules,
    frontends: privateIPAddress
      ? { front: { subnet, privateIPAllocationMethod: 'Static', privateIPAddress } }
      : eachOf(frontends, (ip) => ({ publicIPAddress: ref(`publicIPAddresses/${ip}`) })),
    pools: eachOf(pools, (members) => ({
      ...(members.length > 0 && addresses(cloud, members)),
      ...(drainPeriodInSeconds !== undefined && { drainPeriodInSeconds }),
    })),
  });
}

export const putBalancer = (cloud: Cloud, wish: BalancerWish) => cloud.put('loadBalancers/lb', balancer(cloud, wish));

/** `400 SomeCode` of a PUT that Azure refuses, or the status alone of one that it takes. */
export async function refusalOf(cloud: Cloud, wish: BalancerWish): Promise<string> {
  const url = `${idOf('loadBalancers/lb')}?api-version=2024-05-01`;
  const { status, body } = await cloud.send('PUT', url, balancer(cloud, wish));
  const { error } = body as { error?: { code: string } };
  return error ? `${status} ${error.code}` : `${status}`;
}

/** `Up Up_Probe_Success` of each machine behind a rule, as `POST …/health` answers. */
export async function healthOf(cloud: Cloud, rule = 'web'): Promise<Record<number, string>> {
  const url = `${idOf(`loadBalancers/lb/loadBalancingRules/${rule}`)}/health?api-version=2024-05-01`;
  const accepted = await cloud.send('POST', url);
  if (accepted.status !== 202) throw new Error(JSON.stringify(accepted.body));
  const { body } = await cloud.send('GET', String(accepted.headers.location));
  const { loadBalancerBackendAddresses: members } = body as {
    loadBalancerBackendAddresses: { ipAddress: string; state: string; reason: string }[];
  };
  return Object.fromEntries(
    members.map(({ ipAddress, state, reason }) => [Number(ipAddress.split('.')[3]), `${state} ${reason}`]),
  );
}

/** How many of a client's new connections each backend gets; `failed` are those that no backend greets. */
export async function shares(at: At, { from, count }: { from: string; count: number }): Promise<Map<string, number>> {
  const share = new Map<string, number>();
  await inParallel(new Array(count).fill(0), 16, async () => {
    const backend = await tcpBackend(at, { from }).catch(() => 'failed');
    share.set(backend, (share.get(backend) ?? 0) + 1);
  });
  return share;
}

/** The backends that a client's new connections reach. */
export const reached = async (at: At, of: { from: string; count: number }): Promise<string[]> =>
  [...(await shares(at, of)).keys()].sort();

/** How a connection ends that nothing serves: the clock moves until the client's kernel would give up. */
export async function givenUp<T>(cloud: Cloud, end: Promise<T>): Promise<T> {
  let isOver = false;
  void end.finally(() => {
    isOver = true;
  });
  // The engine may accept the connection after the first move.
  await until('the client gives up', async () => {
    await cloud.emulator.advance(127_000);
    return isOver;
  });
  return end;
}

/** What a probe of HTTP finds: a page with the status that the test wants, or silence. */
export class HealthPage {
  status: number | 'silent' = 200;
  /** The addresses at which it was asked. */
  readonly askedAt: string[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer(({ socket }, response) => {
      this.askedAt.push(socket.localAddress ?? '');
      if (this.status !== 'silent') response.writeHead(this.status, { location: '/elsewhere' }).end();
    });
  }

  static async start(t: Test, { address, port }: At): Promise<HealthPage> {
    const page = new HealthPage();
    page.#server.listen(port, address);
    await nextEvent(page.#server, 'listening');
    t.teardown(() => page.#server.close().closeAllConnections());
    return page;
  }
}
