/** How commands reach a running emulator's admin API, read their options, and print what it answers. */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readAdminSecret } from '../api/identity/admin-secret.js';
import { environmentName, options } from '../config/config.js';
import { readIfPresent } from '../support/files.js';
import { isLoopbackHost } from '../support/ip-address.js';
import { UsageError } from '../support/usage-error.js';
import type { CommandContext } from './command.js';
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
  '  --data DIR    its data folder, where its CA and secret are (default ./.lazurite; env LAZURITE_DATA)',
].join('\n');

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new UsageError(`--url must be a URL like https://localhost:4567, not '${text}'`);
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

/** On this machine it is spoken to over HTTP, since its CA may be new or held in memory; elsewhere over HTTPS. */
const placeOf = ({ url, dataFolder }: Pick<RunningOptions, 'url' | 'dataFolder'>) =>
  isLoopbackHost(url.hostname)
    ? { url: `http://${url.hostname}:${url.port || defaultPort(url)}` }
    : { url: url.origin, caPem: readIfPresent(join(dataFolder, 'ca.pem')) };

/** A client of it. Where a token is asked for, the secret in the data folder is tried, then a token of its own. */
export const connect = (running: Pick<RunningOptions, 'url' | 'dataFolder'>): HttpClient =>
  createHttpClient({
    ...placeOf(running),
    credentials: [async () => readAdminSecret(running.dataFolder), () => requestToken(running)],
  });

/** An access token for Resource Manager and `/_lazurite/`, good for an hour; `undefined` where none is given. */
export async function requestToken(running: Pick<RunningOptions, 'url' | 'dataFolder'>): Promise<string | undefined> {
  const client = createHttpClient(placeOf(running));
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: 'lazurite',
    client_secret: 'lazurite',
    resource: 'https://management.azure.com/',
  });
  try {
    const { body } = await client.send('POST', '/common/oauth2/token', form.toString());
    return (body as { access_token?: string } | undefined)?.access_token;
  } finally {
    client.close();
  }
}

const defaultPort = ({ protocol }: URL): string => (protocol === 'https:' ? '443' : '80');

type Flags = Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>;

/** Options of a command by name. */
export interface Asked {
  readonly running: RunningOptions;
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
}

const shared: Flags = { url: { type: 'string' }, data: { type: 'string' }, json: { type: 'boolean' } };

/** Reads the options that all such commands have, and the command's own. */
export function readOptions(argv: readonly string[], { env, flags }: { env: NodeJS.ProcessEnv; flags: Flags }): Asked {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { ...shared, ...flags },
      allowPositionals: true,
    });
    const common = ['url', 'data'].flatMap((name) => {
      const value = (values as Record<string, unknown>)[name];
      return typeof value === 'string' ? [`--${name}`, value] : [];
    });
    const running = readRunningOptions([...common, ...('json' in values ? ['--json'] : [])], env);
    return { running, values: values as Asked['values'], positionals };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError((error as Error).message.split(/\. |\n/)[0] ?? '');
  }
}

const reasonOf = (body: unknown): string =>
  (body as { error?: { message?: string } } | undefined)?.error?.message ?? JSON.stringify(body);

const noLazurite = (url: string): UsageError => new UsageError(`${url} answered 404: is it a Lazurite?`);

/** Sends one request to the admin API; throws what it refuses. */
export async function ask<T>(
  running: RunningOptions,
  { method = 'GET', path, body }: { method?: string; path: string; body?: unknown },
): Promise<T> {
  const client = connect(running);
  try {
    const answer = await client.send(method, `/_lazurite/${path}`, body);
    if (answer.status === 404 && method === 'GET') throw noLazurite(client.url);
    if (answer.status >= 400) throw new UsageError(`${client.url} refuses: ${reasonOf(answer.body)}`);
    return answer.body as T;
  } finally {
    client.close();
  }
}

/** Prints what the admin API answered: as it is with `--json`, else as `show` puts it. */
export function tell<T>(
  answer: T,
  { print, asked, show }: { print: CommandContext['print']; asked: Asked; show: (answer: T) => string },
): void {
  print(asked.running.json ? JSON.stringify(answer, undefined, 2) : show(answer));
}

/** `lb1/loadBalancingRules/web` of a resource id: the part that tells rules of one screen apart. */
export const shortId = (id: string): string => id.split('/').slice(-3).join('/');

/** A duration as people read it: `250 ms`, `12 s`, `3 min`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}

/** `rows` below `head`; a column whose every cell is a number is aligned to the right. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = head.map((title, index) => {
    const cells = rows.map((row) => row[index] ?? '');
    const numeric = cells.length > 0 && cells.every((cell) => /^\d[\d,]*( of \d[\d,]*)?$|^$/.test(cell));
    return { width: Math.max(title.length, ...cells.map((cell) => cell.length)), numeric };
  });
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ width, numeric }, index) => {
        const cell = cells[index] ?? '';
        return numeric ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [line(head), line(columns.map(({ width }) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
