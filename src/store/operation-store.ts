/** Operations of both APIs in SQLite: what a client polls outlives the process that accepted it. */
import { type Prepared, prepareAll } from './database.js';
import type { Connection } from './sqlite.js';

export type OperationStatus = 'InProgress' | 'Succeeded' | 'Failed' | 'Canceled';

export interface Operation {
  /** arm: a GUID, or the encoded job of a resource group deletion; classic: the request id. */
  readonly id: string;
  readonly api: 'arm' | 'classic';
  readonly subscriptionId: string;
  /** As Azure's texts call it: `PutLoadBalancerOperation`; classic: `Update Load-Balanced Endpoint Set`. */
  readonly name: string;
  /** Folded id of what it works on; classic: the path of the request. */
  readonly resourceKey: string;
  readonly status: OperationStatus;
  /** Azure time in milliseconds. */
  readonly startedMs: number;
  /** Azure time from which its status is shown; until then it is InProgress. Undefined: at once. */
  readonly visibleMs?: number | undefined;
  /** What `operationResults` answers when it is done; undefined for nothing. */
  readonly result: unknown;
  readonly error: unknown;
}

interface OperationRow {
  id: string;
  api: 'arm' | 'classic';
  subscription: string;
  name: string;
  resource_key: string;
  status: OperationStatus;
  started: number;
  visible: number | null;
  result: string | null;
  error: string | null;
}

/** What the data plane carries has its outcome. */
const settleAll = `UPDATE operations SET status = CASE WHEN error IS NULL THEN 'Succeeded' ELSE 'Failed' END
  WHERE api = 'classic' AND status = 'InProgress'`;

const sql = {
  save: `INSERT OR REPLACE INTO operations
    (id, api, subscription, name, resource_key, status, started, visible, result, error)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  one: 'SELECT * FROM operations WHERE id = ?',
  running: "SELECT * FROM operations WHERE api = 'arm' AND status = 'InProgress' ORDER BY started",
  /** Succeeded is said as the partial index says it. */
  notSucceeded: "SELECT * FROM operations WHERE resource_key = ? AND status <> 'Succeeded' ORDER BY sequence DESC",
  later: `SELECT * FROM operations WHERE resource_key = ?
    AND sequence > (SELECT sequence FROM operations WHERE id = ?) ORDER BY sequence DESC`,
  ofSubscription: `SELECT * FROM operations WHERE api = ? AND subscription = ? AND started BETWEEN ? AND ?
    ORDER BY sequence DESC`,
  finish: 'UPDATE operations SET status = ?, result = ?, error = ? WHERE id = ?',
  prune: "DELETE FROM operations WHERE api = 'arm' AND started < ? AND status <> 'InProgress'",
  /** Classic operations but for the latest ones. */
  oldClassic: `SELECT id, visible, status FROM operations WHERE api = 'classic'
    ORDER BY sequence DESC LIMIT -1 OFFSET ?`,
  settle: `${settleAll} AND id = ?`,
  settleAll,
  delete: 'DELETE FROM operations WHERE id = ?',
  startedLater: 'UPDATE operations SET started = @nowMs WHERE started > @nowMs',
  visibleLater: 'UPDATE operations SET visible = @latestMs WHERE visible > @latestMs',
} as const;

/** Azure Resource Manager forgets operations after a day or so. */
const keptMs = 24 * 60 * 60 * 1000;
const savesBetweenPrunings = 1000;
/** The classic API keeps them for weeks; here the latest are kept, so that the file does not grow with the requests. */
const keptClassic = 1000;
const classicSavesBetweenPrunings = 100;

export class OperationStore {
  readonly #statement: Prepared<typeof sql>;
  /** Classic operations that are stored as InProgress, whose change the data plane carries by now. */
  readonly #carried = new Set<string>();
  /** The latest reads, by id. */
  readonly #reads = new Map<string, Operation>();
  readonly #saves = { arm: 0, classic: 0 };

  constructor(connection: Connection) {
    this.#statement = prepareAll(connection, sql);
  }

  save(operation: Operation): void {
    const { id, api, subscriptionId, name, resourceKey, status, startedMs, visibleMs, result, error } = operation;
    this.#statement.save.run(
      id,
      api,
      subscriptionId.toLowerCase(),
      name,
      resourceKey,
      status,
      startedMs,
      visibleMs ?? null,
      result === undefined ? null : JSON.stringify(result),
      error === undefined ? null : JSON.stringify(error),
    );
    const saves = ++this.#saves[api];
    if (api === 'classic' && saves % classicSavesBetweenPrunings === 0) this.#pruneClassic(startedMs);
    if (api === 'arm' && saves % savesBetweenPrunings === 0) this.#statement.prune.run(startedMs - keptMs);
  }

  #pruneClassic(nowMs: number): void {
    const old = this.#statement.oldClassic.all(keptClassic) as Pick<OperationRow, 'id' | 'visible' | 'status'>[];
    for (const { id, visible, status } of old)
      if (status !== 'InProgress' && (visible ?? 0) <= nowMs) this.#statement.delete.run(id);
  }

  /** Whether an operation is still InProgress at this Azure time. */
  isRunning({ status, visibleMs = 0 }: Operation, nowMs: number): boolean {
    return status === 'InProgress' || nowMs < visibleMs;
  }

  /**
   * The data plane carries what the classic operation `id` has changed: it has succeeded, or failed where it has an error.
   * The next write stores that; a process that takes over before it carries everything that is stored when it begins.
   */
  carried(id: string): void {
    this.#carried.add(id);
  }

  /** Within a write: stores which operations the data plane carries since the last one. */
  storeCarried(): void {
    // Those that are stored already were so by a write that came to its end.
    for (const id of this.#carried) if (Number(this.#statement.settle.run(id).changes) === 0) this.#carried.delete(id);
  }

  /** Remembers a read in memory: clients poll the ids of reads too, but a read must not write to the disk. */
  noteRead(operation: Operation): void {
    this.#reads.set(operation.id, operation);
    if (this.#reads.size > keptClassic) this.#reads.delete(this.#reads.keys().next().value as string);
  }

  operation(id: string): Operation | undefined {
    const row = this.#statement.one.get(id) as OperationRow | undefined;
    return row ? this.#operationOf(row) : this.#reads.get(id);
  }

  /**
   * When a process takes over. The data plane carries all that is stored. Times that are still to come are brought to now:
   * they are of a clock that was ahead of this one (moved forward, faster, or of a machine whose clock was set back
   * since), and nothing may wait until they have come.
   */
  bringToNow({ nowMs, operationDelayMs }: { nowMs: number; operationDelayMs: number }): void {
    this.#statement.settleAll.run();
    this.#statement.startedLater.run({ nowMs });
    this.#statement.visibleLater.run({ latestMs: nowMs + operationDelayMs });
  }

  /** Operations of Azure Resource Manager that were accepted and have not finished. */
  running(): Operation[] {
    return this.#operationsOf(this.#statement.running.all());
  }

  /** Operations on a resource (folded id) that run, have failed or were canceled, the last one first. */
  notSucceeded(resourceKey: string): Operation[] {
    return this.#operationsOf(this.#statement.notSucceeded.all(resourceKey));
  }

  /** Operations on the resource of `operation` that were accepted after it, the last one first. */
  laterThan({ id, resourceKey }: Operation): Operation[] {
    return this.#operationsOf(this.#statement.later.all(resourceKey, id));
  }

  /** Operations of one API on a subscription that started at these Azure times, the last one first. */
  ofSubscription(
    { api, subscriptionId }: Pick<Operation, 'api' | 'subscriptionId'>,
    { fromMs, toMs }: { fromMs: number; toMs: number },
  ): Operation[] {
    const rows = this.#statement.ofSubscription.all(api, subscriptionId.toLowerCase(), fromMs, toMs);
    return this.#operationsOf(rows);
  }

  finish({ id, status, result, error }: Pick<Operation, 'id' | 'status'> & Partial<Operation>): void {
    const resultText = result === undefined ? null : JSON.stringify(result);
    this.#statement.finish.run(status, resultText, error === undefined ? null : JSON.stringify(error), id);
  }

  #operationsOf(rows: unknown[]): Operation[] {
    return (rows as OperationRow[]).map((row) => this.#operationOf(row));
  }

  #operationOf(row: OperationRow): Operation {
    const outcome = row.error === null ? 'Succeeded' : 'Failed';
    return operationOf(this.#carried.has(row.id) ? { ...row, status: outcome } : row);
  }
}

const parsed = (text: string | null): unknown => (text === null ? undefined : JSON.parse(text));

const operationOf = (row: OperationRow): Operation => ({
  id: row.id,
  api: row.api,
  subscriptionId: row.subscription,
  name: row.name,
  resourceKey: row.resource_key,
  status: row.status,
  startedMs: row.started,
  visibleMs: row.visible ?? undefined,
  result: parsed(row.result),
  error: parsed(row.error),
});
