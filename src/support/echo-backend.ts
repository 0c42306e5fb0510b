/**
 * A stand-in for a virtual machine behind a load balancer: it says who it is and who called, over HTTP, raw TCP and UDP
 * on one port, and answers health probes.
 */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import http from 'node:http';
import net, { isIPv6 } from 'node:net';

/** A call that a backend has answered. */
export interface Call {
  readonly transport: 'tcp' | 'udp';
  readonly sourceAddress: string;
  readonly sourcePort: number;
}

export interface EchoBackendOptions {
  readonly address: string;
  /** 0 is any port that is free for TCP and UDP. */
  readonly port: number;
  /** Who it says it is; its address and port when absent. */
  readonly name?: string;
  /** Told of every call but health probes. */
  readonly onCall?: (call: Call) => void;
}

const endpoint = (address: string, port: number): string => `${isIPv6(address) ? `[${address}]` : address}:${port}`;

const startsLikeHttp = (bytes: Buffer): boolean =>
  /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /.test(bytes.subarray(0, 8).toString('latin1'));

export class EchoBackend {
  readonly address: string;
  readonly port: number;
  readonly #tcp: net.Server;
  readonly #udp: DatagramSocket;
  readonly #http: http.Server;
  readonly #sockets = new Set<net.Socket>();
  readonly #onCall: (call: Call) => void;
  readonly #name: string;
  #closed: Promise<void> | undefined;

  private constructor(tcp: net.Server, udp: DatagramSocket, { address, name, onCall = () => {} }: EchoBackendOptions) {
    this.address = address;
    this.port = (tcp.address() as net.AddressInfo).port;
    this.#tcp = tcp;
    this.#udp = udp;
    this.#onCall = onCall;
    this.#name = name ?? endpoint(this.address, this.port);
    this.#http = http.createServer((request, response) => this.#answer(request, response));
    tcp.on('connection', (socket: net.Socket) => this.#accept(socket));
    udp.on('message', (_message, { address: sourceAddress, port: sourcePort }) => {
      udp.send(`${this.#call({ transport: 'udp', sourceAddress, sourcePort })}\n`, sourcePort, sourceAddress);
    });
    udp.on('error', () => {});
  }

  /** Binds TCP and UDP to one port. */
  static async start(options: EchoBackendOptions): Promise<EchoBackend> {
    for (let attempt = 0; ; attempt++) {
      const tcp = net.createServer({ allowHalfOpen: true, noDelay: true });
      tcp.listen(options.port, options.address);
      await once(tcp, 'listening');
      const udp = createSocket(isIPv6(options.address) ? 'udp6' : 'udp4');
      udp.bind((tcp.address() as net.AddressInfo).port, options.address);
      try {
        await once(udp, 'listening');
        return new EchoBackend(tcp, udp, options);
      } catch (error) {
        tcp.close();
        udp.close();
        if (options.port !== 0 || attempt === 20) throw error;
      }
    }
  }

  /** Ends every connection; may be called twice. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const closed = [once(this.#tcp, 'close'), once(this.#udp, 'close')];
    this.#tcp.close();
    this.#udp.close();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }

  /** The line that a caller gets. */
  #call(call: Call): string {
    this.#onCall(call);
    return `backend ${this.#name} saw ${endpoint(call.sourceAddress, call.sourcePort)}`;
  }

  #callOf(socket: net.Socket): Call {
    return { transport: 'tcp', sourceAddress: socket.remoteAddress ?? '', sourcePort: socket.remotePort ?? 0 };
  }

  #accept(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.once('readable', () => {
      const received: Buffer | null = socket.read();
      // A connection that sends nothing, such as a TCP probe, is not counted as a caller.
      if (!received) {
        socket.end();
        return;
      }
      socket.unshift(received);
      if (startsLikeHttp(received)) {
        this.#http.emit('connection', socket);
        return;
      }
      socket.write(`${this.#call(this.#callOf(socket))}\n`);
      socket.pipe(socket);
    });
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    request.resume();
    const isProbe = request.url?.startsWith('/health');
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(isProbe ? 'healthy\n' : `${this.#call(this.#callOf(request.socket))}\n`);
  }
}
