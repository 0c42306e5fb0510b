import t from 'tap';
import { AzureInMemory, idOf, ids, writeBack } from '../azure-in-memory.js';

const { vnet, gateway, asg: group, table, service, lb, ip, nic } = ids;

const azureWith = () => new AzureInMemory();

const addAddress = (azure: AzureInMemory, name = 'Standard') =>
  azure.put(ip, { location: 'westus', sku: { name }, properties: { publicIPAllocationMethod: 'Static' } });
const unchanged = (t: { same(a: unknown, b: unknown, message: string): boolean }, azure: AzureInMemory, id: string) => {
  const [before, after] = writeBack(azure, id);
  t.same(before, after, 'writing it back changes nothing');
};

t.test('a NAT gateway has Azure’s defaults and holds its public IP addresses', async (t) => {
  const azure = azureWith();
  addAddress(azure);
  azure.put(gateway, { location: 'westus', zones: ['2'], properties: { publicIpAddresses: [{ id: ip }] } });
  t.match(azure.get(gateway), {
    zones: ['2'],
    properties: { idleTimeoutInMinutes: 4, publicIpAddresses: [{ id: ip }] },
    sku: { name: 'Standard', tier: 'Regional' },
  });
  t.same(azure.at(ip, 'properties.natGateway'), { id: gateway });
  t.throws(() => azure.delete(ip), { code: 'PublicIPAddressCannotBeDeleted' });
  unchanged(t, azure, gateway);
});

t.test('a NAT gateway in use cannot be deleted', async (t) => {
  const azure = azureWith();
  azure.put(gateway, { location: 'westus' });
  azure.putNetwork({ natGateway: { id: gateway } });
  t.same(azure.at(gateway, 'properties.subnets'), [{ id: `${vnet}/subnets/subnet` }]);
  t.throws(() => azure.delete(gateway), {
    code: 'CannotDeleteNatGatewayAssociatedToSubnet',
    message: `NAT Gateway ${gateway} is still configured on 1 subnets. Remove NAT Gateway from all referenced subnets and then delete NAT Gateway.`,
  });
});

t.test('a NAT gateway takes free Standard addresses and an idle timeout of 4 to 120 minutes', async (t) => {
  const azure = azureWith();
  addAddress(azure, 'Basic');
  const body = (properties: object) => ({ location: 'westus', properties });
  t.same(azure.refusals(gateway, body({ idleTimeoutInMinutes: 121 })), [
    `NatGatewayIdleTimeoutIsOutOfRange: NAT gateway ${gateway} has invalid Idle Timeout. The value must be between 4 and 120.`,
  ]);
  t.same(azure.refusals(gateway, body({ publicIpAddresses: [{ id: ip }] })), [
    `NatGatewayRequiresStandardPublicIP: NAT gateway ${gateway} cannot reference Basic sku publicIP ${ip}.`,
  ]);
  azure.delete(ip);
  addAddress(azure);
  const other = idOf('Microsoft.Network/natGateways', 'other');
  azure.put(other, body({ publicIpAddresses: [{ id: ip }] }));
  t.same(azure.refusals(gateway, body({ publicIpAddresses: [{ id: ip }] })), [
    `PublicIPAddressInUse: Resource ${gateway} is referencing public IP address ${ip} that is already allocated to resource ${other}.`,
  ]);
});

t.test('an application security group in use cannot be deleted', async (t) => {
  const azure = azureWith();
  azure.put(group, { location: 'westus' });
  t.same(azure.at(group, 'properties'), { provisioningState: 'Succeeded' });
  azure.putNetwork();
  const properties = { subnet: { id: `${vnet}/subnets/subnet` }, applicationSecurityGroups: [{ id: group }] };
  azure.put(nic, { location: 'westus', properties: { ipConfigurations: [{ name: 'ipconfig1', properties }] } });
  t.throws(() => azure.delete(group), {
    code: 'InUseApplicationSecurityGroupCannotBeDeleted',
    message: `Application Security Group ${group.split('/').at(-1)} cannot be deleted because it is referenced by IpConfiguration(s) ipconfig1.`,
  });
  unchanged(t, azure, group);
});

t.test('a route table has routes, and cannot be deleted while a subnet uses it', async (t) => {
  const azure = azureWith();
  const body = (addressPrefix: string) => ({
    location: 'westus',
    properties: { routes: [{ name: 'route', properties: { addressPrefix, nextHopType: 'none' } }] },
  });
  t.same(azure.refusals(table, body('10.0.0.1/8')), [
    `InvalidCIDRNotation: The address prefix 10.0.0.1/8 in resource ${table}/routes/route has an invalid CIDR notation. For the given prefix length, the address prefix should be 10.0.0.0/8.`,
  ]);
  t.same(azure.refusals(table, body('AzureCloud')), [], 'a service tag is a destination too');
  azure.put(table, body('cab:cab::/96'));
  t.match(azure.at(table, 'properties'), {
    disableBgpRoutePropagation: false,
    routes: [{ id: `${table}/routes/route`, properties: { nextHopType: 'None', hasBgpOverride: false } }],
  });
  unchanged(t, azure, table);
  azure.putNetwork({ routeTable: { id: table } });
  t.throws(() => azure.delete(table), {
    code: 'InUseRouteTableCannotBeDeleted',
    message: 'Route table table is in use and cannot be deleted.',
  });
});

function addLoadBalancer(azure: AzureInMemory): { id: string } {
  const frontend = { name: 'fe', properties: { subnet: { id: `${vnet}/subnets/subnet` } } };
  const properties = { frontendIPConfigurations: [frontend] };
  azure.put(lb, { location: 'westus', sku: { name: 'Standard' }, properties });
  return { id: `${lb}/frontendIPConfigurations/fe` };
}

t.test('a private link service shows its alias and holds an address that it does not show', async (t) => {
  const azure = azureWith();
  azure.putNetwork({ privateLinkServiceNetworkPolicies: 'Disabled' });
  const frontend = addLoadBalancer(azure);
  const ipConfigurations = [{ name: 'config', properties: { subnet: { id: `${vnet}/subnets/subnet` } } }];
  azure.put(service, {
    location: 'westus',
    properties: { loadBalancerFrontendIpConfigurations: [frontend], ipConfigurations },
  });
  t.match(azure.at(service, 'properties'), {
    fqdns: [],
    alias: /^service\.[0-9a-f-]{36}\.westus\.azure\.privatelinkservice$/,
    enableProxyProtocol: false,
    loadBalancerFrontendIpConfigurations: [frontend],
    ipConfigurations: [
      {
        name: 'config',
        type: 'Microsoft.Network/privateLinkServices/ipConfigurations',
        properties: { privateIPAllocationMethod: 'Dynamic', primary: true, privateIPAddressVersion: 'IPv4' },
      },
    ],
    privateEndpointConnections: [],
    networkInterfaces: [{ id: /\/networkInterfaces\/service\.nic\.[0-9a-f-]{36}$/ }],
  });
  t.equal(azure.at(service, 'properties.ipConfigurations.0.properties.privateIPAddress'), undefined);
  unchanged(t, azure, service);
  const properties = { subnet: { id: `${vnet}/subnets/subnet` } };
  azure.put(nic, { location: 'westus', properties: { ipConfigurations: [{ name: 'ipconfig1', properties }] } });
  t.equal(
    azure.at(nic, 'properties.ipConfigurations.0.properties.privateIPAddress'),
    '10.0.0.6',
    'after the frontend and the service',
  );
  t.throws(() => azure.delete(lb), { code: 'CannotDeleteLoadBalancerWithPrivateLinkService' });
});

t.test('a private link service leads to a frontend or to an address, in a subnet that lets it', async (t) => {
  const azure = azureWith();
  azure.putNetwork();
  const frontend = addLoadBalancer(azure);
  const body = (properties: object) => ({ location: 'westus', properties });
  const either =
    'EitherOneLoadBalancerFrontendIpConfigurationOrDestinationIPAddressRequiredOnPrivateLinkService: Private Link Service service requires either one LoadBalancerFrontendIpConfiguration if PLS with LB based scenario or DestinationIPAddress if PLS UDR and NSG scenario.';
  const both = { loadBalancerFrontendIpConfigurations: [frontend], destinationIPAddress: '10.0.0.1' };
  t.same([azure.refusals(service, body({})), azure.refusals(service, body(both))], [[either], [either]]);
  const subnet = { id: `${vnet}/subnets/subnet` };
  const ipConfigurations = [{ name: 'config', properties: { subnet } }];
  t.same(azure.refusals(service, body({ destinationIPAddress: '10.0.0.1', ipConfigurations })), [
    `PrivateLinkServiceCannotBeCreatedInSubnetThatHasNetworkPoliciesEnabled: Private link service ${service} cannot be created in a subnet ${subnet.id} since it has private link service network policies enabled.`,
  ]);
});

t.test(
  'the address of an appliance goes with the next hop type, when it is sent back along with another one',
  async (t) => {
    const azure = azureWith();
    const route = (properties: object) => ({
      location: 'westus',
      properties: { routes: [{ name: 'route', properties: { addressPrefix: '0.0.0.0/0', ...properties } }] },
    });
    azure.put(table, route({ nextHopType: 'VirtualAppliance', nextHopIpAddress: '10.0.0.4' }));
    t.match(azure.refusals(table, route({ nextHopType: 'None', nextHopIpAddress: '10.0.0.5' })), [
      /^NextHopIpAddressInvalid/,
    ]);
    azure.put(table, route({ nextHopType: 'None', nextHopIpAddress: '10.0.0.4' }));
    t.equal(azure.at(table, 'properties.routes.0.properties.nextHopType'), 'None');
    t.equal(azure.at(table, 'properties.routes.0.properties.nextHopIpAddress'), undefined);
    unchanged(t, azure, table);
  },
);
