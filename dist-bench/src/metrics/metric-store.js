export const minuteMs = 60_000;
const keptMinutes = 24 * 60;
export class MetricStore {
    #balancers = new Map();
    #runs = new Runs();
    /** The series at a place, opened when it is new. */
    series({ loadBalancerId, metric, dimensions }, minute) {
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
    seen(loadBalancerId, minute) {
        const key = loadBalancerId.toLowerCase();
        const known = this.#balancers.get(key);
        if (known)
            return known;
        const balancer = { sinceMinute: minute, metrics: new Map() };
        this.#balancers.set(key, balancer);
        return balancer;
    }
    /** First minute with values of a load balancer; undefined when it has none. */
    sinceMinute(loadBalancerId) {
        return this.#balancers.get(loadBalancerId.toLowerCase())?.sinceMinute;
    }
    /** Every series of a metric. */
    all(loadBalancerId, metric) {
        return [...(this.#balancers.get(loadBalancerId.toLowerCase())?.metrics.get(metric)?.values() ?? [])];
    }
    /** Forgets what is older than a day, and load balancers that have nothing younger. */
    prune(nowMinute) {
        const oldest = nowMinute - keptMinutes;
        for (const [key, { metrics, sinceMinute }] of this.#balancers) {
            for (const byDimensions of metrics.values()) {
                for (const [name, { values }] of byDimensions) {
                    values.forgetBefore(oldest);
                    if (values.lastMinute < oldest)
                        byDimensions.delete(name);
                }
            }
            const empty = [...metrics.values()].every((byDimensions) => byDimensions.size === 0);
            if (empty && sinceMinute < oldest)
                this.#balancers.delete(key);
        }
    }
    clear() {
        this.#runs = new Runs();
        this.#balancers.clear();
    }
}
/** Two stretches of time as one. */
export const joinPoints = (a, b) => ({
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
    #blocks = [];
    #free = none;
    #used = 0;
    block(run) {
        return this.#blocks[Math.floor(run / blockRuns)];
    }
    /** Where the numbers of a run begin in its block. */
    place(run) {
        return (run % blockRuns) * runLength;
    }
    /** A run for new numbers. */
    take() {
        const run = this.#free;
        if (run !== none) {
            this.#free = this.block(run)[this.place(run)];
            return run;
        }
        if (this.#used === this.#blocks.length * blockRuns)
            this.#blocks.push(new Float64Array(blockRuns * runLength));
        return this.#used++;
    }
    release(run) {
        this.block(run)[this.place(run)] = this.#free;
        this.#free = run;
    }
}
/** The values of one series by the minute; equal minutes in a row are one run. */
export class MinuteSeries {
    #runs;
    /** The newest run. */
    #last = none;
    /** The last minute that has a value. */
    lastMinute = Number.NEGATIVE_INFINITY;
    constructor(runs) {
        this.#runs = runs;
    }
    /** Adds a sample to a minute: the last one or a later one. */
    add(minute, value) {
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
    increase(minute, amount) {
        const value = amount + (this.lastMinute === minute ? this.#takeLast().sum : 0);
        this.#enter(minute, { sum: value, count: 1, minimum: value, maximum: value });
    }
    /** All values from `fromMinute` up to but not including `toMinute`; undefined when there are none. */
    between(fromMinute, toMinute) {
        let result;
        for (let run = this.#last; run !== none; run = this.#before(run)) {
            const { point, firstMinute, lastMinute } = this.#read(run);
            if (lastMinute < fromMinute)
                break;
            const minutes = Math.min(lastMinute, toMinute - 1) - Math.max(firstMinute, fromMinute) + 1;
            if (minutes <= 0)
                continue;
            const part = { ...point, sum: point.sum * minutes, count: point.count * minutes };
            result = result ? joinPoints(result, part) : part;
        }
        return result;
    }
    forgetBefore(minute) {
        let kept = none;
        for (let run = this.#last; run !== none;) {
            const before = this.#before(run);
            if (this.#read(run).lastMinute < minute) {
                if (kept === none)
                    this.#last = none;
                else
                    this.#runs.block(kept)[this.#runs.place(kept) + 6] = none;
                this.#runs.release(run);
            }
            else
                kept = run;
            run = before;
        }
        if (this.#last === none)
            this.lastMinute = Number.NEGATIVE_INFINITY;
    }
    #before(run) {
        return this.#runs.block(run)[this.#runs.place(run) + 6];
    }
    #read(run) {
        const place = this.#runs.place(run);
        const [sum, count, minimum, maximum, firstMinute, lastMinute] = this.#runs
            .block(run)
            .subarray(place, place + runLength);
        return { point: { sum, count, minimum, maximum }, firstMinute, lastMinute };
    }
    /** The point of the last minute, which then has none. */
    #takeLast() {
        const run = this.#last;
        const { point, firstMinute, lastMinute } = this.#read(run);
        if (firstMinute < lastMinute) {
            this.lastMinute = lastMinute - 1;
            this.#runs.block(run)[this.#runs.place(run) + 5] = lastMinute - 1;
        }
        else {
            this.#last = this.#before(run);
            this.lastMinute = this.#last === none ? Number.NEGATIVE_INFINITY : this.#read(this.#last).lastMinute;
            this.#runs.release(run);
        }
        return point;
    }
    #enter(minute, { sum, count, minimum, maximum }) {
        const runs = this.#runs;
        if (this.lastMinute === minute - 1) {
            const numbers = runs.block(this.#last);
            const at = runs.place(this.#last);
            const isAlike = numbers[at] === sum && numbers[at + 1] === count && numbers[at + 2] === minimum && numbers[at + 3] === maximum;
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
//# sourceMappingURL=metric-store.js.map