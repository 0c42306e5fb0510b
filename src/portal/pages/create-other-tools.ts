/** What the wizard makes, as `az` commands and as Terraform: both made from the requests that it sends. */
import type { ArmResource, Collection, LoadBalancer } from '../azure/arm.js';
import { readId } from '../azure/arm.js';
import type { PlannedRequest } from '../azure/http.js';
import { linkedTo, type NetworkInterface } from '../azure/interfaces.js';
import {
  azFor,
  azOfInterface,
  terraformBlock,
  terraformFor,
  terraformOfBalancer,
  terraformOfInterface,
  withBlocks,
} from './other-tools.js';

/** The parts of a load balancer in the order in which one may name another. */
const parts: readonly Collection[] = [
  'frontendIPConfigurations',
  'backendAddressPools',
  'probes',
  'loadBalancingRules',
  'outboundRules',
];

interface Network {
  readonly addressSpace: { readonly addressPrefixes: readonly string[] };
  readonly subnets: readonly { readonly name: string; readonly properties: { readonly addressPrefix: string } }[];
}

/** The resource that a PUT makes, as reading it would show it. */
function resourceOf({ url, body }: PlannedRequest): ArmResource<unknown> {
  const [id = ''] = url.split('?');
  const { name, type } = readId(id);
  return { properties: {}, ...(body as object), id, name, type } as ArmResource<unknown>;
}

/** The pool of the load balancer that is made. */
interface Made {
  readonly lb: LoadBalancer;
  readonly pool: { readonly name: string };
  readonly poolId: string;
}

function madeBy(resources: readonly ArmResource<unknown>[]): Made {
  const lb = resources.find(({ type }) => /\/loadbalancers$/i.test(type)) as LoadBalancer;
  const [pool = { name: '' }] = lb.properties.backendAddressPools;
  return { lb, pool, poolId: `${lb.id}/backendAddressPools/${pool.name}` };
}

/** The IP configurations of a network interface that join the pool. */
const joining = (one: ArmResource<unknown>, { poolId }: Made): string[] =>
  linkedTo([one as NetworkInterface], 'loadBalancerBackendAddressPools', poolId);

const tagOptions = ({ tags }: ArmResource<unknown>): string =>
  tags === undefined
    ? ''
    : ` --tags ${Object.entries(tags)
        .map(([name, value]) => `${name}=${value}`)
        .join(' ')}`;

function azOf(resource: ArmResource<unknown>, made: Made): string {
  const { id, name, location, sku, type } = resource;
  const common = `-g ${readId(id).resourceGroup} -n ${name} -l ${location}`;
  switch (type.split('/').at(-1)?.toLowerCase()) {
    case 'virtualnetworks': {
      const { addressSpace, subnets } = resource.properties as Network;
      const [subnet] = subnets;
      return `az network vnet create ${common} --address-prefixes ${addressSpace.addressPrefixes.join(' ')} --subnet-name ${subnet?.name} --subnet-prefixes ${subnet?.properties.addressPrefix}`;
    }
    case 'publicipaddresses':
      return `az network public-ip create ${common} --sku ${sku?.name} --tier ${sku?.tier} --allocation-method Static`;
    case 'loadbalancers': {
      const lb = resource as LoadBalancer;
      const [frontend] = lb.properties.frontendIPConfigurations;
      const at = frontend?.properties.publicIPAddress
        ? `--public-ip-address ${frontend.properties.publicIPAddress.id}`
        : `--subnet ${frontend?.properties.subnet?.id}`;
      const [, ...others] = parts.flatMap((part) =>
        (lb.properties[part] ?? []).map((child) => azFor(lb, part, child, true)),
      );
      return [
        `az network lb create ${common} --sku ${sku?.name} --frontend-ip-name ${frontend?.name} ${at}${tagOptions(lb)}`,
        ...others,
      ].join('\n');
    }
    case 'networkinterfaces':
      return joining(resource, made)
        .map((ip) => azOfInterface(made.lb, made.pool, ip))
        .join('\n');
    default:
      return `az group create -n ${name} -l ${location}`;
  }
}

function terraformOf(resource: ArmResource<unknown>, made: Made): string {
  const { id, location, sku, type } = resource;
  const place = { resource_group_name: readId(id).resourceGroup, location };
  switch (type.split('/').at(-1)?.toLowerCase()) {
    case 'virtualnetworks': {
      const { addressSpace, subnets } = resource.properties as Network;
      const network = terraformBlock('azurerm_virtual_network', resource, {
        ...place,
        address_space: addressSpace.addressPrefixes,
      });
      return withBlocks(
        network,
        'subnet',
        subnets.map(({ name, properties }) => ({ name, address_prefixes: [properties.addressPrefix] })),
      );
    }
    case 'publicipaddresses':
      return terraformBlock('azurerm_public_ip', resource, {
        ...place,
        allocation_method: 'Static',
        sku: sku?.name,
        sku_tier: sku?.tier,
      });
    case 'loadbalancers': {
      const lb = resource as LoadBalancer;
      const [, ...others] = parts;
      return [
        terraformOfBalancer(lb),
        ...others.flatMap((part) => (lb.properties[part] ?? []).map((child) => terraformFor(lb, part, child))),
      ].join('\n\n');
    }
    case 'networkinterfaces':
      return joining(resource, made)
        .map((ip) => terraformOfInterface(ip, made.poolId))
        .join('\n\n');
    default:
      return terraformBlock('azurerm_resource_group', resource, { location });
  }
}

function textOfAll(requests: readonly PlannedRequest[], textOf: typeof azOf): string[] {
  const resources = requests.map(resourceOf);
  const made = madeBy(resources);
  return resources.map((one) => textOf(one, made));
}

export const azForAll = (requests: readonly PlannedRequest[]): string => textOfAll(requests, azOf).join('\n');

export const terraformForAll = (requests: readonly PlannedRequest[]): string =>
  textOfAll(requests, terraformOf).join('\n\n');
