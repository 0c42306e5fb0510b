/** `--watch` of the commands that list, and what `lazurite top` shares with them: the live stream of events, and a screen. */
import { setTimeout } from 'node:timers/promises';
import type { NodeView } from '../api/admin/views.js';
import { systemTime } from '../support/clock.js';
import { UsageError } from '../support/usage-error.js';
import { type Asked, ask, connect, type RunningOptions, tell } from './ask.js';
import type { CommandContext, Screen } from './command.js';
import type { HttpClient } from './http-client.js';

/** An event of `GET /_lazurite/events`. */
export interface LiveEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const reconnectMs = 1000;
/** Events come in bursts; what is shown is read again once for each. */
const settleMs = 100;

/** One block of the stream; undefined for a heartbeat. */
function readBlock(block: string): { id: string | undefined; event: LiveEvent | undefined } {
  const fields = new Map(
    block.split('\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  const data = fields.get('data');
  const event = data === undefined ? undefined : { type: fields.get('event') ?? 'message', data: JSON.parse(data) };
  return { id: fields.get('id'), event };
}

/** Blocks of one connection, until it ends. */
async function* blocksOf(client: HttpClient, { lastId, signal }: { lastId: string | undefined; signal: AbortSignal }) {
  const headers = { accept: 'text/event-stream', ...(lastId !== undefined && { 'last-event-id': lastId }) };
  let rest = '';
  for await (const text of await client.stream('/_lazurite/events', { headers, signal })) {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() ?? '';
    yield* blocks.map(readBlock);
  }
}

/** Every event until `signal` is aborted. Throws when the first connection fails; later ones are tried until one succeeds. */
async function* liveEvents(client: HttpClient, { signal, printError }: Pick<CommandContext, 'signal' | 'printError'>) {
  let connected = false;
  let lastId: string | undefined;
  while (!signal.aborted) {
    try {
      for await (const { id, event } of blocksOf(client, { lastId, signal })) {
        connected = true;
        lastId = id ?? lastId;
        if (event) yield event;
      }
    } catch (error) {
      if (!connected && !signal.aborted) throw error;
    }
    if (signal.aborted) return;
    printError(`${client.url} has closed the connection; trying again`);
    await setTimeout(reconnectMs, undefined, { signal }).catch(() => {});
  }
}

export interface Follower {
  /** Called with each event. */
  readonly onEvent?: (event: LiveEvent) => void;
  /** Called at first and after events, with the types of those since the last call; one call at a time. */
  readonly update: (types: ReadonlySet<string>) => Promise<void>;
  /** Real milliseconds after which `update` is called without an event too. */
  readonly everyMs?: number;
}

/** Follows the stream of a running emulator until the command is interrupted. */
export async function follow(
  running: RunningOptions,
  { signal, printError }: Pick<CommandContext, 'signal' | 'printError'>,
  { onEvent, update, everyMs }: Follower,
): Promise<void> {
  const client = connect(running);
  const ended = new AbortController();
  const until = AbortSignal.any([signal, ended.signal]);
  let types = new Set<string>();
  let wake: () => void = () => {};
  until.addEventListener('abort', () => wake());
  const read = async (): Promise<void> => {
    for await (const event of liveEvents(client, { signal: until, printError })) {
      onEvent?.(event);
      types.add(event.type);
      wake();
    }
  };
  const show = async (): Promise<void> => {
    while (!until.aborted) {
      if (types.size === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (everyMs !== undefined) systemTime.wakeAfter(everyMs, resolve);
        });
      }
      await setTimeout(settleMs, undefined, { signal: until }).catch(() => {});
      if (until.aborted) return;
      const happened = types;
      types = new Set();
      await update(happened);
    }
  };
  try {
    await Promise.race([read(), show()]);
  } finally {
    ended.abort();
    client.close();
  }
}

/** Text cut to the screen: no line wraps, and what is below its end is counted. */
export function fit(text: string, { columns, rows }: Screen): string[] {
  const lines = text.split('\n');
  const shown = lines.length < rows ? lines : [...lines.slice(0, rows - 2), `… ${lines.length - rows + 2} more`];
  return shown.map((line) => line.slice(0, columns));
}

/** Shows `text` in place of what was shown before; without a terminal below it. */
export function showOn({ print, screen }: Pick<CommandContext, 'print' | 'screen'>, text: string): void {
  const size = screen?.();
  if (size === undefined) {
    print(text);
    return;
  }
  // From the top left corner; each line is cleared behind its end, and so is what is below.
  print(
    `\u001b[H${fit(text, size)
      .map((line) => `${line}\u001b[K`)
      .join('\n')}\u001b[J`,
  );
}

/** After these everything may be different. */
const always = ['gap', 'reset'];

/** The option of commands that can. */
export const watchFlag = { watch: { type: 'boolean' } } as const;
/** Options of commands that show what one of several machines that share a store does. */
export const nodeFlags = { ...watchFlag, 'all-nodes': { type: 'boolean' } } as const;
export const nodesHelp = '  --all-nodes   ask every node that shares its store; each shows its own';
export const watchHelp =
  '  --watch       show it again whenever it has changed, until Ctrl-C; with --json a line for each state';

/** What every node that shares the store answers at `path`; a Lazurite alone is its only node. */
async function ofEveryNode<T>(running: RunningOptions, path: string): Promise<({ readonly node: string } & T)[]> {
  const { value } = await ask<{ value: readonly NodeView[] }>(running, { path: 'nodes' });
  const places = value.map(({ address }) => ({ node: address, url: new URL(`https://${address}`) }));
  const asked = places.length > 0 ? places : [{ node: running.url.host, url: running.url }];
  return Promise.all(asked.map(async ({ node, url }) => ({ node, ...(await ask<T>({ ...running, url }, { path })) })));
}

/**
 * Prints what the admin API answers at `path`; with `--watch` also whenever events of these `types` have changed it.
 * `show` makes text of it.
 */
export async function list<T>(
  { asked, context }: { asked: Asked; context: CommandContext },
  { path, types, show }: { path: string; types: readonly string[]; show: (answer: T) => string },
): Promise<number> {
  const { running } = asked;
  if (asked.values['all-nodes'] === true) {
    if (asked.values.watch === true) throw new UsageError('--watch shows one node: choose it with --url');
    const found = await ofEveryNode<T>(running, path);
    const shown = (): string => found.map(({ node, ...answer }) => `${node}\n${show(answer as T)}`).join('\n\n');
    tell({ nodes: found }, { print: context.print, asked, show: shown });
    return 0;
  }
  const read = (): Promise<T> => ask<T>(running, { path });
  if (asked.values.watch !== true) {
    tell(await read(), { print: context.print, asked, show });
    return 0;
  }
  let shown: string | undefined;
  const matters = new Set([...types, ...always]);
  await follow(running, context, {
    async update(happened) {
      if (shown !== undefined && ![...happened].some((type) => matters.has(type))) return;
      const answer = await read();
      const text = running.json ? JSON.stringify(answer) : show(answer);
      if (text === shown) return;
      if (running.json) context.print(text);
      else showOn(context, shown === undefined || context.screen?.() ? text : `\n${text}`);
      shown = text;
    },
  });
  return 0;
}
