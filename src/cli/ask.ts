/** How commands ask a running emulator's admin API, and what they say when it refuses. */
import { parseArgs } from 'node:util';
import { UsageError } from '../support/usage-error.js';
import type { CommandContext } from './command.js';
import { connect, type RunningOptions, readRunningOptions } from './running.js';

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

/** Sends one request to the admin API; throws what it refuses. */
export async function ask<T>(
  running: RunningOptions,
  { method = 'GET', path, body }: { method?: string; path: string; body?: unknown },
): Promise<T> {
  const client = connect(running);
  try {
    const answer = await client.send(method, `/_lazurite/${path}`, body);
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
