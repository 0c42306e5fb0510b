// A Postman collection out of the OpenAPI document: a folder per tag, and before them a walk that works in its order.

const apiVersion = '2024-05-01';
const network = '/subscriptions/{{subscriptionId}}/resourceGroups/{{resourceGroupName}}/providers/Microsoft.Network';
const location = 'westeurope';

const names = {
  virtualNetworks: 'vnet',
  publicIPAddresses: 'ip',
  loadBalancers: 'lb',
  networkInterfaces: 'vm1',
  subnets: 'vms',
  frontendIPConfigurations: 'front',
  backendAddressPools: 'pool',
  probes: 'probe',
  loadBalancingRules: 'web',
};
const ref = (path) => ({ id: `${network}/${path}` });

/** Bodies by the last named segment of a path. */
const bodies = {
  resourceGroups: { location },
  virtualNetworks: {
    location,
    properties: {
      addressSpace: { addressPrefixes: ['10.0.0.0/24'] },
      subnets: [{ name: names.subnets, properties: { addressPrefix: '10.0.0.0/24' } }],
    },
  },
  publicIPAddresses: { location, sku: { name: 'Standard' }, properties: { publicIPAllocationMethod: 'Static' } },
  loadBalancers: {
    location,
    sku: { name: 'Standard' },
    properties: {
      frontendIPConfigurations: [
        { name: names.frontendIPConfigurations, properties: { publicIPAddress: ref('publicIPAddresses/ip') } },
      ],
      backendAddressPools: [{ name: names.backendAddressPools }],
      probes: [{ name: names.probes, properties: { protocol: 'Tcp', port: 8080, intervalInSeconds: 5 } }],
      loadBalancingRules: [
        {
          name: names.loadBalancingRules,
          properties: {
            protocol: 'Tcp',
            frontendPort: 8080,
            backendPort: 8080,
            loadDistribution: 'SourceIP',
            frontendIPConfiguration: ref('loadBalancers/lb/frontendIPConfigurations/front'),
            backendAddressPool: ref('loadBalancers/lb/backendAddressPools/pool'),
            probe: ref('loadBalancers/lb/probes/probe'),
          },
        },
      ],
    },
  },
  networkInterfaces: {
    location,
    properties: {
      ipConfigurations: [
        {
          name: 'ip',
          properties: {
            subnet: ref('virtualNetworks/vnet/subnets/vms'),
            loadBalancerBackendAddressPools: [ref('loadBalancers/lb/backendAddressPools/pool')],
          },
        },
      ],
    },
  },
};

const lastNamed = (path) => path.split('/').findLast((segment) => segment && !segment.startsWith('{'));

function request({ method, path, body, name, version = apiVersion }) {
  const [plain, query] = path.split('?');
  const parameters = [...new URLSearchParams(query ?? '')].map(([key, value]) => ({ key, value }));
  if (version) parameters.push({ key: 'api-version', value: version });
  const search = parameters.map(({ key, value }) => `${key}=${value}`).join('&');
  return {
    name: name ?? `${method} ${plain.replace(/.*\/providers\//, '').replaceAll(/[{}]/g, '')}`,
    request: {
      method,
      header: body ? [{ key: 'Content-Type', value: 'application/json' }] : [],
      ...(body && { body: { mode: 'raw', raw: JSON.stringify(body, undefined, 2) } }),
      url: {
        raw: `{{baseUrl}}${plain}${search && `?${search}`}`,
        host: ['{{baseUrl}}'],
        path: plain.slice(1).split('/'),
        ...(parameters.length > 0 && { query: parameters }),
      },
    },
  };
}

/** Requests that work one after the other in an empty Lazurite. */
function walk() {
  const group = '/subscriptions/{{subscriptionId}}/resourceGroups/{{resourceGroupName}}';
  const put = (path, body, name) => request({ method: 'PUT', path, body, name });
  const get = (path, name) => request({ method: 'GET', path, name });
  return [
    put(group, bodies.resourceGroups, '1 Create a resource group'),
    put(`${network}/virtualNetworks/vnet`, bodies.virtualNetworks, '2 Create a virtual network'),
    put(`${network}/publicIPAddresses/ip`, bodies.publicIPAddresses, '3 Create a public IP address'),
    put(`${network}/loadBalancers/lb`, bodies.loadBalancers, '4 Create a load balancer'),
    put(`${network}/networkInterfaces/vm1`, bodies.networkInterfaces, '5 Create a network interface in its pool'),
    get(`${network}/loadBalancers/lb`, '6 Read the load balancer'),
    get(`${network}/loadBalancers/lb/loadBalancingRules/web`, '7 Read its rule'),
    request({
      method: 'POST',
      path: `${network}/loadBalancers/lb/loadBalancingRules/web/health`,
      name: "8 Ask for the rule's health: 202, the answer is at Location",
    }),
    request({ method: 'GET', path: '/_lazurite/frontends', name: '9 See where it listens', version: '' }),
    request({ method: 'DELETE', path: group, name: '10 Delete everything', version: '2021-04-01' }),
  ];
}

/** `{name}` as the examples call it: the name of the resource type that stands before it. */
function withExampleNames(path) {
  const segments = path.split('/');
  return segments
    .map((segment, index) => {
      if (!segment.startsWith('{')) return segment;
      const known = { '{subscriptionId}': '{{subscriptionId}}', '{resourceGroupName}': '{{resourceGroupName}}' };
      return known[segment] ?? names[segments[index - 1]] ?? segment.slice(1, -1);
    })
    .join('/');
}

function folders({ paths }) {
  const byTag = new Map();
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const [tag = 'other'] = operation.tags ?? [];
      const body = method === 'put' ? (bodies[lastNamed(path)] ?? {}) : operation.requestBody ? {} : undefined;
      const item = request({
        method: method.toUpperCase(),
        path: withExampleNames(path),
        body,
        name: operation.operationId,
      });
      byTag.set(tag, [...(byTag.get(tag) ?? []), item]);
    }
  }
  return [...byTag].map(([name, item]) => ({ name, item }));
}

/** Postman's collection format 2.1. */
export function postmanCollection(document) {
  return {
    info: {
      name: 'Lazurite',
      description: `${document.info.description} Trust the CA at {{baseUrl}}/_lazurite/ca.pem, or use http.`,
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{token}}', type: 'string' }] },
    variable: [
      { key: 'baseUrl', value: 'http://localhost:4567' },
      { key: 'subscriptionId', value: '00000000-0000-0000-0000-000000000001' },
      { key: 'resourceGroupName', value: 'postman' },
      { key: 'token', value: 'any' },
    ],
    item: [{ name: 'A load balancer, step by step', item: walk() }, ...folders(document)],
  };
}
