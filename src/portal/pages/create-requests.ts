/** What the wizard asks for, and the requests that make a load balancer of it. */
import { armUrl, resourcesVersion } from '../azure/arm.js';
import type { PlannedRequest } from '../azure/http.js';

export interface Member {
  readonly name: string;
  readonly address: string;
}

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
  readonly members: readonly Member[];
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
  members: [
    { name: 'vm1', address: '10.0.0.4' },
    { name: 'vm2', address: '10.0.0.5' },
  ],
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

/** Every request of the wizard, in the order in which they are sent. */
export function plannedRequests(draft: Draft): PlannedRequest[] {
  const groupId = `/subscriptions/${draft.subscriptionId}/resourceGroups/${draft.group}`;
  const provider = `${groupId}/providers/Microsoft.Network`;
  const id = `${provider}/loadBalancers/${draft.name}`;
  const networkName = draft.network || `${draft.name}-vnet`;
  const networkId = `${provider}/virtualNetworks/${networkName}`;
  const addressName = draft.address || `${draft.name}-ip`;
  const isPublic = draft.type === 'Public';
  const [first] = draft.members;
  const prefix = /^(\d+\.\d+)\./.exec(first?.address ?? '')?.[1] ?? '10.0';
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
    put(`${groupId}?api-version=${resourcesVersion}`, { location }),
    put(armUrl(networkId), {
      location,
      properties: {
        addressSpace: { addressPrefixes: [`${prefix}.0.0/16`] },
        subnets: [{ name: draft.subnet, properties: { addressPrefix: `${prefix}.0.0/24` } }],
      },
    }),
    ...(isPublic
      ? [
          put(armUrl(`${provider}/publicIPAddresses/${addressName}`), {
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
              ? { publicIPAddress: { id: `${provider}/publicIPAddresses/${addressName}` } }
              : { subnet: { id: `${networkId}/subnets/${draft.subnet}` }, privateIPAllocationMethod: 'Dynamic' },
          },
        ],
        backendAddressPools: [
          {
            name: draft.pool,
            properties: {
              loadBalancerBackendAddresses: draft.members.map(({ name, address }) => ({
                name,
                properties: { ipAddress: address, virtualNetwork: { id: networkId } },
              })),
            },
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
  ];
}
