/**
 * A view of the store in which writes are tried. It reads through to what is stored and keeps to itself what is written, so
 * that it needs no transaction, lives over turns of the loop, and leaves no trace.
 */
import { withLinks } from '../resources/references.js';
import { rootKey } from '../resources/resource-id.js';
import type { Addresses, Link, Resource } from '../resources/resource-type.js';
import type { AddressRows, AddressStore, PoolPosition, PositionRange } from './address-store.js';
import type { ResourceGroup, WritableResources } from './resource-store.js';
import type { Store } from './store.js';

/** What a write needs of the store. */
export interface WritableStore {
  readonly resources: WritableResources;
  readonly addresses: Addresses & Pick<AddressStore, 'release'>;
}

export class StoreOverlay implements WritableStore {
  readonly resources: WritableResources;
  readonly addresses: AddressStore;

  constructor({ resources, addresses }: Pick<Store, 'resources' | 'addresses'>) {
    this.resources = new OverlaidResources(resources);
    this.addresses = addresses.overlaid((rows) => new OverlaidAddressRows(rows));
  }
}

class OverlaidResources implements WritableResources {
  readonly #stored: WritableResources;
  readonly #saved = new Map<string, Resource>();
  /** By folded id of the top-level resource that refers, and by that of the one referred to. */
  readonly #from = new Map<string, readonly Link[]>();
  readonly #into = new Map<string, Set<Link>>();

  constructor(stored: WritableResources) {
    this.#stored = stored;
  }

  group(subscriptionId: string, name: string): ResourceGroup | undefined {
    return this.#stored.group(subscriptionId, name);
  }

  resource(key: string): Resource | undefined {
    return this.#saved.get(key) ?? this.#stored.resource(key);
  }

  save(resource: Resource): void {
    this.#saved.set(resource.key, resource);
  }

  everyOfType(type: string): Resource[] {
    const all = new Map([...this.#stored.everyOfType(type)].map((resource) => [resource.key, resource]));
    for (const resource of this.#saved.values()) if (resource.type === type) all.set(resource.key, resource);
    return [...all.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  linksInto(key: string): Link[] {
    const stored = this.#stored.linksInto(key);
    const kept = this.#from.size === 0 ? stored : stored.filter(({ sourceId }) => !this.#from.has(rootKey(sourceId)));
    return [...withLinks(kept, [...(this.#into.get(key) ?? [])])];
  }

  linksFrom(key: string): Link[] {
    return [...(this.#from.get(key) ?? this.#stored.linksFrom(key))];
  }

  replaceLinks(sourceKey: string, given: readonly Link[]): void {
    for (const link of this.#from.get(sourceKey) ?? []) this.#into.get(rootKey(link.target))?.delete(link);
    const byName = new Map(given.map((link) => [`${link.sourceId} ${link.path} ${link.target}`, link]));
    const links = withLinks([], [...byName.values()]);
    this.#from.set(sourceKey, links);
    for (const link of links) {
      const root = rootKey(link.target);
      this.#into.set(root, (this.#into.get(root) ?? new Set()).add(link));
    }
  }
}

/** Of one pool, by position: who holds what was taken here, and which of the stored rows no longer count. */
interface PoolChanges {
  readonly taken: Map<number, string>;
  readonly freed: Set<number>;
}

class OverlaidAddressRows implements AddressRows {
  readonly #stored: AddressRows;
  readonly #pools = new Map<string, PoolChanges>();
  /** What was taken here, by folded id of the top-level resource that holds it. */
  readonly #holdings = new Map<string, Map<string, PoolPosition>>();

  constructor(stored: AddressRows) {
    this.#stored = stored;
  }

  #of(pool: string): PoolChanges {
    const known = this.#pools.get(pool) ?? { taken: new Map(), freed: new Set() };
    this.#pools.set(pool, known);
    return known;
  }

  holder(pool: string, position: number): string | undefined {
    const { taken, freed } = this.#of(pool);
    return taken.get(position) ?? (freed.has(position) ? undefined : this.#stored.holder(pool, position));
  }

  lowestFree(pool: string, { from, below }: PositionRange): number {
    const { taken, freed } = this.#of(pool);
    let lowest = this.#stored.lowestFree(pool, { from, below });
    while (lowest < below && taken.has(lowest)) lowest = this.#stored.lowestFree(pool, { from: lowest + 1, below });
    for (const position of freed) {
      if (position >= from && position < lowest && !taken.has(position)) lowest = position;
    }
    return lowest;
  }

  highestHeld(pool: string, { from, below }: PositionRange): number | undefined {
    const { taken, freed } = this.#of(pool);
    let stored = this.#stored.highestHeld(pool, { from, below });
    while (stored !== undefined && freed.has(stored)) stored = this.#stored.highestHeld(pool, { from, below: stored });
    let highest = stored ?? from - 1;
    // Whichever is shorter: what was taken, or the positions in question.
    const floor = highest;
    const candidates = taken.size < below - floor ? taken.keys() : positionsAfter(floor, below);
    for (const position of candidates)
      if (position < below && taken.has(position)) highest = Math.max(highest, position);
    return highest < from ? undefined : highest;
  }

  usedBlocks(pool: string, size: number): number[] {
    const blocks = new Set(this.#stored.usedBlocks(pool, size));
    for (const position of this.#of(pool).taken.keys()) blocks.add(Math.floor(position / size));
    return [...blocks].sort((a, b) => a - b);
  }

  heldBy(ownerRoot: string): PoolPosition[] {
    const stored = this.#stored.heldBy(ownerRoot).filter(({ pool, position }) => !this.#of(pool).freed.has(position));
    return [...stored, ...(this.#holdings.get(ownerRoot)?.values() ?? [])];
  }

  take(position: PoolPosition, owner: string): void {
    this.#of(position.pool).taken.set(position.position, owner);
    const root = rootKey(owner);
    this.#holdings.set(root, (this.#holdings.get(root) ?? new Map()).set(textOf(position), position));
  }

  free(position: PoolPosition): void {
    const { taken, freed } = this.#of(position.pool);
    const owner = taken.get(position.position);
    taken.delete(position.position);
    freed.add(position.position);
    if (owner !== undefined) this.#holdings.get(rootKey(owner))?.delete(textOf(position));
  }
}

const textOf = ({ pool, position }: PoolPosition): string => `${pool} ${position}`;

function* positionsAfter(last: number, below: number): Generator<number> {
  for (let position = last + 1; position < below; position++) yield position;
}
