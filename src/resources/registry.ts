/** Every resource type there is. Adding one is a file and a line here. */
import { loadBalancers } from './Microsoft.Network/loadBalancers.js';
import { networkInterfaces } from './Microsoft.Network/networkInterfaces.js';
import { networkSecurityGroups } from './Microsoft.Network/networkSecurityGroups.js';
import { publicIPAddresses } from './Microsoft.Network/publicIPAddresses.js';
import { publicIPPrefixes } from './Microsoft.Network/publicIPPrefixes.js';
import { virtualNetworks } from './Microsoft.Network/virtualNetworks.js';
import type { ResourceType } from './resource-type.js';

export const resourceTypes: readonly ResourceType[] = [
  loadBalancers,
  publicIPAddresses,
  publicIPPrefixes,
  virtualNetworks,
  networkInterfaces,
  networkSecurityGroups,
];

const byType = new Map(resourceTypes.map((type) => [type.type.toLowerCase(), type]));

/** The type called so in any casing; undefined for types without a model. */
export const findResourceType = (type: string): ResourceType | undefined => byType.get(type.toLowerCase());
