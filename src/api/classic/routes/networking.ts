/**
 * Reserved IPs and the subscription's network configuration: virtual networks and their subnets. Imitates "Operations on
 * Reserved IP Addresses" and "Set Network Configuration".
 */
import { azureError } from '../../../errors/index.js';
import {
  associate,
  checkIsFree,
  disassociate,
  findDeployment,
  isUsedBy,
  withDeployment,
} from '../../../resources/Microsoft.ClassicCompute/deployments.js';
import { sameName } from '../../../resources/Microsoft.ClassicCompute/endpoints.js';
import type {
  Deployment,
  ReservedIp as ReservedIpDocument,
  VirtualNetworkSiteRecord,
} from '../../../resources/Microsoft.ClassicCompute/types.js';
import { addressOfVip, checkedVipName, withAddress } from '../../../resources/Microsoft.ClassicCompute/virtual-ips.js';
import { stableGuid } from '../../../support/ids.js';
import { parseIpv4Prefix } from '../../../support/ip-address.js';
import type { ClassicCall, ClassicOperation, ClassicReply } from '../call.js';
import { CreateReservedIp, ReservedIp, ReservedIpAssociation, ReservedIps } from '../contracts/networking.js';
import {
  accept,
  checkExclusiveAccess,
  findReservedIp,
  findService,
  networksKey,
  putService,
  reservedIpKey,
  serviceKey,
  stamped,
  withNamedAddress,
} from '../documents.js';
import { canonicalLocation } from '../locations.js';
import { since } from '../versions.js';
import {
  boolean,
  contract,
  documentOf,
  list,
  listDocument,
  listOf,
  nested,
  optional,
  required,
  text,
} from '../xml/contract.js';
import { childOf, childrenOf, declaredUtf8, readXml, type XmlElement } from '../xml/xml.js';

/** A virtual IP has at most one reserved address. */
function checkHasNone(deployment: Deployment, vip: string | undefined): void {
  const { ReservedIPName } = addressOfVip(deployment, vip);
  if (ReservedIPName === undefined) return;
  throw azureError('ClassicReservedIpInUse', { values: { name: ReservedIPName, deployment: deployment.Name } });
}

function createReservedIp(call: ClassicCall): Promise<ClassicReply> {
  const { Name, Label, Location, ServiceName, DeploymentName, VirtualIPName } = call.body(documentOf(CreateReservedIp));
  return accept(call, (context) => {
    if (call.store.classic.get(reservedIpKey(call, Name)))
      throw azureError('ClassicNameTaken', { values: { name: Name } });
    const base = { subscriptionId: call.subscriptionId, Name, Id: context.newGuid(), Label };
    if (ServiceName === undefined || DeploymentName === undefined) {
      if (Location === undefined) throw azureError('ClassicMalformedElement', { values: { type: 'ReservedIP' } });
      const Address = context.addresses.publicAddress();
      call.store.classic.put(reservedIpKey(call, Name), { ...base, Address, Location: canonicalLocation(Location) });
      return;
    }
    // The address that the deployment has becomes the reserved one.
    const service = findService(call, { key: serviceKey(call, ServiceName) });
    const deployment = findDeployment(service, DeploymentName);
    checkExclusiveAccess(call, deployment);
    const vip = checkedVipName(deployment, VirtualIPName);
    checkHasNone(deployment, vip);
    const Address = addressOfVip(deployment, vip).Address ?? context.addresses.publicAddress();
    call.store.classic.put(reservedIpKey(call, Name), {
      ...base,
      Address,
      Location: canonicalLocation(Location ?? service.Location ?? ''),
      ServiceName: service.ServiceName,
      DeploymentName: deployment.Name,
      VirtualIPName: vip,
    });
    const changed = withNamedAddress(withAddress(deployment, vip, { Address, ReservedIPName: Name }));
    putService(call, withDeployment(service, stamped(call, changed)));
  });
}

const reservedIpValue = ({ subscriptionId, ...reservedIp }: ReservedIpDocument) => ({
  ...reservedIp,
  State: 'Created',
  ...(reservedIp.DeploymentName !== undefined && { InUse: true }),
});

function getReservedIp(call: ClassicCall): ClassicReply {
  const reservedIp = findReservedIp(call, reservedIpKey(call, call.parameter('reservedIp')));
  return call.reply(documentOf(ReservedIp), reservedIpValue(reservedIp));
}

function listReservedIps(call: ClassicCall): ClassicReply {
  const found = call.store.classic.list('reservedIp', call.subscriptionId);
  return call.reply(listDocument('ReservedIPs', ReservedIps), found.map(reservedIpValue));
}

function removeReservedIp(call: ClassicCall): Promise<ClassicReply> {
  return accept(call, () => {
    const reservedIp = findReservedIp(call, reservedIpKey(call, call.parameter('reservedIp')));
    checkIsFree(reservedIp);
    call.store.classic.delete(reservedIpKey(call, reservedIp.Name));
  });
}

function changeAssociation(call: ClassicCall, kind: 'associate' | 'disassociate'): Promise<ClassicReply> {
  const { ServiceName, DeploymentName, VirtualIPName } = call.body(documentOf(ReservedIpAssociation));
  return accept(call, (context) => {
    const reservedIp = findReservedIp(call, reservedIpKey(call, call.parameter('reservedIp')));
    const service = findService(call, { key: serviceKey(call, ServiceName) });
    const deployment = findDeployment(service, DeploymentName);
    checkExclusiveAccess(call, deployment);
    const { Name, Address } = reservedIp;
    if (kind === 'disassociate' && !isUsedBy(reservedIp, { service, deployment }))
      throw azureError('ClassicResourceNotFound');
    const holder = deployment.additionalVips?.find(({ ReservedIPName }) => sameName(ReservedIPName, Name))?.Name;
    const vip = kind === 'associate' ? checkedVipName(deployment, VirtualIPName) : holder;
    if (kind === 'associate') checkHasNone(deployment, vip);
    const changed =
      kind === 'associate' ? associate(reservedIp, { service, deployment, vip }) : disassociate(reservedIp);
    const address =
      kind === 'associate'
        ? { Address, ReservedIPName: Name }
        : { Address: context.addresses.publicAddress(), ReservedIPName: undefined };
    call.store.classic.put(reservedIpKey(call, Name), changed);
    putService(call, withDeployment(service, stamped(call, withNamedAddress(withAddress(deployment, vip, address)))));
  });
}

const reservedIps = 'services/networking/reservedips';
const oneReservedIp = `${reservedIps}/{reservedIp}`;
const arrival = since.internalLoadBalancers;

export const reservedIpOperations: readonly ClassicOperation[] = [
  { name: 'Create Reserved IP Address', method: 'POST', path: reservedIps, since: arrival, handle: createReservedIp },
  { name: 'List Reserved IP Addresses', method: 'GET', path: reservedIps, since: arrival, handle: listReservedIps },
  { name: 'Get Reserved IP Address', method: 'GET', path: oneReservedIp, since: arrival, handle: getReservedIp },
  {
    name: 'Delete Reserved IP Address',
    method: 'DELETE',
    path: oneReservedIp,
    since: arrival,
    handle: removeReservedIp,
  },
  {
    name: 'Associate Reserved IP',
    method: 'POST',
    path: `${oneReservedIp}/operations/associate`,
    since: since.reservedIpAssociation,
    handle: (call) => changeAssociation(call, 'associate'),
  },
  {
    name: 'Disassociate Reserved IP',
    method: 'POST',
    path: `${oneReservedIp}/operations/disassociate`,
    since: since.reservedIpAssociation,
    handle: (call) => changeAssociation(call, 'disassociate'),
  },
];

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
  if (parseIpv4Prefix(prefix)) return prefix;
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

function setConfiguration(call: ClassicCall): Promise<ClassicReply> {
  const root = readXml(call.bodyText);
  if (root.name !== 'NetworkConfiguration') {
    throw azureError('ClassicMalformedElement', { values: { type: 'NetworkConfiguration' } });
  }
  const { subscriptionId } = call;
  const sites = sitesOf(root, subscriptionId);
  return accept(call, () => call.store.classic.put(networksKey(call), { subscriptionId, text: call.bodyText, sites }));
}

const configurationOf = (call: ClassicCall) => call.store.classic.get(networksKey(call));

function getConfiguration(call: ClassicCall): ClassicReply {
  const networks = configurationOf(call);
  if (!networks || networks.sites.length === 0) throw azureError('ClassicNetworkConfigurationNotFound');
  return { status: 200, body: declaredUtf8(networks.text) };
}

function listSites(call: ClassicCall): ClassicReply {
  const used = call.store.classic
    .list('hostedService', call.subscriptionId)
    .flatMap(({ deployments }) => deployments.map((deployment) => deployment.VirtualNetworkName?.toLowerCase()));
  const values = (configurationOf(call)?.sites ?? []).map(({ Name, Id, Location, addressPrefixes, subnets }) => ({
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

const configuration = 'services/networking/media';

export const networkOperations: readonly ClassicOperation[] = [
  {
    name: 'Set Network Configuration',
    method: 'PUT',
    path: configuration,
    since: '2011-10-01',
    handle: setConfiguration,
  },
  {
    name: 'Get Network Configuration',
    method: 'GET',
    path: configuration,
    since: '2011-10-01',
    handle: getConfiguration,
  },
  {
    name: 'List Virtual Network Sites',
    method: 'GET',
    path: 'services/networking/virtualnetwork',
    since: '2011-10-01',
    handle: listSites,
  },
];
