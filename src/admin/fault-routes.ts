/** `/_lazurite/faults`: bad days to order. GET lists, POST adds, DELETE ends one or all. */
import type { FastifyInstance } from 'fastify';
import { azureError } from '../errors.js';
import type { Engine } from '../forwarding/engine.js';
import { type ApiFault, type ApiFaults, readApiFault } from './api-faults.js';
import { type DataPlaneFaultView, readDataPlaneFault, readProbeFault } from './data-plane-faults.js';
import { FaultFields, invalidFault } from './fault-fields.js';
import { adminRoute, jsonBody } from './requests.js';

const kinds = ['api', 'dataPlane', 'probe'] as const;

/** All faults that are in force, of the API and of the data plane. */
export class Faults {
  readonly #api: ApiFaults;
  readonly #engine: Engine;
  readonly #dataPlane = new Map<string, DataPlaneFaultView>();
  #count = 0;

  constructor({ api, engine }: { api: ApiFaults; engine: Engine }) {
    this.#api = api;
    this.#engine = engine;
  }

  list(): (ApiFault | DataPlaneFaultView)[] {
    return [...this.#api.list(), ...this.#dataPlane.values()];
  }

  /** Puts a fault in force; resolves when it is. */
  async add(body: Readonly<Record<string, unknown>>): Promise<ApiFault | DataPlaneFaultView> {
    const fields = new FaultFields(body);
    const kind = fields.oneOf('kind', kinds);
    if (kind === undefined) throw invalidFault(`it needs a 'kind': ${kinds.join(', ')}`);
    const id = `fault-${this.#count + 1}`;
    if (kind === 'api') {
      const fault = readApiFault(id, fields);
      fields.finish();
      this.#count++;
      this.#api.add(fault);
      return fault;
    }
    const fault = kind === 'probe' ? readProbeFault(id, fields) : readDataPlaneFault(id, fields);
    fields.finish();
    if (!this.#engine.setFaults) {
      throw invalidFault(`the engine '${this.#engine.name}' has no data plane faults; use --engine userspace`);
    }
    this.#count++;
    this.#dataPlane.set(id, fault);
    await this.#tellEngine();
    return fault;
  }

  /** Ends one fault; false when there is none of this id. */
  async remove(id: string): Promise<boolean> {
    if (this.#api.remove(id)) return true;
    if (!this.#dataPlane.delete(id)) return false;
    await this.#tellEngine();
    return true;
  }

  async clear(): Promise<void> {
    this.#api.clear();
    if (this.#dataPlane.size === 0) return;
    this.#dataPlane.clear();
    await this.#tellEngine();
  }

  async #tellEngine(): Promise<void> {
    await this.#engine.setFaults?.([...this.#dataPlane.values()]);
  }
}

/** Registers the routes of faults. */
export function addFaultRoutes(app: FastifyInstance, faults: Faults): void {
  app.get('/_lazurite/faults', adminRoute('faults'), () => ({ value: faults.list() }));
  app.post('/_lazurite/faults', adminRoute('addFault'), async (request, reply) =>
    reply.code(201).send(await faults.add(jsonBody(request))),
  );
  app.delete('/_lazurite/faults', adminRoute('endFaults'), async (_request, reply) => {
    await faults.clear();
    return reply.code(204).send();
  });
  app.delete('/_lazurite/faults/:id', adminRoute('endFault'), async (request, reply) => {
    const { id } = request.params as { id: string };
    if (!(await faults.remove(id))) throw azureError('FaultNotFound', { values: { id } });
    return reply.code(204).send();
  });
}
