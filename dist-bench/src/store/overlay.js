/**
 * A view of the store in which writes are tried. It reads through to what is stored and keeps to itself what is written, so
 * that it needs no transaction, lives over turns of the loop, and leaves no trace.
 */
import { rootKey } from '../resources/resource-id.js';
export class StoreOverlay {
    resources;
    addresses;
    constructor({ resources, addresses }) {
        this.resources = new OverlaidResources(resources);
        this.addresses = addresses.overlaid((rows) => new OverlaidAddressRows(rows));
    }
}
class OverlaidResources {
    #stored;
    #saved = new Map();
    /** By folded id of the top-level resource that refers, and by that of the one referred to. */
    #from = new Map();
    #into = new Map();
    constructor(stored) {
        this.#stored = stored;
    }
    group(subscriptionId, name) {
        return this.#stored.group(subscriptionId, name);
    }
    resource(key) {
        return this.#saved.get(key) ?? this.#stored.resource(key);
    }
    save(resource) {
        this.#saved.set(resource.key, resource);
    }
    everyOfType(type) {
        const all = new Map([...this.#stored.everyOfType(type)].map((resource) => [resource.key, resource]));
        for (const resource of this.#saved.values())
            if (resource.type === type)
                all.set(resource.key, resource);
        return [...all.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    }
    linksInto(key) {
        const stored = this.#stored.linksInto(key);
        const kept = this.#from.size === 0 ? stored : stored.filter(({ sourceId }) => !this.#from.has(rootKey(sourceId)));
        return inOrder([...kept, ...(this.#into.get(key) ?? [])]);
    }
    linksFrom(key) {
        return [...(this.#from.get(key) ?? this.#stored.linksFrom(key))];
    }
    replaceLinks(sourceKey, given) {
        for (const link of this.#from.get(sourceKey) ?? [])
            this.#into.get(rootKey(link.target))?.delete(link);
        const links = inOrder([
            ...new Map(given.map((link) => [`${link.sourceId} ${link.path} ${link.target}`, link])).values(),
        ]);
        this.#from.set(sourceKey, links);
        for (const link of links) {
            const root = rootKey(link.target);
            this.#into.set(root, (this.#into.get(root) ?? new Set()).add(link));
        }
    }
}
/** Links in the order in which the database answers them. */
const inOrder = (links) => links.sort((a, b) => {
    const member = ['sourceId', 'path', 'target'].find((name) => a[name] !== b[name]);
    return member === undefined ? 0 : a[member] < b[member] ? -1 : 1;
});
class OverlaidAddressRows {
    #stored;
    #pools = new Map();
    /** What was taken here, by folded id of the top-level resource that holds it. */
    #holdings = new Map();
    constructor(stored) {
        this.#stored = stored;
    }
    #of(pool) {
        const known = this.#pools.get(pool) ?? { taken: new Map(), freed: new Set() };
        this.#pools.set(pool, known);
        return known;
    }
    holder(pool, position) {
        const { taken, freed } = this.#of(pool);
        return taken.get(position) ?? (freed.has(position) ? undefined : this.#stored.holder(pool, position));
    }
    lowestFree(pool, { from, below }) {
        const { taken, freed } = this.#of(pool);
        let lowest = this.#stored.lowestFree(pool, { from, below });
        while (lowest < below && taken.has(lowest))
            lowest = this.#stored.lowestFree(pool, { from: lowest + 1, below });
        for (const position of freed) {
            if (position >= from && position < lowest && !taken.has(position))
                lowest = position;
        }
        return lowest;
    }
    highestHeld(pool, { from, below }) {
        const { taken, freed } = this.#of(pool);
        let stored = this.#stored.highestHeld(pool, { from, below });
        while (stored !== undefined && freed.has(stored))
            stored = this.#stored.highestHeld(pool, { from, below: stored });
        let highest = stored ?? from - 1;
        // Whichever is shorter: what was taken, or the positions in question.
        const floor = highest;
        const candidates = taken.size < below - floor ? taken.keys() : positionsAfter(floor, below);
        for (const position of candidates)
            if (position < below && taken.has(position))
                highest = Math.max(highest, position);
        return highest < from ? undefined : highest;
    }
    usedBlocks(pool, size) {
        const blocks = new Set(this.#stored.usedBlocks(pool, size));
        for (const position of this.#of(pool).taken.keys())
            blocks.add(Math.floor(position / size));
        return [...blocks].sort((a, b) => a - b);
    }
    heldBy(ownerRoot) {
        const stored = this.#stored.heldBy(ownerRoot).filter(({ pool, position }) => !this.#of(pool).freed.has(position));
        return [...stored, ...(this.#holdings.get(ownerRoot)?.values() ?? [])];
    }
    take(position, owner) {
        this.#of(position.pool).taken.set(position.position, owner);
        const root = rootKey(owner);
        this.#holdings.set(root, (this.#holdings.get(root) ?? new Map()).set(textOf(position), position));
    }
    free(position) {
        const { taken, freed } = this.#of(position.pool);
        const owner = taken.get(position.position);
        taken.delete(position.position);
        freed.add(position.position);
        if (owner !== undefined)
            this.#holdings.get(rootKey(owner))?.delete(textOf(position));
    }
    release(ownerRoot) {
        const held = this.heldBy(ownerRoot);
        for (const position of held)
            this.free(position);
        return held;
    }
}
const textOf = ({ pool, position }) => `${pool} ${position}`;
function* positionsAfter(last, below) {
    for (let position = last + 1; position < below; position++)
        yield position;
}
//# sourceMappingURL=overlay.js.map