/** Template deployments in SQLite: their documents, operations and templates, and the status of each run. */
import { type Prepared, prepareAll } from './database.js';
import type { Connection } from './sqlite.js';

/** Any JSON object. */
type JsonObject = Record<string, unknown>;

export interface DeploymentRecord {
  readonly key: string;
  readonly subscriptionId: string;
  /** Undefined for a deployment to the subscription. */
  readonly resourceGroup: string | undefined;
  readonly name: string;
  readonly location: string | undefined;
  readonly state: string;
  /** Azure time of the last change. */
  readonly changed: string;
  /** Azure time at which the last run began. */
  readonly started: string;
  readonly document: JsonObject;
  readonly operations: readonly JsonObject[];
  readonly template: unknown;
}

/** A deployment as it was read; documents and template are parsed, and operations read, when they are asked for. */
export interface StoredDeployment extends DeploymentRecord {
  /** The JSON text of `document`. */
  readonly documentText: string;
}

/** What changes while a deployment runs. */
export type DeploymentProgress = Pick<DeploymentRecord, 'key' | 'state' | 'changed' | 'document' | 'operations'>;

export interface DeploymentRunStatus {
  readonly id: string;
  readonly status: string;
  readonly error: unknown;
}

interface DeploymentRow {
  key: string;
  subscription: string;
  resource_group: string | null;
  name: string;
  location: string | null;
  state: string;
  changed: string;
  started: string;
  document: string;
  template: string;
}

const active = "state IN ('Accepted', 'Running')";
const activeRun = active.replace('state', 'status');

const sql = {
  save: `INSERT INTO deployments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET name = excluded.name, location = excluded.location, state = excluded.state,
      changed = excluded.changed, started = excluded.started, document = excluded.document, template = excluded.template
    WHERE (name, location, state, changed, started, document, template) IS NOT (excluded.name, excluded.location,
      excluded.state, excluded.changed, excluded.started, excluded.document, excluded.template)`,
  progress: `UPDATE deployments SET state = @state, changed = @changed, document = @document
    WHERE key = @key AND (state, changed, document) IS NOT (@state, @changed, @document)`,
  /** What an operation shows already is not written again. */
  saveOperation: `INSERT INTO deployment_operations VALUES (?, ?, ?)
    ON CONFLICT (deployment, position) DO UPDATE SET document = excluded.document WHERE document <> excluded.document`,
  removeOperations: 'DELETE FROM deployment_operations WHERE deployment = ? AND position >= ?',
  operations: 'SELECT document FROM deployment_operations WHERE deployment = ? ORDER BY position',
  one: 'SELECT * FROM deployments WHERE key = ?',
  inScope: 'SELECT * FROM deployments WHERE subscription = ? AND resource_group IS ? ORDER BY changed DESC, key',
  every: 'SELECT * FROM deployments ORDER BY key',
  active: `SELECT * FROM deployments WHERE ${active} ORDER BY key`,
  remove: 'DELETE FROM deployments WHERE key = ?',
  removeRuns: 'DELETE FROM deployment_runs WHERE deployment = ?',
  saveRun: 'INSERT INTO deployment_runs VALUES (?, ?, ?, ?)',
  run: `SELECT id, status, CASE WHEN NOT ${activeRun} THEN error END AS error
    FROM deployment_runs WHERE id = ? AND deployment = ?`,
  isRun: 'SELECT 1 FROM deployment_runs WHERE id = ?',
  /** While a run goes on, it keeps the error that a cancellation has left. */
  runProgress: `UPDATE deployment_runs SET status = @status,
    error = coalesce(@error, CASE WHEN ${activeRun.replace('status', '@status')} THEN error END) WHERE id = @id`,
  cancelRuns: `UPDATE deployment_runs SET error = ? WHERE deployment = ? AND ${activeRun}`,
  activeRun: `SELECT error IS NOT NULL AS cancelled FROM deployment_runs WHERE deployment = ? AND ${activeRun}`,
  endRuns: `UPDATE deployment_runs SET status = ?, error = ? WHERE deployment = ? AND ${activeRun}`,
} as const;

const jsonOrNull = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));

export class DeploymentStore {
  readonly #statement: Prepared<typeof sql>;

  constructor(readonly connection: Connection) {
    this.#statement = prepareAll(connection, sql);
  }

  /** Stores a deployment, in place of an earlier one of its name. */
  save(deployment: DeploymentRecord): void {
    const { key, subscriptionId, resourceGroup, name, location, state, changed, started } = deployment;
    this.#statement.save.run(
      key,
      subscriptionId.toLowerCase(),
      resourceGroup?.toLowerCase() ?? null,
      name,
      location ?? null,
      state,
      changed,
      started,
      JSON.stringify(deployment.document),
      JSON.stringify(deployment.template),
    );
    this.#saveOperations(key, deployment.operations);
  }

  /** Stores how far a deployment has come: what has not changed is not written. */
  saveProgress({ key, state, changed, document, operations }: DeploymentProgress): void {
    this.#statement.progress.run({ key, state, changed, document: JSON.stringify(document) });
    this.#saveOperations(key, operations);
  }

  #saveOperations(key: string, operations: readonly JsonObject[]): void {
    for (const [position, operation] of operations.entries())
      this.#statement.saveOperation.run(key, position, JSON.stringify(operation));
    this.#statement.removeOperations.run(key, operations.length);
  }

  deployment(key: string): StoredDeployment | undefined {
    const row = this.#statement.one.get(key) as DeploymentRow | undefined;
    return row && this.#deploymentOf(row);
  }

  /** The deployments to a resource group, or to the subscription itself; the latest first. */
  list(subscriptionId: string, resourceGroup: string | undefined): StoredDeployment[] {
    const group = resourceGroup?.toLowerCase() ?? null;
    return this.#deploymentsOf(this.#statement.inScope.all(subscriptionId.toLowerCase(), group));
  }

  /** Deployments of all scopes. */
  every(): StoredDeployment[] {
    return this.#deploymentsOf(this.#statement.every.all());
  }

  /** Deployments that have not come to an end. */
  active(): StoredDeployment[] {
    return this.#deploymentsOf(this.#statement.active.all());
  }

  remove(key: string): void {
    this.#statement.remove.run(key);
    this.#statement.removeOperations.run(key, 0);
    this.#statement.removeRuns.run(key);
  }

  /** Remembers the deployments of a resource group no longer. */
  removeGroup(subscriptionId: string, resourceGroup: string): void {
    for (const { key } of this.list(subscriptionId, resourceGroup)) this.remove(key);
  }

  /** Whether some run is polled under `id` already. */
  isRun(id: string): boolean {
    return this.#statement.isRun.get(id) !== undefined;
  }

  /** Begins a run of the deployment `key` that is polled under `id`. */
  beginRun(id: string, key: string, status: string): void {
    this.#statement.saveRun.run(id, key, status, null);
  }

  saveRun({ id, status, error }: DeploymentRunStatus): void {
    this.#statement.runProgress.run({ id, status, error: jsonOrNull(error) });
  }

  /** The runs of a deployment that go on are to end, with this error. */
  cancelRuns(key: string, error: unknown): void {
    this.#statement.cancelRuns.run(jsonOrNull(error), key);
  }

  /** Whether the run that goes on was cancelled; undefined where none goes on. */
  activeRun(key: string): { readonly isCancelled: boolean } | undefined {
    const row = this.#statement.activeRun.get(key) as { cancelled: number } | undefined;
    return row && { isCancelled: row.cancelled === 1 };
  }

  /** Ends every run of a deployment that is still going on. */
  endRuns(key: string, { status, error }: Omit<DeploymentRunStatus, 'id'>): void {
    this.#statement.endRuns.run(status, jsonOrNull(error), key);
  }

  run(id: string, key: string): DeploymentRunStatus | undefined {
    const row = this.#statement.run.get(id, key) as { id: string; status: string; error: string | null } | undefined;
    return row && { ...row, error: row.error === null ? undefined : (JSON.parse(row.error) as unknown) };
  }

  #deploymentsOf(rows: unknown[]): StoredDeployment[] {
    return (rows as DeploymentRow[]).map((row) => this.#deploymentOf(row));
  }

  #deploymentOf(row: DeploymentRow): StoredDeployment {
    const operations = (): JsonObject[] =>
      (this.#statement.operations.all(row.key) as { document: string }[]).map(
        ({ document }) => JSON.parse(document) as JsonObject,
      );
    return {
      key: row.key,
      subscriptionId: row.subscription,
      resourceGroup: row.resource_group ?? undefined,
      name: row.name,
      location: row.location ?? undefined,
      state: row.state,
      changed: row.changed,
      started: row.started,
      documentText: row.document,
      get document() {
        return JSON.parse(row.document) as JsonObject;
      },
      get operations() {
        return operations();
      },
      get template() {
        return JSON.parse(row.template) as unknown;
      },
    };
  }
}
