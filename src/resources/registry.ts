/** Every resource type there is. Adding one is a file and a line here. */
import { availabilitySets } from './Microsoft.Compute/availabilitySets.js';
import { virtualMachineScaleSets } from './Microsoft.Compute/virtualMachineScaleSets.js';
import { virtualMachines } from './Microsoft.Compute/virtualMachines.js';
import { type AddressHolder, findAddressHolder } from './Microsoft.Network/address-holders.js';
import { applicationSecurityGroups } from './Microsoft.Network/applicationSecurityGroups.js';
import { loadBalancers } from './Microsoft.Network/loadBalancers.js';
import { natGateways } from './Microsoft.Network/natGateways.js';
import { networkInterfaces } from './Microsoft.Network/networkInterfaces.js';
import { networkSecurityGroups } from './Microsoft.Network/networkSecurityGroups.js';
import { privateEndpoints } from './Microsoft.Network/privateEndpoints.js';
import { privateLinkServices } from './Microsoft.Network/privateLinkServices.js';
import { publicIPAddresses } from './Microsoft.Network/publicIPAddresses.js';
import { publicIPPrefixes } from './Microsoft.Network/publicIPPrefixes.js';
import { routeTables } from './Microsoft.Network/routeTables.js';
import { virtualNetworks } from './Microsoft.Network/virtualNetworks.js';
import type { ResourceType } from './resource-type.js';

export const resourceTypes: readonly ResourceType[] = [
  loadBalancers,
  publicIPAddresses,
  publicIPPrefixes,
  virtualNetworks,
  networkInterfaces,
  networkSecurityGroups,
  natGateways,
  applicationSecurityGroups,
  routeTables,
  privateLinkServices,
  privateEndpoints,
  availabilitySets,
  virtualMachines,
  virtualMachineScaleSets,
];

const byType = new Map(resourceTypes.map((type) => [type.type.toLowerCase(), type]));

/** The type called so in any casing; undefined for types without a model. */
export const findResourceType = (type: string): ResourceType | undefined => byType.get(type.toLowerCase());

/** What is known of the references of a type, with a model or without. */
export const findReferringType = (type: string): ResourceType | AddressHolder | undefined =>
  findResourceType(type) ?? findAddressHolder(type);

/** Whether all resources of the type's provider carry an etag and a GUID, those without a model here included. */
export const showsEtagAndGuid = (type: string): boolean => type.startsWith('Microsoft.Network/');
