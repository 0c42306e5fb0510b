/** Slots and their members: even, steady when the pool changes, and the same everywhere. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { buildSlotTable, slotCountFor } from '../../../src/data-plane/selection/slot-table.js';
import { movedShare } from '../moved-share.js';

const poolOf = (count: number, start = 4): string[] =>
  Array.from(
    { length: count },
    (_, index) => `10.${(start + index) >> 16}.${((start + index) >> 8) & 255}.${(start + index) & 255}`,
  ).sort();

const shares = (keys: readonly string[], table: Uint16Array): number[] => {
  const counts = new Array<number>(keys.length).fill(0);
  for (const member of table) counts[member] = (counts[member] as number) + 1;
  return counts;
};

/** Random pools of some size, each tried with `holds`. */
const forPools = ({ maxLength, numRuns }: { maxLength: number; numRuns: number }, holds: (keys: string[]) => boolean) =>
  fc.assert(
    fc.property(fc.uniqueArray(fc.ipV4(), { minLength: 2, maxLength }), (addresses) => holds(addresses.sort())),
    { numRuns },
  );

t.test('No member of a pool of up to 100 has more than 5 % over its fair share, and none has nothing', (t) => {
  for (const count of [1, 2, 3, 4, 5, 7, 10, 16, 31, 50, 64, 77, 100]) {
    const keys = poolOf(count);
    const table = buildSlotTable(keys);
    const counts = shares(keys, table);
    const fair = table.length / count;
    t.ok(Math.max(...counts) <= 1.05 * fair, `${count} members: ${Math.max(...counts)} of ${fair} slots`);
    t.ok(Math.min(...counts) > 0);
  }
  t.end();
});

t.test('Random pools of up to 100 members keep within 5 % too', (t) => {
  forPools({ maxLength: 100, numRuns: 60 }, (keys) => {
    const table = buildSlotTable(keys);
    return Math.max(...shares(keys, table)) <= (1.05 * table.length) / keys.length;
  });
  t.end();
});

t.test('When one of N members leaves, its clients move and fewer than one in a hundred of the others', (t) => {
  for (const count of [2, 3, 5, 10, 20, 50, 100]) {
    const keys = poolOf(count);
    for (const gone of [0, count >> 1, count - 1]) {
      const after = keys.filter((_, index) => index !== gone);
      const moved = movedShare(buildSlotTable, { before: keys, after });
      t.ok(moved < 0.015, `${count} members, ${(100 * moved).toFixed(2)} % of the others moved`);
      if (count <= 3) t.ok(moved < 0.001);
    }
  }
  t.end();
});

t.test('When a member joins, it takes its share and fewer than one in fifty of the others change places', (t) => {
  for (const count of [2, 3, 10, 50]) {
    const moved = movedShare(buildSlotTable, { before: poolOf(count), after: poolOf(count + 1) });
    t.ok(moved < 0.02, `${count} members, ${(100 * moved).toFixed(2)} %`);
  }
  t.end();
});

t.test('A member that leaves and returns has its slots again', (t) => {
  forPools({ maxLength: 30, numRuns: 20 }, (keys) => {
    const before = buildSlotTable(keys);
    buildSlotTable(keys.slice(1));
    return t.strictSame(buildSlotTable([...keys]), before);
  });
  t.end();
});

t.test('Pools of more than 512 members have more slots, and every one of 5,000 members has one', (t) => {
  t.equal(slotCountFor(512), 4096);
  const keys = poolOf(5000);
  const table = buildSlotTable(keys);
  t.equal(table.length, 16384);
  const counts = shares(keys, table);
  t.ok(Math.min(...counts) > 0);
  t.ok(Math.max(...counts) <= 4);
  t.end();
});

t.test('Members with the same key share evenly too', (t) => {
  const keys = ['10.0.0.4', '10.0.0.4', '10.0.0.5'];
  t.ok(Math.min(...shares(keys, buildSlotTable(keys))) > 1000);
  t.end();
});

t.test('Another process builds the same table', (t) => {
  const script = `
    import { buildSlotTable } from '${new URL('../../../src/data-plane/selection/slot-table.js', import.meta.url)}';
    console.log(JSON.stringify([...buildSlotTable(['10.0.0.4', '10.0.0.5', '10.0.0.6', '10.0.1.4'])]));`;
  const output = execFileSync(process.execPath, [...process.execArgv, '--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  t.strictSame(JSON.parse(output), [...buildSlotTable(['10.0.0.4', '10.0.0.5', '10.0.0.6', '10.0.1.4'])]);
  t.end();
});
