/**
 * Private addresses out of a subnet, for network interfaces and internal frontends alike; imitates
 * https://learn.microsoft.com/azure/virtual-network/ip-services/private-ip-addresses.
 */
import { azureError } from '../../errors/index.js';
import { contains, type IpPrefix, networkOf, parseIpAddress, parseIpPrefix, sizeOf } from '../../support/ip-address.js';
import { type ChildDocument, lookUpChild } from '../references.js';
import { idKey } from '../resource-id.js';
import type { WriteContext } from '../resource-type.js';

/** Azure keeps the first four addresses of every subnet prefix, and the last. */
export const reservedInSubnet = 4;

export interface PrivateAddressClaim {
  /** Id of the ipConfiguration or frontend that will hold the address. */
  readonly owner: string;
  readonly subnetId: string;
  /** What the client asked for. */
  readonly address?: string | undefined;
  readonly method: 'Static' | 'Dynamic';
  readonly version: 'IPv4' | 'IPv6';
  /** What `owner` holds already: a dynamic address stays as long as the subnet does. */
  readonly preferred?: string | undefined;
}

interface SubnetPrefix extends IpPrefix {
  readonly text: string;
}

/** The prefixes of a subnet, whether it has one or several. */
export function subnetPrefixes(subnet: ChildDocument): string[] {
  const { addressPrefix, addressPrefixes } = (subnet.properties ?? {}) as {
    addressPrefix?: string;
    addressPrefixes?: string[];
  };
  return addressPrefixes ?? (addressPrefix === undefined ? [] : [addressPrefix]);
}

/** Whether Azure keeps `address` for itself in a subnet with this prefix. */
export function isReservedInSubnet(prefix: IpPrefix, address: string): boolean {
  const parsed = parseIpAddress(address);
  if (!parsed || !contains(prefix, parsed)) return false;
  const offset = parsed.value - networkOf(prefix).value;
  return offset < BigInt(reservedInSubnet) || (prefix.version === 4 && offset === sizeOf(prefix) - 1n);
}

function exactPrefix(prefixes: readonly SubnetPrefix[], address: string, version: 4 | 6): SubnetPrefix {
  const parsed = parseIpAddress(address);
  if (!parsed || parsed.version !== version) {
    throw azureError('InvalidPrivateIPAddressFormat', { values: { address } });
  }
  const prefix = prefixes.find((candidate) => contains(candidate, parsed));
  if (!prefix) {
    const shown = prefixes.map((candidate) => candidate.text).join(', ');
    throw azureError('PrivateIPAddressNotInSubnet', { values: { address, prefix: shown } });
  }
  if (isReservedInSubnet(prefix, address)) {
    throw azureError('PrivateIPAddressInReservedRange', { values: { address, prefix: prefix.text } });
  }
  return prefix;
}

/** Claims a private address, or throws what Azure answers when it cannot be had. */
export function claimPrivateAddress(context: WriteContext, claim: PrivateAddressClaim): string {
  const { owner, subnetId, address, method, preferred } = claim;
  const found = lookUpChild(context.lookup, subnetId);
  if (!found) {
    throw azureError('InvalidResourceReference', { values: { referenced: subnetId, id: context.idText } });
  }
  const version = claim.version === 'IPv6' ? 6 : 4;
  const prefixes: SubnetPrefix[] = [];
  for (const text of subnetPrefixes(found.child)) {
    const prefix = parseIpPrefix(text);
    if (prefix?.version === version) prefixes.push({ ...prefix, text });
  }
  const common = { pool: idKey(subnetId), owner, reserved: reservedInSubnet };

  if (method === 'Static') {
    if (!address) throw azureError('PrivateIPAddressMissing', { values: { id: owner } });
    const prefix = exactPrefix(prefixes, address, version);
    const result = context.addresses.claim({ ...common, prefix: prefix.text, exact: address });
    if ('address' in result) return result.address;
    const holder = result.conflict === 'allocated' ? result.holder : prefix.text;
    throw azureError('PrivateIPAddressIsAllocated', { values: { id: owner, address, holder } });
  }

  const held = preferred === undefined ? undefined : parseIpAddress(preferred);
  // The prefix of the held address goes first, so that no address changes when a subnet grows.
  const ordered = held ? [...prefixes].sort((a, b) => Number(contains(b, held)) - Number(contains(a, held))) : prefixes;
  for (const prefix of ordered) {
    const wish = held && contains(prefix, held) ? preferred : undefined;
    const result = context.addresses.claim({ ...common, prefix: prefix.text, preferred: wish });
    if ('address' in result) return result.address;
  }
  const shown = (prefixes.length > 0 ? prefixes.map((prefix) => prefix.text) : subnetPrefixes(found.child)).join(', ');
  throw azureError('SubnetIsFull', { values: { name: String(found.child.name), prefix: shown, count: 1 } });
}
