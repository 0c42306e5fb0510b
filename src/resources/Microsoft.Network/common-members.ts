/**
 * Members, ranges and ids that several types of Microsoft.Network share, so that they say the same thing in the same words.
 */

import { type AzureError, azureError } from '../../errors/index.js';
import { formatIpPrefix, networkOf, parseIpPrefix } from '../../support/ip-address.js';
import { type ChildDocument, childNamed, childrenIn, lookUpChild } from '../references.js';
import type { Resource, ResourceDocument, WriteContext } from '../resource-type.js';
import * as Schema from '../schema.js';
import { versions } from './member-versions.js';

export const ipAllocationMethod = (options: Schema.Annotations = {}) =>
  Schema.oneOf(['Static', 'Dynamic'], { clrType: 'IpAllocationMethod', ...options });

export const ipVersion = (options: Schema.Annotations = {}) =>
  Schema.oneOf(['IPv4', 'IPv6'], { clrType: 'IpVersion', ...options });

/** What load balancing rules and inbound NAT rules begin with. */
export const forwardingMembers = {
  provisioningState: Schema.provisioningState(),
  frontendIPConfiguration: Schema.reference('Microsoft.Network/loadBalancers/frontendIPConfigurations'),
  frontendPort: Schema.integer(),
  backendPort: Schema.integer(),
  enableFloatingIP: Schema.boolean(),
  idleTimeoutInMinutes: Schema.integer(),
};

/** Name and tier of one of the skus `names`. */
export const sku = <const V extends readonly string[]>(names: V, options: Schema.Annotations = {}) =>
  Schema.object(
    { name: Schema.oneOf(names), tier: Schema.oneOf(['Regional', 'Global'] as const, versions.sku.tier) },
    { clrType: 'Sku', ...options },
  );

/** A reference that clients may send back but only Azure writes. */
export const readOnlyReference = (type: string, options: Schema.Annotations = {}) =>
  Schema.reference(type, { readOnly: true, ...options });

/** `{ddosCustomPolicy, protectionMode, …}` of public IP addresses. */
export const ddosSettings = (options: Schema.Annotations) =>
  Schema.object(
    {
      protectionMode: Schema.oneOf(['VirtualNetworkInherited', 'Enabled', 'Disabled']),
      protectionCoverage: Schema.oneOf(['Basic', 'Standard'], versions.ddosSettings.protectionCoverage),
      protectedIP: Schema.boolean(versions.ddosSettings.protectedIP),
      ddosProtectionPlan: Schema.reference('Microsoft.Network/ddosProtectionPlans'),
      ddosCustomPolicy: Schema.reference('Microsoft.Network/ddosCustomPolicies'),
    },
    options,
  );

/** Gives `target` the values it does not have. */
export function fillIn<T extends object>(target: T, values: Partial<T>): void {
  for (const [name, value] of Object.entries(values) as [keyof T, T[keyof T]][]) target[name] ??= value;
}

/** The GUID a resource got when it was created; it never changes. */
export function keepResourceGuid(context: WriteContext): void {
  context.document.properties.resourceGuid = context.existing?.document.properties.resourceGuid ?? context.newGuid();
}

/** Empty lists that Azure leaves out are not stored. */
export function dropEmptyLists(target: Record<string, unknown>, names: readonly string[]): void {
  for (const name of names) {
    const value = target[name];
    if (Array.isArray(value) && value.length === 0) delete target[name];
  }
}

/** Name and tier of a sku are fixed when the resource is created. */
export function* checkSkuUnchanged({ document, existing, idText }: WriteContext): Generator<AzureError> {
  if (!existing) return;
  for (const member of ['name', 'tier'] as const) {
    const from = existing.document.sku?.[member] ?? '';
    const to = document.sku?.[member] ?? '';
    if (from !== to) yield azureError('SkuCannotBeChangedOnUpdate', { values: { from, to, id: idText } });
  }
}

/** A subnet with a NAT gateway has no resources of sku Basic: those of `users` are. */
export function* checkNoNatGateway(
  users: readonly { readonly id: string; readonly subnet: { readonly id: string } }[],
  { lookup }: WriteContext,
): Generator<AzureError> {
  for (const { id: user, subnet } of users) {
    const natGateway = lookUpChild(lookup, subnet.id)?.child.properties?.natGateway as { id: string } | undefined;
    const values = { id: natGateway?.id ?? '', what: `${user} of sku Basic in its subnet` };
    if (natGateway) yield azureError('NatGatewayDoesNotSupport', { values });
  }
}

const zonesText = ({ zones = [] }: ResourceDocument): string => [...zones].sort().join(', ');

/** Zones cannot be changed once the resource exists. */
export function* checkZonesUnchanged({ document, existing, idText }: WriteContext): Generator<AzureError> {
  if (!existing || zonesText(existing.document) === zonesText(document)) return;
  yield azureError('ResourceAvailabilityZonesCannotBeModified', {
    values: { id: idText, existing: zonesText(existing.document) || '{}', requested: zonesText(document) || '{}' },
  });
}

/** What Azure refuses about one address prefix of the resource `id`. */
export function* checkAddressPrefix(prefix: string, id: string): Generator<AzureError> {
  const parsed = parseIpPrefix(prefix);
  if (!parsed) {
    yield azureError('InvalidAddressPrefixFormat', { values: { prefix, id } });
    return;
  }
  const network = networkOf(parsed);
  if (network.value !== parsed.value) {
    yield azureError('InvalidCIDRNotation', { values: { prefix, id, expected: formatIpPrefix(network) } });
  }
}

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

export interface PortRange {
  readonly name: string;
  /** As Azure spells it in the text: `FrontendPort`. */
  readonly property: string;
  readonly value: number | undefined;
  readonly minimum: number;
  readonly maximum: number;
}

const nothing: readonly AzureError[] = [];

/** Refuses a port outside its range; a missing one counts as 0. */
export function checkRange({ name, property, value = 0, minimum, maximum }: PortRange): readonly AzureError[] {
  if (value >= minimum && value <= maximum) return nothing;
  return [azureError('PortValueIsOutOfRange', { values: { name, property, value, minimum, maximum } })];
}

/** Rules could idle for 30 minutes at most before TCP reset arrived (2018-07-01), 100 since. */
export function checkIdleTimeout(name: string, minutes: number | undefined, apiVersion: string): readonly AzureError[] {
  const maximum = apiVersion < '2018-07-01' ? 30 : 100;
  if (minutes === undefined || (minutes >= 4 && minutes <= maximum)) return nothing;
  return [azureError('RuleIdleTimeoutIsOutOfRange', { values: { name, minimum: 4, maximum } })];
}
