/**
 * What the data plane's counters and health probes have measured since the last look, in Azure Monitor's terms:
 * ByteCount, PacketCount, SYNCount, SnatConnectionCount and DipAvailability.
 */
import type { CounterSample, ProbeHealth } from '../data-plane/model/engine.js';
import type { ForwardingPlan, PlanFrontend, PlanOutbound } from '../data-plane/model/plan.js';
import type { MetricName } from './metric-definitions.js';
import type { Dimensions } from './metric-store.js';

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
  /** Up to when `upMs` counts. */
  countedMs: number;
  startedMs: number;
  upMs: number;
}

export class ProbeMinutes {
  readonly #watches = new Map<string, Watch>();

  /** A probe went up or down, or had its first outcome. */
  changed({ key, up, sinceMs }: Pick<ProbeHealth, 'key' | 'up' | 'sinceMs'>): void {
    const watch = this.#watches.get(key);
    if (!watch) {
      this.#watches.set(key, { up, countedMs: sinceMs, startedMs: sinceMs, upMs: 0 });
      return;
    }
    this.#countTo(watch, sinceMs);
    watch.up = up;
  }

  /** Shares between 0 and 1 since the last call, by probe key; probes that are gone are forgotten. */
  take(health: readonly ProbeHealth[], nowMs: number): ReadonlyMap<string, number> {
    const shares = new Map<string, number>();
    const present = new Set<string>();
    for (const { key, up, reason } of health) {
      present.add(key);
      if (reason === 'NA') continue;
      const watch = this.#watches.get(key);
      if (!watch) {
        this.#watches.set(key, { up, countedMs: nowMs, startedMs: nowMs, upMs: 0 });
        shares.set(key, up ? 1 : 0);
        continue;
      }
      this.#countTo(watch, nowMs);
      const wholeMs = watch.countedMs - watch.startedMs;
      shares.set(key, wholeMs > 0 ? watch.upMs / wholeMs : up ? 1 : 0);
      watch.startedMs = watch.countedMs;
      watch.upMs = 0;
    }
    for (const key of this.#watches.keys()) if (!present.has(key)) this.#watches.delete(key);
    return shares;
  }

  clear(): void {
    this.#watches.clear();
  }

  #countTo(watch: Watch, ms: number): void {
    if (ms <= watch.countedMs) return;
    if (watch.up) watch.upMs += ms - watch.countedMs;
    watch.countedMs = ms;
  }
}
