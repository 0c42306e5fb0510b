/** Idle timeouts where the kernel's own timers do not do: resets at the moment of expiry, and a clock that jumps. */
import type { Clock, Timer } from '../../clock.js';
import type { ChainSets } from './chain-sets.js';
import type { KernelFlow } from './flows.js';

export interface IdleOptions {
  readonly realClock: Clock;
  readonly sets: ChainSets;
  readonly flows: () => Promise<readonly KernelFlow[]>;
  /** Ends flows that were silent for too long. */
  readonly expire: (flows: readonly KernelFlow[]) => Promise<void>;
  readonly onFailure: (error: Error) => void;
}

/** How often flows are looked through at most; well within the time the kernel leaves for it. */
const shortestPauseMs = 400;
/** What rounding to the kernel's ticks may change. */
const tickMs = 20;

/** Real silence after which a flow is over: its rule's idle timeout, or the shorter time of one that is ending. */
export const silenceLimitMs = ({ timeoutMs, set }: KernelFlow): number =>
  Math.abs(timeoutMs - set.set.idleMs) <= tickMs ? set.idleMs : timeoutMs;

export const wantsReset = ({ transport, set }: KernelFlow): boolean =>
  transport === 'tcp' && set.set.frontend.rule.tcpReset;

/** Watches flows whose ends have to be reset when they expire. */
export class IdleWatch {
  readonly #options: IdleOptions;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: IdleOptions) {
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

  /** A flow that is not there yet lives at least this long. */
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
