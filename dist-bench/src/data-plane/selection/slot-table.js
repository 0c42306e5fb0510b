/**
 * Slots and the pool members they belong to: the same table in every engine, every process and after every restart.
 *
 * Each slot prefers members by rendezvous (highest random weight), and no member accepts more than 5 % over its fair
 * share: slots it turns away go to their next choice, and a slot that prefers it more displaces one that prefers it less (stable matching,
 * whose outcome does not depend on the order of proposals). So losing one of N moves its own share and almost nothing
 * else, without Maglev's churn or plain rendezvous' unevenness. Figures: docs/decisions/0001-distribution.md.
 */
const fewSlots = 4096;
const manySlots = 16384;
const manyMembers = 512;
/** How much a member may have over its fair share. */
const overload = 1.05;
/** Scores computed between two pauses of a sliced build: about half a millisecond. */
const sliceScores = 200_000;
/** How many slots a pool of `memberCount` eligible members has. */
export const slotCountFor = (memberCount) => (memberCount > manyMembers ? manySlots : fewSlots);
function avalanche(value) {
    let x = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return (x ^ (x >>> 16)) >>> 0;
}
const seedOfSlot = (slot) => avalanche(Math.imul(slot + 1, 0x9e3779b1));
/** How much a slot prefers a member. */
const scoreOf = (seed, member) => avalanche(seed ^ member);
function hashOfKey(key) {
    let hash = 0x811c9dc5;
    for (let index = 0; index < key.length; index++)
        hash = Math.imul(hash ^ key.charCodeAt(index), 16777619);
    return avalanche(hash);
}
/** Distinct even where keys collide or repeat; a member that shares its hash would never win a slot. */
function memberHashes(keys) {
    const taken = new Set();
    return Uint32Array.from(keys, (key) => {
        let hash = hashOfKey(key);
        while (taken.has(hash))
            hash = avalanche(hash + 0x9e3779b9);
        taken.add(hash);
        return hash;
    });
}
/** Builds in slices: yields every half millisecond or so, returns the table. */
export function* slotTableSlices(keys) {
    const slotCount = slotCountFor(keys.length);
    const table = new Uint16Array(slotCount);
    if (keys.length < 2)
        return table;
    const members = memberHashes(keys);
    const capacity = Math.max(Math.ceil(slotCount / keys.length), Math.floor((overload * slotCount) / keys.length));
    const held = new Matching(keys.length, capacity);
    const offered = new Float64Array(slotCount).fill(Number.POSITIVE_INFINITY);
    let scores = 0;
    for (let first = 0; first < slotCount; first++) {
        for (let slot = first; slot >= 0;) {
            const seed = seedOfSlot(slot);
            const below = offered[slot];
            let best = -1;
            let choice = -1;
            for (let member = 0; member < members.length; member++) {
                const score = scoreOf(seed, members[member]);
                if (score > best && score < below) {
                    best = score;
                    choice = member;
                }
            }
            scores += members.length;
            if (choice < 0)
                choice = held.emptiest();
            offered[slot] = best;
            slot = held.propose(choice, slot, best);
        }
        if (scores > sliceScores) {
            scores = 0;
            yield;
        }
    }
    held.fill(table);
    giveEachMemberASlot(table, members);
    return table;
}
/** In pools of thousands a few members win nothing: each takes the slot that prefers it most from a member with several. */
function giveEachMemberASlot(table, members) {
    const counts = new Uint32Array(members.length);
    for (const member of table)
        counts[member] = counts[member] + 1;
    for (let member = 0; member < members.length; member++) {
        if (counts[member] !== 0)
            continue;
        let best = -1;
        let choice = -1;
        for (let slot = 0; slot < table.length; slot++) {
            if (counts[table[slot]] < 2)
                continue;
            const score = scoreOf(seedOfSlot(slot), members[member]);
            if (score > best) {
                best = score;
                choice = slot;
            }
        }
        if (choice < 0)
            return;
        counts[table[choice]] = counts[table[choice]] - 1;
        table[choice] = member;
        counts[member] = 1;
    }
}
/** The table for members with these keys, which must be in their stable order. */
export function buildSlotTable(keys) {
    const slices = slotTableSlices(keys);
    for (;;) {
        const step = slices.next();
        if (step.done)
            return step.value;
    }
}
/** Which member holds which slots, each member at most `capacity`. */
class Matching {
    #capacity;
    #counts;
    #slots;
    #scores;
    constructor(memberCount, capacity) {
        this.#capacity = capacity;
        this.#counts = new Uint32Array(memberCount);
        this.#slots = new Int32Array(memberCount * capacity);
        this.#scores = new Float64Array(memberCount * capacity);
    }
    /** Offers `slot` to a member; returns the slot that is turned away, or -1. Each member keeps a heap, weakest first. */
    propose(member, slot, score) {
        const base = member * this.#capacity;
        const count = this.#counts[member];
        if (count < this.#capacity) {
            this.#counts[member] = count + 1;
            this.#siftUp(base, count, slot, score);
            return -1;
        }
        const weakest = this.#slots[base];
        if (score <= this.#scores[base])
            return slot;
        this.#siftDown(base, slot, score);
        return weakest;
    }
    /** The member with most room: only for a slot that every member has turned away because of equal scores. */
    emptiest() {
        return this.#counts.indexOf(Math.min(...this.#counts));
    }
    fill(table) {
        for (let member = 0; member < this.#counts.length; member++) {
            const base = member * this.#capacity;
            const end = base + this.#counts[member];
            for (let index = base; index < end; index++)
                table[this.#slots[index]] = member;
        }
    }
    #siftUp(base, from, slot, score) {
        let index = from;
        while (index > 0) {
            const parent = (index - 1) >> 1;
            if (this.#scores[base + parent] <= score)
                break;
            this.#put(base + index, this.#slots[base + parent], this.#scores[base + parent]);
            index = parent;
        }
        this.#put(base + index, slot, score);
    }
    #siftDown(base, slot, score) {
        let index = 0;
        for (;;) {
            let child = 2 * index + 1;
            if (child >= this.#capacity)
                break;
            const right = child + 1;
            if (right < this.#capacity && this.#scores[base + right] < this.#scores[base + child])
                child = right;
            if (this.#scores[base + child] >= score)
                break;
            this.#put(base + index, this.#slots[base + child], this.#scores[base + child]);
            index = child;
        }
        this.#put(base + index, slot, score);
    }
    #put(at, slot, score) {
        this.#slots[at] = slot;
        this.#scores[at] = score;
    }
}
//# sourceMappingURL=slot-table.js.map