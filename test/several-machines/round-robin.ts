/** Stands before several nodes and gives each request to the next one, as a balancer of HTTP does. */
import { Agent, createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nextEvent } from '../turns.js';

export class RoundRobin {
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true });
  #turn = 0;

  constructor(ports: readonly number[]) {
    this.#server = createServer((request, response) => {
      const port = ports[this.#turn++ % ports.length];
      const { method, url: path, headers } = request;
      const upstream = httpRequest({ host: '127.0.0.1', port, agent: this.#agent, method, path, headers });
      upstream.on('error', () => response.destroy());
      upstream.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      request.pipe(upstream);
    });
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
