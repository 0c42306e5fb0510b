/** The `lazurite` command: arguments and environment in, a command run, an exit code out. */
import { inspect } from 'node:util';
import { runCommand } from './cli/commands.js';
import { packageVersion } from './support/files.js';
import { UsageError } from './support/usage-error.js';

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // A second signal ends the process at once.
    if (stop.signal.aborted) process.exit(1);
    stop.abort();
  });
}

// `lazurite … | head` closes the pipe early; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`lazurite: the output cannot be written: ${error.message}\n`);
  process.exit(1);
});
// A log line that finds no room, or no reader, is lost; what it tells of goes on.
process.stderr.on('error', () => {});

async function command(): Promise<number> {
  const argv = process.argv.slice(2);
  if (['--version', '-v', 'version'].includes(argv[0] ?? '')) {
    process.stdout.write(`${packageVersion()}\n`);
    return 0;
  }
  return runCommand(argv, {
    env: process.env,
    print: (line) => process.stdout.write(`${line}\n`),
    printError: (line) => process.stderr.write(`${line}\n`),
    screen: () => (process.stdout.isTTY ? { columns: process.stdout.columns, rows: process.stdout.rows } : undefined),
    signal: stop.signal,
  });
}

/** Whether the options or the environment ask for the stack of an error. */
const isDebugging = (argv: readonly string[]): boolean =>
  process.env.LAZURITE_LOG_LEVEL === 'debug' || /--log-level[= ]debug\b/.test(argv.join(' '));

async function main(): Promise<never> {
  try {
    process.exitCode = await command();
  } catch (error) {
    const { message } = error as Error;
    const isMistake = error instanceof UsageError;
    const detail = isDebugging(process.argv.slice(2)) ? `\n${inspect(error)}` : '';
    const hint = isMistake || detail ? '' : ' (--log-level debug shows where)';
    process.stderr.write(`lazurite: ${message}${hint}${detail}\n`);
    process.exitCode = isMistake ? 2 : 1;
  }
  // A command that has returned is done: nothing it left open may keep the process.
  process.exit();
}

void main();
