import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { withoutPostgres } from '../postgres.js';
import { untilTrue } from '../turns.js';
import { Machines } from './machines.js';
import { Registers } from './registers.js';

const command = [...process.execArgv, fileURLToPath(new URL('../../src/main.js', import.meta.url))];

test('three nodes lose nothing and apply nothing twice when the writer is killed', {
  skip: withoutPostgres,
}, async (t) => {
  const machines = new Machines(command);
  t.teardown(() => machines.remove());
  await machines.start();
  await untilTrue(async () => (await machines.writer()) !== undefined);
  const registers = new Registers(machines);
  const ended = registers.run(8);
  await untilTrue(() => registers.acknowledged >= 50);
  const killed = await machines.writer();
  await killed?.signal('SIGKILL');
  const before = registers.acknowledged;
  await untilTrue(() => registers.acknowledged >= before + 50);
  t.not(await machines.writer(), killed, 'another node writes');
  await killed?.start(machines.postgres.url);
  await untilTrue(() => registers.acknowledged >= before + 100);
  // The database goes away and comes back: nothing is acknowledged meanwhile, and then it goes on.
  await machines.postgres.stop();
  await machines.postgres.start();
  const away = registers.acknowledged;
  await untilTrue(() => registers.acknowledged >= away + 50);
  registers.end();
  await ended;
  t.comment(`${registers.acknowledged} writes, ${registers.reads} reads, longest gap ${registers.longestGapMs} ms`);
  await registers.compareWithLog();
  t.strictSame(registers.faults, []);
  t.ok(registers.reads > 0);

  // A node is ready when it has followed the log to its end.
  await Promise.all(machines.all.map((machine) => machine.signal('SIGTERM')));
  await Promise.all(machines.all.map((machine) => machine.start(machines.postgres.url)));
  await Promise.all(machines.all.map((machine) => machine.signal('SIGTERM')));
  const [first, ...others] = machines.all.map((machine) => machine.snapshot());
  for (const other of others) t.strictSame(other, first, 'the nodes have the same');
});
