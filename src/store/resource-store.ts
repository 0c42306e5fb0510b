/** Resources, their links and resource groups in SQLite; every statement is prepared once, by name. */
import { linksByRoot, linksFromOthers, withLinks } from '../resources/references.js';
import { parseResourceId, rootKey, typeOf } from '../resources/resource-id.js';
import type { Link, Lookup, Resource, ResourceDocument } from '../resources/resource-type.js';
import { AnswerCache, KeptLists } from './answer-cache.js';
import { type Prepared, prepareAll } from './database.js';
import type { RowImage } from './row-images.js';
import type { Connection } from './sqlite.js';
import type { MemoryJournal } from './write-queue.js';

export interface ResourceGroup {
  readonly key: string;
  readonly subscriptionId: string;
  readonly name: string;
  readonly location: string;
  readonly tags: Record<string, string> | undefined;
  readonly managedBy: string | undefined;
  readonly provisioningState: string;
}

interface ResourceRow {
  key: string;
  id: string;
  type: string;
  subscription: string;
  resource_group: string;
  name: string;
  etag: string;
  state: string;
  document: string;
  created: string;
  changed: string;
}

interface LinkRow {
  source_id: string;
  source_type: string;
  path: string;
  target: string;
}

interface GroupRow {
  key: string;
  subscription: string;
  name: string;
  location: string;
  tags: string | null;
  managed_by: string | null;
  state: string;
}

const sql = {
  addSubscription: 'INSERT OR IGNORE INTO subscriptions VALUES (?, ?)',
  subscriptions: 'SELECT id, created FROM subscriptions',
  subscription: 'SELECT 1 FROM subscriptions WHERE id = ?',
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
  /** Subscription by subscription, as the index has types. */
  everyOfType: `WITH RECURSIVE used (id) AS (SELECT MIN(subscription) FROM resources UNION ALL
    SELECT (SELECT MIN(subscription) FROM resources WHERE subscription > used.id) FROM used WHERE id IS NOT NULL)
    SELECT * FROM resources WHERE subscription IN used AND type = ? ORDER BY key`,
  below: "SELECT * FROM resources WHERE key > ? || '/' AND key < ? || '0' ORDER BY key",
  every: 'SELECT * FROM resources ORDER BY key',
  everyGroup: 'SELECT * FROM resource_groups ORDER BY key',
  unsettled: "SELECT * FROM resources WHERE state NOT IN ('Succeeded', 'Failed')",
  linksInto:
    'SELECT source_id, source_type, path, target FROM links WHERE target_root = ? ORDER BY source_id, path, target',
  linksFrom: 'SELECT source_id, source_type, path, target FROM links WHERE source_root = ? ORDER BY source_id, path',
  addLink: 'INSERT OR IGNORE INTO links VALUES (?, ?, ?, ?, ?, ?)',
  removeLinks: 'DELETE FROM links WHERE source_root = ? RETURNING target_root',
} as const;

/** What answers read, by name: a resource or group by its key, the links into and from a resource, and lists. */
const nameOfLinks = (way: Way, key: string): string => `${way === 'into' ? '>' : '<'}${key}`;
const ofType = (type: string): string => `every ${type.toLowerCase()}`;
const [allResources, allGroups] = ['every resource', 'every group'];

/** Parsed documents kept at hand; the least recently stored ones go first. */
const cachedResources = 4096;
type Way = 'into' | 'from';

export class ResourceStore implements Lookup {
  readonly #statement: Prepared<typeof sql>;
  readonly #cache = new Map<string, Resource>();
  /** By the resource that they lead into, or from. A key has its hash; the name that answers read is made anew each time. */
  readonly #links = { into: new KeptLists<Link>(), from: new KeptLists<Link>() };
  /** All resources of a type, by the name that answers read: every write asks for all locks. */
  readonly #ofType = new KeptLists<Resource>();
  readonly #groups = new Map<string, ResourceGroup>();
  /** Answers that were made of what is stored here. */
  readonly answers = new AnswerCache();
  readonly #knownSubscriptions = new Set<string>();
  /** Subscriptions that are used for the first time, and when: a read writes nothing, so the next write stores them. */
  readonly firstUses = new Map<string, string>();

  constructor(
    readonly connection: Connection,
    readonly journal: MemoryJournal,
  ) {
    this.#statement = prepareAll(connection, sql);
  }

  /** Drops everything kept in memory. */
  forget(): void {
    for (const kept of [this.#cache, this.#links.into, this.#links.from, this.#ofType, this.#groups]) kept.clear();
    for (const kept of [this.#knownSubscriptions, this.firstUses, this.answers]) kept.clear();
  }

  /** A row was written beside these methods, or undone: drops what is kept in memory of it, and what was made from it. */
  forgetRow({ table, key }: RowImage): void {
    if (table === 'resources') {
      const id = parseResourceId(String(key.key));
      this.#cache.delete(String(key.key));
      this.#noLongerTrue(String(key.key), id === undefined ? '' : typeOf(id));
    }
    if (table === 'links') {
      this.#linksChanged('from', String(key.source_root));
      this.#linksChanged('into', rootKey(String(key.target)));
    }
    if (table === 'resource_groups') this.#groupChanged(String(key.key));
    if (table === 'subscriptions') this.#knownSubscriptions.delete(String(key.id));
  }

  /** Any GUID is a subscription from its first use, whatever becomes of the request. */
  rememberSubscription(subscriptionId: string, timestamp: string): void {
    const id = subscriptionId.toLowerCase();
    if (!this.hasSubscription(id) && !this.firstUses.has(id)) this.firstUses.set(id, timestamp);
  }

  /** Whether this subscription is stored: used before the last write. */
  hasSubscription(subscriptionId: string): boolean {
    const id = subscriptionId.toLowerCase();
    if (this.#knownSubscriptions.has(id)) return true;
    const isStored = this.#statement.subscription.get(id) !== undefined;
    if (isStored) this.#knownSubscriptions.add(id);
    return isStored;
  }

  /** Stores the subscriptions that have been used since the last write. */
  storeFirstUses(): void {
    for (const [id, created] of this.firstUses) {
      this.#statement.addSubscription.run(id, created);
      this.#knownSubscriptions.add(id);
    }
    this.firstUses.clear();
  }

  /** In the order of their first use. */
  subscriptions(): string[] {
    const created = new Map(this.firstUses);
    for (const row of this.#statement.subscriptions.all() as { id: string; created: string }[])
      created.set(row.id, row.created);
    return [...created].sort(byFirstUse).map(([id]) => id);
  }

  group(subscriptionId: string, name: string): ResourceGroup | undefined {
    const key = `/subscriptions/${subscriptionId}/resourcegroups/${name}`.toLowerCase();
    this.answers.read(key);
    const cached = this.#groups.get(key);
    if (cached) return cached;
    const row = this.#statement.group.get(key) as GroupRow | undefined;
    const group = row && groupOf(row);
    if (group) this.#groups.set(key, group);
    return group;
  }

  groups(subscriptionId: string): ResourceGroup[] {
    this.answers.read(allGroups);
    return (this.#statement.groups.all(subscriptionId.toLowerCase()) as GroupRow[]).map(groupOf);
  }

  saveGroup(group: ResourceGroup): void {
    const { key, subscriptionId, name, location, tags, managedBy, provisioningState } = group;
    this.#groupChanged(key);
    this.#statement.saveGroup.run(
      key,
      subscriptionId.toLowerCase(),
      name,
      location,
      tags ? JSON.stringify(tags) : null,
      managedBy ?? null,
      provisioningState,
    );
  }

  removeGroup(key: string): void {
    this.#groupChanged(key);
    this.#statement.removeGroup.run(key);
  }

  #groupChanged(key: string): void {
    this.journal.note(this.#groups, key);
    this.#groups.delete(key);
    this.answers.changed(key);
    this.answers.changed(allGroups);
  }

  resource(key: string): Resource | undefined {
    this.answers.read(key);
    const cached = this.#cache.get(key);
    if (cached) return cached;
    const row = this.#statement.resource.get(key) as ResourceRow | undefined;
    return row && this.#keep(resourceOf(row));
  }

  save(resource: Resource): void {
    const { key, id, type, subscriptionId, resourceGroup, name, etag, provisioningState, document } = resource;
    this.#statement.save.run(
      key,
      id,
      type,
      subscriptionId.toLowerCase(),
      resourceGroup.toLowerCase(),
      name,
      etag,
      provisioningState,
      JSON.stringify(document),
      resource.createdTime,
      resource.changedTime,
    );
    this.#changed(key, type);
    this.#keep(resource);
  }

  remove(key: string): void {
    const { type } = this.resource(key) ?? {};
    if (type !== undefined) this.#changed(key, type);
    this.#statement.remove.run(key);
    this.replaceLinks(key, []);
    this.#cache.delete(key);
  }

  /** Within a work: what is kept in memory of a resource, and of lists with it, is no longer true, or not yet. */
  #changed(key: string, type: string): void {
    this.journal.note(this.#cache, key);
    this.journal.note(this.#ofType, ofType(type));
    this.#noLongerTrue(key, type);
  }

  #noLongerTrue(key: string, type: string): void {
    this.#ofType.delete(ofType(type));
    for (const name of [key, ofType(type), allResources]) this.answers.changed(name);
  }

  #linksChanged(way: Way, key: string): void {
    this.journal.note(this.#links[way], key);
    this.#links[way].delete(key);
    this.answers.changed(nameOfLinks(way, key));
  }

  /** Resources of a subscription, narrowed by group and type. */
  list({ subscriptionId, resourceGroup, type }: ListScope): Resource[] {
    this.answers.read(type === undefined ? allResources : ofType(type));
    const subscription = subscriptionId.toLowerCase();
    const group = resourceGroup?.toLowerCase();
    const rows =
      group !== undefined && type !== undefined
        ? this.#statement.byGroupAndType.all(subscription, group, type)
        : group !== undefined
          ? this.#statement.byGroup.all(subscription, group)
          : type !== undefined
            ? this.#statement.byType.all(subscription, type)
            : this.#statement.bySubscription.all(subscription);
    return this.#resourcesOf(rows);
  }

  /** Resources of a type in every subscription. */
  everyOfType(type: string): readonly Resource[] {
    const name = ofType(type);
    this.answers.read(name);
    return this.#ofType.kept(name, () => this.#resourcesOf(this.#statement.everyOfType.all(type)));
  }

  /** Resources of all types in every subscription. */
  every(): Resource[] {
    this.answers.read(allResources);
    return (this.#statement.every.all() as ResourceRow[]).map(resourceOf);
  }

  /** The resource groups of every subscription. */
  everyGroup(): ResourceGroup[] {
    this.answers.read(allGroups);
    return (this.#statement.everyGroup.all() as GroupRow[]).map(groupOf);
  }

  /** Resources stored on their own below `key`: children and extensions of it. */
  below(key: string): Resource[] {
    this.answers.read(allResources);
    return (this.#statement.below.all(key, key) as ResourceRow[]).map(resourceOf);
  }

  /** Resources whose operation had not finished when the process ended. */
  unsettled(): Resource[] {
    this.answers.read(allResources);
    return (this.#statement.unsettled.all() as ResourceRow[]).map(resourceOf);
  }

  linksInto(key: string): readonly Link[] {
    return this.#linksOf('into', key);
  }

  linksFrom(key: string): readonly Link[] {
    return this.#linksOf('from', key);
  }

  /** A write asks for the same lists again and again. */
  #linksOf(way: Way, key: string): readonly Link[] {
    this.answers.read(nameOfLinks(way, key));
    const statement = this.#statement[way === 'into' ? 'linksInto' : 'linksFrom'];
    return this.#links[way].kept(key, () => (statement.all(key) as LinkRow[]).map(linkOf));
  }

  /** Replaces the links from `sourceKey` to other resources. */
  replaceLinks(sourceKey: string, links: readonly Link[]): void {
    const rows = this.#statement.removeLinks.all(sourceKey) as { target_root: string }[];
    const added = links.filter(({ sourceId, sourceType, path, target }) => {
      const { changes } = this.#statement.addLink.run(sourceKey, sourceId, sourceType, path, target, rootKey(target));
      return Number(changes) > 0;
    });
    const into = linksByRoot(added);
    const removed = new Set(rows.map((row) => row.target_root));
    this.#linksChanged('from', sourceKey);
    for (const target of new Set([...removed, ...into.keys()])) {
      const before = this.#links.into.get(target);
      this.#linksChanged('into', target);
      // A long list is not read again for each that comes into it.
      const others = before && removed.has(target) ? linksFromOthers(before, sourceKey) : before;
      if (others) this.#links.into.set(target, withLinks(others, into.get(target) ?? []));
    }
  }

  #resourcesOf(rows: unknown[]): Resource[] {
    return (rows as ResourceRow[]).map((row) => this.#cache.get(row.key) ?? this.#keep(resourceOf(row)));
  }

  #keep(resource: Resource): Resource {
    this.#cache.delete(resource.key);
    this.#cache.set(resource.key, resource);
    if (this.#cache.size > cachedResources) this.#cache.delete(this.#cache.keys().next().value as string);
    return resource;
  }
}

/** What a write reads and changes of resources. */
export type WritableResources = Lookup & Pick<ResourceStore, 'group' | 'save' | 'linksFrom' | 'replaceLinks'>;

export interface ListScope {
  readonly subscriptionId: string;
  readonly resourceGroup?: string | undefined;
  readonly type?: string | undefined;
}

const byFirstUse = ([idA, a]: [string, string], [idB, b]: [string, string]): number =>
  a < b || (a === b && idA < idB) ? -1 : 1;

const groupOf = (row: GroupRow): ResourceGroup => ({
  key: row.key,
  subscriptionId: row.subscription,
  name: row.name,
  location: row.location,
  tags: row.tags === null ? undefined : (JSON.parse(row.tags) as Record<string, string>),
  managedBy: row.managed_by ?? undefined,
  provisioningState: row.state,
});

const linkOf = (row: LinkRow): Link => ({
  sourceId: row.source_id,
  sourceType: row.source_type,
  path: row.path,
  target: row.target,
});

const resourceOf = (row: ResourceRow): Resource => ({
  key: row.key,
  id: row.id,
  type: row.type,
  subscriptionId: row.subscription,
  resourceGroup: row.resource_group,
  name: row.name,
  etag: row.etag,
  provisioningState: row.state,
  document: JSON.parse(row.document) as ResourceDocument,
  createdTime: row.created,
  changedTime: row.changed,
});
