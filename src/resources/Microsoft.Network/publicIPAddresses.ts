/**
 * Public IP addresses (`Microsoft.Network/publicIPAddresses`), as
 * https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-addresses describes them, and how they are
 * protected against denial of service (`ddosProtectionStatus` of an address, and of all those in a virtual network).
 */

import { type AzureError, azureError } from '../../errors/index.js';
import { dnsLabels, stableGuid } from '../../support/ids.js';
import { lookUpChild, referencesIn } from '../references.js';
import { idKey, rootKey } from '../resource-id.js';
import {
  type Action,
  type InUse,
  type Link,
  type Lookup,
  type Resource,
  type ResourceDocument,
  resourceType,
  type ViewContext,
  type WriteContext,
} from '../resource-type.js';
import * as Schema from '../schema.js';
import { normalizeLocation } from '../validation.js';
import { type AddressHolder, partsWithAddresses } from './address-holders.js';
import {
  checkSkuUnchanged,
  checkZonesUnchanged,
  ddosSettings,
  dropEmptyLists,
  fillIn,
  ipAllocationMethod,
  ipVersion,
  keepResourceGuid,
  readOnlyReference,
  sku,
} from './common-members.js';
import { networkApiVersions, versions } from './member-versions.js';

const type = 'Microsoft.Network/publicIPAddresses';

/** Who a public IP address can be the address of: everything that names it at `publicIPAddress`. */
const attachedTypes = [
  'Microsoft.Network/loadBalancers/frontendIPConfigurations',
  'Microsoft.Network/networkInterfaces/ipConfigurations',
  ...partsWithAddresses,
];

interface PublicIPAddressProperties extends Record<string, unknown> {
  resourceGuid?: string;
  ipAddress?: string;
  publicIPAddressVersion?: 'IPv4' | 'IPv6';
  publicIPAllocationMethod?: 'Static' | 'Dynamic';
  idleTimeoutInMinutes?: number;
  dnsSettings?: { domainNameLabel?: string; domainNameLabelScope?: string; fqdn?: string; reverseFqdn?: string };
  ipTags?: unknown[];
  publicIPPrefix?: { id: string };
  ddosSettings?: { protectionMode?: string };
}

export interface PublicIPAddressDocument extends ResourceDocument {
  properties: PublicIPAddressProperties;
}

export const ipTags = () =>
  Schema.array(
    Schema.object({
      ipTagType: Schema.string(),
      tag: Schema.string(),
      firstPartyServiceTagId: Schema.string(versions.ipTag.firstPartyServiceTagId),
    }),
    versions.publicIPAddress.ipTags,
  );

const schema = Schema.envelope('name id etag location extendedLocation tags zones properties type sku', {
  extendedLocation: Schema.extendedLocation(versions.publicIPAddress.extendedLocation),
  zones: Schema.zones(versions.publicIPAddress.zones),
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      resourceGuid: Schema.resourceGuid(),
      ipAddress: Schema.string({ readOnly: true }),
      publicIPAddressVersion: ipVersion(versions.publicIPAddress.publicIPAddressVersion),
      publicIPAllocationMethod: ipAllocationMethod(),
      idleTimeoutInMinutes: Schema.integer(),
      dnsSettings: Schema.object({
        domainNameLabel: Schema.string(),
        domainNameLabelScope: Schema.oneOf(
          ['TenantReuse', 'SubscriptionReuse', 'ResourceGroupReuse', 'NoReuse'],
          versions.publicIPAddress.domainNameLabelScope,
        ),
        fqdn: Schema.string({ readOnly: true }),
        reverseFqdn: Schema.string(),
      }),
      ipTags: ipTags(),
      ipConfiguration: Schema.backReferences(attachedTypes, 'publicIPAddress', { single: true }),
      publicIPPrefix: Schema.reference('Microsoft.Network/publicIPPrefixes', versions.publicIPAddress.publicIPPrefix),
      natGateway: Schema.backReferences('Microsoft.Network/natGateways', 'publicIpAddresses', {
        single: true,
        ...versions.publicIPAddress.natGateway,
      }),
      ddosSettings: ddosSettings(versions.publicIPAddress.ddosSettings),
      deleteOption: Schema.oneOf(['Delete', 'Detach'], versions.publicIPAddress.deleteOption),
      migrationPhase: Schema.oneOf(
        ['None', 'Prepare', 'Commit', 'Abort', 'Committed'],
        versions.publicIPAddress.migrationPhase,
      ),
      linkedPublicIPAddress: Schema.reference(type, versions.publicIPAddress.linkedPublicIPAddress),
      servicePublicIPAddress: readOnlyReference(type, versions.publicIPAddress.servicePublicIPAddress),
    },
    { clrType: 'PublicIpAddressProperties' },
  ),
  sku: sku(['Basic', 'Standard', 'StandardV2'], versions.publicIPAddress.sku),
});

const isBasic = (document: ResourceDocument): boolean => document.sku?.name === 'Basic';

/** The DNS name of a label; a label with a reuse scope is told apart by a hash, as Azure does. */
function fqdnOf(document: PublicIPAddressDocument, subscriptionId: string): string {
  const { domainNameLabel, domainNameLabelScope } = document.properties.dnsSettings ?? {};
  const scope = domainNameLabelScope
    ? `.${stableGuid(`${subscriptionId}|${domainNameLabelScope}`).replaceAll('-', '').slice(0, 16)}`
    : '';
  return `${domainNameLabel}${scope}.${document.location}.cloudapp.azure.com`.toLowerCase();
}

function claimAddress(context: WriteContext<PublicIPAddressDocument>): string {
  const { document, existing, addresses, lookup, idText } = context;
  const version = document.properties.publicIPAddressVersion ?? 'IPv4';
  const preferred = existing?.document.properties.ipAddress as string | undefined;
  const prefixId = document.properties.publicIPPrefix?.id;
  const prefix = prefixId && lookup.resource(idKey(prefixId))?.document.properties.ipPrefix;
  const pool =
    prefixId && typeof prefix === 'string'
      ? { pool: idKey(prefixId), prefix, reserved: 0 }
      : { pool: 'public', prefix: addresses.publicPrefix[version], reserved: 4 };
  const result = addresses.claim({ ...pool, owner: idText, preferred });
  if ('address' in result) return result.address;
  if (prefixId) throw azureError('PublicIPPrefixIsFull', { values: { id: prefixId } });
  throw azureError('PublicIPCountLimitReached', { values: { limit: 1000 } });
}

function completePublicIPAddress(context: WriteContext<PublicIPAddressDocument>): void {
  const { document } = context;
  const properties = document.properties;
  document.sku = { ...document.sku, name: document.sku?.name ?? 'Basic', tier: document.sku?.tier ?? 'Regional' };
  keepResourceGuid(context);
  dropEmptyLists(document, ['zones']);
  fillIn(properties, {
    publicIPAddressVersion: 'IPv4',
    publicIPAllocationMethod: 'Dynamic',
    idleTimeoutInMinutes: 4,
    ipTags: [],
  });
  if (!isBasic(document)) {
    properties.ddosSettings ??= {};
    fillIn(properties.ddosSettings, { protectionMode: 'VirtualNetworkInherited' });
  }
  if (properties.dnsSettings?.domainNameLabel !== undefined) {
    properties.dnsSettings.fqdn = fqdnOf(document, context.id.subscriptionId);
  }
  // Held from the start even when Dynamic, so that attaching it needs no second write; `view` hides it until then.
  properties.ipAddress = claimAddress(context);
}

const attachments = (lookup: Lookup, key: string): Link[] =>
  lookup.linksInto(key).filter(({ path }) => /^publicIPAddress(es)?$/i.test(path));

function* checkDnsSettings(context: WriteContext<PublicIPAddressDocument>): Generator<AzureError> {
  const { domainNameLabel: label, fqdn } = context.document.properties.dnsSettings ?? {};
  if (label === undefined || fqdn === undefined) return;
  if (!dnsLabels.publicIpAddress.test(label)) yield azureError('InvalidDomainNameLabel', { values: { label } });
  const holder = holderOfDnsName(context.lookup, fqdn);
  if (holder && holder !== idKey(context.idText)) yield azureError('DnsRecordInUse', { values: { fqdn } });
}

/** Folded id of the public IP address, in any subscription, that has the DNS name. */
function holderOfDnsName(lookup: Lookup, fqdn: string): string | undefined {
  for (const { key, document } of lookup.everyOfType(type)) {
    if ((document as PublicIPAddressDocument).properties.dnsSettings?.fqdn === fqdn) return key;
  }
  return undefined;
}

/**
 * The answer of `GET …/locations/{location}/CheckDnsNameAvailability?domainNameLabel=`. Throws `InvalidDomainNameLabel`
 * for a label that no public IP address can have.
 */
export function checkDnsNameAvailability(
  lookup: Lookup,
  { location, domainNameLabel: label }: { location: string; domainNameLabel: string },
): { available: boolean } {
  const fqdn = `${label}.${normalizeLocation(location)}.cloudapp.azure.com`.toLowerCase();
  if (holderOfDnsName(lookup, fqdn) !== undefined) return { available: false };
  if (!dnsLabels.publicIpAddress.test(label)) throw azureError('InvalidDomainNameLabel', { values: { label } });
  return { available: true };
}

/** An address out of a prefix is like the prefix, and stays in it. */
function* checkPrefix({ document, existing, idText: id, lookup }: WriteContext<PublicIPAddressDocument>) {
  const prefixId = document.properties.publicIPPrefix?.id;
  const before = (existing?.document as PublicIPAddressDocument | undefined)?.properties;
  if (before && idKey(before.publicIPPrefix?.id ?? '') !== idKey(prefixId ?? '')) {
    yield azureError('PublicIPPrefixOfAddressCannotBeChanged', { values: { id } });
  }
  const prefix = prefixId === undefined ? undefined : lookup.resource(idKey(prefixId));
  if (!prefix) return;
  const of = ({ sku, zones, properties }: ResourceDocument) => ({
    sku: sku?.name,
    tier: sku?.tier,
    version: properties.publicIPAddressVersion,
    'availability zones': [...(zones ?? [])].sort().join(),
  });
  const theirs = of(prefix.document);
  for (const [what, own] of Object.entries(of(document))) {
    if (own === theirs[what as keyof typeof theirs]) continue;
    yield azureError('PublicIPAddressAndPrefixDoNotMatch', { values: { id, prefix: prefix.id, what } });
  }
}

function* checkPublicIPAddress(context: WriteContext<PublicIPAddressDocument>): Generator<AzureError> {
  const { document, existing, idText: id } = context;
  const properties = document.properties;
  yield* checkSkuUnchanged(context);
  yield* checkZonesUnchanged(context);
  if (document.sku?.tier === 'Global' && isBasic(document)) {
    yield azureError('GlobalPublicIPAddressNotSupportedForBasicPublicIpAddress', { values: { id } });
  }
  if (!isBasic(document) && properties.publicIPAllocationMethod !== 'Static') {
    yield azureError('StandardAndStandardV2SkuPublicIPAddressesMustBeStatic', { values: { id } });
  }
  const idle = properties.idleTimeoutInMinutes ?? 4;
  if (idle < 4 || idle > 30) {
    yield azureError('PublicIPIdleTimeoutIsOutOfRange', { values: { name: context.id.names[0] ?? '' } });
  }
  yield* checkDnsSettings(context);
  yield* checkPrefix(context);
  const before = existing?.document.properties as PublicIPAddressProperties | undefined;
  const from = before?.publicIPAddressVersion;
  const to = properties.publicIPAddressVersion ?? 'IPv4';
  if (from !== undefined && from !== to) {
    yield azureError('PublicIPAddressVersionCannotBeChanged', { values: { id, from, to } });
  }
  if (before?.publicIPAllocationMethod === 'Static' && properties.publicIPAllocationMethod === 'Dynamic') {
    const [link] = attachments(context.lookup, idKey(id));
    if (link) {
      yield azureError('PublicIPAddressInUseCannotUpdateToDynamic', { values: { id, user: link.sourceId } });
    }
  }
}

/** A Dynamic address is not there until something uses it. */
function viewPublicIPAddress({ resource, lookup }: ViewContext): ResourceDocument {
  const { ipAddress, ...properties } = resource.document.properties as PublicIPAddressProperties;
  const unused = properties.publicIPAllocationMethod === 'Dynamic' && attachments(lookup, resource.key).length === 0;
  return ipAddress !== undefined && unused ? { ...resource.document, properties } : resource.document;
}

const allocatedTo = (by: string, path: string): InUse => ({
  by,
  path,
  refuse: ({ id, links }) =>
    azureError('PublicIPAddressCannotBeDeleted', { values: { id, user: links[0]?.sourceId ?? '' } }),
});

/** A resource that names a public IP address at `publicIPAddress`. */
export interface PublicIPAddressUser {
  /** Id of the frontend or ipConfiguration. */
  readonly id: string;
  readonly publicIPAddress?: { readonly id: string } | undefined;
}

/** What Azure refuses when frontends or ipConfigurations of one resource name public IP addresses. */
export function* checkPublicIPAddressesFree(
  context: Pick<WriteContext, 'lookup' | 'idText'>,
  users: readonly PublicIPAddressUser[],
): Generator<AzureError> {
  const seen = new Set<string>();
  for (const { id, publicIPAddress } of users) {
    if (!publicIPAddress) continue;
    const key = idKey(publicIPAddress.id);
    const publicIP = context.lookup.resource(key)?.id ?? publicIPAddress.id;
    if (seen.has(key)) {
      yield azureError('PublicIPReferencedByMultipleIPConfigs', { values: { publicIP, id: context.idText } });
    }
    seen.add(key);
    const other = attachments(context.lookup, key).find(
      ({ sourceId }) => !`${idKey(sourceId)}/`.startsWith(`${idKey(context.idText)}/`),
    );
    if (other) yield azureError('PublicIPAddressInUse', { values: { id, publicIP, user: other.sourceId } });
  }
}

/** The same for a resource of a type without a model. */
export function* checkHolderAddressesFree(
  { type, schema }: AddressHolder,
  context: Pick<WriteContext, 'document' | 'idText' | 'lookup'>,
): Generator<AzureError> {
  const found = referencesIn(context.document, schema, { id: context.idText, type });
  const users = found
    .filter(({ path }) => path === 'publicIPAddress')
    .map(({ sourceId: id, holder: publicIPAddress }) => ({ id, publicIPAddress }));
  yield* checkPublicIPAddressesFree(context, users);
}

interface Protected {
  ddosProtectionPlan?: { id: string };
  enableDdosProtection?: boolean;
  ipAddress?: string;
  ddosSettings?: { protectionMode?: string; ddosProtectionPlan?: { id: string } };
}

/** The virtual network of the frontend or ipConfiguration with this id; undefined when it is in none. */
function networkOf(lookup: Lookup, userId: string): Resource | undefined {
  const subnet = (lookUpChild(lookup, userId)?.child.properties?.subnet as { id: string } | undefined)?.id;
  return subnet === undefined ? undefined : lookup.resource(rootKey(subnet));
}

const usersOf = (lookup: Lookup, publicIP: Resource): string[] =>
  lookup
    .linksInto(publicIP.key)
    .filter(({ path }) => path === 'publicIPAddress')
    .map(({ sourceId }) => sourceId);

/** An address has its own protection, or that of its network unless it is switched off. */
function statusOf(publicIP: Resource, lookup: Lookup) {
  const { ipAddress, ddosSettings } = publicIP.document.properties as Protected;
  const mode = ddosSettings?.protectionMode ?? 'VirtualNetworkInherited';
  const [network] = usersOf(lookup, publicIP).flatMap((id) => networkOf(lookup, id) ?? []);
  const inherited = network?.document.properties as Protected | undefined;
  const isInherited = mode === 'VirtualNetworkInherited' && inherited?.enableDdosProtection === true;
  const plan = ddosSettings?.ddosProtectionPlan?.id ?? (isInherited ? inherited.ddosProtectionPlan?.id : undefined);
  return {
    publicIpAddressId: publicIP.id,
    ...(ipAddress === undefined ? {} : { publicIpAddress: ipAddress }),
    isWorkloadProtected: mode === 'Enabled' || isInherited ? 'True' : 'False',
    ...(plan === undefined ? {} : { ddosProtectionPlanId: plan }),
  };
}

const ddosProtectionStatus = { path: 'ddosProtectionStatus', since: '2022-01-01', answer: 'async' } as const;

export const ddosProtectionStatusOfAddress: Action = {
  ...ddosProtectionStatus,
  run: ({ resource, lookup }) => ({ body: statusOf(resource, lookup) }),
};

export const ddosProtectionStatusOfNetwork: Action = {
  ...ddosProtectionStatus,
  run: ({ resource, lookup }) => {
    const inside = [...lookup.everyOfType('Microsoft.Network/publicIPAddresses')].filter((publicIP) =>
      usersOf(lookup, publicIP).some((id) => networkOf(lookup, id)?.key === idKey(resource.id)),
    );
    return { body: { value: inside.map((publicIP) => statusOf(publicIP, lookup)) } };
  },
};

export const publicIPAddresses = resourceType<PublicIPAddressDocument>({
  type,
  apiVersions: networkApiVersions,
  schema,
  inUse: [
    allocatedTo('Microsoft.Network/*', 'publicIPAddress'),
    allocatedTo('Microsoft.Network/natGateways', 'publicIpAddresses'),
  ],
  defaults: completePublicIPAddress,
  check: checkPublicIPAddress,
  view: viewPublicIPAddress,
  requests: { actions: [ddosProtectionStatusOfAddress] },
});
