/**
 * `npm run test:several-machines -- --seconds N`: three nodes of the built product on one PostgreSQL, clients through all of
 * them, while the writer is killed every five seconds, the database restarts twice, connections end right after an append was
 * sent, and a node stands still for a while. Nothing acknowledged may be lost, nothing applied twice, reads are linearizable,
 * and all nodes have the same in the end. Ends with what was measured, and with exit code 1 when something must not be.
 */
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { Machines } from './machines.js';
import { Registers } from './registers.js';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, clients: { type: 'string', default: '16' } },
});
const endMs = performance.now() + Number(values.seconds) * 1000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const say = (sentence: string): boolean => process.stdout.write(`${sentence}\n`);

const machines = new Machines(['dist/main.js']);
const registers = new Registers(machines);
const gapsMs: number[] = [];

/** Resolves with the real milliseconds until the next write is acknowledged. */
async function untilAcknowledged(): Promise<number> {
  const [before, startMs] = [registers.acknowledged, performance.now()];
  while (registers.acknowledged === before) await pause(5);
  return performance.now() - startMs;
}

async function killWriter(): Promise<void> {
  const writer = await machines.writer();
  if (!writer) return;
  await writer.signal('SIGKILL');
  gapsMs.push(await untilAcknowledged());
  await writer.start(machines.postgres.url);
}

async function standStill(): Promise<void> {
  const writer = await machines.writer();
  writer?.pause('SIGSTOP');
  gapsMs.push(await untilAcknowledged());
  writer?.pause('SIGCONT');
}

async function restartDatabase(): Promise<void> {
  await machines.postgres.stop();
  await machines.postgres.start();
  await untilAcknowledged();
}

/** Ends the connections that append, in the middle of whatever they do. */
async function cutConnections(): Promise<void> {
  for (let count = 0; count < 20; count++) {
    await machines.postgres.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '% writes'",
    );
    await pause(50);
  }
  await untilAcknowledged();
}

try {
  await machines.start();
  const ended = registers.run(Number(values.clients));
  await untilAcknowledged();
  const disturbances = [killWriter, cutConnections, killWriter, restartDatabase, killWriter, standStill];
  for (let turn = 0; performance.now() < endMs; turn++) {
    await disturbances[turn % disturbances.length]?.();
    await pause(2000);
  }
  registers.end();
  await ended;
  await registers.compareWithLog();
  await Promise.all(machines.all.map((machine) => machine.signal('SIGTERM')));
  // A node is ready when it has followed the log to its end.
  await Promise.all(machines.all.map((machine) => machine.start(machines.postgres.url)));
  await Promise.all(machines.all.map((machine) => machine.signal('SIGTERM')));
  const [first, ...others] = machines.all.map((machine) => machine.snapshot());
  if (others.some((other) => !isDeepStrictEqual(other, first))) registers.faults.push('the nodes are not equal');
  for (const fault of registers.faults) say(fault);
  const longest = [...gapsMs].sort((a, b) => b - a).map((ms) => `${Math.round(ms)} ms`);
  say(`${registers.acknowledged} writes acknowledged, ${registers.reads} reads, ${registers.faults.length} faults`);
  say(`time without a writer, the longest first: ${longest.join(', ')}`);
  process.exitCode = registers.faults.length > 0 ? 1 : 0;
} finally {
  await machines.remove();
}
