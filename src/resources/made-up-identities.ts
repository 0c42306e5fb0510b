/** The identities that Azure's directory gives to resources and clusters of Kubernetes: made up, and always the same. */
import { stableGuid } from '../support/ids.js';
import type { Resource } from './resource-type.js';

export type Members = Record<string, unknown>;

/** A resource whose members are asked for. */
export interface MadeUpContext {
  readonly resource: Resource;
  /** The last segment of its name. */
  readonly name: string;
  /** As the client wrote them. */
  readonly given: Members;
  /** The document of what an id names; undefined when that is not stored. */
  readonly propertiesOf: (id: string) => Members | undefined;
}

/** The tenant of every subscription here. */
export interface Tenancy {
  readonly tenantId: string;
}

export const folded = (name: string): string => name.toLowerCase();
export const location = ({ resource }: MadeUpContext): string => resource.document.location ?? 'westeurope';

/** The members of a value that clients write as they like: none of what is no object. */
export const membersOf = (value: unknown): Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {};

/** The identity of a resource, or of a user-assigned identity, in the directory. */
export const principalIdOf = (id: string): string => stableGuid(`${id}#principal`);
export const clientIdOf = (id: string): string => stableGuid(`${id}#client`);

/** The group in which a cluster keeps its nodes. */
export const nodeGroup = (context: MadeUpContext): string =>
  `MC_${context.resource.resourceGroup}_${context.name}_${location(context)}`;

/** An identity that a cluster makes in the group of its nodes. */
function managedIdentity(context: MadeUpContext, name: string): Members {
  const group = `/subscriptions/${context.resource.subscriptionId}/resourcegroups/${nodeGroup(context)}`;
  const resourceId = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
  return { resourceId, clientId: clientIdOf(resourceId), objectId: principalIdOf(resourceId) };
}

/** Add-ons of a cluster that are on have identities. */
function withAddOns(context: MadeUpContext): Members {
  const { addonProfiles } = context.given;
  if (!addonProfiles) return {};
  const profiles = Object.entries(membersOf(addonProfiles)).map(([addOn, profile]) => {
    const identity = managedIdentity(context, `${folded(addOn)}-${context.name}`);
    return [addOn, membersOf(profile).enabled === true ? { ...membersOf(profile), identity } : profile];
  });
  return { addonProfiles: Object.fromEntries(profiles) };
}

function withIssuer(context: MadeUpContext): Members {
  const profile = membersOf(context.given.oidcIssuerProfile);
  if (profile.enabled !== true) return {};
  const issuerURL = `https://${location(context)}.oic.prod-aks.azure.com/${stableGuid(context.resource.id)}/`;
  return { oidcIssuerProfile: { ...profile, issuerURL } };
}

/** What a cluster shows of the identities that it made, and of who vouches for its service accounts. */
export const clusterIdentities = (context: MadeUpContext): Members => ({
  identityProfile: { kubeletidentity: managedIdentity(context, `${context.name}-agentpool`) },
  ...withAddOns(context),
  ...withIssuer(context),
});

/** A resource's `identity` with the principals that the directory gives it. `id` is the resource's. */
export function completeIdentity(given: unknown, { id, tenantId }: { id: string } & Tenancy): unknown {
  if (given === null || typeof given !== 'object') return given;
  const { principalId: _principal, tenantId: _tenant, ...identity } = given as Members;
  const users = Object.keys(membersOf(identity.userAssignedIdentities));
  const isSystem = typeof identity.type === 'string' && /systemassigned/i.test(identity.type);
  const known = users.map((user) => [user, { principalId: principalIdOf(user), clientId: clientIdOf(user) }]);
  return {
    ...(isSystem ? { principalId: principalIdOf(id), tenantId } : {}),
    ...identity,
    ...(users.length === 0 ? {} : { userAssignedIdentities: Object.fromEntries(known) }),
  };
}
