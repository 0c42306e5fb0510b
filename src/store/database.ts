/** Opens the SQLite file: durable on acknowledgement, owned by one process, brought up to date by forward-only migrations. */
import { readdirSync, readFileSync } from 'node:fs';
import { packageFolder } from '../support/package-folder.js';
import { type Connection, type DriverName, openSqlite, type Statement } from './sqlite.js';

/** Runs `write` in one IMMEDIATE transaction; whatever it throws undoes everything. */
export type RunTransaction = <T>(write: () => T) => T;

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
    throw new Error(`The data was written by a newer Lazurite (schema ${current}; this one knows ${newest}).`);
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
}

/**
 * Opens (and creates) the database. Throws when another process has it open.
 */
export function openDatabase({ file, driver }: DatabaseOptions = {}): Connection {
  const connection = openSqlite(file ?? ':memory:', { driver });
  try {
    // Exclusive locking keeps a second emulator out, and spares WAL its shared-memory file.
    connection.pragma('locking_mode = EXCLUSIVE');
    connection.pragma('journal_mode = WAL');
    connection.pragma('synchronous = FULL');
    migrate(connection);
  } catch (error) {
    connection.close();
    if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) {
      throw new Error(`${file} is in use by another Lazurite. Give this one its own --data folder, or --in-memory.`);
    }
    throw error;
  }
  return connection;
}

/** Statements by name. */
export type Prepared<S extends Record<string, string>> = { readonly [K in keyof S]: Statement };

/** Prepares every statement of a table of SQL texts once. */
export const prepareAll = <S extends Record<string, string>>(connection: Connection, sql: S): Prepared<S> =>
  Object.fromEntries(Object.entries(sql).map(([name, text]) => [name, connection.prepare(text)])) as Prepared<S>;
