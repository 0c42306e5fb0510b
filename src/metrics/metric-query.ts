/** The query of `GET …/providers/microsoft.insights/metrics`, read and checked, with its `$filter` over dimensions. */
import { azureError } from '../errors/index.js';
import {
  type Aggregation,
  type MetricDefinition,
  type MetricName,
  metricDefinitions,
  metricNamed,
  supportedAggregations,
  timeGrains,
} from './metric-definitions.js';
import type { Dimensions } from './metric-store.js';

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
  const supported = Object.values(timeGrains).map(timeSpanText).join(',');
  throw refuse(`Invalid time grain duration: ${text}, supported ones are: ${supported}`);
}

/** 5 is `00:05:00`, 1440 is `1.00:00:00`: as .NET writes a time span. */
function timeSpanText(minutes: number): string {
  const days = Math.floor(minutes / 1440);
  const [hh, mm] = [Math.floor(minutes / 60) % 24, minutes % 60].map((part) => String(part).padStart(2, '0'));
  return `${days > 0 ? `${days}.` : ''}${hh}:${mm}:00`;
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

export interface MetricFilter {
  readonly matches: (dimensions: Dimensions) => boolean;
  /** Dimensions that are named, in order: a series is shown for each of their values. */
  readonly names: readonly string[];
}

const everything: MetricFilter = { matches: () => true, names: [] };

type Test = (dimensions: Dimensions) => boolean;

const tokenPattern = /\s*(?:(\()|(\))|(and|or)(?=[\s(])|(eq|ne|sw|startswith)(?=[\s'])|'((?:[^']|'')*)'|([\w.]+))/iy;

interface Token {
  readonly kind: 'open' | 'close' | 'join' | 'compare' | 'text' | 'name';
  readonly text: string;
}

const kinds = ['open', 'close', 'join', 'compare', 'text', 'name'] as const;

function tokensOf(filter: string): Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  while (filter.slice(tokenPattern.lastIndex).trim() !== '') {
    const at = tokenPattern.lastIndex;
    const match = tokenPattern.exec(filter);
    if (!match) throw refuse(`The filter '${filter}' cannot be read at position ${at}.`);
    const index = match.slice(1).findIndex((group) => group !== undefined);
    tokens.push({ kind: kinds[index] as Token['kind'], text: match[index + 1] as string });
  }
  return tokens;
}

class Parser {
  readonly names = new Set<string>();
  #at = 0;

  constructor(
    readonly tokens: readonly Token[],
    /** Names of dimensions as Azure writes them. */
    readonly known: readonly string[],
  ) {}

  parse(): Test {
    const test = this.#either();
    if (this.#at < this.tokens.length) throw refuse(`The filter has too much at '${this.#text()}'.`);
    return test;
  }

  #either(): Test {
    const tests = [this.#all()];
    while (this.#takes('join', 'or')) tests.push(this.#all());
    return (dimensions) => tests.some((test) => test(dimensions));
  }

  #all(): Test {
    const tests = [this.#one()];
    while (this.#takes('join', 'and')) tests.push(this.#one());
    return (dimensions) => tests.every((test) => test(dimensions));
  }

  #one(): Test {
    if (this.#takes('open')) {
      const test = this.#either();
      if (!this.#takes('close')) throw refuse("The filter lacks a ')'.");
      return test;
    }
    const name = this.#dimension();
    const operator = this.#expect('compare').toLowerCase();
    const wanted = this.#expect('text').replaceAll("''", "'").toLowerCase();
    if (wanted === '*') return () => true;
    const value = (dimensions: Dimensions): string => (dimensions[name] ?? '').toLowerCase();
    if (operator === 'eq') return (dimensions) => value(dimensions) === wanted;
    if (operator === 'ne') return (dimensions) => value(dimensions) !== wanted;
    return (dimensions) => value(dimensions).startsWith(wanted);
  }

  #dimension(): string {
    const text = this.#expect('name');
    const name = this.known.find((one) => one.toLowerCase() === text.toLowerCase());
    if (name === undefined) throw refuse(`There is no dimension '${text}'; there are ${this.known.join(', ')}.`);
    this.names.add(name);
    return name;
  }

  #takes(kind: Token['kind'], text?: string): boolean {
    const token = this.tokens[this.#at];
    if (token?.kind !== kind || (text !== undefined && token.text.toLowerCase() !== text)) return false;
    this.#at++;
    return true;
  }

  #expect(kind: Token['kind']): string {
    const token = this.tokens[this.#at];
    if (token?.kind !== kind) throw refuse(`The filter lacks a ${kind} at '${this.#text()}'.`);
    this.#at++;
    return token.text;
  }

  #text(): string {
    return this.tokens[this.#at]?.text ?? 'its end';
  }
}

/** Reads a filter over the dimensions of a metric; without one everything matches. */
export function parseMetricFilter(filter: string | undefined, dimensions: readonly string[]): MetricFilter {
  if (filter === undefined || filter.trim() === '') return everything;
  const parser = new Parser(tokensOf(filter), dimensions);
  const matches = parser.parse();
  return { matches, names: dimensions.filter((name) => parser.names.has(name)) };
}
