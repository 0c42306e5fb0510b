/**
 * Instances of a scale set (`virtualMachineScaleSets/virtualMachines/networkInterfaces/ipConfigurations`): every
 * instance has the network interfaces that the scale set's profile describes, each with an address of its own.
 */

import { claimPrivateAddress } from '../../Microsoft.Network/private-address.js';
import { childNamed } from '../../references.js';
import { idKey } from '../../resource-id.js';
import type { Resource, WriteContext } from '../../resource-type.js';
import * as Schema from '../../schema.js';
import type { PowerState } from '../common-members.js';

const lb = 'Microsoft.Network/loadBalancers';

/** The members of a profile's ipConfiguration that tie an instance to the network. */
export const instanceIPConfigurationMembers = () => ({
  subnet: Schema.reference('Microsoft.Network/virtualNetworks/subnets'),
  loadBalancerBackendAddressPools: Schema.array(Schema.reference(`${lb}/backendAddressPools`)),
  loadBalancerInboundNatPools: Schema.array(Schema.reference(`${lb}/inboundNatPools`)),
});

/** Instances in the scale set's own document, so that their references are found like those of other resources; never shown. */
export const instances = () =>
  Schema.children(
    'virtualMachines',
    Schema.envelope('name properties', {
      properties: Schema.object({
        networkInterfaces: Schema.children(
          'networkInterfaces',
          Schema.envelope('name properties', {
            properties: Schema.object({
              ipConfigurations: Schema.children(
                'ipConfigurations',
                Schema.envelope('name properties', {
                  properties: Schema.object({
                    privateIPAddress: Schema.string(),
                    primary: Schema.boolean(),
                    privateIPAddressVersion: Schema.string(),
                    ...instanceIPConfigurationMembers(),
                  }),
                }),
              ),
            }),
          }),
        ),
      }),
    }),
    { since: '9999-12-31' },
  );

interface Named<P> {
  name?: string;
  properties?: P;
}

export interface ProfileIPConfiguration {
  subnet?: { id: string };
  primary?: boolean;
  privateIPAddressVersion?: string;
  loadBalancerBackendAddressPools?: { id: string }[];
  loadBalancerInboundNatPools?: { id: string }[];
  publicIPAddressConfiguration?: unknown;
}

export type ProfileNetworkInterface = Named<{ ipConfigurations?: Named<ProfileIPConfiguration>[] }>;

export type InstanceIPConfiguration = Named<
  Omit<ProfileIPConfiguration, 'publicIPAddressConfiguration'> & { privateIPAddress?: string; publicIPAddress?: string }
>;

export interface Instance {
  name: string;
  properties: {
    /** Running when absent. */
    powerState?: PowerState;
    networkInterfaces: { name: string; properties: { ipConfigurations: InstanceIPConfiguration[] } }[];
  };
}

/** An ipConfiguration of an instance with its resource id. */
export interface PlacedIPConfiguration {
  readonly id: string;
  readonly instanceId: string;
  readonly ipConfiguration: InstanceIPConfiguration;
}

export const instancesOf = (document: { properties: Record<string, unknown> }): readonly Instance[] =>
  (document.properties.virtualMachines as Instance[] | undefined) ?? [];

/** Every ipConfiguration of every instance of a scale set. */
export const instanceIPConfigurations = (scaleSet: Pick<Resource, 'id' | 'document'>): PlacedIPConfiguration[] =>
  instancesOf(scaleSet.document).flatMap(({ name: instanceId, properties }) =>
    properties.networkInterfaces.flatMap((nic) =>
      nic.properties.ipConfigurations.map((ipConfiguration) => ({
        id: `${scaleSet.id}/virtualMachines/${instanceId}/networkInterfaces/${nic.name}/ipConfigurations/${ipConfiguration.name}`,
        instanceId,
        ipConfiguration,
      })),
    ),
  );

type Held = NonNullable<InstanceIPConfiguration['properties']>;

/** The public address of an instance's ipConfiguration; undefined when the pool is empty. */
function claimPublic({ addresses }: WriteContext, { owner, held }: { owner: string; held: Held | undefined }) {
  const prefix = addresses.publicPrefix.IPv4;
  const claim = {
    pool: 'public',
    prefix,
    reserved: 4,
    owner: `${owner}/publicIPAddresses`,
    preferred: held?.publicIPAddress,
  };
  const result = addresses.claim(claim);
  return 'address' in result ? result.address : undefined;
}

function placeIPConfiguration(
  given: Named<ProfileIPConfiguration>,
  context: WriteContext,
  place: { owner: string; held: Held | undefined },
): InstanceIPConfiguration {
  const { subnet, primary, privateIPAddressVersion, loadBalancerBackendAddressPools, loadBalancerInboundNatPools } =
    given.properties ?? {};
  const address =
    subnet &&
    claimPrivateAddress(context, {
      owner: place.owner,
      subnetId: subnet.id,
      method: 'Dynamic',
      version: privateIPAddressVersion === 'IPv6' ? 'IPv6' : 'IPv4',
      preferred: place.held?.privateIPAddress,
    });
  const publicIPAddress = given.properties?.publicIPAddressConfiguration ? claimPublic(context, place) : undefined;
  return {
    name: given.name ?? '',
    properties: {
      ...(publicIPAddress ? { publicIPAddress } : {}),
      ...(address === undefined ? {} : { privateIPAddress: address }),
      ...(primary === undefined ? {} : { primary }),
      privateIPAddressVersion: privateIPAddressVersion ?? 'IPv4',
      ...(subnet ? { subnet } : {}),
      ...(loadBalancerBackendAddressPools ? { loadBalancerBackendAddressPools } : {}),
      ...(loadBalancerInboundNatPools ? { loadBalancerInboundNatPools } : {}),
    },
  };
}

/** The instances that a scale set of this capacity has, each with its addresses; those it had keep theirs. */
export function placeInstances(
  context: WriteContext,
  { capacity, profile }: { readonly capacity: number; readonly profile: readonly ProfileNetworkInterface[] },
): Instance[] {
  const before = new Map<string, Held | undefined>();
  if (context.existing) {
    for (const { id, ipConfiguration } of instanceIPConfigurations(context.existing)) {
      before.set(idKey(id), ipConfiguration.properties);
    }
  }
  const existing = context.existing ? instancesOf(context.existing.document) : [];
  return namesFor(capacity, existing).map((name) => {
    const networkInterfaces = profile.map((nic) => {
      const place = `${context.idText}/virtualMachines/${name}/networkInterfaces/${nic.name}/ipConfigurations`;
      const ipConfigurations = (nic.properties?.ipConfigurations ?? []).map((given) => {
        const owner = `${place}/${given.name}`;
        return placeIPConfiguration(given, context, { owner, held: before.get(idKey(owner)) });
      });
      return { name: nic.name ?? '', properties: { ipConfigurations } };
    });
    const powerState = childNamed(existing, name)?.properties.powerState;
    return { name, properties: { ...(powerState ? { powerState } : {}), networkInterfaces } };
  });
}

/** Instance ids after a change of the capacity: new ones get the next numbers, and the newest ones go first. */
function namesFor(capacity: number, existing: readonly Instance[]): string[] {
  const names = existing.map(({ name }) => name).slice(0, capacity);
  let next = Math.max(-1, ...existing.map(({ name }) => Number(name))) + 1;
  while (names.length < capacity) names.push(String(next++));
  return names;
}
