/**
 * `/_lazurite/faults`: failures to inject. GET lists, POST adds, DELETE ends one or all; a hook answers API requests as the
 * faults of the API say, and the engine carries out those of the data plane.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Engine } from '../../data-plane/model/engine.js';
import { type AzureError, azureError } from '../../errors/index.js';
import type { Store } from '../../store/store.js';
import type { FaultControl } from '../../store/write-queue.js';
import type { Clock } from '../../support/clock.js';
import type { Events } from '../../support/events.js';
import { newGuid } from '../../support/ids.js';
import {
  type ApiFault,
  engineFault,
  type InjectedFault,
  invalidFault,
  type LastingFault,
  readFault,
} from './fault-schema.js';
import { type CallFaults, type JournalHooks, pathOf } from './journal.js';
import { adminRoute, jsonBody, pathMatcher } from './requests.js';

interface ApiFaultInForce {
  fault: ApiFault;
  readonly matchesPath: (path: string) => boolean;
}

export class Faults {
  readonly #engine: Engine;
  readonly #events: Events;
  readonly #announce: Store['announce'];
  /** Of the API, by id. */
  readonly ofApi = new Map<string, ApiFaultInForce>();
  readonly #ofDataPlane = new Map<string, Exclude<LastingFault, ApiFault>>();
  #count = 0;

  constructor({ engine, events, store }: { engine: Engine; events: Events; store: Pick<Store, 'announce'> }) {
    this.#engine = engine;
    this.#events = events;
    this.#announce = (decide) => store.announce(decide);
  }

  /** Faults of the API first, then those of the data plane, each in the order of their arrival. */
  list(): LastingFault[] {
    return [...[...this.ofApi.values()].map(({ fault }) => fault), ...this.#ofDataPlane.values()];
  }

  /** Puts a fault in force, or makes it happen when it is over at once; resolves when that is done. Throws `InvalidFault`. */
  async add(body: Readonly<Record<string, unknown>>): Promise<InjectedFault> {
    const control = await this.#announce(() => {
      const fault = readFault(`fault-${this.#count + 1}`, body);
      const possible = fault.kind === 'engine' ? this.#engine.failThread : this.#engine.setFaults;
      if (fault.kind !== 'api' && !possible) {
        throw invalidFault(`the engine '${this.#engine.name}' has no data plane faults; use --engine userspace`);
      }
      return { kind: 'fault' as const, change: 'added' as const, fault };
    });
    await this.carryOut(control);
    return control.fault;
  }

  /** Does at this machine what a fault that was added, or has ended, means for it. */
  async carryOut(control: FaultControl): Promise<void> {
    if (control.change === 'added') await this.#added(control.fault as InjectedFault);
    else await this.#removed(control.id);
  }

  async #added(fault: InjectedFault): Promise<void> {
    this.#count = Math.max(this.#count, Number(fault.id.replace(/\D/g, '')));
    if (fault.kind === 'engine') this.#engine.failThread?.(fault.effect ?? 'crash');
    else if (fault.kind === 'api') {
      const matchesPath = fault.path === undefined ? () => true : pathMatcher(fault.path);
      this.ofApi.set(fault.id, { fault, matchesPath });
    } else {
      this.#ofDataPlane.set(fault.id, fault);
      await this.#tellEngine();
    }
    this.#events.emit('fault', { faultId: fault.id, change: 'added' });
  }

  async #removed(id: string | undefined): Promise<void> {
    const ended = this.list().filter((fault) => id === undefined || fault.id === id);
    if (ended.length === 0) return;
    for (const fault of ended) this.ofApi.delete(fault.id);
    if (ended.filter((fault) => this.#ofDataPlane.delete(fault.id)).length > 0) await this.#tellEngine();
    this.#events.emit('fault', { faultId: id, change: 'removed' });
  }

  /** Ends one fault; false when there is none of this id. */
  async remove(id: string): Promise<boolean> {
    if (!this.ofApi.has(id) && !this.#ofDataPlane.has(id)) return false;
    await this.#end(id);
    return true;
  }

  async clear(): Promise<void> {
    await this.#end(undefined);
  }

  async #end(id: string | undefined): Promise<void> {
    await this.carryOut(await this.#announce(() => ({ kind: 'fault' as const, change: 'removed' as const, id })));
  }

  /** The first API fault that hits this call, which uses one of its `next` up. */
  hit({ method, path }: { method: string; path: string }): ApiFault | undefined {
    for (const entry of this.ofApi.values()) {
      const { fault, matchesPath } = entry;
      if ((fault.method !== undefined && fault.method !== method) || !matchesPath(path)) continue;
      if (fault.next === 1) {
        this.ofApi.delete(fault.id);
        this.#events.emit('fault', { faultId: fault.id, change: 'removed' });
        // Other machines learn it when they can: only the one that writes counts.
        this.#end(fault.id).catch(() => {});
      } else if (fault.next !== undefined) entry.fault = { ...fault, next: fault.next - 1 };
      return fault;
    }
    return undefined;
  }

  async #tellEngine(): Promise<void> {
    await this.#engine.setFaults?.([...this.#ofDataPlane.values()].map(engineFault));
  }
}

/** Registers the routes of faults. */
export function addFaultRoutes(app: FastifyInstance, faults: Faults): void {
  app.get('/_lazurite/faults', adminRoute('faults', { summary: 'The faults in force' }), () => ({
    value: faults.list(),
  }));
  app.post(
    '/_lazurite/faults',
    adminRoute('addFault', {
      summary: 'Put a fault in force',
      body: { kind: 'api', method: 'PUT', path: '**/loadBalancers/*', status: 429, next: 1 },
    }),
    async (request, reply) => reply.code(201).send(await faults.add(jsonBody(request))),
  );
  app.delete('/_lazurite/faults', adminRoute('endFaults', { summary: 'End all faults' }), async (_request, reply) => {
    await faults.clear();
    return reply.code(204).send();
  });
  app.delete('/_lazurite/faults/:id', adminRoute('endFault', { summary: 'End one fault' }), async (request, reply) => {
    const { id } = request.params as { id: string };
    if (!(await faults.remove(id))) throw azureError('FaultNotFound', { values: { id } });
    return reply.code(204).send();
  });
}

interface Call {
  readonly method: string;
  readonly path: string;
}

/** What a faulted call is answered. */
interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** `GET/SUBSCRIPTIONS/RESOURCEGROUPS/PROVIDERS/MICROSOFT.NETWORK/LOADBALANCERS`: the path without its names. */
function operationName({ method, path }: Call): string {
  const segments = path.split('/').filter(Boolean);
  const start = segments.findIndex((segment) => segment.toLowerCase() === 'providers');
  const kept = segments.filter((_, index) =>
    start < 0 || index < start ? index % 2 === 0 : index <= start + 1 || (index - start) % 2 === 0,
  );
  return [method, ...kept].join('/').toUpperCase();
}

function usualRefusal({ status, retryAfterSeconds = 0 }: ApiFault, call: Call): AzureError | undefined {
  if (status === 503) return azureError('ServiceUnavailable');
  if (status !== 429) return undefined;
  const subscriptionId = /^\/(?:subscriptions\/)?([0-9a-f-]{36})(?=\/|$)/i.exec(call.path)?.[1] ?? '';
  const values = { subscriptionId, operation: operationName(call), seconds: Math.ceil(retryAfterSeconds) };
  return azureError('SubscriptionRequestsThrottled', { values });
}

/** Azure's own texts for 429 and 503, unless the fault has others. */
function refusalOf(fault: ApiFault, call: Call): Refusal {
  const { id, status = 500, code, message, retryAfterSeconds } = fault;
  const usual = usualRefusal(fault, call);
  return {
    status,
    code: code ?? usual?.code ?? 'InjectedFault',
    message: message ?? usual?.message ?? `Injected by the fault ${id}.`,
    headers: retryAfterSeconds === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterSeconds)) },
  };
}

const classicPath = /^\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\/|$)/i;

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** In the envelope of the API that was called. */
function answer(reply: FastifyReply, { status, code, message, headers }: Refusal, path: string): FastifyReply {
  const requestId = newGuid();
  reply.code(status).headers({ ...headers, 'x-ms-request-id': requestId, 'x-ms-correlation-request-id': requestId });
  if (!classicPath.test(path)) {
    reply.header('x-ms-failure-cause', 'gateway');
    return reply.type('application/json; charset=utf-8').send({ error: { code, message } });
  }
  const body =
    '<Error xmlns="http://schemas.microsoft.com/windowsazure" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">' +
    `<Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message></Error>`;
  return reply.type('application/xml; charset=utf-8').send(body);
}

function resetConnection(request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  const { socket } = request;
  // Below TLS there is another socket; without its RST the client would see a clean end.
  const plain = (socket as unknown as { _parent?: typeof socket | null })._parent ?? socket;
  plain.resetAndDestroy();
}

export interface CallHookOptions {
  readonly faults: Faults;
  readonly journal: JournalHooks;
  readonly clock: Clock;
}

/** Has calls written to the journal and hit by faults. To be called before routes are registered. */
export function installCallHooks(app: FastifyInstance, { faults, journal, clock }: CallHookOptions): void {
  const carryOut = async (fault: ApiFault, request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    journal.faulted(request, fault.id);
    if (fault.delayMs) await clock.wait(fault.delayMs);
    if (fault.effect === 'reset') {
      journal.cut(request, reply);
      return resetConnection(request, reply);
    }
    if (fault.status === undefined) return undefined;
    const path = pathOf(request);
    return answer(reply, refusalOf(fault, { method: request.method, path }), path);
  };
  const meet: CallFaults['meet'] = (request, reply, done) => {
    const fault = faults.hit({ method: request.method, path: pathOf(request) });
    if (!fault) return done();
    carryOut(fault, request, reply).then(
      () => {
        if (!reply.sent) done();
      },
      (error: Error) => done(error),
    );
  };
  journal.install(app, { inForce: faults.ofApi, meet });
}
