/**
 * Answers of Azure Monitor's metrics API, out of the time series and nothing else.
 * https://learn.microsoft.com/azure/azure-monitor/platform/rest-api-walkthrough
 */
import { metricNamespace } from './metric-definitions.js';
import { parseMetricFilter } from './metric-query.js';
import { joinPoints, minuteMs } from './metric-store.js';
const values = {
    Average: ({ sum, count }) => sum / count,
    Minimum: ({ minimum }) => minimum,
    Maximum: ({ maximum }) => maximum,
    Total: ({ sum }) => sum,
    Count: ({ count }) => count,
};
/** A counter that counted nothing in a minute was 0; an availability that was not measured is unknown. */
const quiet = { sum: 0, count: 1, minimum: 0, maximum: 0 };
/** Series that agree in the named dimensions are shown as one. */
function groupsOf(series, names) {
    const groups = new Map();
    for (const one of series) {
        const own = names.map((name) => one.dimensions[name] ?? '');
        const key = own.join('|');
        const group = groups.get(key) ?? { values: own, series: [] };
        group.series.push(one);
        groups.set(key, group);
    }
    return [...groups.values()];
}
const metadataOf = (names, { values: own }) => names.map((name, index) => ({
    name: { value: name.toLowerCase(), localizedValue: name.toLowerCase() },
    value: own[index],
}));
function dataOf(group, { metric, query, span }) {
    const data = [];
    const aggregations = query.aggregations ?? [metric.primary];
    for (let minute = span.firstMinute; minute < span.endMinute; minute += span.stepMinutes) {
        const end = minute + span.stepMinutes;
        let point;
        for (const { values: series } of group.series) {
            const part = series.between(minute, end);
            if (part)
                point = point ? joinPoints(point, part) : part;
        }
        const alive = minute <= span.nowMinute && end > span.sinceMinute;
        if (!point && metric.primary === 'Total' && alive)
            point = quiet;
        const shown = point ? aggregations.map((name) => [name.toLowerCase(), values[name](point)]) : [];
        data.push({
            timeStamp: new Date(minute * minuteMs).toISOString().replace('.000', ''),
            ...Object.fromEntries(shown),
        });
    }
    return data;
}
/** The whole answer. `nowMs` is Azure time. */
export function answerMetrics(store, { subject, query, nowMs }) {
    const grain = query.intervalMinutes ?? 1;
    const firstMinute = Math.floor(query.startMs / minuteMs / grain) * grain;
    const endMinute = Math.max(firstMinute + 1, Math.ceil(query.endMs / minuteMs));
    const span = {
        stepMinutes: query.intervalMinutes ?? endMinute - firstMinute,
        firstMinute,
        endMinute,
        sinceMinute: store.sinceMinute(subject.id) ?? Number.POSITIVE_INFINITY,
        nowMinute: Math.floor(nowMs / minuteMs),
    };
    const iso = (ms) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
    return {
        cost: 0,
        timespan: `${iso(query.startMs)}/${iso(query.endMs)}`,
        interval: query.interval,
        value: query.metrics.map((metric) => showMetric(store, { metric, subject, query, span })),
        namespace: metricNamespace,
        resourceregion: subject.location,
    };
}
function showMetric(store, of) {
    const { metric, subject, query, span } = of;
    const { matches, names } = parseMetricFilter(query.filter, metric.dimensions);
    const series = store.all(subject.id, metric.name).filter(({ dimensions }) => matches(dimensions));
    const groups = groupsOf(series, names);
    // Without a filter Azure answers one series, be there values or not.
    const shown = groups.length === 0 && names.length === 0 ? [{ values: [], series: [] }] : groups.slice(0, query.top);
    return {
        id: `${subject.id}/providers/Microsoft.Insights/metrics/${metric.name}`,
        type: 'Microsoft.Insights/metrics',
        name: { value: metric.name, localizedValue: metric.localized },
        displayDescription: metric.description,
        unit: metric.unit,
        timeseries: shown.map((group) => ({
            metadatavalues: metadataOf(names, group),
            ...(query.metadataOnly ? {} : { data: dataOf(group, { metric, query, span }) }),
        })),
        errorCode: 'Success',
    };
}
//# sourceMappingURL=azure-monitor.js.map