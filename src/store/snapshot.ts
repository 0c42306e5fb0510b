/** Everything that is stored, as one JSON document: taken, checked, and put back in one transaction. */
import { AzureError, azureError } from '../errors/index.js';
import { isDeeper } from '../support/plain-data.js';
import type { Connection } from './sqlite.js';

export const snapshotFormat = 'lazurite-snapshot';

type Cell = string | number | null | object;

export interface Snapshot {
  readonly format: typeof snapshotFormat;
  /** `PRAGMA user_version` of the database it was taken from. */
  readonly schemaVersion: number;
  /** Azure time, ISO 8601. */
  readonly takenAt: string;
  /** Rows by table; JSON columns as JSON, so that people can read and compare snapshots. */
  readonly tables: Readonly<Record<string, readonly Readonly<Record<string, Cell>>[]>>;
}

const schemaVersionOf = (connection: Connection): number =>
  connection.pragma('user_version', { simple: true }) as number;

/** How far a replica has come: its own, so neither a reset nor a snapshot nor the log of changes knows it. */
export const positionTable = 'replica_position';

/** The names of all tables of the state, in alphabetical order. */
export function tablesOf(connection: Connection): string[] {
  const tables = connection.prepare(
    `SELECT name FROM sqlite_schema
      WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> '${positionTable}' ORDER BY name`,
  );
  return (tables.all() as { name: string }[]).map(({ name }) => name);
}

const columnsOf = (connection: Connection, table: string): string[] =>
  (connection.pragma(`table_info("${table}")`) as { name: string }[]).map(({ name }) => name);

/** Text that is a JSON object or array becomes one when that loses nothing. */
function readable(cell: Cell): Cell {
  if (typeof cell !== 'string' || !/^[{[]/.test(cell)) return cell;
  try {
    const value = JSON.parse(cell) as object;
    return JSON.stringify(value) === cell ? value : cell;
  } catch {
    return cell;
  }
}

const storable = (cell: Cell): Cell => (typeof cell === 'object' && cell !== null ? JSON.stringify(cell) : cell);

/** Reads all tables. */
export function takeSnapshot(connection: Connection, takenAt: string): Snapshot {
  const tables = tablesOf(connection).map((table) => {
    const rows = connection.prepare(`SELECT * FROM "${table}"`).all() as Record<string, Cell>[];
    return [
      table,
      rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, readable(cell)]))),
    ];
  });
  return {
    format: snapshotFormat,
    schemaVersion: schemaVersionOf(connection),
    takenAt,
    tables: Object.fromEntries(tables),
  };
}

/** Whether a JSON document says that it is a snapshot. */
export const isSnapshot = (document: unknown): document is Snapshot =>
  (document as Partial<Snapshot> | null)?.format === snapshotFormat;

/** Columns that hold JSON, by table and name, with what the JSON is. */
const jsonColumns: Readonly<Record<string, Readonly<Record<string, 'object' | 'any'>>>> = {
  resource_groups: { tags: 'object' },
  resources: { document: 'object' },
  operations: { result: 'any', error: 'object' },
  deployments: { document: 'object', template: 'any' },
  deployment_operations: { document: 'object' },
  deployment_runs: { error: 'object' },
  classic_documents: { document: 'object' },
};
/** Columns that hold an instant as ISO 8601. */
const instantColumns = new Set(['created', 'changed']);
/** As in bodies: everything that walks through a document relies on it. */
const maxDepth = 128;

/** What is wrong with a cell, as the end of a sentence; undefined when nothing is. `null` is the table's own affair. */
function flawOf(cell: Cell, { table, column }: { table: string; column: string }): string | undefined {
  const kind = jsonColumns[table]?.[column];
  if (cell === null) return undefined;
  if (kind === undefined) {
    if (typeof cell === 'object') return 'is no text or number';
    if (instantColumns.has(column) && !/^\d{4}-\d\d-\d\dT.*Z$/.test(String(cell))) return 'is no instant';
    return instantColumns.has(column) && Number.isNaN(Date.parse(String(cell))) ? 'is no instant' : undefined;
  }
  const value = typeof cell === 'string' ? parsed(cell) : cell;
  if (value === undefined) return 'is no JSON';
  if (isDeeper(value, maxDepth)) return `is deeper than ${maxDepth} levels`;
  const found = Array.isArray(value) ? 'array' : value !== null && typeof value === 'object' ? 'object' : 'any';
  return kind === 'any' || kind === found ? undefined : `is no JSON ${kind}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const refuse = (reason: string) => azureError('InvalidSnapshot', { values: { reason } });

/** Rows of every table of the database, in the order of its columns; throws what is wrong with the document. */
function readTables(document: unknown, connection: Connection) {
  if (!isSnapshot(document)) throw refuse(`it is no document of the format ${snapshotFormat}.`);
  const known = schemaVersionOf(connection);
  const found = Number(document.schemaVersion);
  if (found !== known) throw azureError('SnapshotSchemaMismatch', { values: { found, known } });
  const given = document.tables as Record<string, unknown>;
  const names = tablesOf(connection);
  const unknown = Object.keys(given ?? {}).find((name) => !names.includes(name));
  if (unknown !== undefined) throw refuse(`it has an unknown table '${unknown}'.`);
  return names.map((table) => {
    const rows = given?.[table];
    if (!Array.isArray(rows)) throw refuse(`its table '${table}' is missing.`);
    const columns = columnsOf(connection, table);
    return { table, columns, rows: rows.map((row) => readRow(row, { table, columns })) };
  });
}

function readRow(row: unknown, { table, columns }: { table: string; columns: readonly string[] }): Cell[] {
  if (row === null || typeof row !== 'object') throw refuse(`a row of '${table}' is no object.`);
  const cells = row as Record<string, Cell>;
  const unknown = Object.keys(cells).find((name) => !columns.includes(name));
  if (unknown !== undefined) throw refuse(`a row of '${table}' has an unknown column '${unknown}'.`);
  return columns.map((column) => {
    const cell = cells[column];
    if (cell === undefined || typeof cell === 'boolean') throw refuse(`a row of '${table}' lacks '${column}'.`);
    const flaw = flawOf(cell, { table, column });
    if (flaw !== undefined) throw refuse(`the column '${column}' of a row of '${table}' ${flaw}.`);
    return storable(cell);
  });
}

/** Replaces everything that is stored by what the snapshot holds. To be called within a transaction; throws why not. */
export function restoreSnapshot(connection: Connection, document: unknown): void {
  const tables = readTables(document, connection);
  try {
    for (const { table, columns, rows } of tables) {
      connection.exec(`DELETE FROM "${table}"`);
      const list = columns.map((column) => `"${column}"`).join(', ');
      const places = columns.map(() => '?').join(', ');
      const insert = connection.prepare(`INSERT INTO "${table}" (${list}) VALUES (${places})`);
      for (const row of rows) insert.run(...row);
    }
  } catch (error) {
    // What the tables refuse is wrong in the document: a missing value, a text where a number belongs, a key twice.
    if (/^SQLITE_(CONSTRAINT|MISMATCH)/.test((error as { code?: string }).code ?? '')) {
      throw refuse(`${(error as Error).message}.`);
    }
    throw error;
  }
}

/** The refusal of a snapshot whose content cannot be used, for the reason that `error` tells. */
export function invalidSnapshot(error: unknown): AzureError {
  if (!(error instanceof AzureError)) return refuse(`what it holds cannot be shown: ${(error as Error).message}.`);
  if (error.key === 'InvalidSnapshot') return error;
  return refuse(error.details[0]?.message ?? error.message);
}
