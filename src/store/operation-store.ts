/** Long-running operations in SQLite: what a client polls outlives the process that accepted it. */
import { type Connection, type Prepared, prepareAll } from './database.js';

export type OperationStatus = 'InProgress' | 'Succeeded' | 'Failed' | 'Canceled';

export interface Operation {
  readonly id: string;
  readonly subscriptionId: string;
  /** As Azure's texts call it: `PutLoadBalancerOperation`. */
  readonly name: string;
  readonly resourceKey: string;
  readonly status: OperationStatus;
  /** Azure time in milliseconds. */
  readonly startedMs: number;
  /** What `operationResults` answers when it is done; undefined for nothing. */
  readonly result: unknown;
  readonly error: unknown;
}

interface OperationRow {
  id: string;
  subscription: string;
  name: string;
  resource_key: string;
  status: OperationStatus;
  started: number;
  result: string | null;
  error: string | null;
}

const sql = {
  save: 'INSERT OR REPLACE INTO operations VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  one: 'SELECT * FROM operations WHERE id = ?',
  running: "SELECT * FROM operations WHERE status = 'InProgress' ORDER BY started",
  ofResource: "SELECT * FROM operations WHERE resource_key = ? ORDER BY started DESC, status = 'InProgress' DESC",
  finish: 'UPDATE operations SET status = ?, result = ?, error = ? WHERE id = ?',
  prune: "DELETE FROM operations WHERE started < ? AND status <> 'InProgress'",
} as const;

/** Azure forgets operations after a day or so. */
const keptMs = 24 * 60 * 60 * 1000;
const savesBetweenPrunings = 1000;

export class OperationStore {
  readonly #statement: Prepared<typeof sql>;
  #saves = 0;

  constructor(connection: Connection) {
    this.#statement = prepareAll(connection, sql);
  }

  save(operation: Operation): void {
    const { id, subscriptionId, name, resourceKey, status, startedMs, result, error } = operation;
    this.#statement.save.run(
      id,
      subscriptionId.toLowerCase(),
      name,
      resourceKey,
      status,
      startedMs,
      result === undefined ? null : JSON.stringify(result),
      error === undefined ? null : JSON.stringify(error),
    );
    if (++this.#saves % savesBetweenPrunings === 0) this.#statement.prune.run(startedMs - keptMs);
  }

  operation(id: string): Operation | undefined {
    const row = this.#statement.one.get(id) as OperationRow | undefined;
    return row && operationOf(row);
  }

  /** Operations that were accepted and have not finished. */
  running(): Operation[] {
    return (this.#statement.running.all() as OperationRow[]).map(operationOf);
  }

  /** Operations on a resource (folded id), the last one first. */
  ofResource(resourceKey: string): Operation[] {
    return (this.#statement.ofResource.all(resourceKey) as OperationRow[]).map(operationOf);
  }

  finish({ id, status, result, error }: Pick<Operation, 'id' | 'status'> & Partial<Operation>): void {
    const resultText = result === undefined ? null : JSON.stringify(result);
    this.#statement.finish.run(status, resultText, error === undefined ? null : JSON.stringify(error), id);
  }
}

const parsed = (text: string | null): unknown => (text === null ? undefined : JSON.parse(text));

const operationOf = (row: OperationRow): Operation => ({
  id: row.id,
  subscriptionId: row.subscription,
  name: row.name,
  resourceKey: row.resource_key,
  status: row.status,
  startedMs: row.started,
  result: parsed(row.result),
  error: parsed(row.error),
});
