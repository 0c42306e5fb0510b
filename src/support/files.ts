/** Files: where the package's own are, and those that only their owner may read (keys, certificates, database, snapshots). */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';

/**
 * Makes `folder` with mode 0700. One that exists keeps its mode: it may be the user's own (`--data .`), and what is
 * secret in it has mode 0600 anyway.
 */
export function ensurePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}

/** Writes `contents` to `file` with mode 0600, whole or not at all. */
export function writePrivateFile(file: string, contents: string | Uint8Array): void {
  const unfinished = `${file}.${randomBytes(4).toString('hex')}`;
  try {
    writeFileSync(unfinished, contents, { mode: 0o600, flag: 'wx' });
    renameSync(unfinished, file);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}

/** Gives `file` mode 0600 before anything is written to it; one that is not there is made, empty. */
export function keepPrivate(file: string): void {
  const descriptor = openSync(file, 'a', 0o600);
  try {
    const status = fstatSync(descriptor);
    if (status.isFile() && (status.mode & 0o077) !== 0) fchmodSync(descriptor, 0o600);
  } catch (error) {
    // The file of another user, or a file system without modes: what may be read there was decided elsewhere.
    if (!['EPERM', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    closeSync(descriptor);
  }
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

/** The folder of the compiled modules: `src/` under test, `dist/` when built. It lies beside package.json. */
export const modulesFolder = folderBeside('package.json', new URL('./', import.meta.url));

/** The folder that holds package.json and migrations. */
export const packageFolder = new URL('../', modulesFolder);

/** The version that `package.json` says. */
export const packageVersion = (): string =>
  (JSON.parse(readFileSync(new URL('package.json', packageFolder), 'utf8')) as { version: string }).version;

function folderBeside(file: string, folder: URL): URL {
  const above = new URL('../', folder);
  if (existsSync(new URL(file, above)) || above.href === folder.href) return folder;
  return folderBeside(file, above);
}
