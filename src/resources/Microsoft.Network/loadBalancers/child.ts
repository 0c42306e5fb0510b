/** What the child resources of a load balancer have in common: ids, look-ups, the ranges of ports and idle timeouts. */
import { type AzureError, azureError } from '../../../errors/index.js';
import { type ChildDocument, childNamed, childrenIn } from '../../references.js';
import type { Resource, ResourceDocument } from '../../resource-type.js';

/** Id of a child of the load balancer `id`. */
export const loadBalancerChild = (id: string, collection: string, name: string | undefined): string =>
  `${id}/${collection}/${name}`;

/** The children of a document in one collection. */
export const childrenOf = (document: ResourceDocument | undefined, collection: string): readonly ChildDocument[] =>
  childrenIn(document?.properties, collection);

/** The child of a stored resource with this name in any casing. */
export const childOf = (
  resource: Resource | undefined,
  collection: string,
  name: string | undefined,
): ChildDocument | undefined => childNamed(childrenOf(resource?.document, collection), name);

export interface Range {
  readonly name: string;
  /** As Azure spells it in the text: `FrontendPort`. */
  readonly property: string;
  readonly value: number | undefined;
  readonly minimum: number;
  readonly maximum: number;
}

/** Refuses a port outside its range; a missing one counts as 0. */
export function* checkRange({ name, property, value = 0, minimum, maximum }: Range): Generator<AzureError> {
  if (value < minimum || value > maximum) {
    yield azureError('PortValueIsOutOfRange', { values: { name, property, value, minimum, maximum } });
  }
}

/** Rules could idle for 30 minutes at most before TCP reset arrived (2018-07-01), 100 since. */
export function* checkIdleTimeout(
  name: string,
  minutes: number | undefined,
  apiVersion: string,
): Generator<AzureError> {
  const maximum = apiVersion < '2018-07-01' ? 30 : 100;
  if (minutes !== undefined && (minutes < 4 || minutes > maximum)) {
    yield azureError('RuleIdleTimeoutIsOutOfRange', { values: { name, minimum: 4, maximum } });
  }
}
