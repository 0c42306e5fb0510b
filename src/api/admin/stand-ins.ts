/**
 * `/_lazurite/stand-ins`: servers in place of pool members that do not run, as `lazurite backend` starts them. They listen
 * where the plan expects a member and nowhere else, and end with the emulator and with its reset.
 */
import type { FastifyInstance } from 'fastify';
import { type ForwardingPlan, portOf } from '../../data-plane/model/plan.js';
import { EchoBackend } from '../../support/echo-backend.js';
import type { Events } from '../../support/events.js';
import { adminRoute, badRequest, jsonBody } from './requests.js';
import type { StandInView } from './views.js';

export interface StandInContext {
  readonly plan: () => ForwardingPlan;
  readonly events: Events;
}

interface StandIn {
  readonly backend: EchoBackend;
  readonly view: Omit<StandInView, 'calls'>;
  calls: number;
}

class RequestedStandIns {
  readonly #plan: () => ForwardingPlan;
  readonly #running = new Map<string, StandIn>();

  constructor({ plan, events }: StandInContext) {
    this.#plan = plan;
    events.read('reset', ({ by }) => {
      if (by === 'reset') void this.stopAll();
    });
  }

  list(): StandInView[] {
    return [...this.#running.values()].map(({ view, calls }) => ({ ...view, calls }));
  }

  /** Starts one for the member with this Azure address and port; one that runs is left alone. */
  async start({ azureAddress, port }: { azureAddress: unknown; port: unknown }): Promise<StandInView> {
    const id = `${String(azureAddress)}:${String(port)}`;
    const member = this.#plan()
      .frontends.flatMap(({ rule }) => rule.members.map((one) => ({ ...one, port: portOf(rule, one) })))
      .find((one) => one.port !== 0 && one.azureAddress === azureAddress && one.port === port);
    if (!member) throw badRequest(`no member has the address and port ${id}`);
    let standIn = this.#running.get(id);
    if (!standIn) {
      const { address } = member;
      const onCall = (): void => {
        if (standIn) standIn.calls++;
      };
      const backend = await EchoBackend.start({ address, port: member.port, onCall }).catch((error: Error) => {
        throw badRequest(`nothing can listen on ${address} port ${member.port} (${error.message})`);
      });
      const view = { id, azureAddress: member.azureAddress, address, port: member.port };
      standIn = { backend, view, calls: 0 };
      this.#running.set(id, standIn);
    }
    return { ...standIn.view, calls: standIn.calls };
  }

  async stop(id: string): Promise<void> {
    const standIn = this.#running.get(id);
    this.#running.delete(id);
    await standIn?.backend.close();
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((id) => this.stop(id)));
  }
}

/** Registers the routes of stand-ins. */
export function addStandInRoutes(app: FastifyInstance, context: StandInContext): void {
  const standIns = new RequestedStandIns(context);
  app.addHook('onClose', () => standIns.stopAll());
  app.get('/_lazurite/stand-ins', adminRoute('standIns', { summary: 'The servers in place of members' }), () => ({
    value: standIns.list(),
  }));
  app.post(
    '/_lazurite/stand-ins',
    adminRoute('startStandIn', {
      summary: 'Start a server in place of a member',
      body: { azureAddress: '10.0.0.4', port: 8080 },
    }),
    async (request, reply) => {
      const { azureAddress, port } = jsonBody(request);
      return reply.code(201).send(await standIns.start({ azureAddress, port }));
    },
  );
  app.delete(
    '/_lazurite/stand-ins',
    adminRoute('stopStandIns', { summary: 'End all servers in place of members' }),
    async (_request, reply) => {
      await standIns.stopAll();
      return reply.code(204).send();
    },
  );
  app.delete(
    '/_lazurite/stand-ins/:id',
    adminRoute('stopStandIn', { summary: 'End one server in place of a member' }),
    async (request, reply) => {
      await standIns.stop((request.params as { id: string }).id);
      return reply.code(204).send();
    },
  );
}
