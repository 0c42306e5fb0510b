/**
 * Security rules (`networkSecurityGroups/securityRules`) and the default rules that every group has, as
 * https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview describes them.
 */

import { type AzureError, azureError } from '../../../errors/index.js';
import { formatIpPrefix, overlaps, parseIpAddress, parseIpPrefix } from '../../../support/ip-address.js';
import type { ChildDocument } from '../../references.js';
import * as Schema from '../../schema.js';
import { fillIn } from '../common-members.js';
import { versions } from '../member-versions.js';

const applicationSecurityGroups = () =>
  Schema.array(
    Schema.reference('Microsoft.Network/applicationSecurityGroups'),
    versions.securityRule.applicationSecurityGroups,
  );

export const securityRule = Schema.envelope('name id etag type properties', {
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      description: Schema.text(),
      // Any casing is kept: Azure shows `tcp` and `TCP` as they were sent.
      protocol: Schema.string(),
      sourcePortRange: Schema.text(),
      destinationPortRange: Schema.text(),
      sourceAddressPrefix: Schema.text(),
      destinationAddressPrefix: Schema.text(),
      access: Schema.oneOf(['Allow', 'Deny'], { clrType: 'SecurityRuleAccess' }),
      priority: Schema.integer(),
      direction: Schema.oneOf(['Inbound', 'Outbound'], { clrType: 'SecurityRuleDirection' }),
      sourcePortRanges: Schema.array(Schema.string(), versions.securityRule.sourcePortRanges),
      destinationPortRanges: Schema.array(Schema.string(), versions.securityRule.destinationPortRanges),
      sourceAddressPrefixes: Schema.array(Schema.string(), versions.securityRule.sourceAddressPrefixes),
      destinationAddressPrefixes: Schema.array(Schema.string(), versions.securityRule.destinationAddressPrefixes),
      sourceApplicationSecurityGroups: applicationSecurityGroups(),
      destinationApplicationSecurityGroups: applicationSecurityGroups(),
    },
    { clrType: 'SecurityRuleProperties' },
  ),
});
export type SecurityRule = Schema.Static<typeof securityRule>;

const twins = [
  ['sourcePortRange', 'sourcePortRanges'],
  ['destinationPortRange', 'destinationPortRanges'],
  ['sourceAddressPrefix', 'sourceAddressPrefixes'],
  ['destinationAddressPrefix', 'destinationAddressPrefixes'],
] as const;

/** Fills in what Azure fills in. */
export function completeSecurityRule(rule: SecurityRule): void {
  rule.properties ??= {};
  for (const [one, many] of twins) {
    // Beside the plural member an empty text says nothing.
    if (rule.properties[one]?.trim() === '' && rule.properties[many]?.length) delete rule.properties[one];
  }
  fillIn(rule.properties, {
    sourcePortRanges: [],
    destinationPortRanges: [],
    sourceAddressPrefixes: [],
    destinationAddressPrefixes: [],
  });
}

const protocols = ['tcp', 'udp', 'icmp', 'esp', 'ah', '*'];

function isPortRange(text: string): boolean {
  const range = text.trim();
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range);
  if (!match) return range === '*';
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return first <= last && last <= 65535;
}

/** Service tags are names, and Azure takes whatever looks like none of an address. */
const isAddressPrefix = (text: string): boolean =>
  !/[.:/]/.test(text) ||
  /^[a-z]\w*\.\w+$/i.test(text) ||
  parseIpAddress(text) !== undefined ||
  parseIpPrefix(text) !== undefined ||
  /^[\d.]+-[\d.]+$/.test(text);

/** The members by which a rule says one thing, in the words of Azure's refusal. */
const sides = [
  { members: ['sourcePortRange', 'sourcePortRanges'], needed: 'SourcePortRanges or SourcePortRange' },
  {
    members: ['destinationPortRange', 'destinationPortRanges'],
    needed: 'DestinationPortRanges or DestinationPortRange',
  },
  {
    members: ['sourceAddressPrefix', 'sourceAddressPrefixes', 'sourceApplicationSecurityGroups'],
    needed: 'SourceAddressPrefixes, SourceAddressPrefix, or SourceApplicationSecurityGroups',
  },
  {
    members: ['destinationAddressPrefix', 'destinationAddressPrefixes', 'destinationApplicationSecurityGroups'],
    needed: 'DestinationAddressPrefixes, DestinationAddressPrefix, or DestinationApplicationSecurityGroups',
  },
] as const;

/** A rule says everything once: what it is about, from where and to where. */
function* checkComplete(properties: NonNullable<SecurityRule['properties']>, id: string): Generator<AzureError> {
  for (const member of ['access', 'direction'] as const) {
    const parameters = member === 'access' ? 'Access' : 'Direction';
    if (!properties[member]) yield azureError('SecurityRuleParametersMissing', { values: { id, parameters } });
  }
  for (const { members, needed: parameters } of sides) {
    const [one, other] = members.filter((member) => properties[member]?.length);
    // A text that is empty stands for anything.
    const isSaid = one !== undefined || members.some((member) => properties[member] === '');
    if (!isSaid) yield azureError('SecurityRuleParametersMissing', { values: { id, parameters } });
    const isSame = one !== undefined && other !== undefined && String(properties[one]) === String(properties[other]);
    if (one !== undefined && other !== undefined && !isSame)
      yield azureError('SecurityRuleParametersConflict', { values: { id, one, other } });
  }
}

/** Lists name addresses and ports one by one: no tag, nothing that stands for all, no prefix inside another one. */
function* checkLists(properties: NonNullable<SecurityRule['properties']>, id: string): Generator<AzureError> {
  for (const parameter of ['SourcePortRange', 'DestinationPortRange'] as const) {
    const value = properties[parameter === 'SourcePortRange' ? 'sourcePortRanges' : 'destinationPortRanges'] ?? [];
    if (!value.some((text) => text.trim() === '*')) continue;
    yield azureError('SecurityRuleParameterContainsInvalidPortRanges', { values: { id, parameter, value: '*' } });
  }
  for (const parameter of ['SourceAddressPrefix', 'DestinationAddressPrefix'] as const) {
    const texts =
      properties[parameter === 'SourceAddressPrefix' ? 'sourceAddressPrefixes' : 'destinationAddressPrefixes'] ?? [];
    const value = texts.find((text) => !/[:/]|^[\d.]+$|^[\d.]+-[\d.]+$/.test(text));
    if (value !== undefined) {
      yield azureError('SecurityRuleParameterContainsUnsupportedValue', { values: { id, parameter, value } });
    }
    const prefixes = texts.flatMap((text) => parseIpPrefix(text.includes('/') ? text : hostPrefix(text)) ?? []);
    for (const [index, one] of prefixes.entries()) {
      const other = prefixes.slice(0, index).find((earlier) => overlaps(earlier, one));
      const values = { id, parameter, first: other ? formatIpPrefix(other) : '', second: formatIpPrefix(one) };
      if (other) yield azureError('OverlappingSubnetsNotPermittedInSecurityRule', { values });
    }
  }
}

const hostPrefix = (text: string): string => `${text}/${text.includes(':') ? 128 : 32}`;

/** What Azure refuses about one rule. */
export function* checkSecurityRule(rule: SecurityRule, id: string): Generator<AzureError> {
  const properties = rule.properties ?? {};
  const { priority = 0, protocol = '', description = '' } = properties;
  if (description.length > 140) yield azureError('SecurityRuleDescriptionTooLong');
  if (!protocols.includes(protocol.toLowerCase())) {
    yield azureError('SecurityRuleInvalidProtocol', { values: { value: protocol } });
  }
  const ports = [properties.sourcePortRange ?? [], properties.destinationPortRange ?? []].flat();
  for (const value of [...ports, ...(properties.sourcePortRanges ?? []), ...(properties.destinationPortRanges ?? [])]) {
    if (!isPortRange(value)) yield azureError('SecurityRuleInvalidPortRange', { values: { value } });
  }
  const prefixes = [properties.sourceAddressPrefix ?? [], properties.destinationAddressPrefix ?? []].flat();
  const lists = [...(properties.sourceAddressPrefixes ?? []), ...(properties.destinationAddressPrefixes ?? [])];
  for (const value of [...prefixes, ...lists]) {
    if (!isAddressPrefix(value)) yield azureError('SecurityRuleInvalidAddressPrefix', { values: { id, value } });
  }
  if (priority < 100 || priority > 4096) {
    yield azureError('SecurityRuleInvalidPriority', { values: { value: priority } });
  }
  yield* checkComplete(properties, id);
  yield* checkLists(properties, id);
}

/** Two rules of one direction need different priorities. */
export function* checkPriorities(rules: readonly SecurityRule[]): Generator<AzureError> {
  const seen = new Map<string, string>();
  for (const { name = '', properties } of rules) {
    const key = `${properties?.direction}|${properties?.priority}`;
    const first = seen.get(key);
    if (first !== undefined) yield azureError('SecurityRuleConflict', { values: { first, second: name } });
    seen.set(key, name);
  }
}

type Direction = 'Inbound' | 'Outbound';

interface DefaultRule {
  readonly name: string;
  readonly description: string;
  readonly from?: string;
  readonly to?: string;
  readonly access?: 'Allow' | 'Deny';
  readonly priority: number;
  readonly direction: Direction;
}

const defaultSecurityRule = (rule: DefaultRule): ChildDocument => ({
  name: rule.name,
  properties: {
    description: rule.description,
    protocol: '*',
    sourcePortRange: '*',
    destinationPortRange: '*',
    sourceAddressPrefix: rule.from ?? '*',
    destinationAddressPrefix: rule.to ?? '*',
    access: rule.access ?? 'Allow',
    priority: rule.priority,
    direction: rule.direction,
    sourcePortRanges: [],
    destinationPortRanges: [],
    sourceAddressPrefixes: [],
    destinationAddressPrefixes: [],
  },
});

export const defaultSecurityRules: readonly ChildDocument[] = [
  {
    name: 'AllowVnetInBound',
    description: 'Allow inbound traffic from all VMs in VNET',
    from: 'VirtualNetwork',
    to: 'VirtualNetwork',
    priority: 65000,
    direction: 'Inbound' as const,
  },
  {
    name: 'AllowAzureLoadBalancerInBound',
    description: 'Allow inbound traffic from azure load balancer',
    from: 'AzureLoadBalancer',
    priority: 65001,
    direction: 'Inbound' as const,
  },
  {
    name: 'DenyAllInBound',
    description: 'Deny all inbound traffic',
    access: 'Deny' as const,
    priority: 65500,
    direction: 'Inbound' as const,
  },
  {
    name: 'AllowVnetOutBound',
    description: 'Allow outbound traffic from all VMs to all VMs in VNET',
    from: 'VirtualNetwork',
    to: 'VirtualNetwork',
    priority: 65000,
    direction: 'Outbound' as const,
  },
  {
    name: 'AllowInternetOutBound',
    description: 'Allow outbound traffic from all VMs to Internet',
    to: 'Internet',
    priority: 65001,
    direction: 'Outbound' as const,
  },
  {
    name: 'DenyAllOutBound',
    description: 'Deny all outbound traffic',
    access: 'Deny' as const,
    priority: 65500,
    direction: 'Outbound' as const,
  },
].map(defaultSecurityRule);
