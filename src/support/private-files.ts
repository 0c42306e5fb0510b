/** Files that only their owner may read: keys, certificates and the folder that holds them. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/**
 * Makes `folder` with mode 0700. One that exists keeps its mode: it may be the user's own (`--data .`), and what is
 * secret in it has mode 0600 anyway.
 */
export function ensurePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}

/** Writes `text` to `file` with mode 0600, whole or not at all. */
export function writePrivateFile(file: string, text: string): void {
  const unfinished = `${file}.${randomBytes(4).toString('hex')}`;
  writeFileSync(unfinished, text, { mode: 0o600, flag: 'wx' });
  renameSync(unfinished, file);
}

/** The text of `file`, or `undefined` when there is none. */
export function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
