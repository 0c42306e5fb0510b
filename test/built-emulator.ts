/** The built product in a process of its own, for programs that try what it withstands: how it is reached and spoken to. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Agent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { inTime } from './turns.js';

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers?: IncomingHttpHeaders;
}

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | undefined;
}

/** `lazurite start` from dist/, on a free port, which logs errors only. */
export const spawnBuilt = (...options: string[]): ChildProcess =>
  spawn(process.execPath, ['dist/main.js', 'start', '--port', '0', '--log-level', 'error', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });

/** The port of an emulator, once it is ready. */
export async function portOf(child: ChildProcess): Promise<number> {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const ended = once(child, 'exit').then(([code, signal]): never => {
    throw new Error(`the emulator ended with ${code ?? signal} before it was ready`);
  });
  // It may well end later.
  ended.catch(() => {});
  const [line] = (await inTime('an emulator that is ready', Promise.race([once(lines, 'line'), ended]))) as [string];
  return Number(/:(\d+)/.exec(line)?.[1]);
}

/** One request over plain HTTP; rejects when the connection ends without an answer. */
export function send({ method, path, headers, body }: Sent, to: { port: number; agent: Agent }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(body.length) };
    const all = { host: `localhost:${to.port}`, ...headers, ...length };
    const request = httpRequest({ ...to, host: '127.0.0.1', method, path, headers: all });
    request.on('error', reject);
    request.on('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode = 0, headers } = response;
        resolve({ status: statusCode, headers, text: Buffer.concat(chunks).toString() });
      });
    });
    request.end(body);
  });
}
