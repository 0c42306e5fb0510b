/** Template deployments in SQLite: their documents, operations and templates, and the status of each run. */
import { prepareAll } from './database.js';
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
};
const jsonOrNull = (value) => (value === undefined ? null : JSON.stringify(value));
export class DeploymentStore {
    connection;
    #statement;
    constructor(connection) {
        this.connection = connection;
        this.#statement = prepareAll(connection, sql);
    }
    /** Stores a deployment, in place of an earlier one of its name. */
    save(deployment) {
        const { key, subscriptionId, resourceGroup, name, location, state, changed, started } = deployment;
        this.#statement.save.run(key, subscriptionId.toLowerCase(), resourceGroup?.toLowerCase() ?? null, name, location ?? null, state, changed, started, JSON.stringify(deployment.document), JSON.stringify(deployment.operations), JSON.stringify(deployment.template));
    }
    /** Stores how far a deployment has come; false when it has been deleted meanwhile. */
    saveProgress({ key, state, changed, document, operations }) {
        const texts = [JSON.stringify(document), JSON.stringify(operations)];
        return this.#statement.progress.run(state, changed, ...texts, key).changes > 0;
    }
    deployment(key) {
        const row = this.#statement.one.get(key);
        return row && deploymentOf(row);
    }
    /** The deployments to a resource group, or to the subscription itself; the latest first. */
    list(subscriptionId, resourceGroup) {
        const group = resourceGroup?.toLowerCase() ?? null;
        return this.#statement.inScope.all(subscriptionId.toLowerCase(), group).map(deploymentOf);
    }
    /** Deployments of all scopes. */
    every() {
        return this.#statement.every.all().map(deploymentOf);
    }
    /** Deployments that have not come to an end. */
    active() {
        return this.#statement.active.all().map(deploymentOf);
    }
    remove(key) {
        this.#statement.remove.run(key);
        this.#statement.removeRuns.run(key);
    }
    /** Remembers the deployments of a resource group no longer. */
    removeGroup(subscriptionId, resourceGroup) {
        for (const { key } of this.list(subscriptionId, resourceGroup))
            this.remove(key);
    }
    /** Whether some run is polled under `id` already. */
    isRun(id) {
        return this.#statement.isRun.get(id) !== undefined;
    }
    /** Begins a run of the deployment `key` that is polled under `id`. */
    beginRun(id, key, status) {
        this.#statement.saveRun.run(id, key, status, null);
    }
    saveRun({ id, status, error }) {
        this.#statement.runProgress.run(status, jsonOrNull(error), id);
    }
    /** Ends every run of a deployment that is still going on. */
    endRuns(key, { status, error }) {
        this.#statement.endRuns.run(status, jsonOrNull(error), key);
    }
    run(id, key) {
        const row = this.#statement.run.get(id, key);
        return row && { ...row, error: row.error === null ? undefined : JSON.parse(row.error) };
    }
}
const deploymentOf = (row) => ({
    key: row.key,
    subscriptionId: row.subscription,
    resourceGroup: row.resource_group ?? undefined,
    name: row.name,
    location: row.location ?? undefined,
    state: row.state,
    changed: row.changed,
    started: row.started,
    document: JSON.parse(row.document),
    operations: JSON.parse(row.operations),
    template: JSON.parse(row.template),
});
//# sourceMappingURL=deployment-store.js.map