/** The time series of every load balancer, by metric and dimensions: one day of minutes, in memory. */
import type { MetricName } from './metric-definitions.js';

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

/** Everything that the aggregations of a stretch of time are made of. */
export interface Point {
  readonly sum: number;
  readonly count: number;
  readonly minimum: number;
  readonly maximum: number;
}

interface Run {
  readonly point: Point;
  readonly firstMinute: number;
  lastMinute: number;
}

/** Two stretches of time as one. */
export const joinPoints = (a: Point, b: Point): Point => ({
  sum: a.sum + b.sum,
  count: a.count + b.count,
  minimum: Math.min(a.minimum, b.minimum),
  maximum: Math.max(a.maximum, b.maximum),
});

const repeated = (point: Point, times: number): Point => ({
  ...point,
  sum: point.sum * times,
  count: point.count * times,
});

const alike = (a: Point, b: Point): boolean =>
  a.sum === b.sum && a.count === b.count && a.minimum === b.minimum && a.maximum === b.maximum;

export class MinuteSeries {
  #runs: Run[] = [];

  /** The last minute that has a value. */
  get lastMinute(): number {
    return this.#runs.at(-1)?.lastMinute ?? Number.NEGATIVE_INFINITY;
  }

  /** Adds a sample to a minute: the last one or a later one. */
  add(minute: number, value: number): void {
    this.#enter(minute, { sum: value, count: 1, minimum: value, maximum: value });
  }

  /** Adds to the minute's only sample: what a counter has counted so far. */
  increase(minute: number, amount: number): void {
    const known = this.lastMinute === minute ? (this.#takeLast(minute)?.sum ?? 0) : 0;
    const value = known + amount;
    this.#enter(minute, { sum: value, count: 1, minimum: value, maximum: value });
  }

  /** All values from `fromMinute` up to but not including `toMinute`; undefined when there are none. */
  between(fromMinute: number, toMinute: number): Point | undefined {
    let result: Point | undefined;
    for (let index = this.#runs.length - 1; index >= 0; index--) {
      const { firstMinute, lastMinute, point } = this.#runs[index] as Run;
      if (lastMinute < fromMinute) break;
      const minutes = Math.min(lastMinute, toMinute - 1) - Math.max(firstMinute, fromMinute) + 1;
      if (minutes <= 0) continue;
      const part = repeated(point, minutes);
      result = result ? joinPoints(result, part) : part;
    }
    return result;
  }

  forgetBefore(minute: number): void {
    while (this.#runs[0] && this.#runs[0].lastMinute < minute) this.#runs.shift();
  }

  #takeLast(minute: number): Point | undefined {
    const last = this.#runs.at(-1);
    if (!last || last.lastMinute !== minute) return undefined;
    if (last.firstMinute === minute) this.#runs.pop();
    else last.lastMinute--;
    return last.point;
  }

  #enter(minute: number, point: Point): void {
    const before = this.#takeLast(minute);
    const whole = before ? joinPoints(before, point) : point;
    const last = this.#runs.at(-1);
    if (last && last.lastMinute === minute - 1 && alike(last.point, whole)) last.lastMinute = minute;
    else this.#runs.push({ point: whole, firstMinute: minute, lastMinute: minute });
  }
}
