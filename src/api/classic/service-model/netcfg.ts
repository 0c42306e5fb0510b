/**
 * Reads virtual networks from a network configuration file (.netcfg), which Set-AzureVNetConfig sends. Everything in it
 * is known by its name. Imitates "Azure Virtual Network Configuration Schema".
 */
import { azureError } from '../../../errors/index.js';
import { sameName } from '../../../resources/Microsoft.ClassicCompute/endpoints.js';
import type { VirtualNetworkSiteRecord } from '../../../resources/Microsoft.ClassicCompute/types.js';
import { stableGuid } from '../../../support/ids.js';
import { contains, type IpPrefix, networkOf, overlaps, parseIpv4Prefix } from '../../../support/ip-address.js';
import { childElement, type XmlElement } from '../xml/xml.js';
import { Attributes, refuseUnknownWithin, within } from './attributes.js';

const attributesOf = (element: XmlElement): Attributes => new Attributes('networks', element);

/** The children of each element of the file that has any. Virtual networks make use of some; gateways are not emulated. */
const children: ReadonlyMap<string, readonly string[]> = new Map([
  ['NetworkConfiguration', ['VirtualNetworkConfiguration']],
  ['VirtualNetworkConfiguration', ['Dns', 'LocalNetworkSites', 'VirtualNetworkSites']],
  ['Dns', ['DnsServers']],
  ['DnsServers', ['DnsServer']],
  ['LocalNetworkSites', ['LocalNetworkSite']],
  ['LocalNetworkSite', ['AddressSpace', 'VPNGatewayAddress', 'BgpSettings']],
  ['VirtualNetworkSites', ['VirtualNetworkSite']],
  ['VirtualNetworkSite', ['Label', 'AddressSpace', 'Subnets', 'DnsServersRef', 'Gateway', 'InPlaceMigration']],
  ['AddressSpace', ['AddressPrefix']],
  ['Subnets', ['Subnet']],
  ['Subnet', ['AddressPrefix', 'NetworkSecurityGroup', 'RouteTable']],
  ['DnsServersRef', ['DnsServerRef']],
  ['Gateway', ['ConnectionsToLocalNetwork', 'VPNClientAddressPool', 'BgpSettings']],
  ['ConnectionsToLocalNetwork', ['LocalNetworkSiteRef']],
  ['LocalNetworkSiteRef', ['Connection']],
  ['VPNClientAddressPool', ['AddressPrefix']],
]);

const attributes: ReadonlyMap<string, readonly string[]> = new Map([
  ['DnsServer', ['name', 'IPAddress']],
  ['LocalNetworkSite', ['name']],
  ['VirtualNetworkSite', ['name', 'Location', 'AffinityGroup']],
  ['Subnet', ['name']],
  ['DnsServerRef', ['name']],
  ['Gateway', ['profile']],
  ['LocalNetworkSiteRef', ['name']],
  ['Connection', ['type']],
]);

/** The name of each element; one that two of them have is refused. */
function distinctNames(elements: readonly XmlElement[]): string[] {
  const names: string[] = [];
  for (const element of elements) {
    const attributes = attributesOf(element);
    const name = attributes.required('name');
    if (names.some((other) => sameName(other, name))) {
      throw attributes.refuse(`There are two elements ${element.name} with the name ${name}.`);
    }
    names.push(name);
  }
  return names;
}

function prefixOf(element: XmlElement): { text: string; prefix: IpPrefix } {
  const text = element.text.trim();
  const prefix = parseIpv4Prefix(text);
  if (prefix) return { text, prefix };
  throw attributesOf(element).refuse(`${text} is no IPv4 prefix like 10.0.0.0/16.`);
}

const isWithin = (inner: IpPrefix, outer: IpPrefix): boolean =>
  inner.length >= outer.length && contains(outer, networkOf(inner));

/** Refuses a reference from a virtual network to something that the file does not define. */
function checkReferences(site: XmlElement, defined: { dns: readonly string[]; local: readonly string[] }): void {
  const gateway = childElement(site, 'Gateway');
  const references = [
    ...within(site, 'DnsServersRef', 'DnsServerRef').map((element) => ({ element, names: defined.dns })),
    ...within(gateway, 'ConnectionsToLocalNetwork', 'LocalNetworkSiteRef').map((element) => ({
      element,
      names: defined.local,
    })),
  ];
  for (const { element, names } of references) {
    const name = attributesOf(element).required('name');
    if (!names.some((other) => sameName(other, name))) {
      throw attributesOf(element).refuse(`${element.name} ${name} is not defined.`);
    }
  }
}

function readSite(site: XmlElement, subscriptionId: string): VirtualNetworkSiteRecord {
  const Name = attributesOf(site).required('name');
  const space = within(site, 'AddressSpace', 'AddressPrefix').map(prefixOf);
  const elements = within(site, 'Subnets', 'Subnet');
  const names = distinctNames(elements);
  const known: IpPrefix[] = [];
  const subnets = elements.map((element, index) => {
    const child = childElement(element, 'AddressPrefix');
    if (!child) throw attributesOf(element).refuse('A Subnet needs an AddressPrefix.');
    const { text, prefix } = prefixOf(child);
    if (!space.some((one) => isWithin(prefix, one.prefix))) {
      throw attributesOf(child).refuse(`${text} is not in the address space of ${Name}.`);
    }
    if (known.some((other) => overlaps(prefix, other))) {
      throw attributesOf(child).refuse(`${text} overlaps another subnet of ${Name}.`);
    }
    known.push(prefix);
    return { Name: names[index] as string, AddressPrefix: text };
  });
  return {
    Name,
    Id: stableGuid(`${subscriptionId}/${Name}`),
    Location: attributesOf(site).optional('Location'),
    addressPrefixes: space.map(({ text }) => text),
    subnets,
  };
}

/**
 * The virtual networks of a network configuration. Refused are names that are missing or there twice, prefixes that are
 * none, subnets that overlap or lie outside of their network, and references to nothing.
 */
export function readNetworkConfiguration(root: XmlElement, subscriptionId: string): VirtualNetworkSiteRecord[] {
  if (root.name !== 'NetworkConfiguration' || !(root.namespace === '' || root.namespace.endsWith(`/${root.name}`))) {
    throw azureError('ClassicMalformedElement', { values: { type: 'NetworkConfiguration' } });
  }
  refuseUnknownWithin('networks', root, { children, attributes });
  const configuration = childElement(root, 'VirtualNetworkConfiguration');
  const dns = configuration && childElement(configuration, 'Dns');
  const defined = {
    dns: distinctNames(within(dns, 'DnsServers', 'DnsServer')),
    local: distinctNames(within(configuration, 'LocalNetworkSites', 'LocalNetworkSite')),
  };
  const sites = within(configuration, 'VirtualNetworkSites', 'VirtualNetworkSite');
  distinctNames(sites);
  for (const site of sites) checkReferences(site, defined);
  return sites.map((site) => readSite(site, subscriptionId));
}
