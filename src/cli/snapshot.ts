/** `lazurite snapshot save|load FILE`: everything that is stored, in a file and back. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Snapshot } from '../store/snapshot.js';
import { UsageError } from '../support/usage-error.js';
import { ask, readOptions } from './ask.js';
import type { Command } from './command.js';
import { runningHelp } from './running.js';

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
