/** What the portal's tests look at: a load balancer, and a template that fails. */
import { type Cloud, ref } from '../emulator/cloud.js';
import { loadBalancer } from '../emulator/load-balancer.js';

/** A rule on port 8080 with a TCP probe, members by IP address. */
export const balancer = (cloud: Cloud, members: readonly number[]): Record<string, unknown> =>
  loadBalancer({
    rules: [{ name: 'http', protocol: 'Tcp', frontendPort: 8080, backendPort: 8080 }],
    probePort: 8080,
    addresses: members.map(cloud.azureAddress),
  });

const schema = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#';

/** A public IP address, named `made-too`, and a network interface that is in order by itself, in a network that is not there. */
export const failingTemplate = {
  $schema: schema,
  contentVersion: '1.0.0.0',
  resources: [
    {
      type: 'Microsoft.Network/publicIPAddresses',
      apiVersion: '2024-05-01',
      name: 'made-too',
      location: 'westeurope',
      sku: { name: 'Standard' },
      properties: { publicIPAllocationMethod: 'Static' },
    },
    {
      type: 'Microsoft.Network/networkInterfaces',
      apiVersion: '2024-05-01',
      name: 'refused',
      location: 'westeurope',
      properties: {
        ipConfigurations: [{ name: 'ip', properties: { subnet: ref('virtualNetworks/none/subnets/none') } }],
      },
    },
  ],
};

/** The first resource of `failingTemplate` alone, with an output. */
export const succeedingTemplate = {
  ...failingTemplate,
  resources: failingTemplate.resources.slice(0, 1),
  outputs: { address: { type: 'string', value: '10.0.0.4' } },
};
