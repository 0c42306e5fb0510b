/** What a command of `lazurite` is: its help, and what it does with its arguments. */

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
