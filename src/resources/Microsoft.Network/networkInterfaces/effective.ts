/**
 * What applies to a network interface in the end: `effectiveRouteTable` and `effectiveNetworkSecurityGroups`. Azure
 * answers only for interfaces of a running virtual machine.
 */
import { azureError } from '../../../errors/index.js';
import { formatIpPrefix, type IpPrefix, parseIpPrefix, splitAround } from '../../../support/ip-address.js';
import { machineOf, powerStateOf } from '../../Microsoft.Compute/common-members.js';
import { type ChildDocument, childrenIn, lookUpChild } from '../../references.js';
import { idKey } from '../../resource-id.js';
import type { Action, Resource, ViewContext } from '../../resource-type.js';
import { defaultSecurityRules } from '../networkSecurityGroups/securityRules.js';

function isRunning({ resource, lookup }: ViewContext): boolean {
  const machine = machineOf(lookup, resource.key);
  return machine !== undefined && powerStateOf(machine.document) === 'running';
}

const subnetOf = (nic: Resource): string | undefined =>
  childrenIn(nic.document.properties, 'ipConfigurations')
    .map((one) => (one.properties?.subnet as { id: string } | undefined)?.id)
    .find((id) => id !== undefined);

const prefixesOf = (network: Resource | undefined): readonly string[] =>
  (network?.document.properties.addressSpace as { addressPrefixes?: string[] } | undefined)?.addressPrefixes ?? [];

const systemRoute = (addressPrefix: readonly string[], nextHopType: string) => ({
  disableBgpRoutePropagation: false,
  source: 'Default',
  state: 'Active',
  hasBgpOverride: false,
  addressPrefix,
  nextHopType,
  nextHopIpAddress: [] as string[],
  destinationServiceTags: [],
  tagMap: {},
});

/** Private ranges that Azure drops unless the virtual network has them. */
const droppedRanges = ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16'];

function effectiveRoutes(context: ViewContext): unknown[] {
  const subnetId = subnetOf(context.resource);
  const found = subnetId === undefined ? undefined : lookUpChild(context.lookup, subnetId);
  const routeTable = (found?.child.properties?.routeTable as { id: string } | undefined)?.id;
  const table = routeTable === undefined ? undefined : context.lookup.resource(idKey(routeTable));
  const own = childrenIn(table?.document.properties, 'routes').map(({ name, properties = {} }) => ({
    name,
    ...systemRoute([String(properties.addressPrefix)], String(properties.nextHopType)),
    source: 'User',
    nextHopIpAddress: properties.nextHopIpAddress === undefined ? [] : [String(properties.nextHopIpAddress)],
  }));
  return [
    systemRoute(prefixesOf(found?.parent), 'VnetLocal'),
    systemRoute(['0.0.0.0/0'], 'Internet'),
    ...droppedRanges.map((range) => systemRoute([range], 'None')),
    ...own,
  ];
}

/** Where platform services speak from, which the tag VirtualNetwork has too. */
const platformAddress = '168.63.129.16/32';

/** Ranges that are no addresses of the Internet: the reserved ones, and those that Azure left out in 2023. */
const notOfTheInternet = `
  0.0.0.0/8 4.128.0.0/12 10.0.0.0/8 13.96.0.0/13 20.35.252.0/22 20.128.0.0/16 20.130.0.0/16 20.144.0.0/14
  20.176.0.0/13 21.0.0.0/8 22.0.0.0/8 23.103.0.0/18 25.0.0.0/16 25.4.0.0/14 25.28.0.0/14 25.33.0.0/16 25.41.0.0/20
  25.48.0.0/12 25.64.0.0/10 25.128.0.0/14 25.142.0.0/15 25.144.0.0/12 25.160.0.0/11 25.192.0.0/11 25.224.0.0/12
  25.244.0.0/14 25.248.0.0/15 25.250.0.0/18 25.250.64.0/20 25.250.80.0/22 25.250.84.0/23 25.251.0.0/16 25.252.0.0/15
  25.254.0.0/21 25.254.8.0/24 25.254.16.0/20 25.254.64.0/18 25.254.128.0/17 25.255.0.0/16 40.66.128.0/17
  40.108.0.0/17 40.109.0.0/16 52.132.0.0/14 52.145.0.0/16 68.18.0.0/15 100.64.0.0/10 104.146.0.0/17 104.147.0.0/16
  104.212.36.0/22 104.212.52.0/22 127.0.0.0/8 129.75.0.0/16 134.177.0.0/16 138.196.0.0/16 141.251.0.0/16
  146.147.0.0/16 157.59.0.0/16 169.254.0.0/16 172.16.0.0/12 192.0.2.0/24 192.32.0.0/16 192.168.0.0/16 198.18.0.0/15
  224.0.0.0/3
`
  .trim()
  .split(/\s+/);

/** What stands behind the service tags of the default rules, for an interface in a network with these prefixes. */
function tagMapOf(networkPrefixes: readonly string[]): Record<string, string[]> {
  const outside = [...notOfTheInternet, ...networkPrefixes].flatMap((text) => parseIpPrefix(text) ?? []);
  // differs: Azure changes its own ranges as it grows.
  const internet = splitAround(parseIpPrefix('0.0.0.0/0') as IpPrefix, outside).map(formatIpPrefix);
  return {
    VirtualNetwork: [...networkPrefixes, platformAddress],
    AzureLoadBalancer: [platformAddress, 'fe80::1234:5678:9abc/128'],
    Internet: internet,
  };
}

/** Port ranges from both the singular and the plural member, each with two ends. */
const portRanges = (one: unknown, several: unknown): string[] =>
  [one, ...((several as unknown[] | undefined) ?? [])].filter(Boolean).map((range) => {
    const text = range === '*' ? '0-65535' : String(range);
    return text.includes('-') ? text : `${text}-${text}`;
  });

const anywhere = '0.0.0.0/0';

interface EffectivePrefixes {
  readonly prefix: string | undefined;
  readonly prefixes: readonly string[];
  readonly expanded: readonly string[] | undefined;
}

function effectivePrefixes(one: unknown, several: unknown, tags: Record<string, string[]>): EffectivePrefixes {
  const texts = [one, ...((several as unknown[] | undefined) ?? [])].filter(Boolean).map(String);
  const isAny = texts.includes('*');
  const prefix = isAny ? anywhere : texts[0];
  const expanded = texts.flatMap((text) => tags[text] ?? []);
  // Azure names any address once for each IP version, in the same words.
  const prefixes = isAny ? [anywhere, anywhere] : texts;
  return { prefix, prefixes, expanded: expanded.length > 0 ? expanded : undefined };
}

function effectiveRule(
  collection: string,
  { name, properties = {} }: ChildDocument,
  tags: Record<string, string[]>,
): Record<string, unknown> {
  const sourcePorts = portRanges(properties.sourcePortRange, properties.sourcePortRanges);
  const destinationPorts = portRanges(properties.destinationPortRange, properties.destinationPortRanges);
  const source = effectivePrefixes(properties.sourceAddressPrefix, properties.sourceAddressPrefixes, tags);
  const destination = effectivePrefixes(
    properties.destinationAddressPrefix,
    properties.destinationAddressPrefixes,
    tags,
  );
  return {
    name: `${collection}/${name}`,
    protocol: properties.protocol === '*' ? 'All' : properties.protocol,
    sourcePortRange: sourcePorts[0],
    destinationPortRange: destinationPorts[0],
    sourcePortRanges: sourcePorts,
    destinationPortRanges: destinationPorts,
    sourceAddressPrefix: source.prefix,
    destinationAddressPrefix: destination.prefix,
    sourceAddressPrefixes: source.prefixes,
    destinationAddressPrefixes: destination.prefixes,
    ...(source.expanded ? { expandedSourceAddressPrefix: source.expanded } : {}),
    ...(destination.expanded ? { expandedDestinationAddressPrefix: destination.expanded } : {}),
    access: properties.access,
    priority: properties.priority,
    direction: properties.direction,
  };
}

function effectiveSecurityGroups({ resource, lookup }: ViewContext): unknown[] {
  const subnetId = subnetOf(resource);
  const found = subnetId === undefined ? undefined : lookUpChild(lookup, subnetId);
  const tagMap = tagMapOf(prefixesOf(found?.parent));
  const groups = [
    { on: { subnet: { id: subnetId } }, group: found?.child.properties?.networkSecurityGroup },
    { on: { networkInterface: { id: resource.id } }, group: resource.document.properties.networkSecurityGroup },
  ];
  return groups.flatMap(({ on, group }) => {
    const id = (group as { id: string } | undefined)?.id;
    const found = id === undefined ? undefined : lookup.resource(idKey(id));
    if (!found) return [];
    const rules = childrenIn(found.document.properties, 'securityRules');
    const effectiveSecurityRules = [
      ...rules.map((rule) => effectiveRule('securityRules', rule, tagMap)),
      ...defaultSecurityRules.map((rule) => effectiveRule('defaultSecurityRules', rule, tagMap)),
    ];
    return [{ networkSecurityGroup: { id: found.id }, association: on, effectiveSecurityRules, tagMap }];
  });
}

export const effectiveActions: readonly Action[] = [
  {
    path: 'effectiveRouteTable',
    since: '2016-09-01',
    answer: 'async',
    run: (context) => {
      if (isRunning(context)) return { body: { value: effectiveRoutes(context) } };
      const values = { id: context.resource.id };
      throw azureError('NicMustBeAttachedToRunningVmToGetEffectiveRoutes', { values });
    },
  },
  {
    path: 'effectiveNetworkSecurityGroups',
    since: '2016-09-01',
    answer: 'async',
    run: (context) => {
      if (isRunning(context)) return { body: { value: effectiveSecurityGroups(context) } };
      const values = { id: context.resource.id };
      throw azureError('NicMustBeAttachedToRunningVmToGetEffectiveSecurityGroups', { values });
    },
  },
];
