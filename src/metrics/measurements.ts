/**
 * What the data plane's counters and health probes have measured since the last look, in Azure Monitor's terms:
 * ByteCount, PacketCount, SYNCount, SnatConnectionCount and DipAvailability.
 */

import type { CounterSample, ProbeHealth } from '../data-plane/model/engine.js';
import type { ForwardingPlan, PlanFrontend, PlanOutbound } from '../data-plane/model/plan.js';
import type { HealthOf } from '../data-plane/selection/decision.js';
import type { MetricName } from './metric-definitions.js';
import { type Dimensions, minuteMs } from './metric-store.js';

export interface Gain {
  readonly loadBalancerId: string;
  readonly metric: MetricName;
  readonly dimensions: Dimensions;
  readonly amount: number;
}

interface Meaning {
  readonly metric: MetricName;
  readonly direction: 'Inbound' | 'Outbound';
  readonly tcpOnly?: boolean;
}

/** Sockets show neither packets nor SYNs: see docs/metrics.md for what stands for them. */
const meanings: Readonly<Record<string, Meaning>> = {
  bytesIn: { metric: 'ByteCount', direction: 'Inbound' },
  bytesOut: { metric: 'ByteCount', direction: 'Outbound' },
  packetsIn: { metric: 'PacketCount', direction: 'Inbound' },
  packetsOut: { metric: 'PacketCount', direction: 'Outbound' },
  connections: { metric: 'SYNCount', direction: 'Inbound', tcpOnly: true },
};

/** What Azure calls an outbound connection that got a port, and one that got none. */
const connectionStates: Readonly<Record<string, string>> = {
  snatConnections: 'Successful',
  snatPortsExhausted: 'Failed',
};

const connectionGain = (of: PlanOutbound, state: string, amount: number): Gain => ({
  loadBalancerId: of.loadBalancerId,
  metric: 'SnatConnectionCount',
  dimensions: {
    FrontendIPAddress: of.frontendAzureAddress,
    BackendIPAddress: of.azureAddress,
    ConnectionState: state,
  },
  amount,
});

/** Azure has no metrics for Basic load balancers, nor for classic endpoints. */
export const hasMetrics = ({ rule }: PlanFrontend): boolean => rule.sku !== undefined && rule.sku !== 'Basic';

export class CounterDeltas {
  readonly #last = new Map<string, number>();

  /** Everything gained since the call before, of frontends and outbound rules in the plan. */
  take(samples: readonly CounterSample[], plan: ForwardingPlan): Gain[] {
    const frontends = new Map(plan.frontends.map((frontend) => [frontend.key, frontend]));
    const outbound = new Map(plan.outbound.map((one) => [one.key, one]));
    const seen = new Set<string>();
    const gains: Gain[] = [];
    for (const { name, scope, value } of samples) {
      const state = connectionStates[name];
      const leaving = state && outbound.get(scope);
      if (leaving) {
        const amount = this.#gain(`${scope} ${name}`, value, seen);
        if (amount > 0) gains.push(connectionGain(leaving, state, amount));
        continue;
      }
      const meaning = meanings[name];
      const frontend = meaning && frontends.get(scope);
      if (!meaning || !frontend) continue;
      const amount = this.#gain(`${scope} ${name}`, value, seen);
      if (amount === 0 || !hasMetrics(frontend) || (meaning.tcpOnly && frontend.transport !== 'tcp')) continue;
      gains.push({
        loadBalancerId: frontend.rule.loadBalancerId,
        metric: meaning.metric,
        dimensions: {
          FrontendIPAddress: frontend.azureAddress,
          FrontendPort: String(frontend.port),
          Direction: meaning.direction,
        },
        amount,
      });
    }
    for (const place of this.#last.keys()) if (!seen.has(place)) this.#last.delete(place);
    return gains;
  }

  #gain(place: string, value: number, seen: Set<string>): number {
    seen.add(place);
    const before = this.#last.get(place) ?? 0;
    this.#last.set(place, value);
    // A frontend that went and came again counts from nothing.
    return value >= before ? value - before : value;
  }

  clear(): void {
    this.#last.clear();
  }
}

/** Numbers that are kept of each probe: in one array, because a minute may end for 150,000 of them at once. */
const up = 0;
/** From when, and up to when, `upMs` counts: always within one minute. */
const startedMs = 1;
const countedMs = 2;
const upMs = 3;
/** The last minute that was asked for, and its share; NaN when the probe had no outcome by then. */
const asked = 4;
const share = 5;
const width = 6;

/** Ended minutes that have not been read: while its clock is moved far, the engine is this much ahead at most. */
const keptMinutes = 240;

/** Which share of each minute each health probe was up, by Azure's clock: what DipAvailability reports. */
export class ProbeMinutes {
  readonly #watches = new Map<string, number>();
  readonly #free: number[] = [];
  readonly #healthOf: HealthOf;
  #state = new Float64Array(64 * width);
  #used = 0;
  /** Minutes that ended before they were asked for, the oldest first. */
  readonly #ended = new Map<number, { readonly minute: number; readonly share: number }[]>();

  /** `healthOf` is asked about a probe whose changes were not seen. */
  constructor(healthOf: HealthOf) {
    this.#healthOf = healthOf;
  }

  /** A probe went up or down, or had its first outcome. */
  changed({ key, up: isUp, sinceMs }: Pick<ProbeHealth, 'key' | 'up' | 'sinceMs'>): void {
    const watch = this.#watches.get(key);
    if (watch === undefined) {
      this.#begin(key, isUp, sinceMs);
      return;
    }
    this.#countTo(watch, sinceMs);
    this.#state[watch + up] = Number(isUp);
  }

  /** The number under which a probe is watched at the end of a minute; undefined when it had no outcome yet. */
  watch(key: string, minute: number): number | undefined {
    const known = this.#watches.get(key);
    if (known !== undefined) return known;
    const health = this.#healthOf(key);
    if (!health || health.reason === 'NA') return undefined;
    const watch = this.#begin(key, health.up, (minute + 1) * minuteMs);
    this.#state[watch + asked] = minute;
    this.#state[watch + share] = Number(health.up);
    return watch;
  }

  /**
   * The share of a minute (since the Unix epoch) that has ended, between 0 and 1; NaN when the probe had no outcome by
   * then. Minutes are to be asked for in their order, each as often as one likes.
   */
  shareOf(watch: number, minute: number): number {
    const state = this.#state;
    const last = state[watch + asked] as number;
    if (last >= minute) return last === minute ? (state[watch + share] as number) : Number.NaN;
    state[watch + asked] = minute;
    const endMs = (minute + 1) * minuteMs;
    const counted = state[watch + countedMs] as number;
    if (counted >= endMs - minuteMs && counted < endMs && !this.#ended.has(watch)) {
      // The minute that is being counted, as it nearly always is.
      state[watch + share] = this.#endMinute(watch, endMs);
    } else {
      this.#countTo(watch, endMs);
      state[watch + share] = this.#takeEnded(watch, minute);
    }
    return state[watch + share] as number;
  }

  /** Forgets probes that are not among these. */
  keepOnly(keys: ReadonlyMap<string, unknown>): void {
    for (const [key, watch] of this.#watches) {
      if (keys.has(key)) continue;
      this.#watches.delete(key);
      this.#ended.delete(watch);
      this.#free.push(watch);
    }
  }

  clear(): void {
    this.#watches.clear();
    this.#ended.clear();
    this.#free.length = 0;
    this.#used = 0;
  }

  #begin(key: string, isUp: boolean, ms: number): number {
    const watch = this.#free.pop() ?? this.#used;
    if (watch === this.#used) this.#used += width;
    if (this.#used > this.#state.length) {
      const larger = new Float64Array(2 * this.#state.length);
      larger.set(this.#state);
      this.#state = larger;
    }
    this.#state.set([Number(isUp), ms, ms, 0, -1, Number.NaN], watch);
    this.#watches.set(key, watch);
    return watch;
  }

  /** Counts up to `ms`; minutes that end on the way are kept with their shares. */
  #countTo(watch: number, ms: number): void {
    const state = this.#state;
    for (let counted = state[watch + countedMs] as number; counted < ms; counted = state[watch + countedMs] as number) {
      const minute = Math.floor(counted / minuteMs);
      const endMs = (minute + 1) * minuteMs;
      if (ms < endMs) {
        if (state[watch + up] === 1) state[watch + upMs] = (state[watch + upMs] as number) + ms - counted;
        state[watch + countedMs] = ms;
        return;
      }
      const ended = this.#ended.get(watch) ?? [];
      this.#ended.set(watch, ended);
      ended.push({ minute, share: this.#endMinute(watch, endMs) });
      if (ended.length > keptMinutes) ended.shift();
    }
  }

  /** Ends the minute that is being counted; answers its share. */
  #endMinute(watch: number, endMs: number): number {
    const state = this.#state;
    let totalMs = state[watch + upMs] as number;
    if (state[watch + up] === 1) totalMs += endMs - (state[watch + countedMs] as number);
    const lengthMs = endMs - (state[watch + startedMs] as number);
    state[watch + startedMs] = endMs;
    state[watch + countedMs] = endMs;
    state[watch + upMs] = 0;
    return totalMs / lengthMs;
  }

  #takeEnded(watch: number, minute: number): number {
    const ended = this.#ended.get(watch) ?? [];
    while (ended[0] && ended[0].minute < minute) ended.shift();
    const found = ended[0]?.minute === minute ? ended.shift() : undefined;
    if (ended.length === 0) this.#ended.delete(watch);
    return found?.share ?? Number.NaN;
  }
}
