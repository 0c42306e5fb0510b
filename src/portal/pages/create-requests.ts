/** What the wizard asks for, and the requests that make a load balancer of it. */
import { armUrl, type BackendAddress, resourcesVersion } from '../azure/arm.js';
import type { PlannedRequest } from '../azure/http.js';
import { linkRequests, type NetworkInterface } from '../azure/interfaces.js';

/** What the wizard has been told. */
export interface Draft {
  readonly subscriptionId: string;
  readonly group: string;
  readonly name: string;
  readonly location: string;
  readonly sku: string;
  readonly type: 'Public' | 'Internal';
  readonly tier: string;
  readonly frontend: string;
  readonly address: string;
  readonly network: string;
  readonly subnet: string;
  readonly pool: string;
  readonly configuration: 'NIC' | 'IP address';
  readonly members: readonly BackendAddress[];
  /** Ids of the IP configurations of network interfaces that join the pool. */
  readonly interfaceConfigurations: readonly string[];
  readonly rule: string;
  readonly protocol: string;
  readonly port: string;
  readonly backendPort: string;
  readonly probe: string;
  readonly probeProtocol: string;
  readonly probePort: string;
  readonly probePath: string;
  readonly persistence: string;
  readonly outbound: 'no' | 'yes';
  readonly outboundPorts: string;
  readonly tags: string;
}

/** What it starts with. */
export const start: Draft = {
  subscriptionId: '',
  group: '',
  name: '',
  location: 'westeurope',
  sku: 'Standard',
  type: 'Public',
  tier: 'Regional',
  frontend: 'frontend',
  address: '',
  network: '',
  subnet: 'default',
  pool: 'backend',
  configuration: 'IP address',
  members: [
    { name: 'vm1', properties: { ipAddress: '10.0.0.4' } },
    { name: 'vm2', properties: { ipAddress: '10.0.0.5' } },
  ],
  interfaceConfigurations: [],
  rule: 'http',
  protocol: 'Tcp',
  port: '80',
  backendPort: '80',
  probe: 'probe',
  probeProtocol: 'Tcp',
  probePort: '80',
  probePath: '/',
  persistence: 'Default',
  outbound: 'no',
  outboundPorts: '1024',
  tags: '',
};

/** The tabs. */
export const steps = [
  'Basics',
  'Frontend IP configuration',
  'Backend pools',
  'Inbound rules',
  'Outbound rules',
  'Tags',
  'Review + create',
] as const;

export type Step = (typeof steps)[number];

/** A field: its tab, and how Azure's errors name it: by a member, or by the name that it holds. */
interface Asked {
  readonly step: Step;
  readonly member?: string;
  readonly isName?: true;
}

export const asked: Readonly<Partial<Record<keyof Draft, Asked>>> = {
  group: { step: 'Basics', isName: true },
  name: { step: 'Basics', isName: true },
  location: { step: 'Basics', member: 'location' },
  sku: { step: 'Basics', member: 'sku' },
  tier: { step: 'Basics', member: 'tier' },
  frontend: { step: 'Frontend IP configuration', isName: true },
  address: { step: 'Frontend IP configuration', isName: true },
  network: { step: 'Frontend IP configuration', isName: true },
  subnet: { step: 'Frontend IP configuration', isName: true },
  pool: { step: 'Backend pools', isName: true },
  members: { step: 'Backend pools', member: 'ipAddress' },
  interfaceConfigurations: { step: 'Backend pools', member: 'loadBalancerBackendAddressPools' },
  rule: { step: 'Inbound rules', isName: true },
  probe: { step: 'Inbound rules', isName: true },
  port: { step: 'Inbound rules', member: 'frontendPort' },
  backendPort: { step: 'Inbound rules', member: 'backendPort' },
  probePort: { step: 'Inbound rules', member: 'port' },
  probePath: { step: 'Inbound rules', member: 'requestPath' },
  persistence: { step: 'Inbound rules', member: 'loadDistribution' },
  outboundPorts: { step: 'Outbound rules', member: 'allocatedOutboundPorts' },
  tags: { step: 'Tags', member: 'tags' },
};

/** What must be entered before anything is sent. */
export const required = [
  'group',
  'name',
  'frontend',
  'pool',
  'rule',
  'probe',
  'port',
  'backendPort',
  'probePort',
] as const;

/** The id of the resource group that it is made in. */
export const groupIdOf = ({ subscriptionId, group }: Draft): string =>
  `/subscriptions/${subscriptionId}/resourceGroups/${group}`;
const providerOf = (draft: Draft): string => `${groupIdOf(draft)}/providers/Microsoft.Network`;

/** The id of the load balancer that is made. */
export const balancerIdOf = (draft: Draft): string => `${providerOf(draft)}/loadBalancers/${draft.name}`;

/** Whether the load balancer or its members are in the virtual network that the wizard asks for. */
export const needsNetwork = ({ type, configuration }: Draft): boolean =>
  type === 'Internal' || configuration === 'IP address';

/** What there is already. */
export interface Existing {
  /** Ids of resource groups, virtual networks and public IP addresses. */
  readonly ids: readonly string[];
  readonly interfaces: readonly NetworkInterface[];
}

/** Every request of the wizard, in the order in which they are sent. What exists is used as it is. */
export function plannedRequests(draft: Draft, { ids, interfaces }: Existing): PlannedRequest[] {
  const groupId = groupIdOf(draft);
  const provider = providerOf(draft);
  const id = balancerIdOf(draft);
  const networkId = `${provider}/virtualNetworks/${draft.network || `${draft.name}-vnet`}`;
  const addressId = `${provider}/publicIPAddresses/${draft.address || `${draft.name}-ip`}`;
  const known = new Set(ids.map((one) => one.toLowerCase()));
  const isNew = (one: string): boolean => !known.has(one.toLowerCase());
  const isPublic = draft.type === 'Public';
  const byAddress = draft.configuration === 'IP address';
  const [first] = draft.members;
  const prefix = /^(\d+\.\d+)\./.exec(first?.properties.ipAddress ?? '')?.[1] ?? '10.0';
  const put = (url: string, body: unknown): PlannedRequest => ({ method: 'PUT', url, body });
  const { location, sku } = draft;
  const frontendId = `${id}/frontendIPConfigurations/${draft.frontend}`;
  const poolId = `${id}/backendAddressPools/${draft.pool}`;
  const tags = Object.fromEntries(
    draft.tags
      .split(',')
      .filter(Boolean)
      .map((pair) => pair.split('=').map((part) => part.trim()) as [string, string]),
  );
  return [
    ...(isNew(groupId) ? [put(`${groupId}?api-version=${resourcesVersion}`, { location })] : []),
    ...(needsNetwork(draft) && isNew(networkId)
      ? [
          put(armUrl(networkId), {
            location,
            properties: {
              addressSpace: { addressPrefixes: [`${prefix}.0.0/16`] },
              subnets: [{ name: draft.subnet, properties: { addressPrefix: `${prefix}.0.0/24` } }],
            },
          }),
        ]
      : []),
    ...(isPublic && isNew(addressId)
      ? [
          put(armUrl(addressId), {
            location,
            sku: { name: sku, tier: draft.tier },
            properties: { publicIPAllocationMethod: 'Static' },
          }),
        ]
      : []),
    put(armUrl(id), {
      location,
      sku: { name: sku, tier: draft.tier },
      ...(Object.keys(tags).length > 0 ? { tags } : {}),
      properties: {
        frontendIPConfigurations: [
          {
            name: draft.frontend,
            properties: isPublic
              ? { publicIPAddress: { id: addressId } }
              : { subnet: { id: `${networkId}/subnets/${draft.subnet}` }, privateIPAllocationMethod: 'Dynamic' },
          },
        ],
        backendAddressPools: [
          {
            name: draft.pool,
            properties: byAddress
              ? {
                  loadBalancerBackendAddresses: draft.members.map(({ name, properties }) => ({
                    name,
                    properties: { ...properties, virtualNetwork: { id: networkId } },
                  })),
                }
              : {},
          },
        ],
        probes: [
          {
            name: draft.probe,
            properties: {
              protocol: draft.probeProtocol,
              port: Number(draft.probePort),
              ...(draft.probeProtocol === 'Tcp' ? {} : { requestPath: draft.probePath }),
              intervalInSeconds: 5,
              probeThreshold: 1,
            },
          },
        ],
        loadBalancingRules: [
          {
            name: draft.rule,
            properties: {
              frontendIPConfiguration: { id: frontendId },
              backendAddressPool: { id: poolId },
              probe: { id: `${id}/probes/${draft.probe}` },
              protocol: draft.protocol,
              frontendPort: Number(draft.port),
              backendPort: Number(draft.backendPort),
              loadDistribution: draft.persistence,
              ...(draft.outbound === 'yes' ? { disableOutboundSnat: true } : {}),
            },
          },
        ],
        ...(draft.outbound === 'yes'
          ? {
              outboundRules: [
                {
                  name: 'outbound',
                  properties: {
                    frontendIPConfigurations: [{ id: frontendId }],
                    backendAddressPool: { id: poolId },
                    protocol: 'All',
                    allocatedOutboundPorts: Number(draft.outboundPorts),
                  },
                },
              ],
            }
          : {}),
      },
    }),
    ...(byAddress
      ? []
      : linkRequests(interfaces, {
          link: 'loadBalancerBackendAddressPools',
          target: poolId,
          wanted: draft.interfaceConfigurations,
        })),
  ];
}

const deploymentSchema = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#';

/**
 * Asks Azure whether it would take the requests, as the portal does before it creates: `validate` of a template of what they
 * put into the resource group, one after the other. Undefined as long as the group does not exist: Azure validates in one.
 */
export function validationRequest(draft: Draft, requests: readonly PlannedRequest[]): PlannedRequest | undefined {
  const group = groupIdOf(draft);
  const provider = `${group}/providers/`;
  const begins = (url: string, place: string): boolean => url.toLowerCase().startsWith(place.toLowerCase());
  if (requests.some(({ url }) => begins(url, `${group}?`))) return undefined;
  const resources = requests
    .filter(({ url }) => begins(url, provider))
    .map(({ url, body }) => {
      const { pathname: id, searchParams } = new URL(url, 'http://localhost');
      const [namespace, type, name] = id.slice(provider.length).split('/');
      return {
        ...(body as object),
        id,
        type: `${namespace}/${type}`,
        name,
        apiVersion: searchParams.get('api-version'),
      };
    });
  const template = {
    $schema: deploymentSchema,
    contentVersion: '1.0.0.0',
    resources: resources.map(({ id: _, ...resource }, index) => ({
      ...resource,
      dependsOn: resources.slice(0, index).map(({ id }) => id),
    })),
  };
  return {
    method: 'POST',
    url: armUrl(`${provider}Microsoft.Resources/deployments/${draft.name}/validate`, resourcesVersion),
    body: { properties: { mode: 'Incremental', template } },
  };
}
