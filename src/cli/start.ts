/** `lazurite start`: the emulator, from the line that says it is ready to the signal that ends it. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { type Config, optionsHelp, parseConfig, unknownVariables } from '../config/config.js';
import type { LoadingThread } from '../data-plane/userspace/worker-thread.js';
import { systemTime } from '../support/clock.js';
import { UsageError } from '../support/usage-error.js';
import { aborted, type Command, whenNpmEnds } from './command.js';

/** Real time from the signal to the end of the process, whatever it waits for. */
const longestEndMs = 10_000;

function readyLine({ url, httpUrl, config }: { url: string; httpUrl: string; config: Config }): string {
  const data = config.inMemory ? 'in memory' : `data in ${config.data}`;
  return `lazurite ready ${url} (and ${httpUrl}; engine ${config.engine}; ${data})`;
}

/** Written beside its place first, so that no reader sees half of it. */
function writeReadyFile(file: string, { url, httpUrl }: { url: string; httpUrl: string }): void {
  try {
    writeFileSync(`${file}.new`, `${JSON.stringify({ url, httpUrl, pid: process.pid })}\n`);
    renameSync(`${file}.new`, file);
  } catch (error) {
    throw new UsageError(`--ready-file cannot be written: ${(error as Error).message}`);
  }
}

/** The engine's thread loads its modules while this one loads those of the API. */
async function engineThread({ engine }: Config): Promise<LoadingThread | undefined> {
  if (engine === 'none') return undefined;
  const { LoadingThread } = await import('../data-plane/userspace/worker-thread.js');
  return new LoadingThread();
}

export const start: Command = {
  usage: '[start] [OPTION…]',
  summary: 'Runs the emulator until SIGINT or SIGTERM.',
  details: () => `Options:\n${optionsHelp()}`,
  async run(argv, { env, print, printError, signal }) {
    const config = parseConfig(argv, env);
    for (const sentence of unknownVariables(env)) printError(`lazurite: ${sentence}`);
    const thread = await engineThread(config);
    const { Emulator } = await import('../emulator.js');
    const asked = new AbortController();
    let exitCode = 0;
    const failed = (): void => {
      exitCode = 1;
      asked.abort();
    };
    const ending = aborted(AbortSignal.any([signal, asked.signal]));
    let waitingFor = (): string => 'the start';
    void ending.then(() =>
      systemTime.wakeAfter(longestEndMs, () => {
        printError(`lazurite: ended after ${longestEndMs / 1000} s, without waiting longer for ${waitingFor()}`);
        process.exit(1);
      }),
    );
    const emulator = await Emulator.start(config, { stop: () => asked.abort(), failed, thread });
    waitingFor = () => emulator.waitingFor;
    const { url, httpUrl } = emulator;
    if (config.readyFile !== undefined) writeReadyFile(config.readyFile, { url, httpUrl });
    print(readyLine({ url, httpUrl, config }));
    const stopWatching = whenNpmEnds(env, () => asked.abort());
    await ending;
    stopWatching();
    if (config.readyFile !== undefined) rmSync(config.readyFile, { force: true });
    await emulator.close();
    return exitCode;
  },
};
