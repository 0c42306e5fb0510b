/** The query of `GET …/providers/microsoft.insights/metrics`, read and checked. */
import { azureError } from '../errors.js';
import {
  type Aggregation,
  type MetricDefinition,
  type MetricName,
  metricDefinitions,
  metricNamed,
  supportedAggregations,
  timeGrains,
} from './metric-definitions.js';

type KnownMetric = MetricDefinition & { readonly name: MetricName };

export interface MetricQuery {
  readonly metrics: readonly KnownMetric[];
  readonly startMs: number;
  readonly endMs: number;
  /** As asked for: `PT1M`, or `FULL`. */
  readonly interval: string;
  /** Undefined for the whole timespan. */
  readonly intervalMinutes: number | undefined;
  /** Each metric's primary one when nothing is asked for. */
  readonly aggregations: readonly Aggregation[] | undefined;
  readonly filter: string | undefined;
  readonly top: number;
  readonly metadataOnly: boolean;
}

const hourMs = 3_600_000;
const minuteMs = 60_000;
/** Azure shows ten series unless told otherwise. */
const usualTop = 10;

const refuse = (reason: string) => azureError('MetricQueryInvalid', { values: { reason } });

function metricsOf(names: string | undefined): KnownMetric[] {
  const wanted = (names ?? '')
    .split(',')
    .map((name) => decodeURIComponent(name).trim())
    .filter(Boolean);
  if (wanted.length === 0) return [metricDefinitions[0]];
  return wanted.map((metric) => {
    const found = metricNamed(metric);
    if (found) return found;
    const valid = metricDefinitions.map(({ name }) => name).join(',');
    throw azureError('MetricNotFound', { values: { metric, valid } });
  });
}

/** `start/end`; the last hour when absent. */
function timespanOf(text: string | undefined, nowMs: number): { startMs: number; endMs: number } {
  if (text === undefined || text === '') return { startMs: nowMs - hourMs, endMs: nowMs };
  const [start = '', end = ''] = text.split('/');
  const duration = durationMs(start);
  const endMs = duration !== undefined && end === '' ? nowMs : Date.parse(end.replace(' ', '+'));
  const startMs = duration !== undefined ? endMs - duration : Date.parse(start.replace(' ', '+'));
  if (Number.isNaN(startMs) || Number.isNaN(endMs) || startMs > endMs) {
    throw refuse(`Detected invalid time interval input: ${text}, supported pattern: start/end in ISO 8601`);
  }
  return { startMs, endMs };
}

/** `PT6H`, `P1D`: what `az monitor metrics list --offset` becomes. */
function durationMs(text: string): number | undefined {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/i.exec(text);
  if (!match || text.length < 3) return undefined;
  const [days = 0, hours = 0, minutes = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return days * 24 * hourMs + hours * hourMs + minutes * minuteMs;
}

function intervalOf(text: string | undefined): { interval: string; intervalMinutes: number | undefined } {
  const interval = (text || 'PT1M').toUpperCase();
  if (interval === 'FULL') return { interval, intervalMinutes: undefined };
  const intervalMinutes = timeGrains[interval];
  if (intervalMinutes !== undefined) return { interval, intervalMinutes };
  throw refuse(`Invalid time grain duration: ${text}, supported ones are: ${Object.keys(timeGrains).join(',')}`);
}

function aggregationsOf(text: string | undefined): readonly Aggregation[] | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  return text.split(',').map((name) => {
    const found = supportedAggregations.find((one) => one.toLowerCase() === name.trim().toLowerCase());
    if (found) return found;
    throw refuse(`Invalid aggregation type: ${name.trim()}, supported ones are: ${supportedAggregations.join(',')}`);
  });
}

/** Reads query parameters whose names are in lower case. */
export function parseMetricQuery(query: Readonly<Record<string, string | undefined>>, nowMs: number): MetricQuery {
  const { startMs, endMs } = timespanOf(query.timespan, nowMs);
  const top = query.$top ?? query.top;
  if (top !== undefined && !/^[1-9]\d*$/.test(top)) throw refuse(`Invalid top: ${top}, it must be a positive number`);
  return {
    metrics: metricsOf(query.metricnames ?? query.metric),
    startMs,
    endMs,
    ...intervalOf(query.interval),
    aggregations: aggregationsOf(query.aggregation),
    filter: query.$filter,
    top: top === undefined ? usualTop : Number(top),
    metadataOnly: query.resulttype?.toLowerCase() === 'metadata',
  };
}
