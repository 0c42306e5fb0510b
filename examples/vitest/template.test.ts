// Vitest: a fixture that gives each test an emulator with a template deployed.
import type { Lazurite } from 'lazurite';
import { startLazurite } from 'lazurite';
import { test as base, expect, vi } from 'vitest';

// A loaded machine may need longer than Vitest's 5 seconds.
vi.setConfig({ testTimeout: 30_000 });

const subnet = { id: "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'vnet', 'vms')]" };
const child = (kind: string, name: string) => ({
  id: `[resourceId('Microsoft.Network/loadBalancers/${kind}', 'lb', '${name}')]`,
});
const template = {
  $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
  contentVersion: '1.0.0.0',
  resources: [
    {
      type: 'Microsoft.Network/virtualNetworks',
      apiVersion: '2024-05-01',
      name: 'vnet',
      location: 'westeurope',
      properties: {
        addressSpace: { addressPrefixes: ['10.43.0.0/24'] },
        subnets: [{ name: 'vms', properties: { addressPrefix: '10.43.0.0/24' } }],
      },
    },
    {
      type: 'Microsoft.Network/loadBalancers',
      apiVersion: '2024-05-01',
      name: 'lb',
      location: 'westeurope',
      sku: { name: 'Standard' },
      dependsOn: ['vnet'],
      properties: {
        frontendIPConfigurations: [
          {
            name: 'front',
            properties: { privateIPAddress: '10.43.0.100', privateIPAllocationMethod: 'Static', subnet },
          },
        ],
        backendAddressPools: [{ name: 'pool' }],
        loadBalancingRules: [
          {
            name: 'web',
            properties: {
              protocol: 'Tcp',
              frontendPort: 8080,
              backendPort: 8080,
              frontendIPConfiguration: child('frontendIPConfigurations', 'front'),
              backendAddressPool: child('backendAddressPools', 'pool'),
            },
          },
        ],
      },
    },
  ],
};

/** Each test has an emulator of its own with the template deployed. */
const test = base.extend<{ lazurite: Lazurite }>({
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads from it which other fixtures this one needs.
  lazurite: async ({}, use) => {
    const lazurite = await startLazurite({ seed: template });
    await use(lazurite);
    await lazurite.close();
  },
});

test('the frontend is where the template says', async ({ lazurite }) => {
  expect(await lazurite.frontends()).toMatchObject([{ azureAddress: '10.43.0.100', port: 8080, state: 'Bound' }]);
});

test('without members no connection gets anywhere', async ({ lazurite }) => {
  const { choice } = await lazurite.explain({ from: '10.43.0.9:1000', to: '10.43.0.100:8080' });
  expect(choice).toBeFalsy();
});
