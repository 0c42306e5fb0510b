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

export interface MetricPlace {
  /** Resource id of the load balancer, in any casing. */
  readonly loadBalancerId: string;
  readonly metric: MetricName;
  readonly dimensions: Dimensions;
}

export const minuteMs = 60_000;
const keptMinutes = 24 * 60;

export class MetricStore {
  readonly #balancers = new Map<string, Balancer>();
  #runs = new Runs();

  /** The series at a place, opened when it is new. */
  series({ loadBalancerId, metric, dimensions }: MetricPlace, minute: number): MinuteSeries {
    const balancer = this.seen(loadBalancerId, minute);
    let byDimensions = balancer.metrics.get(metric);
    if (!byDimensions) {
      byDimensions = new Map();
      balancer.metrics.set(metric, byDimensions);
    }
    const key = Object.values(dimensions).join('|');
    let series = byDimensions.get(key);
    if (!series) {
      series = { dimensions, values: new MinuteSeries(this.#runs) };
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
          values.forgetBefore(oldest);
          if (values.lastMinute < oldest) byDimensions.delete(name);
        }
      }
      const empty = [...metrics.values()].every((byDimensions) => byDimensions.size === 0);
      if (empty && sinceMinute < oldest) this.#balancers.delete(key);
    }
  }

  clear(): void {
    this.#runs = new Runs();
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

/** Two stretches of time as one. */
export const joinPoints = (a: Point, b: Point): Point => ({
  sum: a.sum + b.sum,
  count: a.count + b.count,
  minimum: Math.min(a.minimum, b.minimum),
  maximum: Math.max(a.maximum, b.maximum),
});

/** Numbers of a run of equal minutes: its point, its first and its last minute, and where the run before it is. */
const runLength = 7;
const blockRuns = 4096;
const none = -1;

/**
 * Runs of all series in blocks outside of the heap: a minute may end for 150,000 series at once, and so many objects
 * would be collected for longer than the minute's work takes.
 */
class Runs {
  readonly #blocks: Float64Array[] = [];
  #free = none;
  #used = 0;

  block(run: number): Float64Array {
    return this.#blocks[Math.floor(run / blockRuns)] as Float64Array;
  }

  /** Where the numbers of a run begin in its block. */
  place(run: number): number {
    return (run % blockRuns) * runLength;
  }

  /** A run for new numbers. */
  take(): number {
    const run = this.#free;
    if (run !== none) {
      this.#free = this.block(run)[this.place(run)] as number;
      return run;
    }
    if (this.#used === this.#blocks.length * blockRuns) this.#blocks.push(new Float64Array(blockRuns * runLength));
    return this.#used++;
  }

  release(run: number): void {
    this.block(run)[this.place(run)] = this.#free;
    this.#free = run;
  }
}

/** The values of one series by the minute; equal minutes in a row are one run. */
export class MinuteSeries {
  readonly #runs: Runs;
  /** The newest run. */
  #last = none;
  /** The last minute that has a value. */
  lastMinute = Number.NEGATIVE_INFINITY;

  constructor(runs: Runs) {
    this.#runs = runs;
  }

  /** Adds a sample to a minute: the last one or a later one. */
  add(minute: number, value: number): void {
    if (this.lastMinute !== minute) {
      this.#enter(minute, { sum: value, count: 1, minimum: value, maximum: value });
      return;
    }
    const { sum, count, minimum, maximum } = this.#takeLast();
    this.#enter(minute, {
      sum: sum + value,
      count: count + 1,
      minimum: Math.min(minimum, value),
      maximum: Math.max(maximum, value),
    });
  }

  /** Adds to the minute's only sample: what a counter has counted so far. */
  increase(minute: number, amount: number): void {
    const value = amount + (this.lastMinute === minute ? this.#takeLast().sum : 0);
    this.#enter(minute, { sum: value, count: 1, minimum: value, maximum: value });
  }

  /** All values from `fromMinute` up to but not including `toMinute`; undefined when there are none. */
  between(fromMinute: number, toMinute: number): Point | undefined {
    let result: Point | undefined;
    for (let run = this.#last; run !== none; run = this.#before(run)) {
      const { point, firstMinute, lastMinute } = this.#read(run);
      if (lastMinute < fromMinute) break;
      const minutes = Math.min(lastMinute, toMinute - 1) - Math.max(firstMinute, fromMinute) + 1;
      if (minutes <= 0) continue;
      const part = { ...point, sum: point.sum * minutes, count: point.count * minutes };
      result = result ? joinPoints(result, part) : part;
    }
    return result;
  }

  forgetBefore(minute: number): void {
    let kept = none;
    for (let run = this.#last; run !== none; ) {
      const before = this.#before(run);
      if (this.#read(run).lastMinute < minute) {
        if (kept === none) this.#last = none;
        else this.#runs.block(kept)[this.#runs.place(kept) + 6] = none;
        this.#runs.release(run);
      } else kept = run;
      run = before;
    }
    if (this.#last === none) this.lastMinute = Number.NEGATIVE_INFINITY;
  }

  #before(run: number): number {
    return this.#runs.block(run)[this.#runs.place(run) + 6] as number;
  }

  #read(run: number): { readonly point: Point; readonly firstMinute: number; readonly lastMinute: number } {
    const place = this.#runs.place(run);
    const [sum, count, minimum, maximum, firstMinute, lastMinute] = this.#runs
      .block(run)
      .subarray(place, place + runLength) as unknown as [number, number, number, number, number, number];
    return { point: { sum, count, minimum, maximum }, firstMinute, lastMinute };
  }

  /** The point of the last minute, which then has none. */
  #takeLast(): Point {
    const run = this.#last;
    const { point, firstMinute, lastMinute } = this.#read(run);
    if (firstMinute < lastMinute) {
      this.lastMinute = lastMinute - 1;
      this.#runs.block(run)[this.#runs.place(run) + 5] = lastMinute - 1;
    } else {
      this.#last = this.#before(run);
      this.lastMinute = this.#last === none ? Number.NEGATIVE_INFINITY : this.#read(this.#last).lastMinute;
      this.#runs.release(run);
    }
    return point;
  }

  #enter(minute: number, { sum, count, minimum, maximum }: Point): void {
    const runs = this.#runs;
    if (this.lastMinute === minute - 1) {
      const numbers = runs.block(this.#last);
      const at = runs.place(this.#last);
      const isAlike =
        numbers[at] === sum && numbers[at + 1] === count && numbers[at + 2] === minimum && numbers[at + 3] === maximum;
      if (isAlike) {
        numbers[at + 5] = minute;
        this.lastMinute = minute;
        return;
      }
    }
    const run = runs.take();
    const numbers = runs.block(run);
    const at = runs.place(run);
    numbers[at] = sum;
    numbers[at + 1] = count;
    numbers[at + 2] = minimum;
    numbers[at + 3] = maximum;
    numbers[at + 4] = minute;
    numbers[at + 5] = minute;
    numbers[at + 6] = this.#last;
    this.#last = run;
    this.lastMinute = minute;
  }
}
