/** What a form changes in a load balancer, as an `az` command and as Terraform. */
import type {
  BackendAddressPool,
  Child,
  Collection,
  InboundNatRule,
  LoadBalancer,
  LoadBalancingRule,
  OutboundRule,
  Probe,
  Reference,
} from '../azure/arm.js';
import { nameOf, readId } from '../azure/arm.js';

const groupAnd = (lb: LoadBalancer): string => `-g ${readId(lb.id).resourceGroup} --lb-name ${lb.name}`;

/** The `az` command for a part; `az rest` shows when there is none. */
export function azFor(
  lb: LoadBalancer,
  collection: Collection,
  child: Child<unknown>,
  isNew: boolean,
): string | undefined {
  const verb = isNew ? 'create' : 'update';
  const p = child.properties as Record<string, unknown>;
  const option = (flag: string, value: unknown): string =>
    value === undefined || value === '' ? '' : ` ${flag} ${value}`;
  const ref = (member: string): string => nameOf(p[member] as Reference | undefined);
  switch (collection) {
    case 'loadBalancingRules':
      return `az network lb rule ${verb} ${groupAnd(lb)} -n ${child.name}${option('--protocol', p.protocol)}${option('--frontend-ip-name', ref('frontendIPConfiguration'))}${option('--frontend-port', p.frontendPort)}${option('--backend-pool-name', ref('backendAddressPool'))}${option('--backend-port', p.backendPort)}${option('--probe-name', ref('probe'))}${option('--load-distribution', p.loadDistribution)}${option('--idle-timeout', p.idleTimeoutInMinutes)}${option('--enable-tcp-reset', p.enableTcpReset)}${option('--floating-ip', p.enableFloatingIP)}`;
    case 'probes':
      return `az network lb probe ${verb} ${groupAnd(lb)} -n ${child.name}${option('--protocol', p.protocol)}${option('--port', p.port)}${option('--path', p.requestPath)}${option('--interval', p.intervalInSeconds)}${option('--probe-threshold', p.probeThreshold)}`;
    case 'inboundNatRules':
      return `az network lb inbound-nat-rule ${verb} ${groupAnd(lb)} -n ${child.name}${option('--protocol', p.protocol)}${option('--frontend-ip', ref('frontendIPConfiguration'))}${option('--frontend-port', p.frontendPort)}${option('--backend-port', p.backendPort)}`;
    case 'outboundRules':
      return `az network lb outbound-rule ${verb} ${groupAnd(lb)} -n ${child.name}${option('--protocol', p.protocol)}${option('--frontend-ip-configs', (p.frontendIPConfigurations as Reference[]).map(nameOf).join(' '))}${option('--address-pool', ref('backendAddressPool'))}${option('--outbound-ports', p.allocatedOutboundPorts)}`;
    default:
      return undefined;
  }
}

/** A Terraform block; arguments without a value are left out. */
function terraformBlock(type: string, child: Child<unknown>, values: Readonly<Record<string, unknown>>): string {
  const label = child.name.replaceAll(/[^\w]/g, '_') || 'this';
  const given = Object.entries({ name: child.name, ...values }).filter(([, value]) => value !== undefined);
  const width = Math.max(...given.map(([argument]) => argument.length));
  const lines = given.map(([argument, value]) => `  ${argument.padEnd(width)} = ${JSON.stringify(value)}`);
  return [`resource "${type}" "${label}" {`, ...lines, '}'].join('\n');
}

/** The Terraform resource for a part; a frontend has none of its own. */
export function terraformFor(lb: LoadBalancer, collection: Collection, child: Child<unknown>): string | undefined {
  const loadbalancer_id = lb.id;
  const ofBalancer = { resource_group_name: readId(lb.id).resourceGroup, loadbalancer_id };
  switch (collection) {
    case 'probes': {
      const p = child.properties as Probe;
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
      const p = child.properties as LoadBalancingRule;
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
      const p = child.properties as InboundNatRule;
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
      const p = child.properties as OutboundRule;
      const block = terraformBlock('azurerm_lb_outbound_rule', child, {
        loadbalancer_id,
        protocol: p.protocol,
        backend_address_pool_id: p.backendAddressPool?.id,
        allocated_outbound_ports: p.allocatedOutboundPorts,
        idle_timeout_in_minutes: p.idleTimeoutInMinutes,
      });
      const frontends = p.frontendIPConfigurations.map(
        (one) => `\n  frontend_ip_configuration {\n    name = ${JSON.stringify(nameOf(one))}\n  }\n`,
      );
      return block.replace(/\}$/, `${frontends.join('')}}`);
    }
    case 'backendAddressPools': {
      const members = (child.properties as BackendAddressPool).loadBalancerBackendAddresses ?? [];
      const pool = terraformBlock('azurerm_lb_backend_address_pool', child, { loadbalancer_id });
      const addresses = members
        .filter(({ properties }) => properties.ipAddress !== undefined)
        .map((member) =>
          terraformBlock('azurerm_lb_backend_address_pool_address', member, {
            backend_address_pool_id: child.id ?? `${lb.id}/backendAddressPools/${child.name}`,
            virtual_network_id:
              member.properties.virtualNetwork?.id ?? (child.properties as BackendAddressPool).virtualNetwork?.id,
            ip_address: member.properties.ipAddress,
          }),
        );
      return [pool, ...addresses].join('\n\n');
    }
    default:
      return undefined;
  }
}
