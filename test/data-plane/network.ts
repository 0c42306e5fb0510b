/** Backends that say who they are, and clients with loopback addresses of their own. */
import { createHash } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, isIPv6, type Server, type Socket } from 'node:net';
import { inTime, nextEvent } from '../turns.js';

/** The type of a datagram socket at an address. */
export const datagramsOf = (address = '127.0.0.1'): 'udp4' | 'udp6' => (isIPv6(address) ? 'udp6' : 'udp4');

/**
 * A stand-in VM. TCP: greets with `<its address> <client address>:<port>\n`, then echoes, and ends when the client ends.
 * UDP: answers each datagram with the same greeting and what was asked.
 */
export class Backend {
  readonly address: string;
  readonly port: number;
  readonly sockets = new Set<Socket>();
  accepted = 0;
  readonly #server: Server;
  readonly #udp: UdpSocket;

  private constructor(of: { address: string; server: Server; udp: UdpSocket; port: number }) {
    this.address = of.address;
    this.port = of.port;
    this.#server = of.server;
    this.#udp = of.udp;
    of.server.on('connection', (socket) => this.#greet(socket));
    of.udp.on('message', (question, from) =>
      of.udp.send(`${of.address} ${from.address}:${from.port} ${question}`, from.port, from.address),
    );
  }

  static async start(address: string, port: number): Promise<Backend> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen(port, address);
    const udp = createSocket(datagramsOf(address));
    udp.bind(port, address);
    await Promise.all([once(server, 'listening'), once(udp, 'listening')]);
    return new Backend({ address, server, udp, port });
  }

  /** Refuses new TCP connections from now on; UDP and established connections go on. */
  refuse(): void {
    this.#server.close();
  }

  async acceptAgain(): Promise<void> {
    this.#server.listen(this.port, this.address);
    await nextEvent(this.#server, 'listening');
  }

  stop(): void {
    this.#server.close();
    this.#udp.close();
    for (const socket of this.sockets) socket.destroy();
  }

  #greet(socket: Socket): void {
    this.accepted++;
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => {});
    socket.write(`${this.address} ${socket.remoteAddress}:${socket.remotePort}\n`);
    socket.pipe(socket);
  }
}

export interface At {
  readonly address: string;
  readonly port: number;
}

export interface From {
  readonly from?: string;
  readonly fromPort?: number;
}

/** A TCP client whose backend has greeted it. */
export interface Stream {
  readonly socket: Socket;
  readonly backend: string;
  /** As the backend sees the client. */
  readonly seenAs: string;
}

const local = ({ from, fromPort }: From) => ({
  ...(from === undefined ? {} : { localAddress: from }),
  ...(fromPort === undefined ? {} : { localPort: fromPort }),
});

/** Connects without waiting for anything but the handshake. */
export async function dial(at: At, from: From = {}): Promise<Socket> {
  const socket = connect({ host: at.address, port: at.port, allowHalfOpen: true, noDelay: true, ...local(from) });
  await inTime(`a handshake with ${at.address}:${at.port}`, once(socket, 'connect'));
  return socket;
}

/** Connects and reads the greeting; rejects when the connection ends before. */
export function openStream(at: At, from: From = {}): Promise<Stream> {
  const greeted = new Promise<Stream>((resolve, reject) => {
    const socket = connect({ host: at.address, port: at.port, allowHalfOpen: true, noDelay: true, ...local(from) });
    let text = '';
    const read = (chunk: Buffer): void => {
      text += chunk;
      if (!text.includes('\n')) return;
      const [backend = '', seenAs = ''] = text.trimEnd().split(' ');
      socket.off('data', read);
      socket.off('error', reject);
      socket.off('close', ended);
      socket.pause();
      resolve({ socket, backend, seenAs });
    };
    const ended = (): void => reject(new Error('The connection ended before the backend greeted.'));
    socket.on('data', read);
    socket.on('error', reject);
    socket.on('close', ended);
  });
  return inTime(`a greeting at ${at.address}:${at.port}`, greeted);
}

/** A connection of this client to that backend, which is chosen in the end when it is eligible. */
export async function streamTo(at: At, { backend, ...from }: From & { backend: string }): Promise<Stream> {
  for (let tries = 0; tries < 1000; tries++) {
    const stream = await openStream(at, from);
    if (stream.backend === backend) return stream;
    stream.socket.destroy();
  }
  throw new Error(`None of 1000 connections to ${at.address}:${at.port} reached ${backend}.`);
}

/** Which backend answers a new TCP connection. */
export async function tcpBackend(at: At, from: From = {}): Promise<string> {
  const { socket, backend } = await openStream(at, from);
  socket.destroy();
  return backend;
}

/** Sends text over a stream and waits until it has come back. */
export async function echoes({ socket, backend }: Stream, text: string): Promise<boolean> {
  let back = '';
  const whole = new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      back += chunk;
      if (back.length >= text.length) end();
    };
    const end = (error?: Error): void => {
      socket.off('data', read).off('error', end).off('close', closed);
      if (error) reject(error);
      else resolve();
    };
    const closed = (): void =>
      end(new Error(`The connection ended after ${back.length} of ${text.length} characters.`));
    // One listener for all of it: chunks that came while the socket was paused are handed over in one turn.
    socket.on('data', read).on('error', end).on('close', closed).resume();
    socket.write(text);
  });
  await inTime(() => `an echo of ${backend}: ${back.length} of ${text.length} characters came`, whole);
  return back === text;
}

/** A UDP client with an address of its own. */
export class UdpClient {
  readonly socket: UdpSocket;
  #asked = 0;

  private constructor(socket: UdpSocket) {
    this.socket = socket;
  }

  static async open(from: From = {}): Promise<UdpClient> {
    const socket = createSocket(datagramsOf(from.from));
    socket.bind({ address: from.from ?? '127.0.0.1', port: from.fromPort ?? 0, exclusive: true });
    await nextEvent(socket, 'listening');
    return new UdpClient(socket);
  }

  get port(): number {
    return this.socket.address().port;
  }

  /** Asks, and asks again every second of real time, because datagrams may be lost. */
  async ask(at: At): Promise<{ backend: string; seenAs: string; answeredFrom: string }> {
    const question = `ask-${String(this.#asked++).padStart(8, '0')}`;
    const ask = (): void => this.socket.send(question, at.port, at.address);
    const again = setInterval(ask, 1000);
    ask();
    for (;;) {
      const [answer, from] = (await inTime(`an answer of ${at.address}:${at.port}`, once(this.socket, 'message'))) as [
        Buffer,
        RemoteInfo,
      ];
      const [backend = '', seenAs = '', asked = question] = String(answer).split(' ');
      // An earlier question that was asked twice is answered twice.
      if (asked !== question) continue;
      clearInterval(again);
      return { backend, seenAs, answeredFrom: `${from.address}:${from.port}` };
    }
  }

  close(): void {
    this.socket.close();
  }
}

/** Which backend answers a new UDP client. */
export async function udpBackend(at: At, from: From = {}): Promise<string> {
  const client = await UdpClient.open(from);
  const { backend } = await client.ask(at);
  client.close();
  return backend;
}

/** Everything until the other side ends; leaves this side open, as `for await` would not. */
export function readAll(socket: Socket): Promise<Buffer> {
  const whole = new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => resolve(Buffer.concat(chunks)));
    socket.on('error', reject);
    socket.resume();
  });
  return inTime('all that the other side sends', whole);
}

/** How a socket ends: `end` after a FIN, else the error's code. */
export function ending(socket: Socket): Promise<string> {
  const end = new Promise<string>((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? String(error)));
    socket.on('end', () => resolve('end'));
    socket.on('close', () => resolve('close'));
    socket.resume();
  });
  return inTime('the end of a connection', end);
}

/** Calls `task` for each item, at most `limit` at a time. */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await task(item);
  };
  await Promise.all(Array.from({ length: limit }, worker));
}

export const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
