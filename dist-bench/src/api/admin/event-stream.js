import { newGuid } from '../../support/ids.js';
const keptEvents = 1000;
/** Bytes that may wait for one client. */
const mostWaitingBytes = 1024 * 1024;
const heartbeatMs = 15_000;
const countersEveryMs = 1000;
/** Names on the wire: changes of health are about members. */
const nameOf = ({ name }) => (name === 'health' ? 'member' : name);
/** JSON shows no members of an error. */
function dataOf({ event }) {
    if (!('error' in event))
        return event;
    const { error, ...others } = event;
    return { message: error.message, ...others };
}
export class EventStream {
    #sources;
    #clients = new Set();
    /** The last events as they are sent, the oldest first; their numbers are consecutive. */
    #kept = [];
    /** Begins every id, so that ids of another run of Lazurite are not taken for this one's. */
    #run = newGuid().slice(0, 8);
    #counters = new Map();
    #stopReading;
    #lastNumber = 0;
    #timers = [];
    constructor(sources) {
        this.#sources = sources;
        this.#stopReading = sources.events.readAll((one) => {
            this.#send(nameOf(one), dataOf(one));
            // A stream is a request in progress, which the end would wait for.
            if (one.name === 'end')
                this.close();
        });
    }
    /** Answers a request with the stream; first with what the client has missed since its Last-Event-ID. */
    serve(request, reply) {
        const client = reply.raw;
        reply.hijack();
        client.writeHead(200, {
            'content-type': 'text/event-stream; charset=utf-8',
            'cache-control': 'no-store',
            'x-content-type-options': 'nosniff',
        });
        client.write(`: connected\n\n${this.#missed(request.headers['last-event-id'])}`);
        if (this.#clients.size === 0)
            this.#begin();
        // Later only changes are sent.
        client.write(`event: counters\ndata: ${JSON.stringify({ value: this.#sources.engine.counters() })}\n\n`);
        this.#clients.add(client);
        client.on('close', () => this.#remove(client));
        return reply;
    }
    /** Ends every connection, with what was sent before. */
    close() {
        this.#stopReading();
        for (const client of this.#clients)
            client.end();
        this.#end();
    }
    /** What a client that has seen `lastSeen` is sent first: the events after that; without it where the stream is, to resume. */
    #missed(lastSeen) {
        const position = `id: ${this.#idOf(this.#lastNumber)}\n`;
        if (typeof lastSeen !== 'string' || lastSeen === '')
            return `${position}\n`;
        const [run, digits = ''] = lastSeen.split('-');
        const seen = /^\d+$/.test(digits) ? Number(digits) : Number.NaN;
        const oldest = this.#kept[0]?.number ?? this.#lastNumber + 1;
        if (run !== this.#run || !(seen >= oldest - 1 && seen <= this.#lastNumber)) {
            return `${position}event: gap\ndata: {}\n\n`;
        }
        return this.#kept.flatMap(({ number, text }) => (number > seen ? [text] : [])).join('');
    }
    #idOf(number) {
        return `${this.#run}-${number}`;
    }
    #begin() {
        this.#changedCounters();
        const counters = setInterval(() => this.#sendCounters(), countersEveryMs);
        const heartbeat = setInterval(() => this.#write(': heartbeat\n\n'), heartbeatMs);
        this.#timers = [counters, heartbeat];
        for (const timer of this.#timers)
            timer.unref();
    }
    #end() {
        for (const timer of this.#timers)
            clearInterval(timer);
        this.#timers = [];
    }
    #remove(client) {
        this.#clients.delete(client);
        if (this.#clients.size === 0)
            this.#end();
    }
    /** The counters that changed since the last look. */
    #changedCounters() {
        const changed = [];
        for (const sample of this.#sources.engine.counters()) {
            const key = `${sample.scope} ${sample.name}`;
            if (this.#counters.get(key) === sample.value)
                continue;
            this.#counters.set(key, sample.value);
            changed.push(sample);
        }
        return changed;
    }
    #sendCounters() {
        const value = this.#changedCounters();
        if (value.length > 0)
            this.#send('counters', { value });
    }
    #send(name, data) {
        const number = ++this.#lastNumber;
        const text = `id: ${this.#idOf(number)}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
        this.#kept.push({ number, text });
        if (this.#kept.length > keptEvents)
            this.#kept.shift();
        this.#write(text);
    }
    #write(text) {
        for (const client of this.#clients) {
            client.write(text);
            if (client.writableLength > mostWaitingBytes)
                client.destroy();
        }
    }
}
//# sourceMappingURL=event-stream.js.map