/** What forms write, as `az` commands and as Terraform. */
import type * as arm from '../azure/arm.js';
import { nameOf, readId } from '../azure/arm.js';

const groupAnd = (lb: arm.LoadBalancer): string => `-g ${readId(lb.id).resourceGroup} --lb-name ${lb.name}`;

/** The `az` command for a part of a load balancer. */
export function azFor(
  lb: arm.LoadBalancer,
  collection: arm.Collection,
  child: arm.Child<unknown>,
  isNew: boolean,
): string {
  const verb = isNew ? 'create' : 'update';
  const p = child.properties as Record<string, unknown>;
  const option = (flag: string, value: unknown): string =>
    value === undefined || value === '' ? '' : ` ${flag} ${value}`;
  const ref = (member: string): string => nameOf(p[member] as arm.Reference | undefined);
  switch (collection) {
    case 'loadBalancingRules':
      return `az network lb rule ${verb} ${groupAnd(lb)} -n ${child.name}${option('--protocol', p.protocol)}${option('--frontend-ip-name', ref('frontendIPConfiguration'))}${option('--frontend-port', p.frontendPort)}${option('--backend-pool-name', ref('backendAddressPool'))}${option('--backend-port', p.backendPort)}${option('--probe-name', ref('probe'))}${option('--load-distribution', p.loadDistribution)}${option('--idle-timeout', p.idleTimeoutInMinutes)}${option('--enable-tcp-reset', p.enableTcpReset)}${option('--floating-ip', p.enableFloatingIP)}`;
    case 'probes':
      return `az network lb probe ${verb} ${groupAnd(lb)} -n ${child.name}${option('--protocol', p.protocol)}${option('--port', p.port)}${option('--path', p.requestPath)}${option('--interval', p.intervalInSeconds)}${option('--probe-threshold', p.probeThreshold)}`;
    case 'inboundNatRules':
      return `az network lb inbound-nat-rule ${verb} ${groupAnd(lb)} -n ${child.name}${option('--protocol', p.protocol)}${option('--frontend-ip', ref('frontendIPConfiguration'))}${option('--frontend-port', p.frontendPort)}${option('--backend-port', p.backendPort)}`;
    case 'outboundRules':
      return `az network lb outbound-rule ${verb} ${groupAnd(lb)} -n ${child.name}${option('--protocol', p.protocol)}${option('--frontend-ip-configs', (p.frontendIPConfigurations as arm.Reference[]).map(nameOf).join(' '))}${option('--address-pool', ref('backendAddressPool'))}${option('--outbound-ports', p.allocatedOutboundPorts)}`;
    case 'backendAddressPools': {
      const { loadBalancerBackendAddresses: members = [] } = child.properties as arm.BackendAddressPool;
      const addresses = members
        .filter(({ properties }) => properties.ipAddress !== undefined)
        .map(({ name, properties }) => ` \\\n  --backend-addresses name=${name} ip-address=${properties.ipAddress}`);
      return `az network lb address-pool ${verb} ${groupAnd(lb)} -n ${child.name}${option('--vnet', ref('virtualNetwork'))}${addresses.join('')}`;
    }
    case 'frontendIPConfigurations': {
      const { publicIPAddress, subnet, privateIPAddress } = child.properties as arm.FrontendIPConfiguration;
      return `az network lb frontend-ip ${verb} ${groupAnd(lb)} -n ${child.name}${option('--public-ip-address', publicIPAddress?.id)}${option('--subnet', subnet?.id)}${option('--private-ip-address', subnet && privateIPAddress)}`;
    }
  }
}

/** The command by which the IP configuration of a network interface joins a pool. */
export const azOfInterface = (lb: arm.LoadBalancer, pool: { readonly name: string }, id: string): string =>
  `az network nic ip-config address-pool add ${groupAnd(lb)} --address-pool ${pool.name} --nic-name ${readId(id).rootName} --ip-config-name ${readId(id).name}`;

/** The Terraform resource by which the IP configuration of a network interface joins a pool. */
export const terraformOfInterface = (id: string, poolId: string): string =>
  terraformBlock(
    'azurerm_network_interface_backend_address_pool_association',
    { name: readId(id).rootName },
    {
      network_interface_id: readId(id).root,
      ip_configuration_name: readId(id).name,
      backend_address_pool_id: poolId,
    },
  ).replace(/\n {2}name +=.*/, '');

/** A Terraform block; arguments without a value are left out. */
export function terraformBlock(
  type: string,
  child: { readonly name: string },
  values: Readonly<Record<string, unknown>>,
): string {
  const label = child.name.replaceAll(/[^\w]/g, '_') || 'this';
  const given = Object.entries({ name: child.name, ...values }).filter(([, value]) => value !== undefined);
  const width = Math.max(...given.map(([argument]) => argument.length));
  const lines = given.map(([argument, value]) => `  ${argument.padEnd(width)} = ${JSON.stringify(value)}`);
  return [`resource "${type}" "${label}" {`, ...lines, '}'].join('\n');
}

/** Blocks of `type` at the end of a Terraform resource. */
export const withBlocks = (
  resource: string,
  type: string,
  blocks: readonly Readonly<Record<string, unknown>>[],
): string =>
  resource.replace(
    /\}$/,
    `${blocks
      .map((values) => {
        const given = Object.entries(values).filter(([, value]) => value !== undefined);
        return `\n  ${type} {\n${given.map(([name, value]) => `    ${name} = ${JSON.stringify(value)}\n`).join('')}  }\n`;
      })
      .join('')}}`,
  );

/** A load balancer as Terraform has it: its frontends are blocks of it, every other part is a resource of its own. */
export function terraformOfBalancer(lb: arm.LoadBalancer): string {
  const balancer = terraformBlock('azurerm_lb', lb, {
    resource_group_name: readId(lb.id).resourceGroup,
    location: lb.location,
    sku: lb.sku?.name,
    sku_tier: lb.sku?.tier,
    tags: lb.tags,
  });
  return withBlocks(
    balancer,
    'frontend_ip_configuration',
    lb.properties.frontendIPConfigurations.map(({ name, properties: p }) => ({
      name,
      public_ip_address_id: p.publicIPAddress?.id,
      subnet_id: p.subnet?.id,
      private_ip_address_allocation: p.subnet && p.privateIPAllocationMethod,
      private_ip_address: p.privateIPAllocationMethod === 'Static' ? p.privateIPAddress : undefined,
    })),
  );
}

/** The Terraform resource for a part of a load balancer. */
export function terraformFor(lb: arm.LoadBalancer, collection: arm.Collection, child: arm.Child<unknown>): string {
  const loadbalancer_id = lb.id;
  const ofBalancer = { resource_group_name: readId(lb.id).resourceGroup, loadbalancer_id };
  switch (collection) {
    case 'probes': {
      const p = child.properties as arm.Probe;
      return terraformBlock('azurerm_lb_probe', child, {
        loadbalancer_id,
        protocol: p.protocol,
        port: p.port,
        request_path: p.protocol === 'Tcp' ? undefined : p.requestPath,
        interval_in_seconds: p.intervalInSeconds,
        probe_threshold: p.probeThreshold,
      });
    }
    case 'loadBalancingRules': {
      const p = child.properties as arm.LoadBalancingRule;
      return terraformBlock('azurerm_lb_rule', child, {
        loadbalancer_id,
        protocol: p.protocol,
        frontend_port: p.frontendPort,
        backend_port: p.backendPort,
        frontend_ip_configuration_name: nameOf(p.frontendIPConfiguration),
        backend_address_pool_ids: p.backendAddressPool && [p.backendAddressPool.id],
        probe_id: p.probe?.id,
        load_distribution: p.loadDistribution,
        idle_timeout_in_minutes: p.idleTimeoutInMinutes,
        disable_outbound_snat: p.disableOutboundSnat,
      });
    }
    case 'inboundNatRules': {
      const p = child.properties as arm.InboundNatRule;
      const ofPool = p.backendAddressPool !== undefined;
      return terraformBlock('azurerm_lb_nat_rule', child, {
        ...ofBalancer,
        protocol: p.protocol,
        frontend_port: ofPool ? undefined : p.frontendPort,
        frontend_port_start: ofPool ? p.frontendPortRangeStart : undefined,
        frontend_port_end: ofPool ? p.frontendPortRangeEnd : undefined,
        backend_port: p.backendPort,
        backend_address_pool_id: p.backendAddressPool?.id,
        frontend_ip_configuration_name: nameOf(p.frontendIPConfiguration),
        idle_timeout_in_minutes: p.idleTimeoutInMinutes,
      });
    }
    case 'outboundRules': {
      const p = child.properties as arm.OutboundRule;
      const block = terraformBlock('azurerm_lb_outbound_rule', child, {
        loadbalancer_id,
        protocol: p.protocol,
        backend_address_pool_id: p.backendAddressPool?.id,
        allocated_outbound_ports: p.allocatedOutboundPorts,
        idle_timeout_in_minutes: p.idleTimeoutInMinutes,
      });
      return withBlocks(
        block,
        'frontend_ip_configuration',
        p.frontendIPConfigurations.map((one) => ({ name: nameOf(one) })),
      );
    }
    case 'backendAddressPools': {
      const members = (child.properties as arm.BackendAddressPool).loadBalancerBackendAddresses ?? [];
      const pool = terraformBlock('azurerm_lb_backend_address_pool', child, { loadbalancer_id });
      const addresses = members
        .filter(({ properties }) => properties.ipAddress !== undefined)
        .map((member) =>
          terraformBlock('azurerm_lb_backend_address_pool_address', member, {
            backend_address_pool_id: child.id ?? `${lb.id}/backendAddressPools/${child.name}`,
            virtual_network_id:
              member.properties.virtualNetwork?.id ?? (child.properties as arm.BackendAddressPool).virtualNetwork?.id,
            ip_address: member.properties.ipAddress,
          }),
        );
      return [pool, ...addresses].join('\n\n');
    }
    case 'frontendIPConfigurations': {
      const others = lb.properties.frontendIPConfigurations.filter(({ name }) => name !== child.name);
      const frontendIPConfigurations = [...others, child as arm.Child<arm.FrontendIPConfiguration>];
      return terraformOfBalancer({ ...lb, properties: { ...lb.properties, frontendIPConfigurations } });
    }
  }
}
