/** Azure's `$filter` on `/resources`: comparisons joined by `and` and `or`, with `startswith` and `substringof`. */
import { azureError } from '../../../errors/index.js';
import type { Resource } from '../../../resources/resource-type.js';

/** What a filter looks at. */
export interface Filterable {
  readonly name: string;
  readonly type: string;
  readonly resourceGroup: string;
  readonly location: string | undefined;
  readonly tags: Readonly<Record<string, string>> | undefined;
}

/** One resource, and one of its tags: `tagName` and `tagValue` in one filter speak of the same tag. */
interface Candidate extends Filterable {
  readonly tag: readonly [name: string, value: string] | undefined;
}

type Test = (candidate: Candidate) => boolean;
type Value = (candidate: Candidate) => string | undefined;

const values: Record<string, Value> = {
  resourcegroup: ({ resourceGroup }) => resourceGroup,
  name: ({ name }) => name,
  resourcetype: ({ type }) => type,
  type: ({ type }) => type,
  location: ({ location }) => location,
  tagname: ({ tag }) => tag?.[0],
  tagvalue: ({ tag }) => tag?.[1],
};

const token = /\s*(?:('(?:[^']|'')*')|([A-Za-z]+)|([(),]))/y;

/** Reads a filter from left to right; whatever it does not know refuses the whole. */
class Reader {
  readonly #tokens: string[] = [];
  #at = 0;

  constructor(readonly filter: string) {
    token.lastIndex = 0;
    const text = filter.trim();
    while (token.lastIndex < text.length) {
      const found = token.exec(text);
      if (!found) throw this.#refusal();
      this.#tokens.push((found[1] ?? found[2] ?? found[3]) as string);
    }
  }

  #refusal() {
    return azureError('UnsupportedFilter', { values: { filter: this.filter } });
  }

  #next(): string {
    const next = this.#tokens[this.#at++];
    if (next === undefined) throw this.#refusal();
    return next;
  }

  #skip(word: string): boolean {
    if (this.#tokens[this.#at]?.toLowerCase() !== word) return false;
    this.#at++;
    return true;
  }

  #expect(word: string): void {
    if (!this.#skip(word)) throw this.#refusal();
  }

  #property(): Value {
    const value = values[this.#next().toLowerCase()];
    if (!value) throw this.#refusal();
    return value;
  }

  #literal(): string {
    const next = this.#next();
    if (!next.startsWith("'")) throw this.#refusal();
    return next.slice(1, -1).replaceAll("''", "'").toLowerCase();
  }

  whole(): Test {
    const test = this.#alternatives(0);
    if (this.#at < this.#tokens.length) throw this.#refusal();
    return test;
  }

  #alternatives(depth: number): Test {
    // Deeper than anyone writes; parsing must not run out of stack.
    if (depth > 50) throw this.#refusal();
    const tests = [this.#conjunction(depth)];
    while (this.#skip('or')) tests.push(this.#conjunction(depth));
    return (candidate) => tests.some((test) => test(candidate));
  }

  #conjunction(depth: number): Test {
    const tests = [this.#term(depth)];
    while (this.#skip('and')) tests.push(this.#term(depth));
    return (candidate) => tests.every((test) => test(candidate));
  }

  #term(depth: number): Test {
    if (this.#skip('(')) {
      const inner = this.#alternatives(depth + 1);
      this.#expect(')');
      return inner;
    }
    if (this.#skip('startswith')) return this.#startsWith();
    if (this.#skip('substringof')) return this.#substringOf();
    return this.#comparison();
  }

  #startsWith(): Test {
    this.#expect('(');
    const property = this.#property();
    this.#expect(',');
    const literal = this.#literal();
    this.#expect(')');
    return (candidate) => property(candidate)?.toLowerCase().startsWith(literal) ?? false;
  }

  #substringOf(): Test {
    this.#expect('(');
    const literal = this.#literal();
    this.#expect(',');
    const property = this.#property();
    this.#expect(')');
    return (candidate) => property(candidate)?.toLowerCase().includes(literal) ?? false;
  }

  #comparison(): Test {
    const property = this.#property();
    const operator = this.#next().toLowerCase();
    if (operator !== 'eq' && operator !== 'ne') throw this.#refusal();
    const literal = this.#literal();
    return (candidate) => (property(candidate)?.toLowerCase() === literal) === (operator === 'eq');
  }
}

/** The test that `filter` describes; throws `InvalidFilterInQueryString` for what Azure does not know either. */
export function filterTest(filter: string | undefined): (one: Filterable) => boolean {
  if (filter === undefined || filter.trim() === '') return () => true;
  const test = new Reader(filter).whole();
  return (one) => {
    const tags = Object.entries(one.tags ?? {});
    return tags.length === 0 ? test({ ...one, tag: undefined }) : tags.some((tag) => test({ ...one, tag }));
  };
}

/** The same for stored resources. */
export function resourceFilter(filter: string | undefined): (resource: Resource) => boolean {
  const test = filterTest(filter);
  return ({ name, type, resourceGroup, document: { location, tags } }) =>
    test({ name, type, resourceGroup, location, tags });
}
