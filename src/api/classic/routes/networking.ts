/**
 * Reserved IPs and the subscription's network configuration: virtual networks and their subnets. Imitates "Operations on
 * Reserved IP Addresses" and "Set Network Configuration".
 */
import { azureError } from '../../../errors/index.js';
import {
  checkStaysPlaced,
  isWithin,
  lowestFreeAddress,
  privateAddressesOf,
} from '../../../resources/Microsoft.ClassicCompute/addresses.js';
import {
  associate,
  checkIsFree,
  disassociate,
  findDeployment,
  isUsedBy,
  type MigrationStep,
  migrated,
  withDeployment,
} from '../../../resources/Microsoft.ClassicCompute/deployments.js';
import {
  addressOfVip,
  checkedVipName,
  sameName,
  withAddress,
} from '../../../resources/Microsoft.ClassicCompute/endpoints.js';
import type {
  Deployment,
  ReservedIp as ReservedIpDocument,
} from '../../../resources/Microsoft.ClassicCompute/types.js';
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
import { canonicalLocation, since } from '../fixed-lists.js';
import { readNetworkConfiguration } from '../service-model/netcfg.js';
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
import { declaredUtf8, readXml } from '../xml/xml.js';
import { migrationOf } from './deployments.js';

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

const reservedIpValue = ({ subscriptionId, migrationState, ...reservedIp }: ReservedIpDocument) => ({
  ...reservedIp,
  MigrationState: migrationState,
  State: 'Created',
  ...(reservedIp.DeploymentName !== undefined && { InUse: true }),
});

function getReservedIp(call: ClassicCall): ClassicReply {
  const reservedIp = reservedIpOf(call);
  return call.reply(documentOf(ReservedIp), reservedIpValue(reservedIp));
}

function listReservedIps(call: ClassicCall): ClassicReply {
  const found = call.store.classic.list('reservedIp', call.subscriptionId);
  return call.reply(listDocument('ReservedIPs', ReservedIps), found.map(reservedIpValue));
}

function removeReservedIp(call: ClassicCall): Promise<ClassicReply> {
  return accept(call, () => {
    const reservedIp = reservedIpOf(call);
    checkIsFree(reservedIp);
    call.store.classic.delete(reservedIpKey(call, reservedIp.Name));
  });
}

function changeAssociation(call: ClassicCall, kind: 'associate' | 'disassociate'): Promise<ClassicReply> {
  const { ServiceName, DeploymentName, VirtualIPName } = call.body(documentOf(ReservedIpAssociation));
  return accept(call, (context) => {
    const reservedIp = reservedIpOf(call);
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

const reservedIpOf = (call: ClassicCall): ReservedIpDocument =>
  findReservedIp(call, reservedIpKey(call, call.parameter('reservedIp')));

/** A step of the migration of a reserved IP. */
function migrateReservedIp(call: ClassicCall, step: MigrationStep): Promise<ClassicReply> {
  return accept(call, () => {
    const reservedIp = reservedIpOf(call);
    const { Name, migrationState: state } = reservedIp;
    const migrationState = migrated({ what: `reserved IP ${Name}`, state }, step);
    call.store.classic.put(reservedIpKey(call, Name), { ...reservedIp, migrationState });
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
  ...migrationOf({ what: 'Reserved IP', path: oneReservedIp, check: reservedIpOf, take: migrateReservedIp }),
];

const AddressAvailability = contract('AddressAvailabilityResponse', {
  IsAvailable: required(boolean),
  AvailableAddresses: optional(list('AvailableAddress', text)),
});

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
  MigrationState: optional(text, { since: since.migration }),
});

/** Deployments of the subscription that are in a virtual network, with their services. */
function placedDeployments(call: ClassicCall) {
  const services = call.store.classic.list('hostedService', call.subscriptionId);
  return services.flatMap((service) => service.deployments.map((deployment) => ({ service, deployment })));
}

function setConfiguration(call: ClassicCall): Promise<ClassicReply> {
  const { subscriptionId, bodyText: text } = call;
  const read = readNetworkConfiguration(readXml(text), subscriptionId);
  return accept(call, () => {
    const before = configurationOf(call)?.sites ?? [];
    for (const { deployment } of placedDeployments(call)) checkStaysPlaced(deployment, { before, after: read });
    const stateOf = (id: string) => before.find(({ Id }) => Id === id)?.migrationState;
    const sites = read.map((site) => ({ ...site, migrationState: stateOf(site.Id) }));
    call.store.classic.put(networksKey(call), { subscriptionId, text, sites });
  });
}

const configurationOf = (call: ClassicCall) => call.store.classic.get(networksKey(call));

function getConfiguration(call: ClassicCall): ClassicReply {
  const networks = configurationOf(call);
  if (!networks || networks.sites.length === 0) throw azureError('ClassicNetworkConfigurationNotFound');
  return { status: 200, body: declaredUtf8(networks.text) };
}

function listSites(call: ClassicCall): ClassicReply {
  const used = placedDeployments(call).map(({ deployment }) => deployment.VirtualNetworkName?.toLowerCase());
  const values = (configurationOf(call)?.sites ?? []).map((site) => ({
    Name: site.Name,
    Id: site.Id,
    State: 'Created',
    ...(used.includes(site.Name.toLowerCase()) && { InUse: true }),
    AddressSpace: { AddressPrefixes: site.addressPrefixes },
    Subnets: site.subnets,
    Location: site.Location,
    MigrationState: site.migrationState,
  }));
  return call.reply(listDocument('VirtualNetworkSites', listOf('VirtualNetworkSite', VirtualNetworkSite)), values);
}

function findNetwork(call: ClassicCall) {
  const networks = configurationOf(call);
  const site = networks?.sites.find(({ Name }) => sameName(Name, call.parameter('network')));
  if (!networks || !site) throw azureError('ClassicResourceNotFound');
  return { networks, site };
}

/** A step of the migration of a virtual network: the machines in it go with it. */
function migrateNetwork(call: ClassicCall, step: MigrationStep): Promise<ClassicReply> {
  return accept(call, () => {
    const { networks, site } = findNetwork(call);
    const migrationState = migrated({ what: `virtual network ${site.Name}`, state: site.migrationState }, step);
    const machines = placedDeployments(call).flatMap(({ service, deployment }) => {
      const isInIt = sameName(deployment.VirtualNetworkName, site.Name);
      return isInIt && deployment.kind === 'virtualMachines' ? [{ service, deployment }] : [];
    });
    for (const { deployment } of machines) checkExclusiveAccess(call, deployment);
    const sites = networks.sites.map((other) => (other === site ? { ...site, migrationState } : other));
    call.store.classic.put(networksKey(call), { ...networks, sites });
    for (const { service, deployment } of machines) {
      putService(call, withDeployment(service, { ...stamped(call, deployment), migrationState }));
    }
  });
}

/** Whether an address of a virtual network is free; if not, some that are in its subnet. */
function checkAddress(call: ClassicCall): ClassicReply {
  if (call.query.get('op')?.toLowerCase() !== 'checkavailability') throw azureError('ClassicResourceNotFound');
  const { site } = findNetwork(call);
  const address = call.query.get('address') ?? '';
  const ranges = [...site.subnets.map(({ AddressPrefix }) => AddressPrefix), ...site.addressPrefixes];
  const range = ranges.find((cidr) => isWithin(cidr, address));
  if (range === undefined) {
    throw azureError('ClassicAddressOutside', { values: { address, ranges: site.addressPrefixes.join(', ') } });
  }
  const taken = privateAddressesOf(call.store.classic.list('hostedService'));
  if (!taken.has(address)) return call.reply(documentOf(AddressAvailability), { IsAvailable: true });
  const AvailableAddresses: string[] = [];
  while (AvailableAddresses.length < 5) {
    const free = lowestFreeAddress(range, taken);
    if (free === undefined) break;
    AvailableAddresses.push(free);
    taken.add(free);
  }
  return call.reply(documentOf(AddressAvailability), { IsAvailable: false, AvailableAddresses });
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
  {
    name: 'Check Virtual Network IP Availability',
    method: 'GET',
    path: 'services/networking/{network}',
    since: '2013-11-01',
    handle: checkAddress,
  },
  ...migrationOf({
    what: 'Virtual Network',
    path: 'services/networking/virtualnetwork/{network}',
    check: findNetwork,
    take: migrateNetwork,
  }),
];
