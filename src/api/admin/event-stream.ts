/**
 * `GET /_lazurite/events` with `Accept: text/event-stream`: everything that happens, as server-sent events.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 *
 * A client resumes with Last-Event-ID, as far as events are kept (`support/events.ts`). A client that cannot be given all
 * that it has missed (too much of it, or Lazurite was started again) is sent `gap`: what it knows may be wrong. A client
 * that does not keep up loses its connection, which bounds the memory.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CounterSample, Engine } from '../../data-plane/model/engine.js';
import type { Events, NumberedEvent } from '../../support/events.js';
import { newGuid } from '../../support/ids.js';

export interface EventStreamSources {
  readonly engine: Engine;
  readonly events: Events;
}

/** Bytes that may wait for one client. */
const mostWaitingBytes = 1024 * 1024;
const heartbeatMs = 15_000;
const countersEveryMs = 1000;

/** Names on the wire: changes of health are about members. */
const nameOf = ({ name }: NumberedEvent): string => (name === 'health' ? 'member' : name);

/** JSON shows no members of an error. */
function dataOf({ event }: NumberedEvent): unknown {
  if (!('error' in event)) return event;
  const { error, ...others } = event;
  return { message: error.message, ...others };
}

const countersText = (value: readonly CounterSample[]): string =>
  `event: counters\ndata: ${JSON.stringify({ value })}\n\n`;

type Client = FastifyReply['raw'];

export class EventStream {
  readonly #sources: EventStreamSources;
  readonly #clients = new Set<Client>();
  /** Begins every id, so that ids of another run of Lazurite are not taken for this one's. */
  readonly #run = newGuid().slice(0, 8);
  readonly #counters = new Map<string, number>();
  #stopReading: (() => void) | undefined;
  #timers: NodeJS.Timeout[] = [];

  constructor(sources: EventStreamSources) {
    this.#sources = sources;
  }

  /** Answers a request with the stream; first with what the client has missed since its Last-Event-ID. */
  serve(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const client = reply.raw;
    reply.hijack();
    client.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    client.write(`: connected\n\n${this.#missed(request.headers['last-event-id'])}`);
    if (this.#clients.size === 0) this.#begin();
    // Later only changes are sent.
    client.write(countersText(this.#sources.engine.counters()));
    this.#clients.add(client);
    client.on('close', () => this.#remove(client));
    return reply;
  }

  /** Ends every connection, with what was sent before. */
  close(): void {
    for (const client of this.#clients) client.end();
    this.#end();
  }

  /** What a client that has seen `lastSeen` is sent first: the events after that; without it where the stream is, to resume. */
  #missed(lastSeen: string | string[] | undefined): string {
    const position = `id: ${this.#idOf(this.#sources.events.lastNumber)}\n`;
    if (typeof lastSeen !== 'string' || lastSeen === '') return `${position}\n`;
    const [run, digits = ''] = lastSeen.split('-');
    const missed = run === this.#run && /^\d+$/.test(digits) ? this.#sources.events.after(Number(digits)) : undefined;
    return missed ? missed.map((one) => this.#textOf(one)).join('') : `${position}event: gap\ndata: {}\n\n`;
  }

  #idOf(number: number): string {
    return `${this.#run}-${number}`;
  }

  #begin(): void {
    this.#stopReading = this.#sources.events.readAll((one) => {
      this.#write(this.#textOf(one));
      // A stream is a request in progress, which the end would wait for.
      if (one.name === 'end') this.close();
    });
    this.#changedCounters();
    const counters = setInterval(() => this.#sendCounters(), countersEveryMs);
    const heartbeat = setInterval(() => this.#write(': heartbeat\n\n'), heartbeatMs);
    this.#timers = [counters, heartbeat];
    for (const timer of this.#timers) timer.unref();
  }

  #end(): void {
    this.#stopReading?.();
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }

  #remove(client: Client): void {
    this.#clients.delete(client);
    if (this.#clients.size === 0) this.#end();
  }

  /** The counters that changed since the last look. */
  #changedCounters(): CounterSample[] {
    const changed: CounterSample[] = [];
    for (const sample of this.#sources.engine.counters()) {
      const key = `${sample.scope} ${sample.name}`;
      if (this.#counters.get(key) === sample.value) continue;
      this.#counters.set(key, sample.value);
      changed.push(sample);
    }
    return changed;
  }

  #sendCounters(): void {
    const value = this.#changedCounters();
    // Not numbered: a client that resumes is sent all of them.
    if (value.length > 0) this.#write(countersText(value));
  }

  #textOf(event: NumberedEvent): string {
    return `id: ${this.#idOf(event.number)}\nevent: ${nameOf(event)}\ndata: ${JSON.stringify(dataOf(event))}\n\n`;
  }

  #write(text: string): void {
    for (const client of this.#clients) {
      client.write(text);
      if (client.writableLength > mostWaitingBytes) client.destroy();
    }
  }
}
