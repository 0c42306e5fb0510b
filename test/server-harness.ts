/** Starts servers for the tests of `src/http/server.ts` and `src/http/one-port.ts`, and talks to them over real sockets. */
import http from 'node:http';
import https from 'node:https';
import type net from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Test } from 'tap';
import { type Certificates, loadCertificates } from '../src/api/identity/certificates.js';
import { azureError } from '../src/errors/index.js';
import { createServer, type LazuriteServer, requestBaseUrl, type ServerOptions } from '../src/http/server.js';
import { createLog } from '../src/support/log.js';
import { nextEvent } from './turns.js';

let issued: Promise<Certificates> | undefined;

/** Certificates for localhost, made once per test file. */
export const certificates = (): Promise<Certificates> => {
  issued ??= loadCertificates({ host: 'localhost', tlsNames: [], folder: undefined });
  return issued;
};

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

export interface Running extends LazuriteServer {
  port: number;
  lines: string[];
  certificates: Certificates;
  send(
    method: string,
    path: string,
    options?: { body?: string; headers?: http.OutgoingHttpHeaders; scheme?: 'http' },
  ): Promise<Answer>;
}

/** Routes that show what reaches a handler, and that fail in every way. */
export function echo(app: FastifyInstance): void {
  app.all('/echo/*', async (request) => ({
    method: request.method,
    url: request.url,
    base: requestBaseUrl(request),
    body: request.body ?? null,
    query: request.query,
  }));
  app.get('/named/:Name/end', async (request) => request.params);
  app.get('/refused', async () => {
    throw azureError('ResourceGroupNotFound', { values: { resourceGroup: 'rg' }, headers: { 'x-extra': 'yes' } });
  });
  app.get('/broken', async () => {
    throw new TypeError('a fault of ours');
  });
}

/** A server on a free port with `routes`, its log lines kept. */
export async function start(
  t: Test,
  options: Partial<ServerOptions> & { host?: string; routes?: (app: FastifyInstance) => void } = {},
): Promise<Running> {
  const { host = 'localhost', routes = echo, ...rest } = options;
  const issued = await certificates();
  const lines: string[] = [];
  const server = createServer({ tls: issued, log: createLog((line) => lines.push(line)), host, ...rest });
  routes(server.app);
  const { port } = await server.listen({ host, port: 0 });
  t.teardown(() => server.close());
  return {
    ...server,
    port,
    lines,
    certificates: issued,
    send: (method, path, more = {}) => send({ method, path, port, caPem: issued.caPem, ...more }),
  };
}

/** One request on a connection of its own. */
export function send({
  method,
  path,
  port,
  caPem,
  body,
  headers = {},
  scheme,
}: {
  method: string;
  path: string;
  port: number;
  caPem: string;
  body?: string;
  headers?: http.OutgoingHttpHeaders;
  scheme?: 'http';
}): Promise<Answer> {
  const module = scheme === 'http' ? http : https;
  return new Promise((resolve, reject) => {
    const request = module.request({
      host: '127.0.0.1',
      servername: 'localhost',
      port,
      method,
      path,
      headers,
      agent: false,
      ca: caPem,
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    request.end(body);
  });
}

/** What a socket receives until it is closed. */
export async function readAll(socket: net.Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => {});
  await nextEvent(socket, 'close');
  return Buffer.concat(chunks).toString();
}
