/** Resources, their links and resource groups in SQLite; every statement is prepared once, by name. */
import { rootKey } from '../resources/resource-id.js';
import { prepareAll } from './database.js';
const sql = {
    addSubscription: 'INSERT OR IGNORE INTO subscriptions VALUES (?, ?)',
    subscriptions: 'SELECT id FROM subscriptions ORDER BY created, id',
    group: 'SELECT * FROM resource_groups WHERE key = ?',
    groups: 'SELECT * FROM resource_groups WHERE subscription = ? ORDER BY key',
    saveGroup: 'INSERT OR REPLACE INTO resource_groups VALUES (?, ?, ?, ?, ?, ?, ?)',
    removeGroup: 'DELETE FROM resource_groups WHERE key = ?',
    resource: 'SELECT * FROM resources WHERE key = ?',
    /** What is written again keeps its place in the indexes: its id, type, group and name never change. */
    save: `INSERT INTO resources VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET
    etag = excluded.etag, state = excluded.state, document = excluded.document, changed = excluded.changed`,
    remove: 'DELETE FROM resources WHERE key = ?',
    byGroup: 'SELECT * FROM resources WHERE subscription = ? AND resource_group = ? ORDER BY key',
    bySubscription: 'SELECT * FROM resources WHERE subscription = ? ORDER BY key',
    byType: 'SELECT * FROM resources WHERE subscription = ? AND type = ? ORDER BY key',
    byGroupAndType: 'SELECT * FROM resources WHERE subscription = ? AND resource_group = ? AND type = ? ORDER BY key',
    everyOfType: 'SELECT * FROM resources WHERE type = ? ORDER BY key',
    below: "SELECT * FROM resources WHERE key > ? || '/' AND key < ? || '0' ORDER BY key",
    every: 'SELECT * FROM resources ORDER BY key',
    everyGroup: 'SELECT * FROM resource_groups ORDER BY key',
    unsettled: "SELECT * FROM resources WHERE state NOT IN ('Succeeded', 'Failed')",
    linksInto: 'SELECT source_id, source_type, path, target FROM links WHERE target_root = ? ORDER BY source_id, path',
    linksFrom: 'SELECT source_id, source_type, path, target FROM links WHERE source_root = ? ORDER BY source_id, path',
    addLink: 'INSERT OR IGNORE INTO links VALUES (?, ?, ?, ?, ?, ?)',
    removeLinks: 'DELETE FROM links WHERE source_root = ?',
};
/** Parsed documents kept at hand; the least recently stored ones go first. */
const cachedResources = 4096;
export class ResourceStore {
    connection;
    transaction;
    #statement;
    #cache = new Map();
    #knownSubscriptions = new Set();
    constructor(connection, transaction) {
        this.connection = connection;
        this.transaction = transaction;
        this.#statement = prepareAll(connection, sql);
    }
    /** Drops everything kept in memory. */
    forget() {
        this.#cache.clear();
        this.#knownSubscriptions.clear();
    }
    /** Any GUID is a subscription from its first use. */
    rememberSubscription(subscriptionId, timestamp) {
        const id = subscriptionId.toLowerCase();
        if (this.#knownSubscriptions.has(id))
            return;
        this.#statement.addSubscription.run(id, timestamp);
        this.#knownSubscriptions.add(id);
    }
    subscriptions() {
        return this.#statement.subscriptions.all().map(({ id }) => id);
    }
    group(subscriptionId, name) {
        const key = `/subscriptions/${subscriptionId}/resourcegroups/${name}`.toLowerCase();
        const row = this.#statement.group.get(key);
        return row && groupOf(row);
    }
    groups(subscriptionId) {
        return this.#statement.groups.all(subscriptionId.toLowerCase()).map(groupOf);
    }
    saveGroup(group) {
        const { key, subscriptionId, name, location, tags, managedBy, provisioningState } = group;
        const tagsText = tags ? JSON.stringify(tags) : null;
        this.#statement.saveGroup.run(key, subscriptionId.toLowerCase(), name, location, tagsText, managedBy ?? null, provisioningState);
    }
    removeGroup(key) {
        this.#statement.removeGroup.run(key);
    }
    resource(key) {
        const cached = this.#cache.get(key);
        if (cached)
            return cached;
        const row = this.#statement.resource.get(key);
        return row && this.#keep(resourceOf(row));
    }
    save(resource) {
        const { key, id, type, subscriptionId, resourceGroup, name, etag, provisioningState, document } = resource;
        this.#statement.save.run(key, id, type, subscriptionId.toLowerCase(), resourceGroup.toLowerCase(), name, etag, provisioningState, JSON.stringify(document), resource.createdTime, resource.changedTime);
        this.#keep(resource);
    }
    remove(key) {
        this.#statement.remove.run(key);
        this.#statement.removeLinks.run(key);
        this.#cache.delete(key);
    }
    /** Resources of a subscription, narrowed by group and type. */
    list({ subscriptionId, resourceGroup, type }) {
        const subscription = subscriptionId.toLowerCase();
        const group = resourceGroup?.toLowerCase();
        const rows = group !== undefined && type !== undefined
            ? this.#statement.byGroupAndType.all(subscription, group, type)
            : group !== undefined
                ? this.#statement.byGroup.all(subscription, group)
                : type !== undefined
                    ? this.#statement.byType.all(subscription, type)
                    : this.#statement.bySubscription.all(subscription);
        return this.#resourcesOf(rows);
    }
    /** Resources of a type in every subscription. */
    everyOfType(type) {
        return this.#resourcesOf(this.#statement.everyOfType.all(type));
    }
    /** Resources of all types in every subscription. */
    every() {
        return this.#statement.every.all().map(resourceOf);
    }
    /** The resource groups of every subscription. */
    everyGroup() {
        return this.#statement.everyGroup.all().map(groupOf);
    }
    /** Resources stored on their own below `key`: children and extensions of it. */
    below(key) {
        return this.#statement.below.all(key, key).map(resourceOf);
    }
    /** Resources whose operation had not finished when the process ended. */
    unsettled() {
        return this.#statement.unsettled.all().map(resourceOf);
    }
    linksInto(key) {
        return this.#statement.linksInto.all(key).map(linkOf);
    }
    linksFrom(key) {
        return this.#statement.linksFrom.all(key).map(linkOf);
    }
    /** Replaces the links from `sourceKey` to other resources. */
    replaceLinks(sourceKey, links) {
        this.#statement.removeLinks.run(sourceKey);
        for (const { sourceId, sourceType, path, target } of links) {
            this.#statement.addLink.run(sourceKey, sourceId, sourceType, path, target, rootKey(target));
        }
    }
    #resourcesOf(rows) {
        return rows.map((row) => this.#cache.get(row.key) ?? this.#keep(resourceOf(row)));
    }
    #keep(resource) {
        this.#cache.delete(resource.key);
        this.#cache.set(resource.key, resource);
        if (this.#cache.size > cachedResources)
            this.#cache.delete(this.#cache.keys().next().value);
        return resource;
    }
}
const groupOf = (row) => ({
    key: row.key,
    subscriptionId: row.subscription,
    name: row.name,
    location: row.location,
    tags: row.tags === null ? undefined : JSON.parse(row.tags),
    managedBy: row.managed_by ?? undefined,
    provisioningState: row.state,
});
const linkOf = (row) => ({
    sourceId: row.source_id,
    sourceType: row.source_type,
    path: row.path,
    target: row.target,
});
const resourceOf = (row) => ({
    key: row.key,
    id: row.id,
    type: row.type,
    subscriptionId: row.subscription,
    resourceGroup: row.resource_group,
    name: row.name,
    etag: row.etag,
    provisioningState: row.state,
    document: JSON.parse(row.document),
    createdTime: row.created,
    changedTime: row.changed,
});
//# sourceMappingURL=resource-store.js.map