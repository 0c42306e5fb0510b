/**
 * Clients that write and read through all nodes, and what must be true of what they saw. Each register is a resource group
 * whose tag is a number; one client writes it, always the next number, and others read it.
 *
 * For registers with one writer that counts, linearizable means: a read shows at least what was acknowledged, and at least
 * what an earlier read has shown, before it began; and at most what was sent before it ended.
 */
import { gunzipSync } from 'node:zlib';
import type { RowImage } from '../../src/store/row-images.js';
import { subscriptionId } from '../api/arm/resources/arm-client.js';
import type { Answer } from '../built-emulator.js';
import type { Machines } from './machines.js';

/** What is known of one register. */
interface Register {
  readonly name: string;
  sent: number;
  acknowledged: number;
  /** The highest number that a read has shown. */
  shown: number;
  /** Numbers whose write was answered with 503: nothing was stored. */
  readonly refused: Set<number>;
}

const pathOf = (name: string): string =>
  `/subscriptions/${subscriptionId}/resourceGroups/${name}?api-version=2021-04-01`;

const keptTable = 'CREATE TABLE IF NOT EXISTS cut_changes (seq bigint PRIMARY KEY, entries bytea)';

export class Registers {
  readonly #machines: Machines;
  readonly all: Register[] = [];
  /** Sentences about what must not be. */
  readonly faults: string[] = [];
  acknowledged = 0;
  reads = 0;
  /** The longest time (real milliseconds) in which no write was acknowledged. */
  longestGapMs = 0;
  #lastMs = performance.now();
  #isEnding = false;
  #turn = 0;

  constructor(machines: Machines) {
    this.#machines = machines;
  }

  /** Runs so many clients until `end`. */
  run(clients: number): Promise<unknown> {
    return Promise.all(
      Array.from({ length: clients }, () => {
        const client = { register: this.#another() };
        return Promise.all([this.#writes(client), this.#reads(client)]);
      }),
    );
  }

  #another(): Register {
    const name = `register${this.all.length}`;
    const register = { name, sent: 0, acknowledged: 0, shown: 0, refused: new Set<number>() };
    this.all.push(register);
    return register;
  }

  end(): void {
    this.#isEnding = true;
  }

  /** Through the next node; undefined when there was no answer. */
  async #send(method: string, name: string, body?: object): Promise<Answer | undefined> {
    const machine = this.#machines.machine(this.#turn++);
    const bytes = body && Buffer.from(JSON.stringify(body));
    return machine.send({ method, path: pathOf(name), body: bytes }).catch(() => undefined);
  }

  async #writes(client: { register: Register }): Promise<void> {
    while (!this.#isEnding) {
      const { register } = client;
      const number = ++register.sent;
      const tags = { number: String(number) };
      const answer = await this.#send('PUT', register.name, { location: 'westeurope', tags });
      if (answer?.status === 200 || answer?.status === 201) {
        register.acknowledged = number;
        this.acknowledged++;
        const nowMs = performance.now();
        this.longestGapMs = Math.max(this.longestGapMs, nowMs - this.#lastMs);
        this.#lastMs = nowMs;
      } else if (answer?.status === 503) register.refused.add(number);
      else if (answer) this.faults.push(`a write was answered with ${answer.status}: ${answer.text}`);
      // What had no answer may still be carried out, after what is sent next: another register is used from here on.
      else client.register = this.#another();
      if (answer === undefined || answer.status === 503) await breath();
    }
  }

  async #reads(client: { readonly register: Register }): Promise<void> {
    while (!this.#isEnding) {
      const { register } = client;
      const least = Math.max(register.acknowledged, register.shown);
      const answer = await this.#send('GET', register.name);
      const most = register.sent;
      const isStale = answer?.headers?.['x-lazurite-stale'] !== undefined;
      if (answer?.status === 200 && !isStale) {
        const { tags } = JSON.parse(answer.text) as { tags: { number: string } };
        const number = Number(tags.number);
        if (number < least || number > most) {
          this.faults.push(`a read of ${register.name} showed ${number}, not ${least} to ${most}`);
        }
        register.shown = Math.max(register.shown, number);
        this.reads++;
      } else if (answer?.status === 404 && least > 0 && !isStale) {
        this.faults.push(`a read of ${register.name} found nothing after ${least}`);
      } else if (answer && ![200, 404, 503].includes(answer.status)) {
        this.faults.push(`a read was answered with ${answer.status}: ${answer.text}`);
      }
      if (answer?.status !== 200) await breath();
    }
  }

  /** Whether `cutLog` has found something to cut. */
  wasCut = false;

  /** Cuts the log behind its newest snapshot, as if an hour had passed; what it was is kept for `compareWithLog`. */
  async cutLog(): Promise<void> {
    const { postgres } = this.#machines;
    await postgres.query(keptTable);
    const rows = await postgres.query(`
      WITH gone AS (
        DELETE FROM lazurite.changes WHERE seq < (SELECT max(seq) FROM lazurite.snapshots) RETURNING seq, entries
      ) INSERT INTO cut_changes SELECT * FROM gone RETURNING seq`);
    this.wasCut ||= rows.length > 0;
  }

  /** Compares what was answered with the log itself; once the clients have ended. */
  async compareWithLog(): Promise<void> {
    await this.#machines.postgres.query(keptTable);
    const rows = await this.#machines.postgres.query(
      'SELECT seq, entries FROM cut_changes UNION ALL SELECT seq, entries FROM lazurite.changes ORDER BY seq',
    );
    const stored = new Map<string, number[]>(this.all.map(({ name }) => [name, []]));
    for (const { entries } of rows) {
      const { rows: images } = JSON.parse(gunzipSync(entries as Buffer).toString()) as { rows: RowImage[] };
      for (const { table, row } of images) {
        if (table !== 'resource_groups' || row === null) continue;
        stored.get(String(row.name))?.push(Number((JSON.parse(String(row.tags)) as { number: string }).number));
      }
    }
    for (const { name, acknowledged, shown, refused } of this.all) {
      const numbers = stored.get(name) ?? [];
      if (numbers.some((number, index) => index > 0 && number <= (numbers[index - 1] as number))) {
        this.faults.push(`${name} was written twice or out of order: ${numbers}`);
      }
      const known = new Set(numbers);
      if (acknowledged > 0 && !known.has(acknowledged)) this.faults.push(`${name} lost ${acknowledged}`);
      if (shown > 0 && !known.has(shown)) this.faults.push(`${name} lost ${shown}, which a read has shown`);
      const both = [...refused].filter((number) => known.has(number));
      if (both.length > 0) this.faults.push(`${name} stored ${both}, which it had refused`);
    }
  }
}

/** Lets a node that cannot answer now do something else. */
const breath = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
