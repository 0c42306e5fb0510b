/** `/_lazurite/explain`: which backend a connection would get, and why. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Engine, FlowTuple } from '../../data-plane/model/engine.js';
import type { ForwardingPlan, PlanFrontend, Transport } from '../../data-plane/model/plan.js';
import { adminRoute, badRequest, queryText } from './requests.js';
import type { ExplainView } from './views.js';

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
