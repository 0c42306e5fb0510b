/**
 * One health probe from its first attempt to its removal: when it is attempted, and when its state flips.
 *
 * probeThreshold consecutive answers flip the state, at the start too; an HTTP status flips it at once. `numberOfProbes`
 * does nothing, as in Azure.
 */
import { isIPv4 } from 'node:net';
import type { Clock, Timer } from '../../support/clock.js';
import type { HealthReason, ProbeHealth } from '../model/engine.js';
import type { PlanProbe } from '../model/plan.js';
import { httpProbe, type ProbeAttempt, type ProbeOutcome, probeFailed, tcpProbe } from './probe-attempt.js';

export interface ProbeRunOptions {
  /** Where IPv4 probes come from. */
  readonly sourceAddress?: string | undefined;
  readonly clock: Clock;
  /** Real time: however fast Azure's clock is turned, a backend gets a moment to answer. */
  readonly realClock: Clock;
  /** What an injected fault makes of an outcome. */
  readonly verdict?: (probe: PlanProbe, outcome: ProbeOutcome) => ProbeOutcome;
  /** Called when the state or its reason changes. */
  readonly onChange: (health: ProbeHealth) => void;
}

const shortestTimeoutRealMs = 100;
/** The moment has so many parts, between which the event loop turns: a thread that was held up has not heard the answer yet. */
const partsOfMoment = 20;

export class ProbeRun {
  readonly probe: PlanProbe;
  readonly #options: ProbeRunOptions;
  #up = false;
  #everUp = false;
  #reason: HealthReason = 'NA';
  #sinceMs: number;
  /** Consecutive outcomes that contradict the state. */
  #against = 0;
  #timer: Timer | undefined;
  #attempt: ProbeAttempt | undefined;
  #settled: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(probe: PlanProbe, options: ProbeRunOptions) {
    this.probe = probe;
    this.#options = options;
    this.#sinceMs = options.clock.now();
  }

  /** Goes on with what another probe of the same target found out: a new interval takes no member out. */
  inherit({ health, everUp }: Pick<ProbeRun, 'health' | 'everUp'>): void {
    this.#up = health.up;
    this.#everUp = everUp;
    this.#reason = health.reason;
    this.#sinceMs = health.sinceMs;
  }

  /** Whether it has ever been up. */
  get everUp(): boolean {
    return this.#everUp;
  }

  get health(): ProbeHealth {
    return { key: this.probe.key, up: this.#up, reason: this.#reason, sinceMs: this.#sinceMs };
  }

  /** Resolves when no attempt is under way. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  start(delayMs: number): void {
    this.#timer = this.#options.clock.setTimeout(() => this.#tick(), delayMs);
  }

  /** Makes the next attempt now; one that is under way counts as it. */
  attemptNow(): void {
    this.#timer?.cancel();
    this.#tick();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#attempt?.abandon();
  }

  #tick(): void {
    this.#timer = this.#options.clock.setTimeout(() => this.#tick(), this.probe.intervalMs);
    if (!this.#attempt) this.#settled = this.#run();
  }

  async #run(): Promise<void> {
    const attempt = this.#begin();
    if (!attempt) {
      this.#take(probeFailed('Down_Platform', true));
      return;
    }
    this.#attempt = attempt;
    const cancelTimeout = this.#limit(attempt);
    const outcome = await attempt.result;
    cancelTimeout();
    this.#attempt = undefined;
    if (!this.#stopped) this.#take(this.#options.verdict?.(this.probe, outcome) ?? outcome);
  }

  /** Undefined for a target that is none: it must not end the thread that probes all others. */
  #begin(): ProbeAttempt | undefined {
    const { protocol, address, port, requestPath, userAgent, followsRedirects = false } = this.probe;
    try {
      const { sourceAddress } = this.#options;
      const from = sourceAddress !== undefined && isIPv4(address) ? { localAddress: sourceAddress } : {};
      if (protocol === 'Tcp') return tcpProbe({ address, port, ...from });
      return httpProbe({ protocol, address, port, path: requestPath ?? '/', userAgent, followsRedirects, ...from });
    } catch {
      return undefined;
    }
  }

  /** Times the attempt out when both Azure's timeout and a moment of real time have passed. */
  #limit(attempt: ProbeAttempt): () => void {
    const { clock, realClock } = this.#options;
    let remaining = 2;
    const passed = (): void => {
      remaining--;
      if (remaining === 0) attempt.timeOut();
    };
    // A probe fails when the next one is due: a moment earlier, so that the next one finds it gone.
    const azure = clock.setTimeout(passed, this.probe.timeoutMs - 1);
    const partMs = Math.min(shortestTimeoutRealMs, this.probe.timeoutMs) / partsOfMoment;
    const wait = (parts: number): Timer =>
      realClock.setTimeout(() => {
        if (parts === 1) passed();
        else real = wait(parts - 1);
      }, partMs);
    let real = wait(partsOfMoment);
    return () => {
      azure.cancel();
      real.cancel();
    };
  }

  #take(outcome: ProbeOutcome): void {
    const { threshold: usual, firstThreshold = usual } = this.probe;
    const threshold = outcome.explicit ? 1 : this.#everUp ? usual : firstThreshold;
    if (outcome.up === this.#up) {
      this.#against = 0;
      this.#enter(outcome.up, outcome.reason);
      return;
    }
    this.#against++;
    if (this.#against >= threshold) {
      this.#against = 0;
      this.#enter(outcome.up, outcome.reason);
    } else
      this.#enter(
        this.#up,
        this.#up ? 'Up_Probe_ApproachingUnhealthyThreshold' : 'Down_Probe_ApproachingHealthyThreshold',
      );
  }

  #enter(up: boolean, reason: HealthReason): void {
    const flipped = up !== this.#up;
    if (!flipped && reason === this.#reason) return;
    if (flipped || this.#reason === 'NA') this.#sinceMs = this.#options.clock.now();
    this.#up = up;
    this.#everUp ||= up;
    this.#reason = reason;
    this.#options.onChange(this.health);
  }
}
