/**
 * Row images: which rows works have written and what became of them, by table, key and column names, so that another
 * database, perhaps of another version, can be brought to the same state without running the works.
 */
import { tablesOf } from './snapshot.js';
import type { Connection, Statement } from './sqlite.js';

type Cells = Readonly<Record<string, string | number | null>>;

/** One row after the works; survives JSON. */
export interface RowImage {
  readonly table: string;
  /** The values of the primary key, by column. */
  readonly key: Cells;
  /** The whole row, by column; null when it is gone. */
  readonly row: Cells | null;
}

/** What images are about, for those who keep more than rows. */
export interface Touched {
  /** Folded ids of top-level resources that were written or deleted, or whose references were. */
  readonly resources: readonly string[];
  /** Keys of hosted services, see `hostedServiceKey`. */
  readonly hostedServices: readonly string[];
}

interface Recorded {
  readonly table: string;
  readonly written: Statement;
  readonly row: Statement;
  readonly clear: Statement;
}

const quoted = (name: string): string => `"${name}"`;

/** Notes which rows are written on its connection, by temporary triggers, which the file does not keep. */
export class RowRecorder {
  readonly #connection: Connection;
  readonly #tables: readonly Recorded[];
  readonly #statements = new Map<string, Statement>();

  constructor(connection: Connection) {
    this.#connection = connection;
    // A row that gives way to one with the same unique value is noted only then.
    connection.pragma('recursive_triggers = ON');
    connection.pragma('temp_store = MEMORY');
    this.#tables = tablesOf(connection).map((table) => this.#record(table));
  }

  #record(table: string): Recorded {
    const columns = this.#connection.pragma(`table_info(${quoted(table)})`) as { name: string; pk: number }[];
    const key = columns.filter(({ pk }) => pk > 0).map(({ name }) => name);
    const list = key.map(quoted).join(', ');
    const written = quoted(`written_${table}`);
    const note = (row: 'OLD' | 'NEW'): string =>
      `INSERT INTO ${written} VALUES (${key.map((name) => `${row}.${quoted(name)}`).join(', ')});`;
    this.#connection.exec(`
      CREATE TEMP TABLE ${written} (${list});
      CREATE TEMP TRIGGER ${quoted(`inserted_${table}`)} AFTER INSERT ON main.${quoted(table)} BEGIN ${note('NEW')} END;
      CREATE TEMP TRIGGER ${quoted(`updated_${table}`)} AFTER UPDATE ON main.${quoted(table)}
        BEGIN ${note('OLD')} ${note('NEW')} END;
      CREATE TEMP TRIGGER ${quoted(`deleted_${table}`)} AFTER DELETE ON main.${quoted(table)} BEGIN ${note('OLD')} END;
    `);
    const where = key.map((name) => `${quoted(name)} = @${name}`).join(' AND ');
    return {
      table,
      // A conflict clause of the statement that fires a trigger would replace one within: a key may be there twice.
      written: this.#connection.prepare(`SELECT DISTINCT * FROM temp.${written}`),
      row: this.#connection.prepare(`SELECT * FROM main.${quoted(table)} WHERE ${where}`),
      clear: this.#connection.prepare(`DELETE FROM temp.${written}`),
    };
  }

  /** The rows that were written since the transaction began; what a savepoint has undone is not among them. */
  images(): RowImage[] {
    return this.#tables.flatMap(({ table, written, row }) =>
      (written.all() as Cells[]).map((key) => {
        const found = row.get(key) as Cells | undefined;
        return { table, key: { ...key }, row: found === undefined ? null : { ...found } };
      }),
    );
  }

  /** What the images are about, in a file that is as it was before them. */
  touched(images: readonly RowImage[]): Touched {
    const resources = new Set<string>();
    const hostedServices = new Set<string>();
    for (const { table, key, row } of images) {
      if (table === 'resources') resources.add(String(key.key));
      if (table === 'links') resources.add(String(key.source_root));
      if (table !== 'classic_documents') continue;
      const document = row ?? (this.#tables.find((one) => one.table === table)?.row.get(key) as Cells | undefined);
      if (document?.kind === 'hostedService') hostedServices.add(`${document.subscription}/${document.name}`);
    }
    return { resources: [...resources], hostedServices: [...hostedServices] };
  }

  /** Brings the rows to what the images show; within a transaction. */
  apply(images: readonly RowImage[]): void {
    for (const { table, key, row } of images) if (row === null) this.#deletion(table, Object.keys(key)).run(key);
    for (const { table, row } of images) if (row !== null) this.#replacement(table, Object.keys(row)).run(row);
    this.clear();
  }

  /** Forgets what it has noted. */
  clear(): void {
    for (const { clear } of this.#tables) clear.run();
  }

  #deletion(table: string, columns: readonly string[]): Statement {
    const where = columns.map((name) => `${quoted(name)} = @${name}`).join(' AND ');
    return this.#prepared(`DELETE FROM main.${quoted(table)} WHERE ${where}`);
  }

  #replacement(table: string, columns: readonly string[]): Statement {
    const values = columns.map((name) => `@${name}`).join(', ');
    return this.#prepared(
      `INSERT OR REPLACE INTO main.${quoted(table)} (${columns.map(quoted).join(', ')}) VALUES (${values})`,
    );
  }

  #prepared(sql: string): Statement {
    const known = this.#statements.get(sql) ?? this.#connection.prepare(sql);
    this.#statements.set(sql, known);
    return known;
  }
}
