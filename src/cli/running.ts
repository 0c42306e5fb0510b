/** Finds the running emulator that a command is about. */
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { environmentName, options } from '../config/config.js';
import { readIfPresent } from '../support/private-files.js';
import { UsageError } from '../support/usage-error.js';
import { createHttpClient, type HttpClient } from './http-client.js';

export interface RunningOptions {
  /** Where tools reach it. */
  readonly url: URL;
  readonly dataFolder: string;
  readonly positionals: readonly string[];
  readonly json: boolean;
}

/** What the commands that talk to a running emulator have in common, as help shows it. */
export const runningHelp = [
  'Options:',
  '  --url URL     the emulator (default https://localhost:4567, or the port of LAZURITE_PORT; env LAZURITE_URL)',
  '  --data DIR    its data folder, where the CA is (default ./.lazurite; env LAZURITE_DATA)',
].join('\n');

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) throw new UsageError(`--url must be a URL, not '${text}'`);
  return url;
}

/** Reads the options of such a command. */
export function readRunningOptions(argv: readonly string[], env: NodeJS.ProcessEnv): RunningOptions {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { url: { type: 'string' }, data: { type: 'string' }, json: { type: 'boolean' } },
      allowPositionals: true,
    });
    const port = env[environmentName(options.port)] || options.port.fallback;
    const data = values.data ?? (env[environmentName(options.data)] || String(options.data.fallback));
    return {
      url: readUrl(values.url ?? (env.LAZURITE_URL || `https://localhost:${port}`)),
      dataFolder: resolve(data),
      positionals,
      json: values.json ?? false,
    };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError((error as Error).message.split(/\. |\n/)[0] ?? '');
  }
}

const isLoopback = ({ hostname }: URL): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'));

/** A client of it. On this machine it speaks HTTP, since its CA may be new or held in memory; elsewhere HTTPS. */
export function connect({ url, dataFolder }: Pick<RunningOptions, 'url' | 'dataFolder'>): HttpClient {
  if (isLoopback(url)) return createHttpClient({ url: `http://${url.hostname}:${url.port || defaultPort(url)}` });
  return createHttpClient({ url: url.origin, caPem: readIfPresent(join(dataFolder, 'ca.pem')) });
}

const defaultPort = ({ protocol }: URL): string => (protocol === 'https:' ? '443' : '80');
