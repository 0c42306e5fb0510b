import { NetworkManagementClient } from '@azure/arm-network';
import { ResourceManagementClient } from '@azure/arm-resources';
import { DefaultAzureCredential } from '@azure/identity';

// `lazurite env` sets these variables, and those that the credential and TLS need.
const { AZURE_SUBSCRIPTION_ID: subscription, AZURE_AUTHORITY_HOST: endpoint } = process.env;
const credential = new DefaultAzureCredential();
const resources = new ResourceManagementClient(credential, subscription, { endpoint });
const network = new NetworkManagementClient(credential, subscription, { endpoint });

const group = 'sdk';
const location = 'westeurope';
await resources.resourceGroups.createOrUpdate(group, { location });
const vnet = await network.virtualNetworks.createOrUpdate(group, 'vnet', {
  location,
  addressSpace: { addressPrefixes: ['10.0.0.0/24'] },
});
const ip = await network.publicIPAddresses.createOrUpdate(group, 'ip', {
  location,
  sku: { name: 'Standard' },
  publicIPAllocationMethod: 'Static',
});
const backends = ['10.0.0.4', '10.0.0.5'].map((ipAddress) => ({
  name: ipAddress,
  ipAddress,
  virtualNetwork: { id: vnet.id },
}));
const lb = ip.id.replace('/publicIPAddresses/ip', '/loadBalancers/lb');
await network.loadBalancers.createOrUpdate(group, 'lb', {
  location,
  sku: { name: 'Standard' },
  frontendIPConfigurations: [{ name: 'front', publicIPAddress: { id: ip.id } }],
  backendAddressPools: [{ name: 'pool', loadBalancerBackendAddresses: backends }],
  loadBalancingRules: [
    {
      name: 'web',
      protocol: 'Tcp',
      frontendPort: 8080,
      backendPort: 8080,
      loadDistribution: 'SourceIP',
      frontendIPConfiguration: { id: `${lb}/frontendIPConfigurations/front` },
      backendAddressPool: { id: `${lb}/backendAddressPools/pool` },
    },
  ],
});
console.log(`http://${ip.ipAddress}:8080/`);
