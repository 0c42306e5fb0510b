/** One of the two sockets of a forwarded connection: reads into reused memory and writes on to its peer. */
import { Socket } from 'node:net';
import { Pacer } from './pacer.js';
import { wrapIncoming } from './private-handle.js';
const bufferBytes = 256 * 1024;
/** How many sockets may have a buffer of their own: 128 MiB. Beyond that large chunks are copied too. */
const privateLimit = 512;
/** Freed buffers kept for the next burst. */
const spareLimit = 16;
/** A chunk of at least this size gives a socket its own buffer. */
const burstBytes = 32 * 1024;
/** A chunk smaller than this ends the burst. */
const trickleBytes = 4 * 1024;
const sharedReadBuffer = Buffer.allocUnsafeSlow(bufferBytes);
const spares = [];
let inUse = 0;
/** A buffer of its own for one socket; undefined when there are none left. */
function takeReadBuffer() {
    if (inUse >= privateLimit)
        return undefined;
    inUse++;
    return spares.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
}
/** Only when nothing of it is queued any more. */
function giveReadBuffer(buffer) {
    inUse--;
    if (spares.length < spareLimit)
        spares.push(buffer);
}
/** For a buffer that a destroyed socket may still hold: it is left to the garbage collector. */
function forgetReadBuffer() {
    inUse--;
}
/** Legs that have used up their share of this turn of the event loop: one buffer. */
let continuing = [];
function continueNextTurn(leg) {
    if (continuing.push(leg) > 1)
        return;
    setImmediate(() => {
        const legs = continuing;
        continuing = [];
        for (const each of legs)
            each.continue();
    });
}
/** One byte, so that 'drain' means that nothing is queued any more. */
const writableHighWaterMark = 1;
export class TcpLeg {
    #owner;
    #onread;
    #socket;
    #peer;
    #buffer = sharedReadBuffer;
    /** The peer still has a chunk of ours queued, so we do not read. */
    #waiting = false;
    #listensForDrain = false;
    /** What it reads goes nowhere. */
    #discards = false;
    /** Created with the first fault. */
    #pacer;
    constructor(owner) {
        this.#owner = owner;
        this.#onread = { buffer: () => this.#buffer, callback: (bytes) => this.#received(bytes) };
    }
    get socket() {
        return this.#socket;
    }
    /** Takes an accepted connection; reading starts with `start`. */
    accept(handle) {
        const socket = wrapIncoming(handle, { onread: this.#onread, writableHighWaterMark });
        this.#adopt(socket);
        return socket;
    }
    /** Opens a connection; may be called again after a failure. Reading starts as soon as it is open. */
    connect(target) {
        // Typed for net.connect only; the Socket constructor takes onread too.
        const options = { allowHalfOpen: true, noDelay: true, writableHighWaterMark, onread: this.#onread };
        const socket = new Socket(options);
        this.#adopt(socket);
        socket.on('connect', () => this.#owner.connected(this));
        try {
            socket.connect(target);
        }
        catch (error) {
            // An invalid target must not end the thread that serves all other flows.
            socket.destroy(error);
        }
    }
    /** Reads from now on and passes everything to `peer`. */
    start(peer) {
        this.#peer = peer;
        this.#socket?.read(0);
    }
    /** Sets the fault for bytes that this leg reads; undefined removes it. */
    setFault(fault, clock) {
        if (!fault && !this.#pacer)
            return;
        this.#pacer ??= new Pacer({
            clock,
            pass: (chunk) => {
                const target = this.#peer?.socket;
                if (target && !target.destroyed)
                    target.write(chunk);
                return !target || target.writableLength === 0;
            },
            end: () => this.#peer?.end(),
            resume: () => this.continue(),
        });
        this.#pacer.set(fault);
    }
    /** Reads on, unless the peer has to take something first. */
    continue() {
        if (!this.#waiting && this.#socket && !this.#socket.destroyed)
            this.#socket.read(0);
    }
    /** Sends FIN after everything queued. */
    end() {
        const socket = this.#socket;
        if (!socket || socket.destroyed)
            return;
        // Both directions are over: closing sends the FIN too, and saves a shutdown and a turn of the event loop.
        if (socket.readableEnded && socket.writableLength === 0)
            socket.destroy();
        else
            socket.end();
    }
    /** Sends RST. */
    reset() {
        const socket = this.#socket;
        if (!socket || socket.destroyed)
            return;
        // While a shutdown is under way libuv refuses to reset, and Node then leaks the handle: its descriptor stays open
        // and the thread can never end. A close has to do; the kernel still resets when there is something unread.
        const shuttingDown = socket.writableEnded && !socket.writableFinished;
        if (socket.connecting || shuttingDown)
            socket.destroy();
        else
            socket.resetAndDestroy();
    }
    destroy() {
        this.#socket?.destroy();
    }
    /** Keeps reading and discards what it reads. */
    drainAway() {
        this.#waiting = false;
        this.#discards = true;
        this.#pacer?.stop();
        const socket = this.#socket;
        if (!socket || socket.destroyed || socket.connecting)
            return;
        if (socket.readableEnded)
            socket.destroy();
        else
            socket.read(0);
    }
    #adopt(socket) {
        this.#socket = socket;
        this.#listensForDrain = false;
        socket.on('end', () => {
            // This end is over; the other one is not told, because nothing is forwarded any more.
            if (this.#discards)
                this.destroy();
            else if (this.#pacer?.busy)
                this.#pacer.end();
            else
                this.#peer?.end();
        });
        socket.on('error', (error) => {
            if (this.#socket === socket)
                this.#owner.failed(this, error.code);
        });
        socket.on('close', () => {
            if (this.#socket !== socket)
                return;
            // Bytes that the other leg still holds have no receiver any more.
            const peer = this.#peer;
            if (peer)
                peer.#pacer?.stop();
            this.#forgetBuffer();
            this.#owner.closed(this);
        });
    }
    #received(bytes) {
        if (!this.#owner.moved(this, bytes))
            return true;
        const peer = this.#peer;
        const target = peer?.socket;
        if (!peer || !target || target.destroyed)
            return true;
        const buffer = this.#buffer;
        if (this.#pacer?.busy)
            return this.#pacer.take(Buffer.from(buffer.subarray(0, bytes)));
        if (buffer === sharedReadBuffer) {
            const copy = Buffer.allocUnsafe(bytes);
            buffer.copy(copy, 0, 0, bytes);
            target.write(copy);
            if (bytes >= burstBytes)
                this.#buffer = takeReadBuffer() ?? sharedReadBuffer;
        }
        else
            target.write(bytes === buffer.length ? buffer : buffer.subarray(0, bytes));
        if (target.writableLength > 0) {
            this.#waiting = true;
            peer.#tellWhenDrained(this);
            return false;
        }
        if (bytes < trickleBytes)
            this.#returnBuffer();
        if (bytes < buffer.length)
            return true;
        // libuv would read up to 32 such buffers from this socket before it looks at another one.
        continueNextTurn(this);
        return false;
    }
    #tellWhenDrained(reader) {
        if (this.#listensForDrain)
            return;
        this.#listensForDrain = true;
        this.#socket?.on('drain', () => {
            if (!reader.#waiting)
                return;
            reader.#waiting = false;
            reader.continue();
        });
    }
    #returnBuffer() {
        if (this.#buffer === sharedReadBuffer)
            return;
        giveReadBuffer(this.#buffer);
        this.#buffer = sharedReadBuffer;
    }
    #forgetBuffer() {
        if (this.#buffer === sharedReadBuffer)
            return;
        // The peer may still be writing from it.
        if (this.#peer?.socket?.writableLength === 0)
            giveReadBuffer(this.#buffer);
        else
            forgetReadBuffer();
        this.#buffer = sharedReadBuffer;
    }
}
//# sourceMappingURL=tcp-leg.js.map