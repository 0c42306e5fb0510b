/**
 * `npm run crash-test -- --kills N`: kills a built emulator with SIGKILL at random moments of writes, reads, resets and
 * starts, starts it again on the same folder, and compares what is there with what it had acknowledged.
 *
 * The model: each thing has one writer. What was acknowledged last is there, or the one write that had no answer yet; never
 * an older version, never half of one. What a read has shown is not taken back. A reset is there as a whole or not at all,
 * and once a later write is acknowledged it is there.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { group, type Json, network, virtualNetwork } from '../api/arm/resources/arm-client.js';
import { type Answer, portOf, send, spawnBuilt } from '../built-emulator.js';
import { Random } from '../fuzz/random.js';
import { Half, type State, type Thing, thingsOf } from './things.js';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    clients: { type: 'string', default: '8' },
    verbose: { type: 'boolean', default: false },
  },
});
const [kills, seed, clients] = [values.kills, values.seed, values.clients].map(Number) as [number, number, number];

/** A write that has had no answer yet. */
interface Pending {
  readonly state: State;
}

/** What must be true of a thing. */
interface Known {
  readonly thing: Thing;
  acknowledged: State;
  pending?: Pending | undefined;
  /** The pending write that a read has shown already. */
  seen?: Pending | undefined;
}

const looksLike = ({ thing: { modulus } }: Known, found: State, state: State): boolean =>
  typeof state === 'number' && modulus !== undefined ? found === state % modulus : found === state;

class Campaign {
  readonly folder = mkdtempSync(join(tmpdir(), 'lazurite-crash-'));
  readonly random = new Random(seed);
  #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  #port = 0;
  #child: ChildProcess | undefined;
  readonly all: Known[] = Array.from({ length: clients }, (_, owner) =>
    thingsOf((...args) => this.#send(...args), owner),
  )
    .flat()
    .map((thing) => ({ thing, acknowledged: undefined }));
  /** What was there before a reset that is not known to be on disk. */
  #beforeReset: Map<Known, State> | undefined;
  #version = 0;
  #stopped = false;
  /** Called at the next acknowledged write. */
  readonly #wrote: ((value: unknown) => void)[] = [];
  readonly violations: string[] = [];
  readonly counts = { kills: 0, atStart: 0, acknowledged: 0, unanswered: 0, resets: 0, reads: 0 };

  #send(method: string, path: string, body?: Json | string): Promise<Answer> {
    const type = typeof body === 'string' ? 'application/xml' : 'application/json';
    const text = typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body);
    const headers = { 'content-type': type, 'x-ms-version': '2015-04-01' };
    const sent = { method, path, headers, body: text === undefined ? undefined : Buffer.from(text) };
    return send(sent, { port: this.#port, agent: this.#agent });
  }

  async start(): Promise<void> {
    // Now and then it is killed while it starts, again and again.
    for (; this.random.oneIn(6); this.counts.atStart++) await this.#killAfter(this.#spawn(), this.random.below(400));
    this.#port = await portOf(this.#spawn());
  }

  #spawn(): ChildProcess {
    this.#child = spawnBuilt('--data', this.folder);
    return this.#child;
  }

  async #killAfter(child: ChildProcess, ms: number): Promise<void> {
    const ended = once(child, 'exit');
    await new Promise((resolve) => setTimeout(resolve, ms));
    child.kill('SIGKILL');
    await ended;
  }

  /** What things lie in; every round writes it again, as a reset takes it away. */
  async prepare(): Promise<void> {
    const put = async (path: string, body: Json): Promise<void> => {
      const { status, text } = await this.#send('PUT', `${path}?api-version=2024-05-01`, body);
      if (status > 201) throw new Error(`PUT ${path}: ${status} ${text}`);
    };
    await put(group, { location: 'westeurope' });
    await put(`${network}/virtualNetworks/vnet`, virtualNetwork());
    this.#beforeReset = undefined;
  }

  /** Writes and reads with all clients until the process is gone. */
  async round(): Promise<void> {
    this.#stopped = false;
    const resets = this.random.oneIn(4);
    const work = Array.from({ length: clients }, (_, owner) => this.#client(owner));
    // After so many writes: how much happens in a time depends on the machine.
    const writes = this.counts.acknowledged + 1 + this.random.below(60);
    const written = async (): Promise<void> => {
      while (this.counts.acknowledged < writes) await new Promise((resolve) => this.#wrote.push(resolve));
    };
    const killed = async (): Promise<void> => {
      await written();
      await this.#killAfter(this.#child as ChildProcess, this.random.below(20));
    };
    if (resets) {
      await written();
      this.#stopped = true;
      await Promise.all(work);
      await Promise.all([this.#reset(), this.#killAfter(this.#child as ChildProcess, this.random.below(30))]);
    } else {
      await Promise.all([...work, killed()]);
    }
    this.counts.kills++;
    this.#agent.destroy();
    this.#agent = new Agent({ keepAlive: true, maxSockets: 64 });
  }

  async #reset(): Promise<void> {
    this.counts.resets++;
    const before = new Map(this.all.map((known) => [known, known.acknowledged]));
    this.#beforeReset = before;
    for (const known of this.all) known.acknowledged = undefined;
    await this.#send('POST', '/_lazurite/reset').catch(() => undefined);
  }

  async #client(owner: number): Promise<void> {
    const random = new Random(seed, this.counts.kills, owner);
    const own = this.all.slice(owner * 4, owner * 4 + 4);
    while (!this.#stopped) {
      try {
        if (random.oneIn(3)) await this.#read(random.of(this.all));
        else await this.#write(random.of(own), random);
      } catch (error) {
        // Without an answer the process is gone; anything else should not have happened.
        if ((error as NodeJS.ErrnoException).code === undefined) this.violations.push(`client ${owner}: ${error}`);
        return;
      }
    }
  }

  async #write(known: Known, random: Random): Promise<void> {
    const { thing } = known;
    const removes = thing.remove !== undefined && random.oneIn(6);
    const pending: Pending = { state: removes ? undefined : ++this.#version };
    known.pending = pending;
    if (pending.state === undefined) await thing.remove?.();
    else await thing.write(pending.state as number);
    this.counts.acknowledged++;
    for (const resolve of this.#wrote.splice(0)) resolve(undefined);
    known.acknowledged = pending.state;
    known.pending = undefined;
  }

  async #read(known: Known): Promise<void> {
    const { pending, acknowledged } = known;
    const isQuiet = (): boolean => known.pending === pending && known.acknowledged === acknowledged;
    let found: State;
    try {
      found = await known.thing.read();
    } catch (error) {
      if (error instanceof Half && (pending !== undefined || !isQuiet())) return;
      throw error;
    }
    this.counts.reads++;
    // Only where nothing else can have been meant: no write ended, and none began, in between.
    if (pending === undefined || !isQuiet()) return;
    if (looksLike(known, found, pending.state) && !looksLike(known, found, acknowledged)) known.seen = pending;
  }

  /** Compares what is there with what must be, and goes on from what is there. */
  async verify(): Promise<void> {
    const found = new Map<Known, State>();
    for (const known of this.all) {
      try {
        found.set(known, await known.thing.read());
      } catch (error) {
        this.violations.push(`kill ${this.counts.kills}: half of ${known.thing.name}: ${error}`);
      }
    }
    const wrong = this.#contradictions(found, (known) => known.acknowledged);
    const before = this.#beforeReset;
    const resetLost = before !== undefined && this.#contradictions(found, (known) => before.get(known)).length === 0;
    if (!resetLost) this.violations.push(...wrong.map((what) => `kill ${this.counts.kills}: ${what}`));
    for (const known of this.all) {
      if (known.pending) this.counts.unanswered++;
      known.acknowledged = this.#resumed(known, found.get(known));
      known.pending = known.seen = undefined;
    }
  }

  /** The version itself, where only what it looks like can be read. */
  #resumed(known: Known, found: State): State {
    const candidates = [known.pending?.state, known.acknowledged, this.#beforeReset?.get(known)];
    return candidates.find((state) => state !== undefined && looksLike(known, found, state)) ?? found;
  }

  #contradictions(found: ReadonlyMap<Known, State>, acknowledged: (known: Known) => State): string[] {
    const wrong: string[] = [];
    for (const known of this.all) {
      if (!found.has(known)) continue;
      const state = found.get(known);
      const { pending, seen, thing } = known;
      const isPending = pending !== undefined && (looksLike(known, state, pending.state) || state === 'interrupted');
      const isAcknowledged = looksLike(known, state, acknowledged(known));
      if (isPending || (isAcknowledged && !(seen && seen === pending))) continue;
      const expected = `${acknowledged(known)}${pending ? ` or ${pending.state}` : ''}${seen ? ', which was read' : ''}`;
      wrong.push(`${thing.name} is ${state}, not ${expected}`);
    }
    return wrong;
  }

  async end(): Promise<void> {
    const child = this.#child as ChildProcess;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  abandon(): void {
    this.#child?.kill('SIGKILL');
  }
}

const campaign = new Campaign();
process.once('exit', () => campaign.abandon());
await campaign.start();
while (campaign.counts.kills < kills && campaign.violations.length < 20) {
  await campaign.prepare();
  await campaign.round();
  await campaign.start();
  await campaign.verify();
  if (values.verbose) process.stdout.write(`${JSON.stringify(campaign.counts)}\n`);
}
await campaign.end();
for (const violation of campaign.violations) process.stdout.write(`VIOLATION ${violation}\n`);
const { kills: done, atStart, acknowledged, unanswered, resets, reads } = campaign.counts;
process.stdout.write(
  `${done} kills in work, ${resets} of them in a reset, and ${atStart} in a start (seed ${seed}): ` +
    `${acknowledged} writes acknowledged, ${unanswered} unanswered, ${reads} reads; ${campaign.violations.length} violations\n`,
);
process.exitCode = campaign.violations.length > 0 ? 1 : 0;
