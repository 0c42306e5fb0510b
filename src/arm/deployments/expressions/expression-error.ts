/** Why an expression has no value. Stays inside the engine: its boundary turns it into Azure's InvalidTemplate. */
import type { Json } from '../json.js';
import type { Position } from '../parse/positions.js';

/** The expression is wrong; the message is what Azure says about it. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
  /** Where in the expression, counted from its opening bracket; undefined when it concerns the whole. */
  readonly offset: number | undefined;
  /** Where the expression stands in its text; set by whoever knows. */
  position: Position | undefined;

  constructor(message: string, offset?: number) {
    super(message);
    this.offset = offset;
  }
}

/** What an expression asks of a resource that is only known while the deployment runs. */
export interface ResourceQuery {
  /** `reference`, or the name of a `list…` function. */
  readonly action: string;
  /** As written: an id, a name or a symbolic name. */
  readonly resource: string;
  readonly apiVersion: string | undefined;
  /** `reference(…, 'Full')`. */
  readonly full: boolean;
  /** What `list…` sends along. */
  readonly body?: Json;
}

/** The expression is fine, but needs a resource that is not there yet. */
export class DeferredValue extends Error {
  override readonly name = 'DeferredValue';
  readonly query: ResourceQuery;

  constructor(query: ResourceQuery) {
    super(`The value of ${query.action}('${query.resource}') is known only while the deployment runs.`);
    this.query = query;
  }
}

/** The end of most of Azure's messages about a function. */
export const seeFunction = (name: string): string =>
  `Please see https://aka.ms/arm-resource-functions/#${name} for usage details.`;
