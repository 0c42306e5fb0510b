/**
 * Whether public IP addresses are protected against floods: `ddosProtectionStatus` of an address, and of the addresses in a
 * virtual network. Nothing is protected here; the answer says what Azure would.
 */
import { lookUpChild } from '../../references.js';
import { idKey, rootKey } from '../../resource-id.js';
import type { Action, Lookup, Resource } from '../../resource-type.js';

interface Protected {
  ddosProtectionPlan?: { id: string };
  enableDdosProtection?: boolean;
  ipAddress?: string;
  ddosSettings?: { protectionMode?: string; ddosProtectionPlan?: { id: string } };
}

/** The virtual network of the frontend or ipConfiguration with this id; undefined when it is in none. */
function networkOf(lookup: Lookup, userId: string): Resource | undefined {
  const subnet = (lookUpChild(lookup, userId)?.child.properties?.subnet as { id: string } | undefined)?.id;
  return subnet === undefined ? undefined : lookup.resource(rootKey(subnet));
}

const usersOf = (lookup: Lookup, publicIP: Resource): string[] =>
  lookup
    .linksInto(publicIP.key)
    .filter(({ path }) => path === 'publicIPAddress')
    .map(({ sourceId }) => sourceId);

/** An address has its own protection, or that of its network unless it is switched off. */
function statusOf(publicIP: Resource, lookup: Lookup) {
  const { ipAddress, ddosSettings } = publicIP.document.properties as Protected;
  const mode = ddosSettings?.protectionMode ?? 'VirtualNetworkInherited';
  const [network] = usersOf(lookup, publicIP).flatMap((id) => networkOf(lookup, id) ?? []);
  const inherited = network?.document.properties as Protected | undefined;
  const isInherited = mode === 'VirtualNetworkInherited' && inherited?.enableDdosProtection === true;
  const plan = ddosSettings?.ddosProtectionPlan?.id ?? (isInherited ? inherited.ddosProtectionPlan?.id : undefined);
  return {
    publicIpAddressId: publicIP.id,
    ...(ipAddress === undefined ? {} : { publicIpAddress: ipAddress }),
    isWorkloadProtected: mode === 'Enabled' || isInherited ? 'True' : 'False',
    ...(plan === undefined ? {} : { ddosProtectionPlanId: plan }),
  };
}

const action = { path: 'ddosProtectionStatus', since: '2022-01-01', answer: 'async' } as const;

export const ddosProtectionStatusOfAddress: Action = {
  ...action,
  run: ({ resource, lookup }) => ({ body: statusOf(resource, lookup) }),
};

export const ddosProtectionStatusOfNetwork: Action = {
  ...action,
  run: ({ resource, lookup }) => {
    const inside = [...lookup.everyOfType('Microsoft.Network/publicIPAddresses')].filter((publicIP) =>
      usersOf(lookup, publicIP).some((id) => networkOf(lookup, id)?.key === idKey(resource.id)),
    );
    return { body: { value: inside.map((publicIP) => statusOf(publicIP, lookup)) } };
  },
};
