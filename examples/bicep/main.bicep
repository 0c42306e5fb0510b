// A load balancer with two members. `az bicep build --file main.bicep` makes main.json of it.
param location string = resourceGroup().location

resource vnet 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: 'vnet'
  location: location
  properties: {
    addressSpace: { addressPrefixes: ['10.0.0.0/16'] }
    subnets: [{ name: 'vms', properties: { addressPrefix: '10.0.0.0/24' } }]
  }
}

resource ip 'Microsoft.Network/publicIPAddresses@2024-05-01' = {
  name: 'ip'
  location: location
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static' }
}

resource lb 'Microsoft.Network/loadBalancers@2024-05-01' = {
  name: 'lb'
  location: location
  sku: { name: 'Standard' }
  properties: {
    frontendIPConfigurations: [{ name: 'front', properties: { publicIPAddress: { id: ip.id } } }]
    backendAddressPools: [
      {
        name: 'pool'
        properties: {
          loadBalancerBackendAddresses: [
            { name: 'vm1', properties: { ipAddress: '10.0.0.4', virtualNetwork: { id: vnet.id } } }
            { name: 'vm2', properties: { ipAddress: '10.0.0.5', virtualNetwork: { id: vnet.id } } }
          ]
        }
      }
    ]
    loadBalancingRules: [
      {
        name: 'web'
        properties: {
          protocol: 'Tcp'
          frontendPort: 8080
          backendPort: 8080
          loadDistribution: 'SourceIP'
          frontendIPConfiguration: {
            id: resourceId('Microsoft.Network/loadBalancers/frontendIPConfigurations', 'lb', 'front')
          }
          backendAddressPool: { id: resourceId('Microsoft.Network/loadBalancers/backendAddressPools', 'lb', 'pool') }
        }
      }
    ]
  }
}

output address string = ip.properties.ipAddress
