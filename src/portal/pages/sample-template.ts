/** The template that a first visit can deploy: a public load balancer with two members, which the Lab's stand-ins can be. */
const networkId = "[resourceId('Microsoft.Network/virtualNetworks', variables('network'))]";
const part = (collection: string, name: string) => ({
  id: `[resourceId('Microsoft.Network/loadBalancers/${collection}', parameters('name'), '${name}')]`,
});
const resource = (type: string, name: string) => ({
  type: `Microsoft.Network/${type}`,
  apiVersion: '2024-05-01',
  name,
  location: '[resourceGroup().location]',
});

export const sampleTemplate = {
  $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
  contentVersion: '1.0.0.0',
  parameters: { name: { type: 'string', defaultValue: 'sample' } },
  variables: { network: "[concat(parameters('name'), '-vnet')]", address: "[concat(parameters('name'), '-ip')]" },
  resources: [
    {
      ...resource('virtualNetworks', "[variables('network')]"),
      properties: {
        addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
        subnets: [{ name: 'default', properties: { addressPrefix: '10.0.0.0/24' } }],
      },
    },
    {
      ...resource('publicIPAddresses', "[variables('address')]"),
      sku: { name: 'Standard' },
      properties: { publicIPAllocationMethod: 'Static' },
    },
    {
      ...resource('loadBalancers', "[parameters('name')]"),
      sku: { name: 'Standard' },
      dependsOn: [networkId, "[resourceId('Microsoft.Network/publicIPAddresses', variables('address'))]"],
      properties: {
        frontendIPConfigurations: [
          {
            name: 'frontend',
            properties: {
              publicIPAddress: { id: "[resourceId('Microsoft.Network/publicIPAddresses', variables('address'))]" },
            },
          },
        ],
        backendAddressPools: [
          {
            name: 'backend',
            properties: {
              loadBalancerBackendAddresses: ['10.0.0.4', '10.0.0.5'].map((ipAddress, index) => ({
                name: `vm${index + 1}`,
                properties: { ipAddress, virtualNetwork: { id: networkId } },
              })),
            },
          },
        ],
        probes: [{ name: 'probe', properties: { protocol: 'Tcp', port: 8080, intervalInSeconds: 5 } }],
        loadBalancingRules: [
          {
            name: 'http',
            properties: {
              frontendIPConfiguration: part('frontendIPConfigurations', 'frontend'),
              backendAddressPool: part('backendAddressPools', 'backend'),
              probe: part('probes', 'probe'),
              protocol: 'Tcp',
              frontendPort: 80,
              backendPort: 8080,
            },
          },
        ],
      },
    },
  ],
  outputs: {
    address: { type: 'string', value: "[reference(variables('address')).ipAddress]" },
  },
};
