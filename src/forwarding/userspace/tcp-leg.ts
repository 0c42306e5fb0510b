/** One of the two sockets of a forwarded connection: reads into reused memory and writes on to its peer. */
import { type OnReadOpts, Socket, type TcpSocketConnectOpts } from 'node:net';
import { handleOf, type TcpHandle, wrapIncoming } from './private-handle.js';
import {
  burstBytes,
  forgetReadBuffer,
  giveReadBuffer,
  sharedReadBuffer,
  takeReadBuffer,
  trickleBytes,
} from './read-buffers.js';

/** Who is told what happens to a leg. */
export interface LegOwner {
  /** Bytes have been read; false when they go no further. */
  moved(leg: TcpLeg, bytes: number): boolean;
  connected(leg: TcpLeg): void;
  failed(leg: TcpLeg, code: string | undefined): void;
  closed(leg: TcpLeg): void;
}

/** One byte: 'drain' then always means that nothing is queued any more. */
const writableHighWaterMark = 1;

export class TcpLeg {
  readonly #owner: LegOwner;
  readonly #onread: OnReadOpts;
  #socket: Socket | undefined;
  #peer: TcpLeg | undefined;
  #buffer: Buffer = sharedReadBuffer;
  /** The peer still has a chunk of ours queued, so we do not read. */
  #waiting = false;
  #listensForDrain = false;

  constructor(owner: LegOwner) {
    this.#owner = owner;
    this.#onread = { buffer: () => this.#buffer, callback: (bytes) => this.#received(bytes) };
  }

  get socket(): Socket | undefined {
    return this.#socket;
  }

  /** Takes an accepted connection; reading starts with `start`. */
  accept(handle: TcpHandle): Socket {
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
      // A target that is none must not end the thread that serves all others.
      socket.destroy(error as Error);
    }
  }

  /** Reads from now on and passes everything to `peer`. */
  start(peer: TcpLeg): void {
    this.#peer = peer;
    this.#socket?.read(0);
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
    if (socket.connecting) {
      socket.destroy();
      return;
    }
    const handle = handleOf(socket);
    // libuv refuses to reset while a shutdown is under way, and Node then forgets the handle without closing it.
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.syscall === 'reset') handle?.close();
    });
    socket.resetAndDestroy();
  }

  destroy(): void {
    this.#socket?.destroy();
  }

  /** Reads on although what it reads goes nowhere any more. */
  drainAway(): void {
    this.#waiting = false;
    if (this.#socket && !this.#socket.destroyed && !this.#socket.connecting) this.#socket.read(0);
  }

  #adopt(socket: Socket): void {
    this.#socket = socket;
    this.#listensForDrain = false;
    socket.on('end', () => this.#peer?.end());
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#socket === socket) this.#owner.failed(this, error.code);
    });
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#forgetBuffer();
      this.#owner.closed(this);
    });
  }

  #received(bytes: number): boolean {
    if (!this.#owner.moved(this, bytes)) return true;
    const peer = this.#peer;
    const target = peer?.socket;
    if (!peer || !target || target.destroyed) return true;
    const buffer = this.#buffer;
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
    return true;
  }

  #tellWhenDrained(reader: TcpLeg): void {
    if (this.#listensForDrain) return;
    this.#listensForDrain = true;
    this.#socket?.on('drain', () => {
      if (!reader.#waiting) return;
      reader.#waiting = false;
      if (reader.#socket && !reader.#socket.destroyed) reader.#socket.read(0);
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
