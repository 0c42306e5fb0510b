/** The admin API under `/_lazurite/`: what Azure does not show, and what only an emulator can do. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Clock } from '../clock.js';
import { azureError } from '../errors.js';
import type { Engine, ForwardingPlan } from '../forwarding/engine.js';
import { backendsOf, frontendsOf } from './data-plane-views.js';

export interface AdminContext {
  readonly clock: Clock;
  readonly engine: Engine;
  readonly plan: () => ForwardingPlan;
  readonly caPem: string;
  /** Forgets every resource and ends every flow. */
  readonly reset: () => Promise<void>;
  /** Moves emulator and engine forward by Azure milliseconds. */
  readonly advance: (azureMs: number) => Promise<void>;
}

const schema = (operationId: string) => ({ schema: { tags: ['lazurite'], operationId, hide: true } as object });

/** `10.0.0.4:80` or `[::1]:80`. */
function endpoint(text: unknown, name: string): { address: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(String(text ?? ''));
  const address = match?.[1] ?? match?.[2];
  if (address === undefined || Number(match?.[3]) > 65535) {
    throw azureError('BadRequest', { values: { reason: `'${name}' must be IP:PORT` } });
  }
  return { address, port: Number(match?.[3]) };
}

function explain(request: FastifyRequest, { engine, plan }: AdminContext) {
  const query = request.query as Record<string, string>;
  const transport = query.proto === 'udp' ? 'udp' : 'tcp';
  const from = endpoint(query.from, 'from');
  const to = endpoint(query.to, 'to');
  // People name the address that Azure shows; the engine knows the one on this machine.
  const known = plan().frontends.find(
    ({ azureAddress, address }) => azureAddress === to.address || address === to.address,
  );
  return engine.explain({
    transport,
    sourceAddress: from.address,
    sourcePort: from.port,
    destinationAddress: known?.address ?? to.address,
    destinationPort: to.port,
  });
}

async function advance(request: FastifyRequest, context: AdminContext) {
  const body = request.body ? (JSON.parse(String(request.body)) as { advanceSeconds?: number }) : {};
  const seconds = body.advanceSeconds;
  if (typeof seconds !== 'number' || !(seconds >= 0)) {
    throw azureError('BadRequest', { values: { reason: "'advanceSeconds' must be a number of Azure seconds" } });
  }
  await context.advance(seconds * 1000);
  return showClock(context);
}

const showClock = ({ clock }: AdminContext) => ({ now: clock.timestamp(), timeScale: clock.scale });

/** Registers the admin routes on `app`. */
export function addAdminRoutes(app: FastifyInstance, context: AdminContext): void {
  const { engine } = context;
  app.get('/_lazurite/ready', schema('ready'), () => ({ status: 'ready', engine: engine.name }));
  app.get('/_lazurite/ca.pem', schema('ca'), (_request, reply) =>
    reply.type('application/x-pem-file').send(context.caPem),
  );
  app.get('/_lazurite/frontends', schema('frontends'), () => ({ value: frontendsOf(context.plan(), engine) }));
  app.get('/_lazurite/backends', schema('backends'), () => ({ value: backendsOf(context.plan(), engine) }));
  app.get('/_lazurite/flows', schema('flows'), async () => ({ value: await engine.flows() }));
  app.get('/_lazurite/counters', schema('counters'), () => ({ value: engine.counters() }));
  app.get('/_lazurite/explain', schema('explain'), (request) => explain(request, context));
  app.get('/_lazurite/clock', schema('clock'), () => showClock(context));
  app.post('/_lazurite/clock', schema('advanceClock'), (request) => advance(request, context));
  app.post('/_lazurite/reset', schema('reset'), async (_request, reply) => {
    await context.reset();
    return reply.code(204).send();
  });
}
