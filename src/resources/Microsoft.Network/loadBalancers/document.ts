/** The stored form of a load balancer: one document, its children inside. */
import type { ResourceDocument } from '../../resource-type.js';
import type { BackendAddressPool } from './backendAddressPools.js';
import type { FrontendIPConfiguration } from './frontendIPConfigurations.js';
import type { InboundNatPool } from './inboundNatPools.js';
import type { InboundNatRule } from './inboundNatRules.js';
import type { LoadBalancingRule } from './loadBalancingRules.js';
import type { OutboundRule } from './outboundRules.js';
import type { Probe } from './probes.js';

export interface LoadBalancerProperties extends Record<string, unknown> {
  resourceGuid?: string;
  scope?: 'Public' | 'Private';
  frontendIPConfigurations?: FrontendIPConfiguration[];
  backendAddressPools?: BackendAddressPool[];
  loadBalancingRules?: LoadBalancingRule[];
  probes?: Probe[];
  inboundNatRules?: InboundNatRule[];
  outboundRules?: OutboundRule[];
  inboundNatPools?: InboundNatPool[];
}

export interface LoadBalancerDocument extends ResourceDocument {
  properties: LoadBalancerProperties;
}

/** The collections in the order in which Azure shows them; always present, even when empty. */
export const collections = [
  'frontendIPConfigurations',
  'backendAddressPools',
  'loadBalancingRules',
  'probes',
  'inboundNatRules',
  'outboundRules',
  'inboundNatPools',
] as const;
