/**
 * What can be asked about a scale set's instances and done with them, as
 * https://learn.microsoft.com/rest/api/compute/virtual-machine-scale-set-vms has it: their machines, network interfaces and
 * public IP addresses, power, deletion.
 */

import { azureError } from '../../../errors/index.js';
import { stableGuid } from '../../../support/ids.js';
import type { Action, ActionContext, ActionResult, Resource } from '../../resource-type.js';
import * as Schema from '../../schema.js';
import { type PowerState, powerStatuses } from '../common-members.js';
import { type Instance, type InstanceIPConfiguration, instancesOf, type ProfileNetworkInterface } from './instances.js';

interface ScaleSetDocument {
  location?: string;
  zones?: string[];
  sku?: { name?: string; tier?: string; capacity?: number };
  properties: Record<string, unknown> & {
    virtualMachineProfile?: Record<string, Record<string, unknown> | undefined>;
  };
}

type NetworkInterface = Instance['properties']['networkInterfaces'][number];
type Shown = Record<string, unknown> & { name: string };

const documentOf = (scaleSet: Resource): ScaleSetDocument => scaleSet.document as unknown as ScaleSetDocument;
const notFound = (id: string) => azureError('NotFound', { values: { id } });

const profileOf = (scaleSet: Resource): readonly ProfileNetworkInterface[] =>
  (documentOf(scaleSet).properties.virtualMachineProfile?.networkProfile?.networkInterfaceConfigurations ??
    []) as ProfileNetworkInterface[];

const named = <T extends { name?: string }>(all: readonly T[], name: string | undefined): T | undefined =>
  all.find((one) => one.name?.toLowerCase() === name?.toLowerCase());

const idOfInstance = (scaleSet: Resource, { name }: Instance): string => `${scaleSet.id}/virtualMachines/${name}`;

function showInstance(scaleSet: Resource, instance: Instance): Shown {
  const { location, sku, zones, properties } = documentOf(scaleSet);
  const { osProfile, storageProfile, networkProfile } = properties.virtualMachineProfile ?? {};
  const { computerNamePrefix, ...os } = osProfile ?? {};
  const id = idOfInstance(scaleSet, instance);
  const computerName = `${computerNamePrefix ?? scaleSet.name}${Number(instance.name).toString(36).padStart(6, '0')}`;
  return {
    name: `${scaleSet.name}_${instance.name}`,
    id,
    type: 'Microsoft.Compute/virtualMachineScaleSets/virtualMachines',
    location,
    tags: scaleSet.document.tags ?? {},
    instanceId: instance.name,
    sku: { name: sku?.name, tier: sku?.tier },
    ...(zones?.length ? { zones: [zones[Number(instance.name) % zones.length]] } : {}),
    properties: {
      latestModelApplied: true,
      modelDefinitionApplied: 'VirtualMachineScaleSet',
      ...(networkProfile ? { networkProfileConfiguration: networkProfile } : {}),
      networkProfile: {
        networkInterfaces: instance.properties.networkInterfaces.map(({ name }) => ({
          id: `${id}/networkInterfaces/${name}`,
        })),
      },
      provisioningState: 'Succeeded',
      vmId: stableGuid(id),
      hardwareProfile: { vmSize: sku?.name },
      ...(storageProfile ? { storageProfile } : {}),
      ...(osProfile ? { osProfile: { computerName, ...os } } : {}),
    },
  };
}

interface PlacedInterface {
  readonly scaleSet: Resource;
  readonly instance: Instance;
  readonly nic: NetworkInterface;
}

/** The NAT rules that the pools of an ipConfiguration made for this instance. */
const natRules = ({ properties }: InstanceIPConfiguration, instance: Instance): { id: string }[] =>
  (properties?.loadBalancerInboundNatPools ?? []).map(({ id }) => ({
    id: `${id.replace(/\/inboundNatPools\//i, '/inboundNatRules/')}.${instance.name}`,
  }));

const idOfInterface = ({ scaleSet, instance, nic }: PlacedInterface): string =>
  `${idOfInstance(scaleSet, instance)}/networkInterfaces/${nic.name}`;

/** What the profile says of the public address of an ipConfiguration; undefined when it gives none. */
function publicConfiguration(place: PlacedInterface, name: string | undefined): PublicConfiguration | undefined {
  const given = named(named(profileOf(place.scaleSet), place.nic.name)?.properties?.ipConfigurations ?? [], name);
  return given?.properties?.publicIPAddressConfiguration as PublicConfiguration | undefined;
}

interface PublicConfiguration {
  name?: string;
  properties?: { idleTimeoutInMinutes?: number; publicIPAddressVersion?: string; dnsSettings?: unknown };
}

function showIPConfiguration(place: PlacedInterface, configuration: InstanceIPConfiguration): Shown {
  const { name = '', properties } = configuration;
  const { loadBalancerInboundNatPools: _pools, publicIPAddress: _address, ...own } = properties ?? {};
  const id = `${idOfInterface(place)}/ipConfigurations/${name}`;
  const rules = natRules(configuration, place.instance);
  const publicName = publicConfiguration(place, name)?.name;
  return {
    name,
    id,
    etag: place.scaleSet.etag,
    properties: {
      provisioningState: place.scaleSet.provisioningState,
      privateIPAllocationMethod: 'Dynamic',
      primary: true,
      ...own,
      ...(publicName === undefined ? {} : { publicIPAddress: { id: `${id}/publicIPAddresses/${publicName}` } }),
      ...(rules.length === 0 ? {} : { loadBalancerInboundNatRules: rules }),
    },
  };
}

function showInterface(place: PlacedInterface): Shown {
  const { scaleSet, instance, nic } = place;
  const given = (named(profileOf(scaleSet), nic.name)?.properties ?? {}) as Record<string, unknown>;
  const id = idOfInterface(place);
  const mac = stableGuid(id)
    .slice(0, 6)
    .toUpperCase()
    .replace(/(..)(..)(..)/, '$1-$2-$3');
  return {
    name: nic.name,
    id,
    etag: scaleSet.etag,
    properties: {
      provisioningState: scaleSet.provisioningState,
      resourceGuid: stableGuid(id),
      ipConfigurations: nic.properties.ipConfigurations.map((one) => showIPConfiguration(place, one)),
      dnsSettings: { dnsServers: [], appliedDnsServers: [] },
      macAddress: `00-0D-3A-${mac}`,
      enableAcceleratedNetworking: given.enableAcceleratedNetworking ?? false,
      enableIPForwarding: given.enableIPForwarding ?? false,
      ...(given.networkSecurityGroup ? { networkSecurityGroup: given.networkSecurityGroup } : {}),
      primary: given.primary ?? true,
      virtualMachine: { id: idOfInstance(scaleSet, instance) },
    },
  };
}

/** The public addresses of one network interface, by ipConfiguration. */
function publicAddresses(place: PlacedInterface): (Shown & { ipConfiguration: string })[] {
  return nicConfigurations(place).flatMap(({ name = '', properties }) => {
    const given = publicConfiguration(place, name);
    if (!given) return [];
    const owner = `${idOfInterface(place)}/ipConfigurations/${name}`;
    const id = `${owner}/publicIPAddresses/${given.name}`;
    return [
      {
        name: given.name ?? '',
        id,
        etag: place.scaleSet.etag,
        ipConfiguration: name,
        properties: {
          provisioningState: place.scaleSet.provisioningState,
          resourceGuid: stableGuid(id),
          ...(properties?.publicIPAddress === undefined ? {} : { ipAddress: properties.publicIPAddress }),
          publicIPAddressVersion: given.properties?.publicIPAddressVersion ?? 'IPv4',
          publicIPAllocationMethod: 'Dynamic',
          idleTimeoutInMinutes: given.properties?.idleTimeoutInMinutes ?? 4,
          ipConfiguration: { id: owner },
        },
      },
    ];
  });
}

const nicConfigurations = ({ nic }: PlacedInterface): readonly InstanceIPConfiguration[] =>
  nic.properties.ipConfigurations;

/** The network interfaces of one instance, or of all. */
const interfaces = (scaleSet: Resource, all: readonly Instance[]): PlacedInterface[] =>
  all.flatMap((instance) => instance.properties.networkInterfaces.map((nic) => ({ scaleSet, instance, nic })));

function instanceIn({ resource, parameters }: ActionContext): Instance {
  const found = named(instancesOf(resource.document), parameters.instance);
  if (!found) throw notFound(`${resource.id}/virtualMachines/${parameters.instance}`);
  return found;
}

function interfaceIn(context: ActionContext): PlacedInterface {
  const place = interfaces(context.resource, [instanceIn(context)]);
  const found = place.find(({ nic }) => nic.name.toLowerCase() === context.parameters.nic?.toLowerCase());
  if (!found) throw notFound(`${context.resource.id}/…/networkInterfaces/${context.parameters.nic}`);
  return found;
}

/** The one called `name`. Throws `NotFound`. */
function oneOf<T extends Shown>(all: readonly T[], name: string | undefined): T {
  const found = named(all, name);
  if (!found) throw notFound(String(name));
  return found;
}

const publicAddressesIn = (context: ActionContext): Shown[] =>
  publicAddresses(interfaceIn(context))
    .filter(
      ({ ipConfiguration }) => ipConfiguration.toLowerCase() === context.parameters.ipConfiguration?.toLowerCase(),
    )
    .map(withoutPlace);

const withoutPlace = ({ ipConfiguration: _place, ...shown }: Shown & { ipConfiguration: string }): Shown =>
  shown as unknown as Shown;

function instanceView({ resource }: ActionContext, instance: Instance): unknown {
  const number = Number(instance.name);
  return {
    placementGroupId: stableGuid(resource.id),
    platformUpdateDomain: number % 5,
    platformFaultDomain: number % 5,
    computerName: `${resource.name}${number.toString(36).padStart(6, '0')}`,
    disks: [],
    statuses: powerStatuses({ ...resource.document, powerState: instance.properties.powerState }),
  };
}

/** Of the sizes that a scale set may change to, only its own is known here. */
const availableSku = (scaleSet: Resource): unknown => ({
  resourceType: 'Microsoft.Compute/virtualMachineScaleSets',
  sku: documentOf(scaleSet).sku,
  capacity: { minimum: 0, maximum: 1000, defaultCapacity: 1, scaleType: 'Automatic' },
});

function scaleSetView({ resource }: ActionContext): unknown {
  const count = instancesOf(resource.document).length;
  const [provisioned] = powerStatuses(resource.document);
  return {
    virtualMachine: { statusesSummary: [{ code: 'ProvisioningState/succeeded', count }] },
    statuses: [provisioned],
  };
}

const read = (path: string, show: (context: ActionContext) => unknown): Action => ({
  path,
  method: 'GET',
  since: '2015-06-15',
  answer: 'sync',
  run: (context) => ({ body: show(context) }),
});

const list = (path: string, show: (context: ActionContext) => readonly Shown[]): Action =>
  read(path, (context) => ({ value: show(context) }));

/** The scale set with other instances. */
function withInstances({ resource }: ActionContext, instances: readonly Instance[]): ActionResult {
  const { document } = resource;
  const properties = { ...document.properties, virtualMachines: [...instances] };
  const sku = { ...documentOf(resource).sku, capacity: instances.length };
  return { writes: [{ key: resource.key, document: { ...document, sku, properties } }] };
}

/** The instances that the body names, or the path; all when neither does. */
function chosen(context: ActionContext): ReadonlySet<string> {
  const all = instancesOf(context.resource.document).map(({ name }) => name);
  if (context.parameters.instance !== undefined) return new Set([instanceIn(context).name]);
  const { instanceIds } = (context.body ?? {}) as { instanceIds?: string[] };
  return new Set(instanceIds === undefined || instanceIds.includes('*') ? all : instanceIds);
}

const requestSchema = Schema.object({ instanceIds: Schema.array(Schema.string()), hibernate: Schema.boolean() });

const change = (path: string, run: (context: ActionContext) => ActionResult): Action => ({
  path,
  since: '2015-06-15',
  answer: 'async',
  requestSchema,
  run,
});

const power = (path: string, powerState: PowerState): Action =>
  change(path, (context) => {
    const those = chosen(context);
    const all = instancesOf(context.resource.document);
    return withInstances(
      context,
      all.map((one) => (those.has(one.name) ? { ...one, properties: { ...one.properties, powerState } } : one)),
    );
  });

const powers = [
  ['start', 'running'],
  ['restart', 'running'],
  ['redeploy', 'running'],
  ['reimage', 'running'],
  ['powerOff', 'stopped'],
  ['deallocate', 'deallocated'],
] as const;

/** Takes instances away; the capacity follows. Their addresses are free from the next write of the scale set on. */
const remove = (context: ActionContext): ActionResult => {
  const those = chosen(context);
  return withInstances(
    context,
    instancesOf(context.resource.document).filter(({ name }) => !those.has(name)),
  );
};

/** Actions on the scale set as a whole. */
export const scaleSetActions: readonly Action[] = [
  ...powers.map(([path, state]) => power(path, state)),
  change('delete', remove),
  change('manualUpgrade', () => ({})),
];

const instance = 'virtualMachines/{instance}';
const nics = `${instance}/networkInterfaces`;
const configurations = `${nics}/{nic}/ipConfigurations`;
const addresses = `${configurations}/{ipConfiguration}/publicIPAddresses`;

/** What is read about instances, and actions on one of them. */
export const instanceActions: readonly Action[] = [
  read('instanceView', scaleSetView),
  read('skus', ({ resource }) => ({ value: [availableSku(resource)] })),
  list('osUpgradeHistory', () => []),
  list('virtualMachines', ({ resource }) => instancesOf(resource.document).map((one) => showInstance(resource, one))),
  list('networkInterfaces', ({ resource }) => interfaces(resource, instancesOf(resource.document)).map(showInterface)),
  list('publicIPAddresses', ({ resource }) =>
    interfaces(resource, instancesOf(resource.document)).flatMap(publicAddresses).map(withoutPlace),
  ),
  read(instance, (context) => showInstance(context.resource, instanceIn(context))),
  read(`${instance}/instanceView`, (context) => instanceView(context, instanceIn(context))),
  list(nics, (context) => interfaces(context.resource, [instanceIn(context)]).map(showInterface)),
  read(`${nics}/{nic}`, (context) => showInterface(interfaceIn(context))),
  list(configurations, (context) => ipConfigurationsIn(context)),
  read(`${configurations}/{ipConfiguration}`, (context) =>
    oneOf(ipConfigurationsIn(context), context.parameters.ipConfiguration),
  ),
  list(addresses, publicAddressesIn),
  read(`${addresses}/{address}`, (context) => oneOf(publicAddressesIn(context), context.parameters.address)),
  ...powers.map(([path, state]) => power(`${instance}/${path}`, state)),
];

function ipConfigurationsIn(context: ActionContext): Shown[] {
  const place = interfaceIn(context);
  return nicConfigurations(place).map((one) => showIPConfiguration(place, one));
}

/** `DELETE …/virtualMachines/{instance}`. */
export const deleteInstance: Action = change(instance, remove);
