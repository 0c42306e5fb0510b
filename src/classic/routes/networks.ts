/** The subscription's network configuration: where virtual networks and their subnets are. Imitates "Set Network Configuration". */
import { azureError } from '../../errors.js';
import { stableGuid } from '../../ids.js';
import { parseCidr } from '../../resources/Microsoft.ClassicCompute/addresses.js';
import type { ClassicCall, ClassicOperation, ClassicReply } from '../call.js';
import { networksKey } from '../documents.js';
import { accept } from '../operations.js';
import type { VirtualNetworkSiteRecord } from '../store.js';
import { contract } from '../xml/contract.js';
import { boolean, list, listDocument, listOf, nested, optional, required, text } from '../xml/contract-types.js';
import { childOf, childrenOf, readXml, type XmlElement } from '../xml/reader.js';

const AddressSpace = contract('AddressSpace', { AddressPrefixes: optional(list('AddressPrefix', text)) });
const Subnet = contract('Subnet', { Name: required(text), AddressPrefix: required(text) });

const VirtualNetworkSite = contract('VirtualNetworkSite', {
  Name: required(text),
  Id: optional(text),
  State: optional(text),
  InUse: optional(boolean),
  AddressSpace: optional(nested(AddressSpace)),
  Subnets: optional(listOf('Subnet', Subnet)),
  Location: optional(text),
});

function within(parent: XmlElement | undefined, container: string, item: string): XmlElement[] {
  const found = parent && childOf(parent, container);
  return found ? childrenOf(found, item) : [];
}

const nameOf = (element: XmlElement): string => element.attributes.get('name')?.trim() ?? '';

function prefixOf(element: XmlElement): string {
  const prefix = element.text.trim();
  if (parseCidr(prefix)) return prefix;
  const values = { value: prefix, parameter: 'AddressPrefix', allowed: 'an IPv4 CIDR' };
  throw azureError('ClassicInvalidParameterValue', { values });
}

function sitesOf(root: XmlElement, subscriptionId: string): VirtualNetworkSiteRecord[] {
  const configuration = childOf(root, 'VirtualNetworkConfiguration');
  return within(configuration, 'VirtualNetworkSites', 'VirtualNetworkSite').map((site) => {
    const Name = nameOf(site);
    return {
      Name,
      Id: stableGuid(`${subscriptionId}/${Name}`),
      Location: site.attributes.get('Location')?.trim(),
      addressPrefixes: within(site, 'AddressSpace', 'AddressPrefix').map(prefixOf),
      subnets: within(site, 'Subnets', 'Subnet').map((subnet) => {
        const prefix = childOf(subnet, 'AddressPrefix');
        if (!prefix) throw azureError('ClassicMalformedElement', { values: { type: 'Subnet' } });
        return { Name: nameOf(subnet), AddressPrefix: prefixOf(prefix) };
      }),
    };
  });
}

function put(call: ClassicCall): Promise<ClassicReply> {
  const root = readXml(call.bodyText);
  if (root.name !== 'NetworkConfiguration') {
    throw azureError('ClassicMalformedElement', { values: { type: 'NetworkConfiguration' } });
  }
  const { subscriptionId } = call;
  const sites = sitesOf(root, subscriptionId);
  return accept(call, (transaction) =>
    transaction.put(networksKey(call), { subscriptionId, text: call.bodyText, sites }),
  );
}

const find = (call: ClassicCall) => call.store.read((reader) => reader.get(networksKey(call)));

function get(call: ClassicCall): ClassicReply {
  const networks = find(call);
  if (!networks || networks.sites.length === 0) throw azureError('ClassicNetworkConfigurationNotFound');
  return { status: 200, body: networks.text };
}

function listSites(call: ClassicCall): ClassicReply {
  const used = call.store.read((reader) =>
    reader
      .list('hostedService', call.subscriptionId)
      .flatMap(({ deployments }) => deployments.map((deployment) => deployment.VirtualNetworkName?.toLowerCase())),
  );
  const values = (find(call)?.sites ?? []).map(({ Name, Id, Location, addressPrefixes, subnets }) => ({
    Name,
    Id,
    State: 'Created',
    ...(used.includes(Name.toLowerCase()) && { InUse: true }),
    AddressSpace: { AddressPrefixes: addressPrefixes },
    Subnets: subnets,
    Location,
  }));
  return call.reply(listDocument('VirtualNetworkSites', listOf('VirtualNetworkSite', VirtualNetworkSite)), values);
}

const path = 'services/networking/media';

export const networkOperations: readonly ClassicOperation[] = [
  { name: 'Set Network Configuration', method: 'PUT', path, since: '2011-10-01', handle: put },
  { name: 'Get Network Configuration', method: 'GET', path, since: '2011-10-01', handle: get },
  {
    name: 'List Virtual Network Sites',
    method: 'GET',
    path: 'services/networking/virtualnetwork',
    since: '2011-10-01',
    handle: listSites,
  },
];
