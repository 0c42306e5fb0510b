/** The time series of every load balancer, by metric and dimensions: one day of minutes, in memory. */
import type { MetricName } from './metric-definitions.js';
import { MinuteSeries } from './minute-series.js';

export type Dimensions = Readonly<Record<string, string>>;

export interface Series {
  readonly dimensions: Dimensions;
  readonly values: MinuteSeries;
}

interface Balancer {
  /** When it was first seen: there are no values before. */
  readonly sinceMinute: number;
  readonly metrics: Map<MetricName, Map<string, Series>>;
}

export interface Place {
  /** Resource id of the load balancer, in any casing. */
  readonly loadBalancerId: string;
  readonly metric: MetricName;
  readonly dimensions: Dimensions;
}

export const minuteMs = 60_000;
const keptMinutes = 24 * 60;

export class MetricStore {
  readonly #balancers = new Map<string, Balancer>();

  /** The series at a place, opened when it is new. */
  series({ loadBalancerId, metric, dimensions }: Place, minute: number): MinuteSeries {
    const balancer = this.seen(loadBalancerId, minute);
    let byDimensions = balancer.metrics.get(metric);
    if (!byDimensions) {
      byDimensions = new Map();
      balancer.metrics.set(metric, byDimensions);
    }
    const key = Object.values(dimensions).join('|');
    let series = byDimensions.get(key);
    if (!series) {
      series = { dimensions, values: new MinuteSeries() };
      byDimensions.set(key, series);
    }
    return series.values;
  }

  /** Notes that a load balancer exists. */
  seen(loadBalancerId: string, minute: number): Balancer {
    const key = loadBalancerId.toLowerCase();
    const known = this.#balancers.get(key);
    if (known) return known;
    const balancer = { sinceMinute: minute, metrics: new Map() };
    this.#balancers.set(key, balancer);
    return balancer;
  }

  /** First minute with values of a load balancer; undefined when it has none. */
  sinceMinute(loadBalancerId: string): number | undefined {
    return this.#balancers.get(loadBalancerId.toLowerCase())?.sinceMinute;
  }

  /** Every series of a metric. */
  all(loadBalancerId: string, metric: MetricName): readonly Series[] {
    return [...(this.#balancers.get(loadBalancerId.toLowerCase())?.metrics.get(metric)?.values() ?? [])];
  }

  /** Forgets what is older than a day, and load balancers that have nothing younger. */
  prune(nowMinute: number): void {
    const oldest = nowMinute - keptMinutes;
    for (const [key, { metrics, sinceMinute }] of this.#balancers) {
      for (const byDimensions of metrics.values()) {
        for (const [name, { values }] of byDimensions) {
          if (values.lastMinute < oldest) byDimensions.delete(name);
          else values.forgetBefore(oldest);
        }
      }
      const empty = [...metrics.values()].every((byDimensions) => byDimensions.size === 0);
      if (empty && sinceMinute < oldest) this.#balancers.delete(key);
    }
  }

  clear(): void {
    this.#balancers.clear();
  }
}
