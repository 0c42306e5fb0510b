/**
 * The one source of events within the process. The code that causes something emits it here; the log, the metrics and the
 * stream read it. Readers run at once, in the order in which they subscribed, and must return quickly. A bounded number of past
 * events is kept for readers that come later.
 */
import type { Log } from './log.js';

/** Every kind of event and its shape. Times are Azure milliseconds since the Unix epoch; ids are ARM resource ids. */
export interface EventShapes {
  /** A resource is on disk, or gone from it. `id` as Azure shows it, folded when it is gone; `subscription/name` of a classic
   *  service, folded. */
  readonly resource: { readonly id: string; readonly change: 'written' | 'deleted' };
  /** Members went up or down. One event carries all changes that the engine found together; never empty. */
  readonly health: { readonly changes: readonly HealthChange[] };
  /** A frontend was bound, moved to another place, or lost its place; or another rule has the place now. */
  readonly frontend: {
    /** The plan's frontend key. */
    readonly key: string;
    /** Id of the rule that has this place, or lost it to the rule that `reason` names. */
    readonly rule: string;
    readonly state: 'Bound' | 'Fallback' | 'Unbound';
    readonly boundAddress: string | undefined;
    readonly boundPort: number | undefined;
    /** Why it is not Bound; undefined when it is. */
    readonly reason: string | undefined;
  };
  /** A rule distributes by another mode than before. */
  readonly mode: { readonly rule: string; readonly from: string; readonly to: string };
  /** The engine's thread has failed with all its flows, and is started anew. */
  readonly engineInterrupted: { readonly error: Error; readonly lostFlows: number; readonly restartsInMs: number };
  /** The engine carries the plan out again. */
  readonly engineRestarted: Readonly<Record<string, never>>;
  /** The engine cannot go on. */
  readonly engineFailure: { readonly error: Error };
  /** An asynchronous operation of either API began or ended. */
  readonly operation: {
    readonly operationId: string;
    /** Folded id of the resource that it works on. */
    readonly resourceId: string;
    readonly status: 'InProgress' | 'Succeeded' | 'Failed' | 'Canceled';
  };
  /** A template deployment changed its state. */
  readonly deployment: {
    readonly id: string;
    readonly state: string;
  };
  /** A fault was injected or taken away; `faultId` undefined: all of them. */
  readonly fault: { readonly faultId: string | undefined; readonly change: 'added' | 'removed' };
  /** An API request was answered; its entry in the journal is written. `status` is 0 when the connection was cut. */
  readonly request: { readonly method: string; readonly path: string; readonly status: number };
  /** Everything was deleted, or replaced by a snapshot. */
  readonly reset: { readonly by: 'reset' | 'snapshot' };
  /** The emulator ends: nothing follows. */
  readonly end: Readonly<Record<string, never>>;
  /** The Azure clock was moved forward. */
  readonly clock: { readonly advancedMs: number; readonly nowMs: number };
}

/** What a health probe found at one backend address. */
export interface HealthChange {
  /** The plan's probe key. */
  readonly key: string;
  readonly up: boolean;
  /** As Azure's health status API names it. */
  readonly reason: string;
  /** When the probe's state changed. */
  readonly sinceMs: number;
}

export type EventName = keyof EventShapes;

/** An event with its name, for readers of everything. */
export type LazuriteEvent = {
  readonly [Name in EventName]: { readonly name: Name; readonly event: EventShapes[Name] };
}[EventName];

/** An event in the order of all events of this process: the first has the number 1, the next one more. */
export type NumberedEvent = LazuriteEvent & { readonly number: number };

type Reader = (event: NumberedEvent) => void;

const mostKept = 1000;

/** Carries events from those who cause them to those who read them. */
export class Events {
  readonly #readers = new Set<Reader>();
  readonly #readerFailed: (error: unknown) => void;
  /** The last events, the oldest first. */
  readonly #kept: NumberedEvent[] = [];
  #lastNumber = 0;

  /** `readerFailed` gets what a reader throws: it must stop neither the cause nor the other readers. */
  constructor(readerFailed: (error: unknown) => void) {
    this.#readerFailed = readerFailed;
  }

  /** Number of the last event; 0 before the first. */
  get lastNumber(): number {
    return this.#lastNumber;
  }

  /** The events after the one with this number; undefined when some of them are no longer kept, or it is yet to come. */
  after(number: number): readonly NumberedEvent[] | undefined {
    const oldest = this.#lastNumber - this.#kept.length + 1;
    if (!(number >= oldest - 1 && number <= this.#lastNumber)) return undefined;
    return this.#kept.slice(number - oldest + 1);
  }

  emit<Name extends EventName>(name: Name, event: EventShapes[Name]): void {
    const numbered = { number: ++this.#lastNumber, name, event } as NumberedEvent;
    this.#kept.push(numbered);
    if (this.#kept.length > mostKept) this.#kept.shift();
    for (const reader of this.#readers) {
      try {
        reader(numbered);
      } catch (error) {
        this.#readerFailed(error);
      }
    }
  }

  /** Reads every event; the result ends that. */
  readAll(reader: Reader): () => void {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  /** Reads the events of one name; the result ends that. */
  read<Name extends EventName>(name: Name, reader: (event: EventShapes[Name]) => void): () => void {
    return this.readAll((one) => {
      if (one.name === name) reader(one.event as EventShapes[Name]);
    });
  }
}

/** Logs what happens. */
export function logEvents(events: Events, log: Log): void {
  events.read('frontend', ({ key, rule, state, boundAddress, boundPort, reason }) => {
    if (state === 'Bound') log.info('a frontend is bound', { key, rule, boundAddress, boundPort });
    else log.warn('a frontend is not where Azure would have it', { key, rule, state, boundAddress, boundPort, reason });
  });
  events.read('health', ({ changes }) => {
    for (const { key, up, reason } of changes) log.info(up ? 'a member is up' : 'a member is down', { key, reason });
  });
  events.read('mode', ({ rule, from, to }) => log.info('the mode was switched', { rule, from, to }));
  events.read('deployment', ({ id, state }) => {
    if (state === 'Succeeded') log.info('a deployment is done', { id, state });
    else if (state === 'Failed' || state === 'Canceled') log.warn('a deployment is not done', { id, state });
  });
  events.read('engineInterrupted', ({ error, lostFlows, restartsInMs }) =>
    log.error('the thread of the data plane failed and is started anew', { lostFlows, restartsInMs }, error),
  );
  events.read('engineRestarted', () => log.warn('the data plane works again; the flows it had are gone'));
  events.read('engineFailure', ({ error }) => log.error('the data plane failed for good', {}, error));
}
