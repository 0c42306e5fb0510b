/**
 * What the data plane's counters and health probes have measured since the last look, in Azure Monitor's terms:
 * ByteCount, PacketCount, SYNCount, SnatConnectionCount and DipAvailability.
 */

import type { CounterSample, ProbeHealth } from '../data-plane/model/engine.js';
import type { ForwardingPlan, PlanFrontend, PlanMember, PlanOutbound } from '../data-plane/model/plan.js';
import { administrated, type HealthOf } from '../data-plane/selection/decision.js';
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

interface Watch {
  up: boolean;
  /** From when, and up to when, `upMs` counts: always within one minute. */
  startedMs: number;
  countedMs: number;
  upMs: number;
  /** Shares of minutes that have ended, the oldest first, until a later one is asked for. */
  ended: { readonly minute: number; readonly share: number }[];
}

/** Ended minutes that nobody asked for: while its clock is moved far, the engine is this much ahead at most. */
const keptMinutes = 240;

/** Which share of each minute each health probe was up, by Azure's clock: what DipAvailability reports. */
export class ProbeMinutes {
  readonly #watches = new Map<string, Watch>();
  readonly #healthOf: HealthOf;

  /** `healthOf` is asked about a probe whose changes were not seen. */
  constructor(healthOf: HealthOf) {
    this.#healthOf = healthOf;
  }

  /** A probe went up or down, or had its first outcome. */
  changed({ key, up, sinceMs }: Pick<ProbeHealth, 'key' | 'up' | 'sinceMs'>): void {
    const watch = this.#watches.get(key);
    if (!watch) {
      this.#watches.set(key, { up, startedMs: sinceMs, countedMs: sinceMs, upMs: 0, ended: [] });
      return;
    }
    countTo(watch, sinceMs);
    watch.up = up;
  }

  /**
   * The share of a minute (since the Unix epoch) that has ended, between 0 and 1; an administrator's word overrules the
   * probe. Undefined when the probe had no outcome by then. Minutes are to be asked for in their order.
   */
  shareOf(member: PlanMember, minute: number): number | undefined {
    const decided = administrated(member);
    if (decided !== undefined) return Number(decided);
    const key = member.probe ?? '';
    let watch = this.#watches.get(key);
    const endMs = (minute + 1) * minuteMs;
    if (!watch) {
      const health = this.#healthOf(key);
      if (!health || health.reason === 'NA') return undefined;
      watch = {
        up: health.up,
        startedMs: endMs,
        countedMs: endMs,
        upMs: 0,
        ended: [{ minute, share: Number(health.up) }],
      };
      this.#watches.set(key, watch);
    }
    countTo(watch, endMs);
    while (watch.ended[0] && watch.ended[0].minute < minute) watch.ended.shift();
    return watch.ended[0]?.minute === minute ? watch.ended[0].share : undefined;
  }

  /** Forgets probes that are not among these. */
  keepOnly(keys: ReadonlyMap<string, unknown>): void {
    for (const key of this.#watches.keys()) if (!keys.has(key)) this.#watches.delete(key);
  }

  clear(): void {
    this.#watches.clear();
  }
}

/** Counts up to `ms`; minutes that end on the way are kept with their shares. */
function countTo(watch: Watch, ms: number): void {
  while (watch.countedMs < ms) {
    const minute = Math.floor(watch.countedMs / minuteMs);
    const endMs = (minute + 1) * minuteMs;
    const untilMs = Math.min(ms, endMs);
    if (watch.up) watch.upMs += untilMs - watch.countedMs;
    watch.countedMs = untilMs;
    if (untilMs < endMs) return;
    watch.ended.push({ minute, share: watch.upMs / (endMs - watch.startedMs) });
    if (watch.ended.length > keptMinutes) watch.ended.shift();
    watch.startedMs = endMs;
    watch.upMs = 0;
  }
}
