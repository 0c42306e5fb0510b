/** Stands before several nodes and gives each request to the next one, as a balancer of HTTP does. */
import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { nextEvent } from '../turns.js';

/** What it serves with and trusts, all PEM. */
interface Tls {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

export class RoundRobin {
  readonly #server: http.Server;
  readonly #agent: http.Agent;
  #turn = 0;

  /** With `tls` it speaks TLS on both sides, as clients that insist on it need. */
  constructor(ports: readonly number[], tls?: Tls) {
    this.#agent = tls
      ? new https.Agent({ keepAlive: true, ca: tls.ca, servername: 'localhost' })
      : new http.Agent({ keepAlive: true });
    const { request: ask } = tls ? https : http;
    const handle: http.RequestListener = (request, response) => {
      const port = ports[this.#turn++ % ports.length];
      const { method, url: path, headers } = request;
      const upstream = ask({ host: '127.0.0.1', port, agent: this.#agent, method, path, headers });
      upstream.on('error', () => response.destroy());
      upstream.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      request.pipe(upstream);
    };
    this.#server = tls ? https.createServer(tls, handle) : http.createServer(handle);
  }

  /** Resolves with its port. */
  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await nextEvent(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
