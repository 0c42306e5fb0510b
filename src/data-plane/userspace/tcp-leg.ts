/** One of the two sockets of a forwarded connection: reads into reused memory and writes on to its peer. */
import { type OnReadOpts, Socket, type TcpSocketConnectOpts } from 'node:net';
import type { Clock } from '../../support/clock.js';
import { type BulkReader, BulkTurns, bulkBytes } from './bulk-turns.js';
import type { FlowFault } from './injected-faults.js';
import { Pacer } from './pacer.js';
import { type TcpHandle, wrapIncoming } from './private-handle.js';

/** How many sockets may have a buffer of their own: 128 MiB. Beyond that large chunks are copied too. */
const privateLimit = 512;
/** Freed buffers kept for the next burst. */
const spareLimit = 16;

/** A chunk of at least this size gives a socket its own buffer. */
const burstBytes = 32 * 1024;
/** A chunk smaller than this ends the burst. */
const trickleBytes = 4 * 1024;

const sharedReadBuffer: Buffer = Buffer.allocUnsafeSlow(bulkBytes);

const spares: Buffer[] = [];
let inUse = 0;

/** A buffer of its own for one socket; undefined when there are none left. */
function takeReadBuffer(): Buffer | undefined {
  if (inUse >= privateLimit) return undefined;
  inUse++;
  return spares.pop() ?? Buffer.allocUnsafeSlow(bulkBytes);
}

/** Only when nothing of it is queued any more. */
function giveReadBuffer(buffer: Buffer): void {
  inUse--;
  if (spares.length < spareLimit) spares.push(buffer);
}

/** For a buffer that a destroyed socket may still hold: it is left to the garbage collector. */
function forgetReadBuffer(): void {
  inUse--;
}

/** libuv alone would read up to 32 buffers from one socket before it looks at another one. */
const turns = new BulkTurns(setImmediate);

/** Receives the events of a leg. */
export interface LegOwner {
  /** Bytes have been read; false when they go no further. */
  moved(leg: TcpLeg, bytes: number): boolean;
  connected(leg: TcpLeg): void;
  failed(leg: TcpLeg, code: string | undefined): void;
  closed(leg: TcpLeg): void;
}

/** One byte, so that 'drain' means that nothing is queued any more. */
const writableHighWaterMark = 1;

export class TcpLeg implements BulkReader {
  readonly #owner: LegOwner;
  readonly #onread: OnReadOpts;
  #socket: Socket | undefined;
  #peer: TcpLeg | undefined;
  #buffer: Buffer = sharedReadBuffer;
  /** The peer still has a chunk of ours queued, so we do not read. */
  #waiting = false;
  #listensForDrain = false;
  /** What it reads goes nowhere. */
  #discards = false;
  #lastRead = 0;
  /** Created with the first fault. */
  #pacer: Pacer | undefined;

  constructor(owner: LegOwner) {
    this.#owner = owner;
    this.#onread = { buffer: () => this.#room(), callback: (bytes) => this.#received(bytes) };
  }

  get socket(): Socket | undefined {
    return this.#socket;
  }

  get lastRead(): number {
    return this.#lastRead;
  }

  /** Takes an accepted connection; reading starts with `start`. */
  accept(handle: TcpHandle): Socket {
    turns.othersBusy();
    const socket = wrapIncoming(handle, { onread: this.#onread, writableHighWaterMark });
    this.#adopt(socket);
    return socket;
  }

  /** Opens a connection; may be called again after a failure. Reading starts as soon as it is open. */
  connect(target: TcpSocketConnectOpts): void {
    // Typed for net.connect only; the Socket constructor takes onread too.
    const options = { allowHalfOpen: true, noDelay: true, writableHighWaterMark, onread: this.#onread };
    const socket = new Socket(options);
    this.#adopt(socket);
    socket.on('connect', () => this.#owner.connected(this));
    try {
      socket.connect(target);
    } catch (error) {
      // An invalid target must not end the thread that serves all other flows.
      socket.destroy(error as Error);
    }
  }

  /** Reads from now on and passes everything to `peer`. */
  start(peer: TcpLeg): void {
    this.#peer = peer;
    this.#socket?.read(0);
  }

  /** Sets the fault for bytes that this leg reads; undefined removes it. */
  setFault(fault: FlowFault | undefined, clock: Clock): void {
    if (!fault && !this.#pacer) return;
    this.#pacer ??= new Pacer({
      clock,
      pass: (chunk) => {
        const target = this.#peer?.socket;
        if (target && !target.destroyed) target.write(chunk);
        return !target || target.writableLength === 0;
      },
      end: () => this.#peer?.end(),
      resume: () => this.continue(),
    });
    this.#pacer.set(fault);
  }

  /** Reads on, unless the peer has to take something first. */
  continue(): void {
    if (!this.#waiting && this.#socket && !this.#socket.destroyed) this.#socket.read(0);
  }

  /** Sends FIN after everything queued. */
  end(): void {
    const socket = this.#socket;
    if (!socket || socket.destroyed) return;
    // Both directions are over: closing sends the FIN too, and saves a shutdown and a turn of the event loop.
    if (socket.readableEnded && socket.writableLength === 0) socket.destroy();
    else socket.end();
  }

  /** Sends RST. */
  reset(): void {
    const socket = this.#socket;
    if (!socket || socket.destroyed) return;
    // While a shutdown is under way libuv refuses to reset, and Node then leaks the handle: its descriptor stays open
    // and the thread can never end. A close has to do; the kernel still resets when there is something unread.
    const shuttingDown = socket.writableEnded && !socket.writableFinished;
    if (socket.connecting || shuttingDown) socket.destroy();
    else socket.resetAndDestroy();
  }

  destroy(): void {
    this.#socket?.destroy();
  }

  /** Keeps reading and discards what it reads. */
  drainAway(): void {
    this.#waiting = false;
    this.#discards = true;
    this.#pacer?.stop();
    const socket = this.#socket;
    if (!socket || socket.destroyed || socket.connecting) return;
    if (socket.readableEnded) socket.destroy();
    else socket.read(0);
  }

  #adopt(socket: Socket): void {
    this.#socket = socket;
    this.#listensForDrain = false;
    socket.on('end', () => {
      // This end is over; the other one is not told, because nothing is forwarded any more.
      if (this.#discards) this.destroy();
      else if (this.#pacer?.busy) this.#pacer.end();
      else this.#peer?.end();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#socket === socket) this.#owner.failed(this, error.code);
    });
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      // Bytes that the other leg still holds have no receiver any more.
      const peer = this.#peer;
      if (peer) peer.#pacer?.stop();
      this.#forgetBuffer();
      this.#owner.closed(this);
    });
  }

  /** Where the next read goes. */
  #room(): Buffer {
    const { readBytes } = turns;
    return readBytes < this.#buffer.length ? this.#buffer.subarray(0, readBytes) : this.#buffer;
  }

  #received(bytes: number): boolean {
    if (!this.#owner.moved(this, bytes)) return true;
    this.#lastRead = bytes;
    if (bytes < trickleBytes) turns.othersBusy();
    const peer = this.#peer;
    const target = peer?.socket;
    if (!peer || !target || target.destroyed) return true;
    const buffer = this.#buffer;
    if (this.#pacer?.busy) return this.#pacer.take(Buffer.from(buffer.subarray(0, bytes)));
    if (buffer === sharedReadBuffer) {
      const copy = Buffer.allocUnsafe(bytes);
      buffer.copy(copy, 0, 0, bytes);
      target.write(copy);
      if (bytes >= burstBytes) this.#buffer = takeReadBuffer() ?? sharedReadBuffer;
    } else target.write(bytes === buffer.length ? buffer : buffer.subarray(0, bytes));
    if (target.writableLength > 0) {
      this.#waiting = true;
      peer.#tellWhenDrained(this);
      return false;
    }
    if (bytes < trickleBytes) this.#returnBuffer();
    if (bytes < burstBytes) return true;
    turns.add(this);
    return false;
  }

  #tellWhenDrained(reader: TcpLeg): void {
    if (this.#listensForDrain) return;
    this.#listensForDrain = true;
    this.#socket?.on('drain', () => {
      if (!reader.#waiting) return;
      reader.#waiting = false;
      if (reader.#lastRead < burstBytes) reader.continue();
      else turns.add(reader);
    });
  }

  #returnBuffer(): void {
    if (this.#buffer === sharedReadBuffer) return;
    giveReadBuffer(this.#buffer);
    this.#buffer = sharedReadBuffer;
  }

  #forgetBuffer(): void {
    if (this.#buffer === sharedReadBuffer) return;
    // The peer may still be writing from it.
    if (this.#peer?.socket?.writableLength === 0) giveReadBuffer(this.#buffer);
    else forgetReadBuffer();
    this.#buffer = sharedReadBuffer;
  }
}
