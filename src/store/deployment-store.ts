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

/** A deployment as it was read; documents, operations and template are parsed when they are asked for. */
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
  operations: string;
  template: string;
}

const active = "state IN ('Accepted', 'Running')";

const sql = {
  save: 'INSERT OR REPLACE INTO deployments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  progress: 'UPDATE deployments SET state = ?, changed = ?, document = ?, operations = ? WHERE key = ?',
  one: 'SELECT * FROM deployments WHERE key = ?',
  inScope: 'SELECT * FROM deployments WHERE subscription = ? AND resource_group IS ? ORDER BY changed DESC, key',
  every: 'SELECT * FROM deployments ORDER BY key',
  active: `SELECT * FROM deployments WHERE ${active} ORDER BY key`,
  remove: 'DELETE FROM deployments WHERE key = ?',
  removeRuns: 'DELETE FROM deployment_runs WHERE deployment = ?',
  saveRun: 'INSERT INTO deployment_runs VALUES (?, ?, ?, ?)',
  run: 'SELECT id, status, error FROM deployment_runs WHERE id = ? AND deployment = ?',
  isRun: 'SELECT 1 FROM deployment_runs WHERE id = ?',
  runProgress: 'UPDATE deployment_runs SET status = ?, error = ? WHERE id = ?',
  endRuns: `UPDATE deployment_runs SET status = ?, error = ? WHERE deployment = ? AND ${active.replace('state', 'status')}`,
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
      JSON.stringify(deployment.operations),
      JSON.stringify(deployment.template),
    );
  }

  /** Stores how far a deployment has come. */
  saveProgress({ key, state, changed, document, operations }: DeploymentProgress): void {
    this.#statement.progress.run(state, changed, JSON.stringify(document), JSON.stringify(operations), key);
  }

  deployment(key: string): StoredDeployment | undefined {
    const row = this.#statement.one.get(key) as DeploymentRow | undefined;
    return row && deploymentOf(row);
  }

  /** The deployments to a resource group, or to the subscription itself; the latest first. */
  list(subscriptionId: string, resourceGroup: string | undefined): StoredDeployment[] {
    const group = resourceGroup?.toLowerCase() ?? null;
    return (this.#statement.inScope.all(subscriptionId.toLowerCase(), group) as DeploymentRow[]).map(deploymentOf);
  }

  /** Deployments of all scopes. */
  every(): StoredDeployment[] {
    return (this.#statement.every.all() as DeploymentRow[]).map(deploymentOf);
  }

  /** Deployments that have not come to an end. */
  active(): StoredDeployment[] {
    return (this.#statement.active.all() as DeploymentRow[]).map(deploymentOf);
  }

  remove(key: string): void {
    this.#statement.remove.run(key);
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
    this.#statement.runProgress.run(status, jsonOrNull(error), id);
  }

  /** Ends every run of a deployment that is still going on. */
  endRuns(key: string, { status, error }: Omit<DeploymentRunStatus, 'id'>): void {
    this.#statement.endRuns.run(status, jsonOrNull(error), key);
  }

  run(id: string, key: string): DeploymentRunStatus | undefined {
    const row = this.#statement.run.get(id, key) as { id: string; status: string; error: string | null } | undefined;
    return row && { ...row, error: row.error === null ? undefined : (JSON.parse(row.error) as unknown) };
  }
}

const deploymentOf = (row: DeploymentRow): StoredDeployment => ({
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
    return JSON.parse(row.operations) as JsonObject[];
  },
  get template() {
    return JSON.parse(row.template) as unknown;
  },
});
