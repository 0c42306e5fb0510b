/** What the child resources of a load balancer have in common: ids, look-ups, the ranges of ports and idle timeouts. */
import { azureError } from '../../../errors/index.js';
import { childrenIn, childNamed as namedIn } from '../../children.js';
/** Id of a child of the load balancer `id`. */
export const loadBalancerChild = (id, collection, name) => `${id}/${collection}/${name}`;
/** The children of a document in one collection. */
export const childrenOf = (document, collection) => childrenIn(document?.properties, collection);
/** The child of a stored resource with this name in any casing. */
export const childNamed = (resource, collection, name) => namedIn(childrenOf(resource?.document, collection), name);
/** Refuses a port outside its range; a missing one counts as 0. */
export function* checkRange({ name, property, value = 0, minimum, maximum }) {
    if (value < minimum || value > maximum) {
        yield azureError('PortValueIsOutOfRange', { values: { name, property, value, minimum, maximum } });
    }
}
/** Rules could idle for 30 minutes at most before TCP reset arrived (2018-07-01), 100 since. */
export function* checkIdleTimeout(name, minutes, apiVersion) {
    const maximum = apiVersion < '2018-07-01' ? 30 : 100;
    if (minutes !== undefined && (minutes < 4 || minutes > maximum)) {
        yield azureError('RuleIdleTimeoutIsOutOfRange', { values: { name, minimum: 4, maximum } });
    }
}
//# sourceMappingURL=child.js.map