/** Operations of both APIs in SQLite: what a client polls outlives the process that accepted it. */
import { prepareAll } from './database.js';
const sql = {
    save: `INSERT OR REPLACE INTO operations
    (id, api, subscription, name, resource_key, status, started, visible, result, error)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    one: 'SELECT * FROM operations WHERE id = ?',
    running: "SELECT * FROM operations WHERE status = 'InProgress' ORDER BY started",
    ofResource: "SELECT * FROM operations WHERE resource_key = ? ORDER BY started DESC, status = 'InProgress' DESC",
    ofSubscription: `SELECT * FROM operations WHERE api = ? AND subscription = ? AND started BETWEEN ? AND ?
    ORDER BY sequence DESC`,
    finish: 'UPDATE operations SET status = ?, result = ?, error = ? WHERE id = ?',
    prune: "DELETE FROM operations WHERE api = 'arm' AND started < ? AND status <> 'InProgress'",
    /** Classic operations but for the latest ones. */
    oldClassic: "SELECT id, visible FROM operations WHERE api = 'classic' ORDER BY sequence DESC LIMIT -1 OFFSET ?",
    delete: 'DELETE FROM operations WHERE id = ?',
    startedLater: 'UPDATE operations SET started = @nowMs WHERE started > @nowMs',
    visibleLater: 'UPDATE operations SET visible = @latestMs WHERE visible > @latestMs',
};
/** Azure Resource Manager forgets operations after a day or so. */
const keptMs = 24 * 60 * 60 * 1000;
const savesBetweenPrunings = 1000;
/** The classic API keeps them for weeks; here the latest are kept, so that the file does not grow with the requests. */
const keptClassic = 1000;
const classicSavesBetweenPrunings = 100;
export class OperationStore {
    #statement;
    /** Operations whose change the data plane does not carry yet. */
    #applying = new Set();
    /** The latest reads, by id. */
    #reads = new Map();
    #saves = { arm: 0, classic: 0 };
    constructor(connection) {
        this.#statement = prepareAll(connection, sql);
    }
    save(operation) {
        const { id, api, subscriptionId, name, resourceKey, status, startedMs, visibleMs, result, error } = operation;
        this.#statement.save.run(id, api, subscriptionId.toLowerCase(), name, resourceKey, status, startedMs, visibleMs ?? null, result === undefined ? null : JSON.stringify(result), error === undefined ? null : JSON.stringify(error));
        const saves = ++this.#saves[api];
        if (api === 'classic' && saves % classicSavesBetweenPrunings === 0)
            this.#pruneClassic(startedMs);
        if (api === 'arm' && saves % savesBetweenPrunings === 0)
            this.#statement.prune.run(startedMs - keptMs);
    }
    #pruneClassic(nowMs) {
        const old = this.#statement.oldClassic.all(keptClassic);
        for (const { id, visible } of old)
            if (!this.#applying.has(id) && (visible ?? 0) <= nowMs)
                this.#statement.delete.run(id);
    }
    /** Whether an operation is still InProgress at this Azure time. */
    isRunning({ id, status, visibleMs = 0 }, nowMs) {
        return status === 'InProgress' || this.#applying.has(id) || nowMs < visibleMs;
    }
    /** The operation `id` counts as InProgress until `apply` is through. */
    async during(id, apply) {
        this.#applying.add(id);
        try {
            await apply();
        }
        finally {
            this.#applying.delete(id);
        }
    }
    /** Remembers a read in memory: clients poll the ids of reads too, but a read must not write to the disk. */
    noteRead(operation) {
        this.#reads.set(operation.id, operation);
        if (this.#reads.size > keptClassic)
            this.#reads.delete(this.#reads.keys().next().value);
    }
    operation(id) {
        const row = this.#statement.one.get(id);
        return row ? operationOf(row) : this.#reads.get(id);
    }
    /**
     * Brings times that are still to come to now: they are of a clock that was ahead of this one (moved forward, faster,
     * or of a machine whose clock was set back since), and nothing may wait until they have come.
     */
    bringToNow({ nowMs, operationDelayMs }) {
        this.#statement.startedLater.run({ nowMs });
        this.#statement.visibleLater.run({ latestMs: nowMs + operationDelayMs });
    }
    /** Operations that were accepted and have not finished. */
    running() {
        return this.#statement.running.all().map(operationOf);
    }
    /** Operations on a resource (folded id), the last one first. */
    ofResource(resourceKey) {
        return this.#statement.ofResource.all(resourceKey).map(operationOf);
    }
    /** Operations of one API on a subscription that started at these Azure times, the last one first. */
    ofSubscription({ api, subscriptionId }, { fromMs, toMs }) {
        const rows = this.#statement.ofSubscription.all(api, subscriptionId.toLowerCase(), fromMs, toMs);
        return rows.map(operationOf);
    }
    finish({ id, status, result, error }) {
        const resultText = result === undefined ? null : JSON.stringify(result);
        this.#statement.finish.run(status, resultText, error === undefined ? null : JSON.stringify(error), id);
    }
}
const parsed = (text) => (text === null ? undefined : JSON.parse(text));
const operationOf = (row) => ({
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
//# sourceMappingURL=operation-store.js.map