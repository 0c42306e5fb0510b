/**
 * `lazurite clock`, `snapshot`, `reset`, `store`, `stop` and `wait`: the time, the stored resources and the life of an
 * emulator.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { ClockView, StoreUpgradeView } from '../api/admin/views.js';
import type { Snapshot } from '../store/snapshot.js';
import { systemTime } from '../support/clock.js';
import { keepPrivate } from '../support/files.js';
import { UsageError } from '../support/usage-error.js';
import { ask, connect, readOptions, readRunningOptions, runningHelp, tell } from './ask.js';
import type { Command } from './command.js';

const secondsPer: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `90`, `90s`, `4m`, `1h30m`: seconds. */
export function readSeconds(text: string): number {
  const whole = /^\d+(?:\.\d+)?$/.test(text) ? `${text}s` : text;
  if (!/^(?:\d+(?:\.\d+)?[smhd])+$/.test(whole))
    throw new UsageError(`clock wants a duration like 90, 4m or 1h30m, not '${text}'`);
  let seconds = 0;
  for (const [, amount, unit = 's'] of whole.matchAll(/([\d.]+)([smhd])/g)) {
    seconds += Number(amount) * (secondsPer[unit] ?? 1);
  }
  return seconds;
}

const line = ({ now, timeScale, advancedSeconds }: ClockView): string =>
  `${now} (time scale ${timeScale}, moved forward by ${advancedSeconds} s so far)`;

export const clock: Command = {
  usage: 'clock [DURATION] [--json] [OPTION…]',
  summary: "Prints Azure's time in a running emulator; with a duration (90, 4m, 1h30m) moves it forward first.",
  details: () =>
    `Probes, idle timeouts, drains and running operations see the time pass.\n\n${runningHelp}\n  --json        print what the admin API answers`,
  async run(argv, { env, print }) {
    const asked = readOptions(argv, { env, flags: {} });
    const [text, ...more] = asked.positionals;
    if (more.length > 0) throw new UsageError('clock wants one duration at most');
    const answer = await ask<ClockView>(
      asked.running,
      text === undefined
        ? { path: 'clock' }
        : { method: 'POST', path: 'clock', body: { advanceSeconds: readSeconds(text) } },
    );
    tell(answer, { print, asked, show: line });
    return 0;
  },
};

const resourcesIn = ({ tables }: Snapshot): string => {
  const count = (tables.resources?.length ?? 0) + (tables.classic_documents?.length ?? 0);
  return count === 1 ? '1 resource' : `${count} resources`;
};

function readSnapshot(file: string): Snapshot {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Snapshot;
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

export const snapshot: Command = {
  usage: 'snapshot save|load FILE [OPTION…]',
  summary: 'Saves all resources of a running emulator to a file, or replaces all of them by those of a file.',
  details: () =>
    `A file is good for the version of Lazurite that wrote it. start --seed FILE begins with one.\n\n${runningHelp}`,
  async run(argv, { env, print }) {
    const { running, positionals } = readOptions(argv, { env, flags: {} });
    const [action, file, ...more] = positionals;
    if ((action !== 'save' && action !== 'load') || !file || more.length > 0) {
      throw new UsageError('snapshot wants save FILE or load FILE');
    }
    if (action === 'save') {
      const taken = await ask<Snapshot>(running, { path: 'snapshot' });
      keepPrivate(file);
      writeFileSync(file, `${JSON.stringify(taken, undefined, 2)}\n`);
      print(`${resourcesIn(taken)} saved to ${file}`);
      return 0;
    }
    const kept = readSnapshot(file);
    await ask(running, { method: 'PUT', path: 'snapshot', body: kept });
    print(`${resourcesIn(kept)} restored from ${file}`);
    return 0;
  },
};

export const reset: Command = {
  usage: 'reset [OPTION…]',
  summary: 'Deletes every resource of a running emulator and ends its flows. Certificates and tokens stay.',
  details: () => runningHelp,
  async run(argv, { env, print }) {
    const client = connect(readRunningOptions(argv, env));
    const { status, body } = await client.send('POST', '/_lazurite/reset');
    client.close();
    if (status >= 400) throw new UsageError(`${client.url} refused to reset: ${JSON.stringify(body)}`);
    print(`${client.url} is as new`);
    return 0;
  },
};

export const store: Command = {
  usage: 'store upgrade [OPTION…]',
  summary: 'Lets the nodes that share a store write it in the newest schema; refused while an older node is there.',
  details: () =>
    `After all nodes have a new version, which until then writes what the version before it can read.\n\n${runningHelp}\n  --json        print what the admin API answers`,
  async run(argv, { env, print }) {
    const asked = readOptions(argv, { env, flags: {} });
    if (asked.positionals.join(' ') !== 'upgrade') throw new UsageError('store wants upgrade');
    const answer = await ask<StoreUpgradeView>(asked.running, { method: 'POST', path: 'store/upgrade' });
    const show = ({ from, to }: StoreUpgradeView): string =>
      from === to ? `the store is written in schema ${to} already` : `the store is written in schema ${to} from now on`;
    tell(answer, { print, asked, show });
    return 0;
  },
};

export const stop: Command = {
  usage: 'stop [OPTION…]',
  summary: 'Ends a running emulator, as SIGTERM does.',
  details: () => runningHelp,
  async run(argv, { env, print }) {
    const { running } = readOptions(argv, { env, flags: {} });
    try {
      await ask(running, { method: 'POST', path: 'stop' });
    } catch (error) {
      // It was ending already, and closed the connection.
      const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
      if (code !== 'ECONNRESET') throw error;
    }
    print(`${running.url.origin} stops`);
    return 0;
  },
};

const pollMs = 100;

export const wait: Command = {
  usage: 'wait [--timeout SECONDS] [OPTION…]',
  summary: 'Waits until the emulator is ready; exit code 1 when it is not in time.',
  details: () => `${runningHelp}\n  --timeout SECONDS  how long to wait (default 60)`,
  async run(argv, { env, print, printError, signal }) {
    const { running, values } = readOptions(argv, { env, flags: { timeout: { type: 'string' } } });
    const seconds = Number(values.timeout ?? 60);
    if (!(seconds >= 0)) throw new UsageError(`--timeout must be a number of seconds, not '${values.timeout}'`);
    const startedMs = systemTime.now();
    const client = connect(running);
    try {
      while (!signal.aborted) {
        const answer = await client.send('GET', '/_lazurite/ready').catch(() => undefined);
        if (answer?.status === 200) {
          print(`${running.url.origin} is ready`);
          return 0;
        }
        if (systemTime.now() - startedMs >= seconds * 1000) break;
        await setTimeout(pollMs);
      }
      printError(`lazurite: ${running.url.origin} was not ready within ${seconds} s`);
      return 1;
    } finally {
      client.close();
    }
  },
};
