/** A small JSON client for a running emulator: connections kept, the CA given rather than taken from the environment. */
import http from 'node:http';
import https from 'node:https';
import { UsageError } from '../support/usage-error.js';

const patienceMs = 30_000;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** The body: parsed when it is JSON, text otherwise. */
  readonly body: unknown;
}

export interface HttpClient {
  readonly url: string;
  send(method: string, path: string, body?: unknown): Promise<HttpAnswer>;
  /** The answer to a GET as it arrives, without end. Rejects when it is no success. `signal` ends it. */
  stream(
    path: string,
    options: { headers: http.OutgoingHttpHeaders; signal: AbortSignal },
  ): Promise<http.IncomingMessage>;
  close(): void;
}

function parse(text: string, contentType: string): unknown {
  return contentType.includes('json') && text !== '' ? JSON.parse(text) : text;
}

function explain(error: NodeJS.ErrnoException, url: string): Error {
  if (error.code === 'ECONNREFUSED') {
    return new UsageError(`nothing listens at ${url}; start it with \`lazurite start\`, or name it with --url`);
  }
  return new UsageError(`${url} cannot be reached: ${error.message}`, { cause: error });
}

/** A client of the emulator at `url`, trusting `caPem` alone when it is given. */
export function createHttpClient({ url, caPem }: { url: string; caPem?: string | undefined }): HttpClient {
  const secure = url.startsWith('https:');
  const agent = secure
    ? new https.Agent({ keepAlive: true, ...(caPem && { ca: caPem }) })
    : new http.Agent({ keepAlive: true });
  const send = (method: string, path: string, body?: unknown): Promise<HttpAnswer> =>
    new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      const headers = payload ? { 'content-type': 'application/json', 'content-length': payload.length } : {};
      const request = (secure ? https : http).request(new URL(path, url), { method, headers, agent });
      request.setTimeout(patienceMs, () => request.destroy(new Error(`no answer within ${patienceMs} ms`)));
      request.on('error', (error) => reject(explain(error, url)));
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const { statusCode = 0, headers: received } = response;
          resolve({ status: statusCode, headers: received, body: parse(text, received['content-type'] ?? '') });
        });
      });
      request.end(payload);
    });
  const stream: HttpClient['stream'] = (path, { headers, signal }) =>
    new Promise((resolve, reject) => {
      const request = (secure ? https : http).request(new URL(path, url), { headers, agent, signal });
      request.on('error', (error) => reject(explain(error, url)));
      request.on('response', (response) => {
        if (response.statusCode === 200) return resolve(response.setEncoding('utf8'));
        response.resume();
        reject(new UsageError(`${url} answered ${response.statusCode}: is it a Lazurite?`));
      });
      request.end();
    });
  return { url, send, stream, close: () => agent.destroy() };
}
