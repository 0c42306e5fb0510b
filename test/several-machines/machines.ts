/** Several nodes in processes of their own that share one PostgreSQL, for tests and for the long proof. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Snapshot, takeSnapshot } from '../../src/store/snapshot.js';
import { openSqlite } from '../../src/store/sqlite.js';
import { type Answer, type Sent, send } from '../built-emulator.js';
import { Postgres } from '../postgres.js';
import { inTime } from '../turns.js';

/** So long (real milliseconds) a client waits: a node that stands still does not answer. */
const longestMs = 10_000;

/** A node's process and how it is reached. */
export class Machine {
  readonly data: string;
  readonly lines: string[] = [];
  #agent = new Agent({ keepAlive: true });
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  port = 0;
  isStill = false;

  constructor(
    readonly command: readonly string[],
    readonly folder: string,
    readonly number: number,
    /** What is put before the command: nothing, or what enters another network. */
    readonly entering: readonly string[] = [],
  ) {
    this.data = join(folder, `node${number}`);
  }

  /** Starts it, on the port that it had before; resolves when it is ready. Options replace its own. */
  async start(url?: string, options: readonly string[] = []): Promise<void> {
    const place = ['--host', '127.0.0.1', '--port', String(this.port), '--data', this.data, '--engine', 'none'];
    const store = url === undefined ? [] : ['--store', url];
    const program = [...this.entering, process.execPath, ...this.command];
    const [file, ...argv] = [...program, 'start', ...place, ...store, ...options];
    const child = spawn(file as string, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#ended = once(child, 'exit');
    createInterface({ input: child.stderr }).on('line', (line) => this.lines.push(line));
    const lines = createInterface({ input: child.stdout });
    const ready = Promise.race([once(lines, 'line'), this.#ended.then(() => [''])]);
    const [line] = (await inTime(`node ${this.number} that is ready`, ready)) as [string];
    const port = /:(\d+) /.exec(line)?.[1];
    if (port === undefined) throw new Error(`node ${this.number} did not start: ${this.lines.join('\n')}`);
    this.port = Number(port);
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async signal(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#child?.kill(signal);
    await inTime(`the end of node ${this.number}`, this.#ended);
    this.#agent.destroy();
    this.#agent = new Agent({ keepAlive: true });
  }

  /** Stops the process in the middle of whatever it does, or lets it go on. */
  pause(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.isStill = signal === 'SIGSTOP';
    this.#child?.kill(signal);
  }

  /** Rejects when the connection ends without an answer, or none came in time. */
  send(sent: Omit<Sent, 'headers'>): Promise<Answer> {
    const headers = { 'content-type': 'application/json' };
    const answer = send({ ...sent, headers }, { port: this.port, agent: this.#agent });
    const late = new Promise<never>((_, reject) => {
      const timer = setTimeout(() => reject(new Error('no answer in time')), longestMs);
      answer.catch(() => {}).finally(() => clearTimeout(timer));
    });
    return Promise.race([answer, late]);
  }

  /** What is in its file; once it has ended. */
  snapshot(): Snapshot {
    const connection = openSqlite(join(this.data, 'lazurite.sqlite'));
    try {
      return takeSnapshot(connection, '');
    } finally {
      connection.close();
    }
  }
}

export class Machines {
  readonly postgres = new Postgres();
  readonly #folder = mkdtempSync(join(tmpdir(), 'lazurite-machines-'));
  readonly all: readonly Machine[];

  /** `command` is what `lazurite` is, as arguments of Node. */
  constructor(command: readonly string[], count = 3) {
    this.all = Array.from({ length: count }, (_, number) => new Machine(command, this.#folder, number + 1));
  }

  async start(options: readonly string[] = []): Promise<void> {
    await this.postgres.start();
    await Promise.all(this.all.map((machine) => machine.start(this.postgres.url, options)));
  }

  /** One of those that do not stand still, in turn. */
  machine(number: number): Machine {
    const moving = this.all.filter(({ isStill }) => !isStill);
    return moving[number % moving.length] as Machine;
  }

  /** The one that writes now; undefined while none does. */
  async writer(): Promise<Machine | undefined> {
    const [row] = await this.postgres.query('SELECT writer FROM lazurite.head');
    return this.all.find(({ port }) => row?.writer === `127.0.0.1:${port}`);
  }

  /** Ends everything and removes what is left. */
  async remove(): Promise<void> {
    for (const machine of this.all) machine.pause('SIGCONT');
    await Promise.all(this.all.map((machine) => machine.signal('SIGKILL')));
    await this.postgres.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
