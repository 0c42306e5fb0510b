/**
 * The data plane's thread as the engine sees it: requests with their answers, and a watch that notices when the thread
 * throws, ends or hangs.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../../support/clock.js';
import { modulesFolder } from '../../support/files.js';
import type { Ask, Report, Request, WorkerAnswer, WorkerSetup } from './messages.js';

/** Connections are short-lived objects by the thousand: a larger nursery copies fewer of them. */
const maxYoungGenerationSizeMb = 64;

/** Real time between two looks at the heartbeat. */
const lookEveryMs = 1000;
/**
 * Looks in a row without a sign of life after which the thread counts as hung. Looks are counted, not time, because a
 * machine that was asleep wakes both threads at once. The largest plan takes seconds on a slow machine.
 */
const mostSilentLooks = 10;
/** A thread that loads its modules on a busy machine gets this many more. */
const moreWhileStarting = 25;
/** Real time that a thread gets to end once it was told to. */
const endWithinMs = 1000;

/** The thread has ended, by itself or because it hung; what it was asked meanwhile has no answer. */
export class ThreadEnded extends Error {
  override readonly name = 'ThreadEnded';
}

interface Pending {
  resolve(answer: WorkerAnswer): void;
  reject(error: Error): void;
}

/** A thread that loads its modules; what it is for it is told by the `WorkerThread` that takes it. */
export class LoadingThread {
  readonly entry: URL;
  readonly worker: Worker;
  readonly exited: Promise<unknown>;
  /** Why it has ended meanwhile. */
  failure: Error | undefined;

  constructor(entry = new URL('data-plane/userspace/worker.js', modulesFolder)) {
    this.entry = entry;
    this.worker = new Worker(entry, { name: 'lazurite-data-plane', resourceLimits: { maxYoungGenerationSizeMb } });
    this.exited = once(this.worker, 'exit').catch(() => {});
    this.worker.on('error', (error: Error) => {
      this.failure ??= error;
    });
    this.worker.on('exit', (code) => {
      this.failure ??= new Error(`The data plane's thread ended with code ${code}.`);
    });
  }
}

export interface WorkerThreadOptions {
  readonly thread: LoadingThread;
  readonly setup: WorkerSetup;
  readonly realClock: Clock;
  /** Everything that the thread reports, but answers. */
  readonly receive: (report: Exclude<Report, { type: 'answer' | 'error' }>) => void;
  /** Called once, before pending requests are rejected, when the thread has failed or ended. */
  readonly failed: (error: Error) => void;
}

export class WorkerThread {
  readonly #options: WorkerThreadOptions;
  readonly #worker: Worker;
  readonly #exited: Promise<unknown>;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  #ended: ThreadEnded | undefined;
  #heard = false;
  #silentLooks = -moreWhileStarting;
  #look: Timer | undefined;

  constructor(options: WorkerThreadOptions) {
    const { thread, setup } = options;
    this.#options = options;
    this.#worker = thread.worker;
    this.#exited = thread.exited;
    this.#worker.on('message', (report: Report) => this.#receive(report));
    const ended = (): void => this.#fail(thread.failure as Error);
    this.#worker.on('error', ended);
    this.#worker.on('exit', ended);
    this.#worker.postMessage(setup);
    this.#lookLater();
    // Reported after the constructor returns, as every other failure is.
    if (thread.failure) queueMicrotask(ended);
  }

  /** Resolves with the answer. Rejects with `ThreadEnded`, or with what the thread says about this request. */
  ask(request: Request): Promise<WorkerAnswer> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const ask: Ask = { id: this.#nextId++, request };
      this.#pending.set(ask.id, { resolve, reject });
      this.#worker.postMessage(ask);
    });
  }

  /** Resolves when the thread has ended and its ports are free, at the latest after `withinMs` and a second more. */
  async end(withinMs = 0): Promise<void> {
    this.#look?.cancel();
    const { realClock } = this.#options;
    const late = Symbol('late');
    const ended = await Promise.race([this.#exited, realClock.wait(withinMs).then(() => late)]);
    if (ended !== late) return;
    await Promise.race([this.#worker.terminate(), realClock.wait(endWithinMs)]);
  }

  #lookLater(): void {
    this.#look = this.#options.realClock.setTimeout(() => {
      if (!this.#heard) this.#silentLooks++;
      this.#heard = false;
      if (this.#silentLooks >= mostSilentLooks) {
        this.#fail(new Error(`The data plane's thread has not answered for ${this.#silentLooks} s.`));
        return;
      }
      this.ask({ type: 'ping' }).catch(() => {});
      this.#lookLater();
    }, lookEveryMs);
  }

  #receive(report: Report): void {
    this.#heard = true;
    this.#silentLooks = 0;
    if (this.#ended) return;
    if (report.type !== 'answer' && report.type !== 'error') {
      this.#options.receive(report);
      return;
    }
    const pending = this.#pending.get(report.id);
    this.#pending.delete(report.id);
    if (report.type === 'answer') pending?.resolve(report.answer);
    else pending?.reject(report.error);
  }

  #fail(error: Error): void {
    if (this.#ended) return;
    this.#look?.cancel();
    this.#ended = new ThreadEnded(error.message, { cause: error });
    this.#options.failed(error);
    for (const pending of this.#pending.values()) pending.reject(this.#ended);
    this.#pending.clear();
  }
}
