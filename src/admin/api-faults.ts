/** Faults of the API: what a client gets instead of an answer, as Azure gives it on a bad day. */
import { type AzureError, azureError } from '../errors.js';
import { type FaultFields, invalidFault } from './fault-fields.js';
import { pathMatcher } from './path-pattern.js';

export interface ApiFault {
  readonly id: string;
  readonly kind: 'api';
  /** Any method when absent. */
  readonly method: string | undefined;
  /** A pattern of `pathMatcher`; any path when absent. */
  readonly path: string | undefined;
  /** What is answered; undefined lets the request through after the delay. */
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  /** Azure milliseconds before anything happens. */
  readonly delayMs: number;
  /** `reset` cuts the connection instead of answering. */
  readonly effect: 'answer' | 'reset';
  /** How many more requests it hits; undefined for all. */
  readonly next: number | undefined;
}

/** Reads what somebody wants injected. */
export function readApiFault(id: string, fields: FaultFields): ApiFault {
  const fault: ApiFault = {
    id,
    kind: 'api',
    method: fields.text('method')?.toUpperCase(),
    path: fields.text('path'),
    status: fields.number('status', { least: 200, most: 599 }),
    code: fields.text('code'),
    message: fields.text('message'),
    retryAfterSeconds: fields.number('retryAfterSeconds', { least: 0 }),
    delayMs: fields.number('delayMs', { least: 0 }) ?? 0,
    effect: fields.oneOf('effect', ['answer', 'reset']) ?? 'answer',
    next: fields.number('next', { least: 1 }),
  };
  if (fault.status === undefined && fault.delayMs === 0 && fault.effect === 'answer') {
    throw invalidFault("it needs a 'status', a 'delayMs' or the effect 'reset'");
  }
  return fault;
}

interface Call {
  readonly method: string;
  readonly path: string;
}

interface Armed {
  fault: ApiFault;
  readonly matches: (path: string) => boolean;
}

export class ApiFaults {
  readonly #armed = new Map<string, Armed>();

  add(fault: ApiFault): void {
    this.#armed.set(fault.id, { fault, matches: fault.path === undefined ? () => true : pathMatcher(fault.path) });
  }

  list(): ApiFault[] {
    return [...this.#armed.values()].map(({ fault }) => fault);
  }

  remove(id: string): boolean {
    return this.#armed.delete(id);
  }

  clear(): void {
    this.#armed.clear();
  }

  /** The first fault that hits this call, which uses one of its `next` up. */
  hit({ method, path }: Call): ApiFault | undefined {
    if (this.#armed.size === 0) return undefined;
    for (const armed of this.#armed.values()) {
      const { fault, matches } = armed;
      if (fault.method !== undefined && fault.method !== method) continue;
      if (!matches(path)) continue;
      if (fault.next === 1) this.#armed.delete(fault.id);
      else if (fault.next !== undefined) armed.fault = { ...fault, next: fault.next - 1 };
      return fault;
    }
    return undefined;
  }
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

/** What a faulted call is answered. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What Azure would say: its own texts for 429 and 503, unless the fault has others. */
export function refusalOf(fault: ApiFault, call: Call): Refusal {
  const { id, status = 500, code, message, retryAfterSeconds } = fault;
  const usual = usualRefusal(fault, call);
  return {
    status,
    code: code ?? usual?.code ?? 'InjectedFault',
    message: message ?? usual?.message ?? `Injected by the fault ${id}.`,
    headers: retryAfterSeconds === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterSeconds)) },
  };
}

function usualRefusal({ status, retryAfterSeconds = 0 }: ApiFault, call: Call): AzureError | undefined {
  if (status === 503) return azureError('ServiceUnavailable');
  if (status !== 429) return undefined;
  const subscriptionId = /^\/(?:subscriptions\/)?([0-9a-f-]{36})(?=\/|$)/i.exec(call.path)?.[1] ?? '';
  const values = { subscriptionId, operation: operationName(call), seconds: Math.ceil(retryAfterSeconds) };
  return azureError('SubscriptionRequestsThrottled', { values });
}
