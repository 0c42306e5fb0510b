/** Naming and finding the child resources of a load balancer. */

import { type ChildDocument, childrenIn, childNamed as namedIn } from '../../children.js';
import type { Resource, ResourceDocument } from '../../resource-type.js';

/** Id of a child of the load balancer `id`. */
export const loadBalancerChild = (id: string, collection: string, name: string | undefined): string =>
  `${id}/${collection}/${name}`;

/** The children of a document in one collection. */
export const childrenOf = (document: ResourceDocument | undefined, collection: string): readonly ChildDocument[] =>
  childrenIn(document?.properties, collection);

/** The child of a stored resource with this name in any casing. */
export const childNamed = (
  resource: Resource | undefined,
  collection: string,
  name: string | undefined,
): ChildDocument | undefined => namedIn(childrenOf(resource?.document, collection), name);
