/** What the engine's counters have gained since the last look, as ByteCount, PacketCount and SYNCount. */
import type { CounterSample, ForwardingPlan, PlanFrontend } from '../forwarding/engine.js';
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

/** Azure has no metrics for Basic load balancers, nor for classic endpoints. */
export const hasMetrics = ({ rule }: PlanFrontend): boolean => rule.allProbedDown === 'keepEstablished';

export class CounterDeltas {
  readonly #last = new Map<string, number>();

  /** Everything gained since the call before, of frontends in the plan. */
  take(samples: readonly CounterSample[], plan: ForwardingPlan): Gain[] {
    const frontends = new Map(plan.frontends.map((frontend) => [frontend.key, frontend]));
    const seen = new Set<string>();
    const gains: Gain[] = [];
    for (const { name, scope, value } of samples) {
      const meaning = meanings[name];
      const frontend = meaning && frontends.get(scope);
      if (!meaning || !frontend) continue;
      const place = `${scope} ${name}`;
      seen.add(place);
      const before = this.#last.get(place) ?? 0;
      this.#last.set(place, value);
      // A frontend that went and came again counts from nothing.
      const amount = value >= before ? value - before : value;
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

  clear(): void {
    this.#last.clear();
  }
}
