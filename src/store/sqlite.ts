/**
 * SQLite behind one small connection type, over better-sqlite3 where it is installed and loads, else over Node's own
 * `node:sqlite`. Both write the same files.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { UsageError } from '../support/usage-error.js';

/** A prepared statement. Parameters are given in order, or by name as one object. */
export interface Statement {
  /** The first row, or undefined. */
  get(...parameters: unknown[]): unknown;
  /** Every row. */
  all(...parameters: unknown[]): unknown[];
  run(...parameters: unknown[]): { readonly changes: number | bigint };
}

/** An open database. Errors of SQLite have a `code` that begins with its name: `SQLITE_BUSY`, `SQLITE_CONSTRAINT`. */
export interface Connection {
  readonly driver: DriverName;
  readonly open: boolean;
  readonly inTransaction: boolean;
  prepare(sql: string): Statement;
  /** Runs statements that answer nothing. */
  exec(sql: string): void;
  /** The rows that a pragma answers; with `simple` the first cell of the first row. One that sets something answers none. */
  pragma(text: string, options?: { readonly simple?: boolean }): unknown;
  /**
   * Runs `work` in an IMMEDIATE transaction, or within one in a savepoint. When it throws, everything that it did is
   * undone and the error thrown on.
   */
  transaction<T>(work: () => T): T;
  /** The result of `work`, after which everything is as before. Throws what `work` throws. */
  rehearse<T>(work: () => T): T;
  /** Does nothing when it is closed. */
  close(): void;
}

export type DriverName = 'better-sqlite3' | 'node:sqlite';

/** What a driver offers: the part that better-sqlite3 and `node:sqlite` have in common. */
interface Handle {
  prepare(sql: string): Statement;
  exec(sql: string): unknown;
  close(): void;
}

interface Driver {
  readonly name: DriverName;
  readonly open: (file: string) => Handle;
}

const require = createRequire(import.meta.url);

function betterSqlite3(): Driver | undefined {
  try {
    const native = join(dirname(require.resolve('better-sqlite3/package.json')), 'build/Release/better_sqlite3.node');
    // Its native part may have been built for another Node. To let the package look for it is slower.
    const options: BetterSqlite3.Options = existsSync(native) ? { nativeBinding: require(native) } : {};
    const Database = require('better-sqlite3') as typeof BetterSqlite3;
    if (!options.nativeBinding) new Database(':memory:').close();
    return { name: 'better-sqlite3', open: (file) => new Database(file, options) as Handle };
  } catch {
    return undefined;
  }
}

interface NodeSqlite {
  readonly DatabaseSync: new (file: string) => Handle;
}

function nodeSqlite(): Driver | undefined {
  const { emitWarning } = process;
  try {
    // The part that is used has not changed since Node 22.13; a warning at every start would only hide others.
    process.emitWarning = () => {};
    const { DatabaseSync } = require('node:sqlite') as NodeSqlite;
    return { name: 'node:sqlite', open: (file) => new DatabaseSync(file) };
  } catch {
    return undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** The preferred one first. */
const finders = [
  { name: 'better-sqlite3', find: betterSqlite3 },
  { name: 'node:sqlite', find: nodeSqlite },
] as const;
const found = new Map<DriverName, Driver | undefined>();

/** The driver of this name, or the preferred one; undefined where there is none that works. No other is loaded. */
function driverFor(wanted: DriverName | undefined): Driver | undefined {
  for (const { name, find } of finders) {
    if (wanted !== undefined && wanted !== name) continue;
    if (!found.has(name)) found.set(name, find());
    const driver = found.get(name);
    if (driver) return driver;
  }
  return undefined;
}

const remedy = (): string =>
  `SQLite is missing: Node ${process.versions.node} has none that Lazurite can use, and better-sqlite3 is not installed ` +
  'or does not load. Use Node 22.13 or newer, or run `npm install better-sqlite3@12` beside Lazurite.';

/** Opens a file, or `:memory:`. Throws a `UsageError` that says what to do where there is no driver. */
export function openSqlite(file: string, { driver }: { driver?: DriverName | undefined } = {}): Connection {
  const chosen = driverFor(driver);
  if (!chosen) throw new UsageError(remedy());
  return new SqliteConnection(chosen, file);
}

/** Result codes that are told apart, by the number that `node:sqlite` gives: https://www.sqlite.org/rescode.html */
const codeNames: Readonly<Record<number, string>> = {
  5: 'SQLITE_BUSY',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  19: 'SQLITE_CONSTRAINT',
  20: 'SQLITE_MISMATCH',
  26: 'SQLITE_NOTADB',
};

/** Gives an error of `node:sqlite` the code that better-sqlite3 would give it. */
function withCode(error: unknown): unknown {
  const { errcode } = error as { errcode?: number };
  const name = errcode === undefined ? undefined : codeNames[errcode & 0xff];
  if (name !== undefined) (error as { code?: string }).code = name;
  return error;
}

/** The statements of a transaction or savepoint. */
interface Scope {
  readonly begin: Statement;
  readonly keep: Statement;
  readonly undo: readonly Statement[];
}

class SqliteConnection implements Connection {
  readonly driver: DriverName;
  readonly #handle: Handle;
  readonly #whole: Scope;
  #open = true;
  /** 1 in a transaction, more in its savepoints. */
  #depth = 0;
  /** By depth. */
  readonly #savepoints: Scope[] = [];

  constructor({ name, open }: Driver, file: string) {
    this.driver = name;
    this.#handle = withNames(() => open(file));
    // How long a write waits for another process before it fails with SQLITE_BUSY.
    this.exec('PRAGMA busy_timeout = 250');
    const [begin, keep, undo] = ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK'].map((sql) => this.prepare(sql));
    this.#whole = { begin, keep, undo: [undo] } as Scope;
  }

  get open(): boolean {
    return this.#open;
  }

  get inTransaction(): boolean {
    return this.#depth > 0;
  }

  prepare(sql: string): Statement {
    const statement = withNames(() => this.#handle.prepare(sql));
    if (this.driver === 'better-sqlite3') return statement;
    return {
      get: (...parameters) => withNames(() => statement.get(...parameters)),
      all: (...parameters) => withNames(() => statement.all(...parameters)),
      run: (...parameters) => withNames(() => statement.run(...parameters)),
    };
  }

  exec(sql: string): void {
    withNames(() => this.#handle.exec(sql));
  }

  pragma(text: string, { simple = false }: { readonly simple?: boolean } = {}): unknown {
    if (text.includes('=')) {
      this.exec(`PRAGMA ${text}`);
      return [];
    }
    const rows = this.prepare(`PRAGMA ${text}`).all() as object[];
    return simple ? Object.values(rows[0] ?? {})[0] : rows;
  }

  transaction<T>(work: () => T): T {
    const end = this.#enter();
    try {
      const result = work();
      end('keep');
      return result;
    } catch (error) {
      end('undo');
      throw error;
    }
  }

  rehearse<T>(work: () => T): T {
    const end = this.#enter();
    try {
      return work();
    } finally {
      end('undo');
    }
  }

  /** Begins a transaction, or a savepoint in one; the result ends it. Where keeping fails it is still to be undone. */
  #enter(): (how: 'keep' | 'undo') => void {
    const scope = this.#depth > 0 ? this.#savepoint(this.#depth) : this.#whole;
    scope.begin.run();
    this.#depth++;
    return (how) => {
      if (how === 'keep') scope.keep.run();
      else this.#undo(scope);
      this.#depth--;
    };
  }

  #savepoint(depth: number): Scope {
    this.#savepoints[depth] ??= {
      begin: this.prepare(`SAVEPOINT nested${depth}`),
      keep: this.prepare(`RELEASE nested${depth}`),
      undo: [this.prepare(`ROLLBACK TO nested${depth}`), this.prepare(`RELEASE nested${depth}`)],
    };
    return this.#savepoints[depth];
  }

  #undo({ undo }: Scope): void {
    try {
      for (const statement of undo) statement.run();
    } catch {
      // SQLite undoes a transaction itself when the disk is full or cannot be read.
    }
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#handle.close();
  }
}

function withNames<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw withCode(error);
  }
}
