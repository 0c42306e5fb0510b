/**
 * One command of the user's beside an emulator: its environment, its signals, its exit code. `lazurite run` without
 * privileges, `sandbox` in a network of its own.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, optionsHelp, parseConfig, unknownVariables } from '../config/config.js';
import { UsageError } from '../support/usage-error.js';
import { type Command, whenNpmEnds } from './command.js';
import { variables, writeCaFiles } from './env.js';

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** A shell's exit codes for a command that cannot be run. */
const notFound = 127;
const notExecutable = 126;

/** What stands before `--`, and the command behind it. `name` is the command of ours that was called. */
export function splitAtCommand(
  argv: readonly string[],
  name: string,
): { readonly options: readonly string[]; readonly command: readonly string[] } {
  const at = argv.indexOf('--');
  const command = at < 0 ? [] : argv.slice(at + 1);
  if (command.length === 0) throw new UsageError(`${name} needs a command: lazurite ${name} -- COMMAND [ARGUMENT…]`);
  return { options: argv.slice(0, at), command };
}

/** As a shell reports it. */
export const exitCodeOf = (code: number | null, signal: NodeJS.Signals | null): number =>
  code ?? 128 + (signal === null ? 0 : constants.signals[signal]);

/**
 * Passes on what is sent to this process alone; a terminal sends its Ctrl-C to the command as well. The end of the npm that
 * started this process is SIGTERM to the command.
 */
export function forwardSignals(env: NodeJS.ProcessEnv, send: (signal: NodeJS.Signals) => void): () => void {
  const stopWatching = whenNpmEnds(env, () => send('SIGTERM'));
  const listeners = forwarded.map((name) => {
    const listener = (): void => {
      if (name !== 'SIGINT' || !process.stdin.isTTY) send(name);
    };
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  return () => {
    stopWatching();
    for (const remove of listeners) remove();
  };
}

export interface BesideOptions {
  readonly config: Config;
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Called once the command runs; the result is called when it has ended. */
  readonly watch?: (kill: () => void) => () => void;
  /** Called before the emulator stops. */
  readonly ended?: () => void;
}

/** Starts an emulator, runs the command with the variables of `lazurite env`, stops; the number is its exit code. */
export async function runBesideEmulator(options: BesideOptions): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'lazurite-run-'));
  try {
    const { Emulator } = await import('../emulator.js');
    const failure = new AbortController();
    const emulator = await Emulator.start(options.config, { failed: () => failure.abort() });
    try {
      const url = new URL(emulator.url);
      const files = await writeCaFiles({ url, dataFolder: folder, positionals: [], json: false }, options.env);
      const env = { ...options.env, ...variables({ url, files }, options.env), LAZURITE_URL: url.origin };
      return await runCommand({ ...options, env }, failure.signal);
    } finally {
      options.ended?.();
      await emulator.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Without its emulator the command is ended, and the exit code says so. */
async function runCommand({ command, env, watch }: BesideOptions, failure: AbortSignal): Promise<number> {
  const [file = '', ...argv] = command;
  const child = spawn(file, argv, { env, stdio: 'inherit' });
  const stopForwarding = forwardSignals(env, (signal) => child.kill(signal));
  failure.addEventListener('abort', () => child.kill());
  const stopWatching = watch?.(() => child.kill('SIGKILL'));
  try {
    return await new Promise<number>((resolve) => {
      child.on('error', ({ code, message }: NodeJS.ErrnoException) => {
        const isMissing = code === 'ENOENT';
        const reason = isMissing ? 'there is no such command' : code === 'EACCES' ? 'it may not be executed' : message;
        process.stderr.write(`lazurite: ${file} cannot be run: ${reason}\n`);
        resolve(isMissing ? notFound : notExecutable);
      });
      child.on('exit', (code, signal) => resolve(failure.aborted ? 1 : exitCodeOf(code, signal)));
    });
  } finally {
    stopForwarding();
    stopWatching?.();
  }
}

export const run: Command = {
  usage: 'run [OPTION of start…] -- COMMAND [ARGUMENT…]',
  summary: 'Starts an emulator, runs a command that finds it, and stops it. The exit code is that of the command.',
  details: () =>
    [
      'The emulator is in memory, on a free port, with the userspace engine. The variables of `lazurite env` are set for',
      'the command, with LAZURITE_URL. To have a network of its own as well: lazurite sandbox.',
      '',
      'Options:',
      optionsHelp(),
    ].join('\n'),
  async run(argv, { env, printError }) {
    const { options, command } = splitAtCommand(argv, 'run');
    const config = parseConfig(['--in-memory', '--port=0', ...options], { LAZURITE_LOG_LEVEL: 'warn', ...env });
    for (const sentence of unknownVariables(env)) printError(`lazurite: ${sentence}`);
    return runBesideEmulator({ config, command, env });
  },
};
