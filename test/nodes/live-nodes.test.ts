import { test } from 'tap';
import { LiveNodes } from '../../src/nodes/live-nodes.js';
import type { Row } from '../../src/nodes/session.js';

const facts = { name: 'host', version: '1', schema: 5 };

/** A node of which nobody but the test hears. */
function node() {
  const told: (readonly unknown[])[] = [];
  const rows: Row[] = [];
  const session = {
    async query(text: string, values: readonly unknown[] = []): Promise<Row[]> {
      if (text.trimStart().startsWith('SELECT')) return rows;
      told.push(values);
      return [];
    },
  };
  const live = new LiveNodes(session, facts);
  live.begin('10.0.0.1:4567');
  return { live, told, rows };
}

test('a write waits for the nodes that live until they carry it', async (t) => {
  const { live } = node();
  t.equal(await live.until(5), 0, 'there is no other node');
  live.noteTold('4 10.0.0.2:4567');
  live.noteTold('5 [fd00::3]:4567');
  live.noteTold('0 10.0.0.1:4567');
  let behind: number | undefined;
  const waits = live.until(5).then((count) => {
    behind = count;
  });
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(behind, undefined);
  live.noteTold('6 10.0.0.2:4567');
  await waits;
  t.equal(behind, 0);
});

test('a write does not wait for ever, and says how many nodes are behind', async (t) => {
  // The time that passes keeps no process.
  const kept = setInterval(() => {}, 60_000);
  t.teardown(() => clearInterval(kept));
  const { live } = node();
  live.noteTold('4 10.0.0.2:4567');
  live.noteTold('4 10.0.0.3:4567');
  const waits = live.until(5);
  live.noteTold('5 10.0.0.3:4567');
  t.equal(await waits, 1);
  live.noteTold('-1 10.0.0.2:4567');
  t.equal(await live.until(6), 1, 'one that ends is not waited for');
});

test('a node tells how far it has come, and hears of others once a second', async (t) => {
  const { live, told, rows } = node();
  await new Promise((resolve) => setImmediate(resolve));
  live.carries(7);
  live.carries(8);
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(told.at(-1)?.at(-1), 8);
  rows.push({ address: '10.0.0.2:4567', name: 'two', version: '1', schema: 5, carried: '8', silent: '10' });
  await live.beat();
  t.equal(await live.until(8), 0);
  t.match(await live.living(), [{ address: '10.0.0.2:4567', carried: 8 }]);
  t.equal(await live.until(8), 0);
  await live.forget('10.0.0.2:4567');
  t.equal(await live.until(9), 0, 'one that has died is not waited for');
  await live.leave();
  t.strictSame(told.at(-1), ['10.0.0.1:4567']);
});

test('it is told when this node has begun, and when another one has come or gone', async (t) => {
  const { live, told, rows } = node();
  let changes = 0;
  live.onChange = () => changes++;
  live.begin('10.0.0.1:4567');
  t.equal(changes, 1, 'this node has begun');
  await new Promise((resolve) => setImmediate(resolve));
  t.ok(
    told.some((values) => values.length === 1 && values[0] === '10.0.0.1:4567'),
    'one that died here a moment ago is gone for the others, too',
  );
  live.noteTold('4 10.0.0.2:4567');
  t.equal(changes, 2, 'one has come');
  live.noteTold('5 10.0.0.2:4567');
  live.noteTold('5 10.0.0.1:4567');
  t.equal(changes, 2);
  live.noteTold('-1 10.0.0.2:4567');
  t.equal(changes, 3, 'it has said that it ends');
  const other = { address: '10.0.0.2:4567', name: 'two', version: '1', schema: 5, carried: '8' };
  rows.push({ ...other, silent: '10' });
  await live.beat();
  t.equal(changes, 4, 'it is there again');
  rows[0] = { ...other, silent: '3001' };
  await live.beat();
  t.equal(changes, 5, 'it was silent for three seconds');
});
