/** Opens the SQLite file: durable on acknowledgement, owned by one process, brought up to date by forward-only migrations. */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { keepPrivate, packageFolder } from '../support/files.js';
import { explainFileError, UsageError } from '../support/usage-error.js';
import { type Connection, type DriverName, openSqlite, type Statement } from './sqlite.js';

const migrationsFolder = new URL('migrations/', packageFolder);

interface Migration {
  readonly version: number;
  readonly sql: string;
}

function migrations(): Migration[] {
  return readdirSync(migrationsFolder)
    .filter((file) => /^\d{4}-.*\.sql$/.test(file))
    .sort()
    .map((file) => ({
      version: Number(file.slice(0, 4)),
      sql: readFileSync(new URL(file, migrationsFolder), 'utf8'),
    }));
}

function migrate(connection: Connection): void {
  const current = connection.pragma('user_version', { simple: true }) as number;
  const known = migrations();
  const newest = known.at(-1)?.version ?? 0;
  if (current > newest) {
    throw new UsageError(
      `The data was written by a newer Lazurite (schema ${current}; this one knows ${newest}). Start that one, or choose another folder with --data.`,
    );
  }
  for (const { version, sql } of known.filter((one) => one.version > current)) {
    connection.transaction(() => {
      connection.exec(sql);
      connection.pragma(`user_version = ${version}`);
    });
  }
}

export interface DatabaseOptions {
  /** In memory when absent. */
  readonly file?: string | undefined;
  /** The best one that works here when absent. */
  readonly driver?: DriverName | undefined;
  /** Told in a sentence what is wrong with the file but does not keep it from being opened. */
  readonly warn?: ((sentence: string) => void) | undefined;
}

/** What is wrong with a file, by the code of SQLite's error, and what to do about it. */
const problems: readonly (readonly [code: RegExp, sentence: (file: string, reason: string) => string])[] = [
  [
    /^SQLITE_BUSY/,
    (file) => `${file} is in use by another Lazurite. Give this one its own --data folder, or --in-memory.`,
  ],
  [/^SQLITE_FULL/, (file) => `the disk of ${file} is full: make room, or choose another folder with --data`],
  [
    /^SQLITE_(CORRUPT|NOTADB)/,
    (file, reason) =>
      `${file} is damaged (${reason}): put a copy in its place, or move it and ${basename(file)}-wal away to start without data`,
  ],
  [
    /^SQLITE_(READONLY|CANTOPEN|PERM)/,
    (file, reason) =>
      `${file} cannot be written (${reason}): change its owner or its mode, or choose another folder with --data`,
  ],
  [
    /^SQLITE_IOERR/,
    (file, reason) =>
      `the disk cannot read or write ${file} (${reason}): check it, or choose another folder with --data`,
  ],
];

function explain(error: unknown, file: string | undefined): unknown {
  const { code = '', message } = error as { code?: string; message: string };
  const [, sentence] = problems.find(([pattern]) => pattern.test(code)) ?? [];
  return file === undefined || !sentence ? error : new UsageError(sentence(file, message), { cause: error });
}

const walHeaderBytes = 32;
const walFrameHeaderBytes = 24;
const walMagic = 0x377f0682;

/**
 * Looks at the log of writes that a process which was killed has left. SQLite would ignore one that it cannot read, and
 * with it everything that was written last. Throws when it is damaged; answers a sentence when its end is missing.
 */
function checkWal(file: string): string | undefined {
  const wal = `${file}-wal`;
  let bytes: Buffer;
  let size: number;
  try {
    ({ size } = statSync(wal));
    bytes = readStart(wal, walHeaderBytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw explainFileError(error);
  }
  // The header of a log is written together with its first frame.
  if (size <= walHeaderBytes) return undefined;
  if ((bytes.readUInt32BE(0) & ~1) >>> 0 !== walMagic) {
    throw new UsageError(
      `${wal} is damaged (it has no header): put a copy in its place, or move it away to go on without the last writes`,
    );
  }
  const frameBytes = walFrameHeaderBytes + bytes.readUInt32BE(8);
  if ((size - walHeaderBytes) % frameBytes === 0) return undefined;
  return `${wal} ends in the middle of a write, so what was written last is not there: expected after a full disk or a loss of power`;
}

/** The system says better than SQLite why a file or its folder cannot be written. */
function checkAccess(file: string): void {
  try {
    accessSync(dirname(file), constants.W_OK);
    if (existsSync(file)) accessSync(file, constants.R_OK | constants.W_OK);
  } catch (error) {
    throw explainFileError(error);
  }
}

/** SQLite gives the files that it makes beside a database the mode of the database; those that are there keep theirs. */
function protect(file: string): void {
  try {
    for (const one of [file, `${file}-wal`]) if (one === file || existsSync(one)) keepPrivate(one);
  } catch (error) {
    throw explainFileError(error);
  }
}

function readStart(file: string, length: number): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(length);
    readSync(descriptor, bytes, 0, length, 0);
    return bytes;
  } finally {
    closeSync(descriptor);
  }
}

/** Throws what SQLite finds wrong in the file: a damaged page would else be found when a request needs it. */
function checkPages(connection: Connection): void {
  const found = connection.pragma('quick_check(1)', { simple: true });
  if (found !== 'ok') throw Object.assign(new Error(String(found).replace(/\s+/g, ' ')), { code: 'SQLITE_CORRUPT' });
}

/**
 * Opens (and creates) the database. Throws a `UsageError` for what the user can correct: a file that another process has
 * open, that is damaged, that cannot be written, or that a newer version wrote.
 */
export function openDatabase({ file, driver, warn }: DatabaseOptions = {}): Connection {
  if (file !== undefined) {
    checkAccess(file);
    const problem = checkWal(file);
    if (problem !== undefined) warn?.(problem);
    protect(file);
  }
  let connection: Connection | undefined;
  try {
    connection = openSqlite(file ?? ':memory:', { driver });
    // Exclusive locking keeps a second emulator out, and spares WAL its shared-memory file.
    connection.pragma('locking_mode = EXCLUSIVE');
    connection.pragma('journal_mode = WAL');
    connection.pragma('synchronous = FULL');
    migrate(connection);
    checkPages(connection);
    return connection;
  } catch (error) {
    connection?.close();
    throw explain(error, file);
  }
}

/** Statements by name. */
export type Prepared<S extends Record<string, string>> = { readonly [K in keyof S]: Statement };

/** Prepares every statement of a table of SQL texts once. */
export const prepareAll = <S extends Record<string, string>>(connection: Connection, sql: S): Prepared<S> =>
  Object.fromEntries(Object.entries(sql).map(([name, text]) => [name, connection.prepare(text)])) as Prepared<S>;
