/**
 * Azure's load balancer health events: the diagnostic log category LoadBalancerHealthEvent.
 * https://learn.microsoft.com/azure/load-balancer/load-balancer-health-event-logs
 */
import { shortList } from '../support/log.js';

export type HealthEventType = 'DataPathAvailabilityWarning' | 'DataPathAvailabilityCritical' | 'NoHealthyBackends';

/** A record with the columns of Azure's table ALBHealthEvent. */
export interface HealthEvent {
  /** Azure time, ISO 8601. */
  readonly TimeGenerated: string;
  readonly Category: 'LoadBalancerHealthEvent';
  readonly OperationName: 'LoadBalancerHealthEvent';
  readonly LoadBalancerResourceId: string;
  readonly FrontendIP: string;
  readonly HealthEventType: HealthEventType;
  readonly Severity: 'Warning' | 'Critical';
  readonly Description: string;
}

/** What one frontend address is like just now. */
export interface FrontendHealth {
  readonly loadBalancerId: string;
  readonly address: string;
  /** `TCP:80` of every rule with a probe. */
  readonly probedPorts: readonly string[];
  /** Every rule with a probe has members, all of them probed, and none may have new flows. */
  readonly withoutBackends: boolean;
  /** Percent of the last minute's pings that came through; undefined between minutes and without members. */
  readonly availability: number | undefined;
}

const minuteMs = 60_000;
/** Azure detects a condition that lasts only every so often anew. */
const quietMs: Readonly<Record<HealthEventType, number>> = {
  DataPathAvailabilityWarning: 5 * minuteMs,
  DataPathAvailabilityCritical: 5 * minuteMs,
  NoHealthyBackends: 60 * minuteMs,
};
const keptEvents = 1000;
const criticalBelow = 25;
const warningBelow = 90;

interface Detected {
  readonly type: HealthEventType;
  readonly severity: 'Warning' | 'Critical';
  readonly description: string;
}

// differs: the first text is Azure's as far as its troubleshooting page shows it; the others are put in our words.
const noHealthyBackends = ({ address, probedPorts }: FrontendHealth): Detected => ({
  type: 'NoHealthyBackends',
  severity: 'Critical',
  description:
    `The frontend IP ${address} is completely unreachable because all backend instances configured to the following ` +
    `protocol:port {${shortList(probedPorts)}} are not responding to health probes.`,
});

const availabilityBelow = (
  { address }: FrontendHealth,
  { percent, critical }: { percent: number; critical: boolean },
): Detected => ({
  type: critical ? 'DataPathAvailabilityCritical' : 'DataPathAvailabilityWarning',
  severity: critical ? 'Critical' : 'Warning',
  description: `The data path availability of the frontend IP ${address} was ${Math.round(percent)}% in the last minute, below ${critical ? criticalBelow : warningBelow}%.`,
});

export class HealthEvents {
  readonly #announce: (event: HealthEvent) => void;
  readonly #raisedMs = new Map<string, number>();
  #events: HealthEvent[] = [];

  constructor(announce: (event: HealthEvent) => void) {
    this.#announce = announce;
  }

  /** Oldest first. */
  list(): readonly HealthEvent[] {
    return this.#events;
  }

  /** Takes the state of a frontend in, and raises what it gives rise to. */
  observe(frontend: FrontendHealth, nowMs: number): void {
    if (frontend.withoutBackends) this.#raise(noHealthyBackends(frontend), frontend, nowMs);
    // Healthy again: the next failure is news.
    else this.#raisedMs.delete(placeOf(frontend, 'NoHealthyBackends'));
    const percent = frontend.availability;
    if (percent === undefined || percent >= warningBelow) return;
    this.#raise(availabilityBelow(frontend, { percent, critical: percent < criticalBelow }), frontend, nowMs);
  }

  clear(): void {
    this.#events = [];
    this.#raisedMs.clear();
  }

  #raise({ type, severity, description }: Detected, frontend: FrontendHealth, nowMs: number): void {
    const place = placeOf(frontend, type);
    const raisedMs = this.#raisedMs.get(place);
    if (raisedMs !== undefined && nowMs - raisedMs < quietMs[type]) return;
    this.#raisedMs.set(place, nowMs);
    const event: HealthEvent = {
      TimeGenerated: new Date(nowMs).toISOString(),
      Category: 'LoadBalancerHealthEvent',
      OperationName: 'LoadBalancerHealthEvent',
      LoadBalancerResourceId: frontend.loadBalancerId,
      FrontendIP: frontend.address,
      HealthEventType: type,
      Severity: severity,
      Description: description,
    };
    this.#events.push(event);
    if (this.#events.length > keptEvents) this.#events.shift();
    this.#announce(event);
  }
}

const placeOf = ({ loadBalancerId, address }: FrontendHealth, type: HealthEventType): string =>
  `${loadBalancerId.toLowerCase()}|${address}|${type}`;
