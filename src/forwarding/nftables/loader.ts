/**
 * Speaks to the kernel through one `nft -i` for the whole life of the engine: a change costs a millisecond that way, and
 * twenty with an nft of its own. The tables belong to that process (`flags owner`): nobody else can change them, and
 * however it ends, killed too, they are gone with it.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, ftruncateSync, writeSync } from 'node:fs';
import { openScratchFile } from './scratch-file.js';
import type { Command } from './transaction.js';
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
 * All that nft ever hears on its input, which it takes with a system call per byte: the text stands in a file that it
 * inherits. Always the same, because nft looks through the history of its input for every line that is not the one before.
 */
const request = 'include "/proc/self/fd/3"\n';
/**
 * Both are answered without asking the kernel. The first ends a transaction's file: it is answered when the file was
 * read, before anything is carried out. The second one is asked then: what stands before its answer are errors.
 */
const wasRead = { question: 'describe ip length', answer: /^payload expression, datatype integer .*\n/m };
const wasDone = { question: 'describe meta length', answer: /^meta expression, datatype integer .*\n/m };
/** No history file can be there: nft would leave one in the home folder. */
export const environment = {
  LC_ALL: 'C',
  HOME: '/dev/null',
  TERM: 'dumb',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin',
};

/** The first sentence of what nft says, without the command that it repeats. */
const sentenceOf = (output: string): string =>
  (/Error: *\n?([^\n]*)/.exec(output)?.[1] ?? output.split('\n', 1)[0] ?? '').trim() || 'no reason given';

export class Loader {
  readonly #process: ChildProcess;
  /** What nft reads next. */
  readonly #file = openScratchFile();
  /** In their order; the first one is being carried out. */
  readonly #waiting: Waiting[] = [];
  readonly #onFailure: (error: Error) => void;
  #output = '';
  /** Nothing was heard yet of what was asked last. */
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
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    this.#process.stdin?.on('error', () => {});
    this.#process.on('error', (error) => this.#end(error));
    this.#process.on('close', (code, signal) =>
      this.#end(new Error(`nft ended (${signal ?? code}) ${this.#output}`.trim())),
    );
  }

  /** Carries commands out, in as few transactions as possible, each wholly or not at all. */
  async run(commands: readonly Command[]): Promise<void> {
    for (const line of transactions(commands)) await this.transaction(line);
  }

  /** Carries out one line, after those before it. */
  transaction(line: string): Promise<void> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line, resolve, reject });
      if (this.#waiting.length === 1) this.#ask();
    });
  }

  /** Ends nft, and with it the tables. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#ended) return;
    const ended = new Promise((resolve) => this.#process.once('close', resolve));
    this.#process.stdin?.end();
    await ended;
  }

  /** Lets nft carry out the first that waits. */
  #ask(): void {
    const first = this.#waiting[0];
    if (!first) return;
    this.#reading = true;
    this.#tell(`${first.line}\n${wasRead.question}\n`);
  }

  #tell(text: string): void {
    // Without space for the file it only takes longer.
    this.#process.stdin?.write(this.#putInFile(text) ? request : text);
  }

  /** Whether nft can read all of it there. */
  #putInFile(text: string): boolean {
    const bytes = Buffer.from(text);
    try {
      ftruncateSync(this.#file);
      return writeSync(this.#file, bytes, 0, bytes.length, 0) === bytes.length;
    } catch {
      return false;
    }
  }

  #hear(text: string): void {
    this.#output += text;
    if (this.#reading) {
      // The file was read, or has an error because of which nothing of it will happen.
      this.#reading = false;
      this.#tell(`${wasDone.question}\n`);
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

const longestListing = 256 * 1024 * 1024;

/** What nft prints for some commands; processes of their own, because a long answer must not hold changes up. */
export function readFromKernel(commands: readonly string[]): Promise<string> {
  // nft 1.0.6 knows only the last one of several lists in one command.
  const script = 'for command; do nft "$command" || exit; done';
  return new Promise((resolve, reject) => {
    execFile(
      '/bin/sh',
      ['-c', script, 'sh', ...commands],
      { env: environment, maxBuffer: longestListing },
      (error, stdout, stderr) =>
        error ? reject(new NftError(`nft: ${sentenceOf(stderr)} (${commands[0]} …)`)) : resolve(stdout),
    );
  });
}
