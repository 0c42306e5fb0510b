/** Resets idle TCP flows when they expire, which the kernel's own timers cannot do. */
import type { Clock, Timer } from '../../support/clock.js';
import type { ChainSets } from './chain-sets.js';
import type { KernelFlow } from './flows.js';

interface IdleResetsOptions {
  readonly realClock: Clock;
  readonly sets: ChainSets;
  readonly flows: () => Promise<readonly KernelFlow[]>;
  /** Ends flows that were silent for too long. */
  readonly expire: (flows: readonly KernelFlow[]) => Promise<void>;
  readonly onFailure: (error: Error) => void;
}

/** Shortest real time between two checks; well below the margin before the kernel deletes a flow. */
const shortestPauseMs = 400;
/** Rounding error of the kernel's ticks. */
const tickMs = 20;

/** Real silence after which a flow is over: its rule's idle timeout, or the shorter time of one that is ending. */
export const silenceLimitMs = ({ timeoutMs, set }: KernelFlow): number =>
  Math.abs(timeoutMs - set.set.idleMs) <= tickMs ? set.idleMs : timeoutMs;

export const wantsReset = ({ transport, set }: KernelFlow): boolean =>
  transport === 'tcp' && set.set.frontend.rule.tcpReset;

/** Watches flows whose ends have to be reset when they expire. */
export class IdleResets {
  readonly #options: IdleResetsOptions;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: IdleResetsOptions) {
    this.#options = options;
  }

  /** To be called when there may be a rule with TCP reset that was not there before. */
  planChanged(): void {
    if (this.#stopped || this.#timer) return;
    this.#schedule(this.#shortestIdleMs());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** A flow that does not exist yet expires no earlier than this. */
  #shortestIdleMs(): number {
    let shortestMs = Number.POSITIVE_INFINITY;
    for (const { set, idleMs, state } of this.#options.sets.all()) {
      const { rule, transport } = set.frontend;
      if (state !== 'closed' && transport === 'tcp' && rule.tcpReset) shortestMs = Math.min(shortestMs, idleMs);
    }
    return shortestMs;
  }

  #schedule(inMs: number): void {
    if (this.#stopped || inMs === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#options.realClock.setTimeout(
      () => void this.#look().catch(this.#options.onFailure),
      Math.max(inMs, shortestPauseMs),
    );
  }

  async #look(): Promise<void> {
    const flows = (await this.#options.flows()).filter(wantsReset);
    const over = flows.filter((flow) => flow.silentMs >= silenceLimitMs(flow));
    if (over.length > 0) await this.#options.expire(over);
    const left = flows.map((flow) => silenceLimitMs(flow) - flow.silentMs).filter((ms) => ms > 0);
    this.#timer = undefined;
    this.#schedule(left.reduce((least, ms) => Math.min(least, ms), this.#shortestIdleMs()));
  }
}
