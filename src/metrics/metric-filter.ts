/** Azure Monitor's `$filter` over dimensions: `FrontendPort eq '80' and BackendIPAddress eq '*'`. */
import { azureError } from '../errors.js';
import type { Dimensions } from './metric-store.js';

export interface MetricFilter {
  readonly matches: (dimensions: Dimensions) => boolean;
  /** Dimensions that are named, in order: a series is shown for each of their values. */
  readonly names: readonly string[];
}

const everything: MetricFilter = { matches: () => true, names: [] };

type Test = (dimensions: Dimensions) => boolean;

const refuse = (reason: string) => azureError('MetricQueryInvalid', { values: { reason } });

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
