/** The faults in force, and `/_lazurite/faults`: GET lists, POST adds, DELETE ends one or all. */
import type { FastifyInstance } from 'fastify';
import type { Engine } from '../../data-plane/model/engine.js';
import { azureError } from '../../errors/index.js';
import type { Events } from '../../support/events.js';
import { pathMatcher } from '../../support/path-pattern.js';
import { type ApiFault, engineFault, type InjectedFault, invalidFault, readFault } from './fault-schema.js';
import { adminRoute, jsonBody } from './requests.js';

interface InForce {
  fault: InjectedFault;
  readonly matchesPath: (path: string) => boolean;
}

export class Faults {
  readonly #engine: Engine;
  readonly #events: Events;
  readonly #inForce = new Map<string, InForce>();
  #count = 0;

  constructor({ engine, events }: { engine: Engine; events: Events }) {
    this.#engine = engine;
    this.#events = events;
  }

  /** Faults of the API first, then those of the data plane, each in the order of their arrival. */
  list(): InjectedFault[] {
    const all = [...this.#inForce.values()].map(({ fault }) => fault);
    return [...all.filter(({ kind }) => kind === 'api'), ...all.filter(({ kind }) => kind !== 'api')];
  }

  /** Puts a fault in force; resolves when it is. Throws `InvalidFault`. */
  async add(body: Readonly<Record<string, unknown>>): Promise<InjectedFault> {
    const fault = readFault(`fault-${this.#count + 1}`, body);
    if (fault.kind !== 'api' && !this.#engine.setFaults) {
      throw invalidFault(`the engine '${this.#engine.name}' has no data plane faults; use --engine userspace`);
    }
    this.#count++;
    const pattern = fault.kind === 'api' ? fault.path : undefined;
    this.#inForce.set(fault.id, { fault, matchesPath: pattern === undefined ? () => true : pathMatcher(pattern) });
    if (fault.kind !== 'api') await this.#tellEngine();
    this.#events.emit('fault', { faultId: fault.id, change: 'added' });
    return fault;
  }

  /** Ends one fault; false when there is none of this id. */
  async remove(id: string): Promise<boolean> {
    const fault = this.#inForce.get(id)?.fault;
    if (!fault) return false;
    this.#inForce.delete(id);
    if (fault.kind !== 'api') await this.#tellEngine();
    this.#events.emit('fault', { faultId: id, change: 'removed' });
    return true;
  }

  async clear(): Promise<void> {
    if (this.#inForce.size === 0) return;
    const concernsEngine = this.list().some(({ kind }) => kind !== 'api');
    this.#inForce.clear();
    if (concernsEngine) await this.#tellEngine();
    this.#events.emit('fault', { faultId: undefined, change: 'removed' });
  }

  /** The first API fault that hits this call, which uses one of its `next` up. */
  hit({ method, path }: { method: string; path: string }): ApiFault | undefined {
    for (const entry of this.#inForce.values()) {
      const { fault, matchesPath } = entry;
      if (fault.kind !== 'api' || (fault.method !== undefined && fault.method !== method)) continue;
      if (!matchesPath(path)) continue;
      if (fault.next === 1) {
        this.#inForce.delete(fault.id);
        this.#events.emit('fault', { faultId: fault.id, change: 'removed' });
      } else if (fault.next !== undefined) entry.fault = { ...fault, next: fault.next - 1 };
      return fault;
    }
    return undefined;
  }

  async #tellEngine(): Promise<void> {
    const faults = this.list().flatMap((fault) => (fault.kind === 'api' ? [] : [engineFault(fault)]));
    await this.#engine.setFaults?.(faults);
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
