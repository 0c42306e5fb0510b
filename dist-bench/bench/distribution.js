/**
 * Figures of the distribution: evenness, steadiness when a pool changes, and what a choice and a table cost.
 *
 * Compares the slot table in use with its two known ends, Maglev and plain rendezvous. Results: docs/decisions/0001.
 */
import { performance } from 'node:perf_hooks';
import { Selector, SlotTables } from '../src/data-plane/selection/decision.js';
import { slotOf, TupleHash } from '../src/data-plane/selection/distribution.js';
import { buildSlotTable, slotCountFor } from '../src/data-plane/selection/slot-table.js';
import { movedShare } from '../test/data-plane/moved-share.js';
const keysOf = (count, first = 4) => Array.from({ length: count }, (_, index) => `10.0.${(first + index) >> 8}.${(first + index) & 255}`).sort();
const avalanche = (value) => {
    let x = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return (x ^ (x >>> 16)) >>> 0;
};
const hashOf = (key) => {
    let hash = 0;
    for (let index = 0; index < key.length; index++)
        hash = avalanche(hash ^ key.charCodeAt(index));
    return hash;
};
/** https://research.google/pubs/maglev-a-fast-and-reliable-software-network-load-balancer/, 4,099 slots. */
const maglev = (keys) => {
    const slots = 4099;
    const hashes = keys.map(hashOf);
    const next = hashes.map(() => 0);
    const table = new Int32Array(slots).fill(-1);
    for (let filled = 0;;) {
        for (const [member, hash] of hashes.entries()) {
            let slot;
            do {
                const turn = next[member];
                slot = ((avalanche(hash ^ 1) % slots) + turn * ((avalanche(hash ^ 2) % (slots - 1)) + 1)) % slots;
                next[member] = turn + 1;
            } while (table[slot] >= 0);
            table[slot] = member;
            if (++filled === slots)
                return table;
        }
    }
};
const rendezvous = (keys) => {
    const hashes = keys.map(hashOf);
    return Array.from({ length: 4096 }, (_, slot) => {
        const scores = hashes.map((hash) => avalanche(avalanche(slot + 1) ^ hash));
        return scores.indexOf(Math.max(...scores));
    });
};
const moved = (build, before, after) => 100 * movedShare(build, { before, after });
const average = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
function steadiness(build, count) {
    const keys = keysOf(count);
    const leave = [0, count >> 1, count - 1].map((gone) => moved(build, keys, keys.filter((_, index) => index !== gone)));
    const join = [1000, 2000].map((first) => moved(build, keys, [...keys, ...keysOf(1, first)].sort()));
    const table = build(keys);
    const counts = new Array(count).fill(0);
    for (let slot = 0; slot < table.length; slot++)
        counts[table[slot]] = counts[table[slot]] + 1;
    return {
        members: count,
        'most/fair': ((Math.max(...counts) * count) / table.length).toFixed(3),
        'others moved, one leaves %': average(leave).toFixed(3),
        'others moved, one joins %': average(join).toFixed(3),
    };
}
/** Random flows over the members: the unevenness of hash and table together. */
function spread(count, flows) {
    const table = buildSlotTable(keysOf(count));
    const hash = new TupleHash({ distribution: 'Default', transport: 'tcp', address: '127.255.0.4', port: 443 });
    const counts = new Array(count).fill(0);
    let state = 1;
    for (let flow = 0; flow < flows; flow++) {
        state = avalanche(state + 0x9e3779b9);
        const member = table[slotOf(hash.ipv4(state, flow & 0xffff), table.length)];
        counts[member] = counts[member] + 1;
    }
    const mean = flows / count;
    return {
        'chi²/df': (counts.reduce((sum, each) => sum + (each - mean) ** 2 / mean, 0) / (count - 1)).toFixed(2),
        'flows max/mean': (Math.max(...counts) / mean).toFixed(3),
    };
}
function cost(count) {
    const keys = keysOf(count);
    const builds = count > 200 ? 3 : 20;
    buildSlotTable(keys);
    const startMs = performance.now();
    for (let build = 0; build < builds; build++)
        buildSlotTable(keys);
    const tableMs = (performance.now() - startMs) / builds;
    const members = keys.map((key) => ({ key, adminState: 'None', probe: undefined }));
    const rule = { distribution: 'Default', noHealthyBackends: 'AllProbedDown', members };
    const selector = new Selector({ transport: 'tcp', address: '127.255.0.4', port: 443, rule }, { healthOf: () => undefined, tables: new SlotTables() });
    const choices = 3_000_000;
    let found = 0;
    for (let warm = 0; warm < 200_000; warm++)
        if (selector.ipv4(warm, warm & 0xffff))
            found++;
    const choiceMs = performance.now();
    for (let flow = 0; flow < choices; flow++)
        if (selector.ipv4(flow, flow & 0xffff))
            found++;
    const nsPerChoice = ((performance.now() - choiceMs) * 1e6) / choices;
    if (found === 0)
        throw new Error('no member was chosen');
    return {
        'ns per choice': nsPerChoice.toFixed(1),
        'table ms': tableMs.toFixed(2),
        'table bytes': 2 * slotCountFor(count),
    };
}
const sizes = [2, 3, 5, 10, 20, 50, 100, 200, 500, 1000];
console.log('In use: rendezvous with at most 5 % over the fair share');
console.table(sizes.map((count) => ({ ...steadiness(buildSlotTable, count), ...spread(count, 1_000_000), ...cost(count) })));
console.log('Maglev, 4,099 slots');
console.table(sizes.map((count) => steadiness(maglev, count)));
console.log('Plain rendezvous, 4,096 slots');
console.table(sizes.filter((count) => count <= 200).map((count) => steadiness(rendezvous, count)));
//# sourceMappingURL=distribution.js.map