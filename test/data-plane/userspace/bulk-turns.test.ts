/** Bulk beside other connections: who reads in which turn of the event loop, and how much. */
import t from 'tap';
import {
  type BulkReader,
  BulkTurns,
  besideOthersBytes,
  bulkBytes,
  turnsBesideOthers,
} from '../../../src/data-plane/userspace/bulk-turns.js';

/** An event loop whose turns are taken by hand. */
class Loop {
  readonly #scheduled: (() => void)[] = [];
  readonly turns = new BulkTurns((turn) => this.#scheduled.push(turn));
  readonly read: string[] = [];

  /** A sender that always has more than one read takes. */
  sender(name: string, lastRead = bulkBytes): BulkReader {
    return { lastRead, continue: () => this.read.push(name) };
  }

  get idle(): boolean {
    return this.#scheduled.length === 0;
  }

  /** The names of those who read in this turn. */
  turn(): string[] {
    this.read.length = 0;
    for (const turn of this.#scheduled.splice(0)) turn();
    return [...this.read];
  }
}

t.test('Of many transfers one reads in each turn, in the order in which they came', async (t) => {
  const loop = new Loop();
  const transfers = ['a', 'b', 'c'].map((name) => loop.sender(name));
  for (const each of transfers) loop.turns.add(each);
  t.same([loop.turn(), loop.turn()], [['a'], ['b']]);
  for (const each of transfers.slice(0, 2)) loop.turns.add(each);
  t.same([loop.turn(), loop.turn(), loop.turn()], [['c'], ['a'], ['b']]);
  t.ok(loop.idle, 'nothing is scheduled when nobody waits');
});

t.test('Transfers with little to read share a turn until it is full', async (t) => {
  const loop = new Loop();
  for (const name of ['a', 'b', 'c', 'd', 'e']) loop.turns.add(loop.sender(name, bulkBytes / 4));
  t.same([loop.turn(), loop.turn()], [['a', 'b', 'c', 'd'], ['e']]);
});

t.test('A transfer that waits twice has one turn', async (t) => {
  const loop = new Loop();
  const transfer = loop.sender('a');
  loop.turns.add(transfer);
  loop.turns.add(transfer);
  t.same([loop.turn(), loop.turn()], [['a'], []]);
});

t.test('After a new connection or a small message reads are small for some turns', async (t) => {
  const loop = new Loop();
  t.equal(loop.turns.readBytes, bulkBytes);
  loop.turns.othersBusy();
  t.equal(loop.turns.readBytes, besideOthersBytes);
  const transfers = ['a', 'b'].map((name) => loop.sender(name, besideOthersBytes));
  for (let turn = 0; turn < turnsBesideOthers; turn++) {
    t.equal(loop.turns.readBytes, besideOthersBytes);
    for (const each of transfers) loop.turns.add(each);
    t.same(loop.turn(), [turn % 2 === 0 ? 'a' : 'b'], 'a small read fills the turn');
  }
  t.equal(loop.turns.readBytes, bulkBytes, 'large again');
});
