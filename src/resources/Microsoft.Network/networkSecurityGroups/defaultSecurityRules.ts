/** The six rules that every network security group has (`networkSecurityGroups/defaultSecurityRules`). */
import type { ChildDocument } from '../../references.js';

type Direction = 'Inbound' | 'Outbound';

interface DefaultRule {
  readonly name: string;
  readonly description: string;
  readonly from?: string;
  readonly to?: string;
  readonly access?: 'Allow' | 'Deny';
  readonly priority: number;
  readonly direction: Direction;
}

const securityRule = (rule: DefaultRule): ChildDocument => ({
  name: rule.name,
  properties: {
    description: rule.description,
    protocol: '*',
    sourcePortRange: '*',
    destinationPortRange: '*',
    sourceAddressPrefix: rule.from ?? '*',
    destinationAddressPrefix: rule.to ?? '*',
    access: rule.access ?? 'Allow',
    priority: rule.priority,
    direction: rule.direction,
    sourcePortRanges: [],
    destinationPortRanges: [],
    sourceAddressPrefixes: [],
    destinationAddressPrefixes: [],
  },
});

export const defaultSecurityRules: readonly ChildDocument[] = [
  {
    name: 'AllowVnetInBound',
    description: 'Allow inbound traffic from all VMs in VNET',
    from: 'VirtualNetwork',
    to: 'VirtualNetwork',
    priority: 65000,
    direction: 'Inbound' as const,
  },
  {
    name: 'AllowAzureLoadBalancerInBound',
    description: 'Allow inbound traffic from azure load balancer',
    from: 'AzureLoadBalancer',
    priority: 65001,
    direction: 'Inbound' as const,
  },
  {
    name: 'DenyAllInBound',
    description: 'Deny all inbound traffic',
    access: 'Deny' as const,
    priority: 65500,
    direction: 'Inbound' as const,
  },
  {
    name: 'AllowVnetOutBound',
    description: 'Allow outbound traffic from all VMs to all VMs in VNET',
    from: 'VirtualNetwork',
    to: 'VirtualNetwork',
    priority: 65000,
    direction: 'Outbound' as const,
  },
  {
    name: 'AllowInternetOutBound',
    description: 'Allow outbound traffic from all VMs to Internet',
    to: 'Internet',
    priority: 65001,
    direction: 'Outbound' as const,
  },
  {
    name: 'DenyAllOutBound',
    description: 'Deny all outbound traffic',
    access: 'Deny' as const,
    priority: 65500,
    direction: 'Outbound' as const,
  },
].map(securityRule);
