/**
 * Changes the kernel's tables through one `nft -i` process for the whole life of the engine: a change takes 1 ms, and 20 ms
 * with a process of its own. The tables belong to that process (`flags owner`): no other process can change them, and
 * they are deleted when it ends, even when killed.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../../support/usage-error.js';
import type { NftCommand } from './transaction.js';
import { transactions } from './transaction.js';

/** nft refused a transaction; nothing of it has happened. */
export class NftError extends Error {
  override readonly name = 'NftError';
}

interface Waiting {
  readonly line: string;
  resolve(): void;
  reject(error: Error): void;
}

/**
 * The only line written to nft's input, which it reads with a system call per byte: the commands are in a file that it
 * inherits. Always the same line, because nft searches its input history for every line that differs from the last one.
 */
const request = 'include "/proc/self/fd/3"\n';
/**
 * Both are answered without asking the kernel. The first ends a transaction's file: it is answered when the file has been
 * read, before anything is executed. The second is asked then: the output before its answer is errors.
 */
const wasRead = { question: 'describe ip length', answer: /^payload expression, datatype integer .*\n/m };
const wasDone = { question: 'describe meta length', answer: /^meta expression, datatype integer .*\n/m };
/** nft would leave a history file in the home folder; none can be created here. */
export const environment = {
  LC_ALL: 'C',
  HOME: '/dev/null',
  TERM: 'dumb',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin',
};

/** The first sentence of what nft says, without the command that it repeats. */
export const sentenceOf = (output: string): string =>
  (/Error: *\n?([^\n]*)/.exec(output)?.[1] ?? output.split('\n', 1)[0] ?? '').trim() || 'no reason given';

export class Loader {
  readonly #process: ChildProcess;
  /** The commands that nft reads next. */
  readonly #file = openScratchFile();
  /** In order; the first one is being executed. */
  readonly #waiting: Waiting[] = [];
  readonly #onFailure: (error: Error) => void;
  #output = '';
  /** The last request has not been answered yet. */
  #reading = false;
  #ended: Error | undefined;
  #closing = false;

  constructor(onFailure: (error: Error) => void) {
    this.#onFailure = onFailure;
    // Errors and answers on one pipe, so that they keep their order.
    this.#process = spawn('/bin/sh', ['-c', 'exec nft -i 2>&1'], {
      stdio: ['pipe', 'pipe', 'inherit', this.#file],
      env: environment,
    });
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => this.#receive(text));
    this.#process.stdin?.on('error', () => {});
    this.#process.on('error', (error) => this.#end(error));
    this.#process.on('close', (code, signal) =>
      this.#end(new Error(`nft ended (${signal ?? code}) ${this.#output}`.trim())),
    );
  }

  /** Executes commands in as few transactions as possible; each takes effect wholly or not at all. */
  async run(commands: readonly NftCommand[]): Promise<void> {
    for (const line of transactions(commands)) await this.transaction(line);
  }

  /** Executes one line after the earlier ones. */
  transaction(line: string): Promise<void> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line, resolve, reject });
      if (this.#waiting.length === 1) this.#ask();
    });
  }

  /** Ends nft, which deletes the tables. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#ended) return;
    const ended = new Promise((resolve) => this.#process.once('close', resolve));
    this.#process.stdin?.end();
    await ended;
  }

  /** Sends the first waiting line to nft. */
  #ask(): void {
    const first = this.#waiting[0];
    if (!first) return;
    this.#reading = true;
    this.#write(`${first.line}\n${wasRead.question}\n`);
  }

  #write(text: string): void {
    // Without disk space the text itself is written, which is slower.
    this.#process.stdin?.write(this.#putInFile(text) ? request : text);
  }

  /** Writes the text to the file; false when that failed. */
  #putInFile(text: string): boolean {
    const bytes = Buffer.from(text);
    try {
      ftruncateSync(this.#file);
      return writeSync(this.#file, bytes, 0, bytes.length, 0) === bytes.length;
    } catch {
      return false;
    }
  }

  #receive(text: string): void {
    this.#output += text;
    if (this.#reading) {
      // The file has been read, or has an error and nothing of it takes effect.
      this.#reading = false;
      this.#write(`${wasDone.question}\n`);
    }
    const done = wasDone.answer.exec(this.#output);
    if (!done) return;
    const said = this.#output.slice(0, done.index).replace(wasRead.answer, '');
    this.#output = this.#output.slice(done.index + done[0].length);
    const waiting = this.#waiting.shift();
    this.#ask();
    if (said.trim() === '') waiting?.resolve();
    else waiting?.reject(new NftError(`nft: ${sentenceOf(said)} (${waiting.line.slice(0, 160)})`));
  }

  #end(error: Error): void {
    if (this.#ended) return;
    this.#ended = error;
    closeSync(this.#file);
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
    if (!this.#closing) this.#onFailure(error);
  }
}

/** Memory first: the content is needed for milliseconds. */
const folders = ['/dev/shm', tmpdir()];

/** The descriptor of a new empty file, for reading and writing. Throws when no folder can hold one. */
function openScratchFile(): number {
  let failure: unknown;
  for (const folder of folders) {
    try {
      const own = mkdtempSync(join(folder, 'lazurite-'));
      try {
        return openSync(join(own, 'file'), 'wx+', 0o600);
      } finally {
        rmSync(own, { recursive: true });
      }
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

const sandboxHint = 'or use `lazurite sandbox -- COMMAND`, which needs no root';

/** Throws a `UsageError` that says what the kernel engine lacks here. */
export function refuseWhereImpossible(platform: string = process.platform): void {
  if (platform !== 'linux') {
    throw new UsageError(`--engine nftables needs Linux, this is ${platform}; use --engine userspace`);
  }
  const version = spawnSync('nft', ['--version'], { encoding: 'utf8', env: environment });
  if (version.error) {
    throw new UsageError('--engine nftables needs the nft command: install nftables (apt-get install nftables)');
  }
  const listing = spawnSync('nft', ['list tables'], { encoding: 'utf8', env: environment });
  if (listing.status === 0) return;
  if (/not permitted|must be root/i.test(listing.stderr)) {
    throw new UsageError(
      `--engine nftables needs CAP_NET_ADMIN in this network namespace: run it as root, ${sandboxHint}`,
    );
  }
  throw new UsageError(`--engine nftables cannot use nft here: ${listing.stderr.trim()}`);
}

/** Throws what says why a table could not be created and what to do about it. */
export function throwExplained(error: Error): never {
  if (/not permitted|exist|busy/i.test(error.message)) {
    throw new UsageError(
      `--engine nftables found the table 'lazurite' of another process in this network namespace: stop that one, ${sandboxHint}`,
    );
  }
  if (/no such file|not supported|invalid argument/i.test(error.message)) {
    throw new UsageError(
      `this kernel lacks something that --engine nftables needs (Linux 5.12 or newer): ${error.message}`,
    );
  }
  throw error;
}
