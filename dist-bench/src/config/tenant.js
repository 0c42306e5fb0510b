/** The directories that Lazurite answers for: any GUID is a tenant, and every name (adfs, common, a domain) means one. */
import { isGuid } from '../support/ids.js';
/** The tenant of every subscription, of managed identities, and of sign-ins that name no GUID. */
export const defaultTenantId = '11111111-1111-1111-1111-111111111111';
/** The tenant that a path segment means. */
export const tenantIdOf = (segment) => (isGuid(segment) ? segment.toLowerCase() : defaultTenantId);
/** The subscription that is there from the start; every other GUID works too, from its first use on. */
export const defaultSubscriptionId = '00000000-0000-0000-0000-000000000001';
/** A GUID as a pattern of the router, which knows patterns by their text: the classic API writes it the same way. */
const guid = '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}';
/**
 * Registers a route for every tenant, by name and by GUID. A path that begins with a GUID is otherwise a classic
 * subscription's: the router prefers a pattern to a plain parameter, and within one pattern the longer match.
 */
export function forEveryTenant(rest, register) {
    register(`/:tenant${rest}`);
    register(`/:tenant(^${guid}$)${rest}`);
}
//# sourceMappingURL=tenant.js.map