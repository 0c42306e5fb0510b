/**
 * What admin routes have in common: how they appear in documents, how bodies, queries and path patterns are read, and how
 * long lists are sent.
 */
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { FastifyRequest } from 'fastify';
import { azureError } from '../../errors/index.js';

/** What the OpenAPI document says of an admin route. */
export interface AdminRoute {
  readonly summary: string;
  /** What may stand in the query, each with an example. */
  readonly query?: Readonly<Record<string, string>>;
  /** An example of the body. */
  readonly body?: object;
}

const parameters = (query: Readonly<Record<string, string>>): object => ({
  type: 'object',
  properties: Object.fromEntries(
    Object.entries(query).map(([name, example]) => [name, { type: 'string', description: `For example ${example}` }]),
  ),
});

/** Options of an admin route, for its document only: nothing is validated by them. */
export const adminRoute = (operationId: string, { summary, query, body }: AdminRoute) => ({
  schema: {
    ...{ tags: ['lazurite'], operationId, summary },
    ...(query && { querystring: parameters(query) }),
    ...(body && { body: { type: 'object', additionalProperties: true, example: body } }),
  } as object,
});

/** `{"value":[…]}`, an element at a time. */
export function* listTexts(values: Iterable<unknown>): Generator<string> {
  yield '{"value":[';
  let separator = '';
  for (const value of values) {
    yield `${separator}${JSON.stringify(value)}`;
    separator = ',';
  }
  yield ']}';
}

/** Texts in a piece: about 3 ms of work. */
const textsInPiece = 500;

/** The texts as one, each made when it is sent; everything else that waits goes first between two pieces. */
export const inPieces = (texts: Iterable<string>): Readable => Readable.from(piecesOf(texts), { objectMode: false });

async function* piecesOf(texts: Iterable<string>): AsyncGenerator<string> {
  let [piece, count] = ['', 0];
  for (const text of texts) {
    piece += text;
    count += 1;
    if (count % textsInPiece > 0) continue;
    yield piece;
    piece = '';
    await setImmediate();
  }
  if (piece !== '') yield piece;
}

export const badRequest = (reason: string) => azureError('BadRequest', { values: { reason } });

/** The body as a JSON object; an empty body is an empty object. */
export function jsonBody(request: FastifyRequest): Record<string, unknown> {
  const text = String(request.body ?? '');
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badRequest(`the body is not JSON (${(error as Error).message})`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest('the body must be a JSON object');
  }
  return value as Record<string, unknown>;
}

/** The query, first value of each name. */
export function queryText(request: FastifyRequest): Readonly<Record<string, string | undefined>> {
  const query = request.query as Record<string, string | string[]>;
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, [value].flat()[0]]));
}

const star = '*';
const globstar = '**';

/**
 * A test for paths, in any casing. `*` is anything within a segment, `**` anything at all; a pattern without either is
 * the start of a path, to the end of a segment. It takes time in proportion to the path times the pattern at worst,
 * whatever the pattern: a client's pattern never becomes a regular expression.
 */
export function pathMatcher(pattern: string): (path: string) => boolean {
  const bare = (pattern.length > 1 && pattern.endsWith('/') ? withoutSlashes(pattern) : pattern).toLowerCase();
  if (!bare.includes(star)) {
    return (path) => {
      if (path.slice(0, bare.length).toLowerCase() !== bare) return false;
      return path.length === bare.length || bare.endsWith('/') || path[bare.length] === '/';
    };
  }
  const tokens = bare.match(/\*\*|./gs) ?? [];
  return (path) => matchesWhole(tokens, path.toLowerCase());
}

function withoutSlashes(pattern: string): string {
  let end = pattern.length;
  while (end > 0 && pattern[end - 1] === '/') end--;
  return pattern.slice(0, end);
}

/** Follows every way through the tokens at once; a state is the number of tokens that are done with. */
function matchesWhole(tokens: readonly string[], path: string): boolean {
  let states: number[] = [];
  const enteredAt = new Int32Array(tokens.length + 1).fill(-2);
  const enter = (state: number, step: number, into: number[]): void => {
    for (let next = state; enteredAt[next] !== step; next++) {
      enteredAt[next] = step;
      into.push(next);
      // A wildcard may stand for nothing.
      if (tokens[next] !== star && tokens[next] !== globstar) break;
    }
  };
  enter(0, -1, states);
  for (let step = 0; step < path.length && states.length > 0; step++) {
    const character = path[step];
    const after: number[] = [];
    for (const state of states) {
      const token = tokens[state];
      if (token === globstar || (token === star && character !== '/')) enter(state, step, after);
      else if (token === character && token !== star) enter(state + 1, step, after);
    }
    states = after;
  }
  return states.includes(tokens.length);
}
