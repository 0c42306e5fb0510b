/**
 * Clients through three nodes for some time, while the writer is killed every five seconds, the database restarts twice,
 * connections end right after an append was sent, and one node stands still until its place in the log was cut away.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Machine, Machines } from './machines.js';
import { Registers } from './registers.js';

const killEveryMs = 5000;
const longestGapMs = 5000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface KillsOptions {
  readonly seconds: number;
  readonly clients: number;
  readonly say: (sentence: string) => void;
}

/** Does it again while the database is away. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch {
      await pause(100);
    }
  }
}

class Campaign {
  readonly machines = new Machines(['dist/main.js']);
  readonly registers = new Registers(this.machines);
  readonly gapsMs: number[] = [];
  #still: Machine | undefined;

  constructor(readonly endMs: number) {}

  get #isOver(): boolean {
    return performance.now() >= this.endMs;
  }

  /** Resolves with the real milliseconds until the next write is acknowledged. */
  async untilAcknowledged(): Promise<number> {
    const [before, startMs] = [this.registers.acknowledged, performance.now()];
    while (this.registers.acknowledged === before) await pause(5);
    return performance.now() - startMs;
  }

  async kills(): Promise<void> {
    while (!this.#isOver) {
      const nextMs = performance.now() + killEveryMs;
      const writer = await this.machines.writer().catch(() => undefined);
      if (writer) {
        await writer.signal('SIGKILL');
        this.gapsMs.push(await this.untilAcknowledged());
        await again(() => writer.start(this.machines.postgres.url));
      }
      await pause(Math.max(0, nextMs - performance.now()));
    }
  }

  async databaseRestarts(afterMs: number): Promise<void> {
    for (let count = 0; count < 2; count++) {
      await pause(afterMs);
      await this.machines.postgres.stop();
      await this.machines.postgres.start();
    }
  }

  /** Ends the connections that append, in the middle of whatever they do. */
  async cuts(): Promise<void> {
    const cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '% writes'";
    while (!this.#isOver) {
      for (let count = 0; count < 10; count++) await this.machines.postgres.query(cut).catch(() => []);
      await pause(1000);
    }
  }

  /** Stops a node that does not write, and lets it go on once the log behind the newest snapshot is gone. */
  async standsStill(forMs: number): Promise<void> {
    const writer = await again(() => this.machines.writer());
    this.#still = this.machines.all.find((machine) => machine !== writer);
    this.#still?.pause('SIGSTOP');
    await pause(forMs);
    await again(() => this.registers.cutLog());
    this.#still?.pause('SIGCONT');
  }

  /** Whether the node that stood still has said that its replica was made anew. */
  get wasMadeAnew(): boolean {
    return this.#still?.lines.some((line) => line.includes('made anew')) === true;
  }

  /** Resolves with whether all replicas are equal, once every node has followed the log to its end and ended. */
  async areEqual(): Promise<boolean> {
    const { all } = this.machines;
    await Promise.all(all.map((machine) => machine.signal('SIGTERM')));
    // A node is ready when it has followed the log to its end.
    await Promise.all(all.map((machine) => again(() => machine.start(this.machines.postgres.url))));
    await Promise.all(all.map((machine) => machine.signal('SIGTERM')));
    const [first, ...others] = all.map((machine) => machine.snapshot());
    return others.every((other) => isDeepStrictEqual(other, first));
  }
}

/** Says what was measured, and answers in sentences what is not as it should be. */
export async function surviveKills({ seconds, clients, say }: KillsOptions): Promise<string[]> {
  const campaign = new Campaign(performance.now() + seconds * 1000);
  const { machines, registers, gapsMs } = campaign;
  try {
    await machines.start();
    const ended = registers.run(clients);
    await campaign.untilAcknowledged();
    await Promise.all([
      campaign.kills(),
      campaign.cuts(),
      campaign.databaseRestarts((seconds * 1000) / 3),
      campaign.standsStill((seconds * 1000) / 2),
    ]);
    registers.end();
    await ended;
    await registers.compareWithLog();
    const faults = [...registers.faults];
    if (!(await campaign.areEqual())) faults.push('the nodes are not equal');
    if (registers.wasCut && !campaign.wasMadeAnew) faults.push('the node that stood still was not made anew');
    const sorted = [...gapsMs].sort((a, b) => b - a).map(Math.round);
    if ((sorted[Math.floor(sorted.length / 100)] ?? 0) >= longestGapMs) faults.push('nobody wrote for five seconds');
    say(`${registers.acknowledged} writes acknowledged, ${registers.reads} reads, ${gapsMs.length} kills`);
    say(`milliseconds without a writer, the longest first: ${sorted.join(', ')}`);
    return faults;
  } finally {
    await machines.remove();
  }
}
