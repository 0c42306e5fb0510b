/** `/_lazurite/explain`: which backend a connection would get, and why; `/_lazurite/simulate`: how many of them each gets. */

import { setImmediate } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Engine, FlowTuple } from '../../data-plane/model/engine.js';
import type { Distribution, ForwardingPlan, PlanFrontend, Transport } from '../../data-plane/model/plan.js';
import { eligibleKeys, Selector, SlotTables } from '../../data-plane/selection/decision.js';
import { addressWords } from '../../data-plane/selection/ip-address.js';
import { adminRoute, badRequest, jsonBody, queryText } from './requests.js';
import type { ExplainView, SimulationView } from './views.js';

export interface ExplainContext {
  readonly engine: Engine;
  readonly plan: () => ForwardingPlan;
  /** Where an Azure address is on this machine. */
  readonly mapAddress: (azureAddress: string) => string;
}

interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** `10.0.0.4:80` or `[::1]:80`. */
export function endpoint(text: string | undefined, name: string): Endpoint {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text ?? '') ?? [];
  const address = bracketed ?? plain;
  if (address === undefined || Number(port) > 65535) throw badRequest(`'${name}' must be IP:PORT`);
  return { address, port: Number(port) };
}

/** The frontend that answers on an address of Azure or of this machine; undefined when there is none. */
export function frontendAt(
  { plan, mapAddress }: ExplainContext,
  { transport, address, port }: Endpoint & { readonly transport: Transport },
): PlanFrontend | undefined {
  const here = mapAddress(address);
  const ours = plan().frontends.filter(
    (one) =>
      one.transport === transport && [one.address, one.azureAddress].some((each) => each === address || each === here),
  );
  return ours.find((one) => one.port === port) ?? ours.find((one) => one.port === 0);
}

/**
 * People name addresses that Azure shows; the engine knows those of this machine. Who reaches a frontend on a loopback
 * address has one too, so a client of the virtual network is looked for there.
 */
function questionOf(request: FastifyRequest, { plan, mapAddress }: ExplainContext): FlowTuple {
  const query = queryText(request);
  const proto = (query.proto ?? 'tcp').toLowerCase();
  if (proto !== 'tcp' && proto !== 'udp') throw badRequest("'proto' must be tcp or udp");
  const from = endpoint(query.from, 'from');
  const to = endpoint(query.to, 'to');
  const { frontends } = plan();
  const known =
    frontends.find(({ address }) => address === to.address) ??
    frontends.find(({ azureAddress }) => azureAddress === to.address);
  const destinationAddress = known?.address ?? mapAddress(to.address);
  const onLoopback = destinationAddress.startsWith('127.');
  return {
    transport: proto,
    sourceAddress: onLoopback ? mapAddress(from.address) : from.address,
    sourcePort: from.port,
    destinationAddress,
    destinationPort: to.port,
  };
}

/** Registers the route of `explain`. */
export function addExplainRoute(app: FastifyInstance, context: ExplainContext): void {
  app.get(
    '/_lazurite/explain',
    adminRoute('explain', {
      summary: 'Which backend a connection would reach, and why',
      query: { proto: 'tcp', from: '127.0.0.11:50000', to: '127.255.0.4:8080' },
    }),
    async (request): Promise<ExplainView> => {
      const question = questionOf(request, context);
      return { question, ...(await context.engine.explain(question)) };
    },
  );
}

const modes: readonly Distribution[] = ['Default', 'SourceIP', 'SourceIPProtocol'];
/** Bounds the work: a selection takes about a microsecond. */
const mostFlows = 20_000;
/** Selections between two pauses, in which other requests are answered. */
const flowsInSlice = 2000;

/** Clients have addresses that belong to no frontend and no member. */
const clientAddress = (client: number, { isIPv6 }: { isIPv6: boolean }): string =>
  isIPv6 ? `fd7f:ffff::${client.toString(16)}` : `127.64.${client >> 8}.${client & 0xff}`;

/** Ascending, as operating systems hand them out; each client starts at another one. */
const sourcePort = (client: number, connection: number): number => 10_000 + ((client * 7919 + connection) % 50_000);

function count(body: Record<string, unknown>, name: string, usual: number): number {
  const { [name]: value = usual } = body;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value;
  throw badRequest(`'${name}' must be a whole number from 1`);
}

/** Registers the route of simulations. */
export function addSimulateRoute(app: FastifyInstance, context: ExplainContext): void {
  app.post(
    '/_lazurite/simulate',
    adminRoute('simulate', {
      summary: 'How the distribution modes spread clients of a frontend',
      body: { proto: 'tcp', to: '127.255.0.4:8080', clients: 200, connections: 3 },
    }),
    async (request) => {
      const body = jsonBody(request);
      const transport = body.proto === 'udp' ? 'udp' : 'tcp';
      const to = typeof body.to === 'string' ? body.to : '';
      const frontend = frontendAt(context, { transport, ...endpoint(to, 'to') });
      if (!frontend) throw badRequest(`no rule answers on ${transport} ${to}`);
      const clients = count(body, 'clients', 2000);
      const connections = count(body, 'connections', 3);
      if (clients * connections > mostFlows) {
        throw badRequest(`'clients' times 'connections' must be ${mostFlows} at most`);
      }
      const isIPv6 = frontend.address.includes(':');
      const sources = Array.from({ length: clients }, (_, client) => addressWords(clientAddress(client, { isIPv6 })));
      const tables = new SlotTables();
      const healthOf = (key: string) => context.engine.healthOf(key);
      const value: SimulationView[] = [];
      let inSlice = 0;
      for (const distribution of modes) {
        const rule = { ...frontend.rule, distribution };
        await tables.prepare(eligibleKeys(rule, healthOf), () => setImmediate());
        const selector = new Selector({ ...frontend, rule }, { healthOf, tables });
        const reached = new Map(rule.members.map(({ id }) => [id, 0]));
        let clientsOnOneMember = 0;
        for (const [client, source] of sources.entries()) {
          inSlice += connections;
          if (inSlice >= flowsInSlice) {
            inSlice = 0;
            await setImmediate();
          }
          const met = new Set<string>();
          for (let connection = 0; source && connection < connections; connection++) {
            const member = selector.words(source, sourcePort(client, connection));
            if (!member) continue;
            met.add(member.id);
            reached.set(member.id, (reached.get(member.id) ?? 0) + 1);
          }
          if (met.size === 1) clientsOnOneMember++;
        }
        const members = [...reached].map(([id, amount]) => ({ id, connections: amount }));
        value.push({ distribution, members, clientsOnOneMember, clients });
      }
      return { value };
    },
  );
}
