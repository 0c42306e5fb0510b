/**
 * `GET /_lazurite/events` with `Accept: text/event-stream`: everything that happens, as server-sent events.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 *
 * A bounded number of past events is kept, so that a client resumes with Last-Event-ID. A client that cannot be given all
 * that it has missed (too much of it, or Lazurite was started again) is sent `gap`: what it knows may be wrong. A client
 * that does not keep up loses its connection, which bounds the memory.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CounterSample, Engine } from '../../data-plane/model/engine.js';
import type { Events, LazuriteEvent } from '../../support/events.js';
import { newGuid } from '../../support/ids.js';

export interface EventStreamSources {
  readonly engine: Engine;
  readonly events: Events;
}

const keptEvents = 1000;
/** Bytes that may wait for one client. */
const mostWaitingBytes = 1024 * 1024;
const heartbeatMs = 15_000;
const countersEveryMs = 1000;

/** Names on the wire: changes of health are about members. */
const nameOf = ({ name }: LazuriteEvent): string => (name === 'health' ? 'member' : name);

/** JSON shows no members of an error. */
function dataOf({ event }: LazuriteEvent): unknown {
  if (!('error' in event)) return event;
  const { error, ...others } = event;
  return { message: error.message, ...others };
}

type Client = FastifyReply['raw'];

interface Sent {
  readonly number: number;
  readonly name: string;
  readonly data: unknown;
}

export class EventStream {
  readonly #sources: EventStreamSources;
  readonly #clients = new Set<Client>();
  /** The last events, the oldest first; their numbers are consecutive. They become text when a client is there. */
  readonly #kept: Sent[] = [];
  /** Begins every id, so that ids of another run of Lazurite are not taken for this one's. */
  readonly #run = newGuid().slice(0, 8);
  readonly #counters = new Map<string, number>();
  readonly #stopReading: () => void;
  #lastNumber = 0;
  #timers: NodeJS.Timeout[] = [];

  constructor(sources: EventStreamSources) {
    this.#sources = sources;
    this.#stopReading = sources.events.readAll((one) => {
      this.#send(nameOf(one), dataOf(one));
      // A stream is a request in progress, which the end would wait for.
      if (one.name === 'end') this.close();
    });
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
    client.write(`event: counters\ndata: ${JSON.stringify({ value: this.#sources.engine.counters() })}\n\n`);
    this.#clients.add(client);
    client.on('close', () => this.#remove(client));
    return reply;
  }

  /** Ends every connection, with what was sent before. */
  close(): void {
    this.#stopReading();
    for (const client of this.#clients) client.end();
    this.#end();
  }

  /** What a client that has seen `lastSeen` is sent first: the events after that; without it where the stream is, to resume. */
  #missed(lastSeen: string | string[] | undefined): string {
    const position = `id: ${this.#idOf(this.#lastNumber)}\n`;
    if (typeof lastSeen !== 'string' || lastSeen === '') return `${position}\n`;
    const [run, digits = ''] = lastSeen.split('-');
    const seen = /^\d+$/.test(digits) ? Number(digits) : Number.NaN;
    const oldest = this.#kept[0]?.number ?? this.#lastNumber + 1;
    if (run !== this.#run || !(seen >= oldest - 1 && seen <= this.#lastNumber)) {
      return `${position}event: gap\ndata: {}\n\n`;
    }
    return this.#kept.flatMap((sent) => (sent.number > seen ? [this.#textOf(sent)] : [])).join('');
  }

  #idOf(number: number): string {
    return `${this.#run}-${number}`;
  }

  #begin(): void {
    this.#changedCounters();
    const counters = setInterval(() => this.#sendCounters(), countersEveryMs);
    const heartbeat = setInterval(() => this.#write(': heartbeat\n\n'), heartbeatMs);
    this.#timers = [counters, heartbeat];
    for (const timer of this.#timers) timer.unref();
  }

  #end(): void {
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
    if (value.length > 0) this.#send('counters', { value });
  }

  #send(name: string, data: unknown): void {
    const sent = { number: ++this.#lastNumber, name, data };
    this.#kept.push(sent);
    if (this.#kept.length > keptEvents) this.#kept.shift();
    if (this.#clients.size > 0) this.#write(this.#textOf(sent));
  }

  #textOf({ number, name, data }: Sent): string {
    return `id: ${this.#idOf(number)}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  }

  #write(text: string): void {
    for (const client of this.#clients) {
      client.write(text);
      if (client.writableLength > mostWaitingBytes) client.destroy();
    }
  }
}
