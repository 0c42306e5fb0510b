/** What a command of `lazurite` is: its help, what it does with its arguments, and by what it is ended. */
import { readFileSync, readlinkSync } from 'node:fs';

/** The world as a command sees it, so that tests can show it another one. */
export interface CommandContext {
  readonly env: NodeJS.ProcessEnv;
  /** Writes a line to stdout. */
  readonly print: (line: string) => void;
  /** Writes a line to stderr. */
  readonly printError: (line: string) => void;
  /** The size of the terminal that stdout is; undefined when it is none. */
  readonly screen?: () => Screen | undefined;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

/** In characters. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
}

export interface Command {
  /** `lazurite <usage>`. */
  readonly usage: string;
  readonly summary: string;
  /** What `--help` says below usage and summary. */
  readonly details?: () => string;
  /** Does it; the number is the exit code. */
  readonly run: (argv: readonly string[], context: CommandContext) => Promise<number>;
}

/** Resolves when `signal` is aborted. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** How often the npm that started this process is looked for. */
const everyMs = 500;

/** Name and parent of a process; undefined where /proc does not tell. */
export function processOf(pid: number): { readonly name: string; readonly parent: number } | undefined {
  try {
    const [, name = '', parent] = /\((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return { name, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

/** A script with `lazurite start &` in it goes on without this process; its shell gives it no input. */
function isInBackground(): boolean {
  try {
    return readlinkSync('/proc/self/fd/0') === '/dev/null';
  } catch {
    return false;
  }
}

/** The shell is npx's own, which has this one command: `npx lazurite … &` in a script puts npx into the background. */
const isOfNpx = (shell: { readonly parent: number } | undefined, env: NodeJS.ProcessEnv): boolean =>
  env.npm_command === 'exec' &&
  !env.npm_lifecycle_script?.includes('&') &&
  shell !== undefined &&
  /^npm( |$)/.test(processOf(shell.parent)?.name ?? '');

/**
 * `npx` and `npm start` do not always pass a signal on. Calls `then` once npm, or the shell between it and this process, has
 * ended; the result ends the watch.
 */
export function whenNpmEnds(env: NodeJS.ProcessEnv, then: () => void): () => void {
  const { ppid } = process;
  const parent = processOf(ppid);
  const isShell = /^(ba|da|z|k)?sh$/.test(parent?.name ?? '');
  if (env.npm_command === undefined || (isShell && !isOfNpx(parent, env) && isInBackground())) return () => {};
  const timer = setInterval(() => {
    const isOrphan = process.ppid !== ppid || (isShell && processOf(ppid)?.parent !== parent?.parent);
    if (!isOrphan) return;
    clearInterval(timer);
    then();
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
