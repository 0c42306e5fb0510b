// A load balancer with Microsoft's SDK, and calls through it.
import { NetworkManagementClient } from '@azure/arm-network';
import { ResourceManagementClient } from '@azure/arm-resources';
import { DefaultAzureCredential } from '@azure/identity';

// `lazurite run` sets these variables, and those that the credential and TLS need.
const { AZURE_SUBSCRIPTION_ID: subscription, AZURE_AUTHORITY_HOST: endpoint } = process.env;
const credential = new DefaultAzureCredential();
const resources = new ResourceManagementClient(credential, subscription, { endpoint });
const network = new NetworkManagementClient(credential, subscription, { endpoint });

const group = 'shop';
const location = 'westeurope';
await resources.resourceGroups.createOrUpdate(group, { location });
const vnet = await network.virtualNetworks.createOrUpdate(group, 'vnet', {
  location,
  addressSpace: { addressPrefixes: ['10.46.0.0/24'] },
});
const ip = await network.publicIPAddresses.createOrUpdate(group, 'ip', {
  location,
  sku: { name: 'Standard' },
  publicIPAllocationMethod: 'Static',
});
const lb = ip.id.replace('/publicIPAddresses/ip', '/loadBalancers/lb');
const balancer = {
  location,
  sku: { name: 'Standard' },
  frontendIPConfigurations: [{ name: 'front', publicIPAddress: { id: ip.id } }],
  backendAddressPools: [
    {
      name: 'pool',
      loadBalancerBackendAddresses: ['10.46.0.4', '10.46.0.5'].map((ipAddress) => ({
        name: ipAddress,
        ipAddress,
        virtualNetwork: { id: vnet.id },
      })),
    },
  ],
  loadBalancingRules: [
    {
      name: 'web',
      protocol: 'Tcp',
      frontendPort: 8080,
      backendPort: 8080,
      frontendIPConfiguration: { id: `${lb}/frontendIPConfigurations/front` },
      backendAddressPool: { id: `${lb}/backendAddressPools/pool` },
    },
  ],
};

/** How many members 20 connections of one client reach. */
async function membersReached() {
  const members = new Set();
  for (let call = 0; call < 20; call++) {
    const answer = await fetch(`http://${ip.ipAddress}:8080/`, { headers: { connection: 'close' } });
    members.add(/127\.46\.0\.\d/.exec(await answer.text())?.[0]);
  }
  return members.size;
}

for (const loadDistribution of ['Default', 'SourceIP']) {
  balancer.loadBalancingRules[0].loadDistribution = loadDistribution;
  await network.loadBalancers.createOrUpdate(group, 'lb', balancer);
  console.log(`${loadDistribution}: one client reaches ${await membersReached()} of 2 members`);
}
