/**
 * The shapes of the classic documents (`types.ts`) as schemas: by these a snapshot is checked, because what a request may
 * say is checked against the XML contracts and never reaches the store otherwise.
 */
import type { SchemaNode } from '../schema.js';
import { validateBody } from '../validation.js';

type Members = Readonly<Record<string, SchemaNode>>;

const text: SchemaNode = { type: 'string' };
const number: SchemaNode = { type: 'number' };
const flag: SchemaNode = { type: 'boolean' };
/** An object that is kept and shown, never used. */
const kept: SchemaNode = { type: 'object' };
const port = { type: 'integer', minimum: 0, maximum: 65_535 } as SchemaNode;
const oneOf = (...choices: readonly string[]): SchemaNode => ({ type: 'string', enum: choices });
const list = (items: SchemaNode): SchemaNode => ({ type: 'array', items });
/** Members that must be there, and members that may be. */
const shape = (required: Members, optional: Members = {}): SchemaNode => ({
  type: 'object',
  required: Object.keys(required),
  properties: { ...required, ...optional },
});

const migrationState = oneOf('Prepared', 'Committed');
const distribution = oneOf('sourceIP', 'sourceIPProtocol', 'none');
const probe = { Port: port, Protocol: oneOf('tcp', 'http'), IntervalInSeconds: number, TimeoutInSeconds: number };
const aclRule = shape({ Order: number, Action: oneOf('permit', 'deny'), RemoteSubnet: text }, { Description: text });
const publicIp = shape({ Name: text }, { IdleTimeoutInMinutes: number, DomainNameLabel: text });
const properties = list(shape({ Name: text, Value: text }));
const frontendIp = shape({ Type: text }, { SubnetName: text, StaticVirtualNetworkIPAddress: text });
const loadBalancer = { Name: text, FrontendIpConfiguration: frontendIp };

const endpoint = shape(
  { Name: text, Port: port, LocalPort: port, Protocol: oneOf('tcp', 'udp'), EnableDirectServerReturn: flag },
  {
    LoadBalancerProbe: shape(probe, { Path: text }),
    EndpointAcl: shape({}, { Rules: list(aclRule) }),
    LoadBalancedEndpointSetName: text,
    LoadBalancerName: text,
    IdleTimeoutInMinutes: number,
    LoadBalancerDistribution: distribution,
    VirtualIPName: text,
  },
);

const vmRole = shape(
  {
    RoleName: text,
    InputEndpoints: list(endpoint),
    SubnetNames: list(text),
    PublicIPs: list(publicIp),
    settings: shape(
      { RoleSize: text, DataVirtualHardDisks: list(kept) },
      {
        AvailabilitySetName: text,
        ProvisionGuestAgent: flag,
        VMImageName: text,
        OSVirtualHardDisk: kept,
        ResourceExtensionReferences: list(shape({}, { ResourceExtensionParameterValues: list(kept) })),
      },
    ),
  },
  { StaticVirtualNetworkIPAddress: text },
);

const instance = shape({
  RoleName: text,
  InstanceName: text,
  InstanceSize: text,
  InstanceUpgradeDomain: number,
  InstanceFaultDomain: number,
  IpAddress: text,
  power: oneOf('Started', 'Stopped', 'StoppedDeallocated'),
  publicAddresses: list(text),
});

const cloudServiceRole = shape({
  name: text,
  type: oneOf('WebRole', 'WorkerRole'),
  vmsize: text,
  inputEndpoints: list(
    shape(
      { name: text, protocol: oneOf('http', 'https', 'tcp', 'udp'), port, localPort: port },
      {
        loadBalancerProbe: text,
        loadBalancer: text,
        loadBalancerDistribution: distribution,
        idleTimeoutInMinutes: number,
      },
    ),
  ),
  instanceInputEndpoints: list(
    shape({ name: text, protocol: oneOf('tcp', 'udp'), localPort: port, minPort: port, maxPort: port }),
  ),
});

const definition = shape(
  {
    name: text,
    upgradeDomainCount: number,
    probes: list(shape({ name: text, ...probe }, { Path: text })),
    roles: list(cloudServiceRole),
  },
  { unread: flag },
);

const extensionUses = list(shape({ Id: text }, { State: text }));
const extensionConfiguration = shape(
  {},
  { AllRoles: extensionUses, NamedRoles: list(shape({ RoleName: text }, { Extensions: extensionUses })) },
);
const serviceExtension = shape(
  { ProviderNameSpace: text, Type: text, Id: text },
  { Version: text, Thumbprint: text, ThumbprintAlgorithm: text, PublicConfiguration: text },
);

const configuration = shape(
  {
    serviceName: text,
    osFamily: text,
    roles: list(shape({ name: text, instances: number })),
    accessControls: list(shape({ name: text, rules: list(aclRule) })),
    endpointAcls: list(shape({ role: text, endpoint: text, accessControl: text })),
    instanceAddresses: list(shape({ roleName: text, subnets: list(text), publicIps: list(publicIp) })),
    reservedIps: list(text),
    loadBalancers: list(shape(loadBalancer)),
  },
  { virtualNetworkSite: text, thumbprints: list(text) },
);

const deployment = shape(
  {
    kind: oneOf('virtualMachines', 'cloudService'),
    Name: text,
    DeploymentSlot: oneOf('Production', 'Staging'),
    PrivateID: text,
    Label: text,
    Status: oneOf('Running', 'Suspended'),
    createdMs: number,
    modifiedMs: number,
    vip: text,
    LoadBalancers: list(shape({ ...loadBalancer, address: text })),
    instances: list(instance),
    hadPublicEndpoints: flag,
  },
  {
    ReservedIPName: text,
    additionalVips: list(shape({ Name: text }, { Address: text, ReservedIPName: text })),
    namesVips: flag,
    VirtualNetworkName: text,
    latestOperation: text,
    migrationState,
    roles: list(vmRole),
    definition,
    configuration,
    Configuration: text,
    ExtendedProperties: properties,
    extensions: extensionConfiguration,
  },
);

/** What a deployment has beside the members of every kind. */
const ofKind: Readonly<Record<string, SchemaNode>> = {
  virtualMachines: shape({ roles: list(kept) }),
  cloudService: shape({ definition: kept, configuration: kept, Configuration: text, ExtendedProperties: list(kept) }),
};

/** By the kind of document. */
const shapes: Readonly<Record<string, SchemaNode>> = {
  hostedService: shape(
    {
      subscriptionId: text,
      ServiceName: text,
      Label: text,
      ExtendedProperties: properties,
      createdMs: number,
      modifiedMs: number,
      deployments: list(deployment),
    },
    {
      Description: { ...text, nullable: true } as SchemaNode,
      Location: text,
      AffinityGroup: text,
      ReverseDnsFqdn: text,
      extensions: list(serviceExtension),
      certificates: list(shape({ thumbprint: text, data: text })),
      hadDeployment: flag,
    },
  ),
  reservedIp: shape(
    { subscriptionId: text, Name: text, Address: text, Id: text, Location: text },
    { Label: text, ServiceName: text, DeploymentName: text, VirtualIPName: text, migrationState },
  ),
  certificate: shape({ subscriptionId: text, thumbprint: text, publicKey: text, data: text, createdMs: number }),
  networkConfiguration: shape({
    subscriptionId: text,
    text,
    sites: list(
      shape(
        {
          Name: text,
          Id: text,
          addressPrefixes: list(text),
          subnets: list(shape({ Name: text, AddressPrefix: text })),
        },
        { Location: text, migrationState },
      ),
    ),
  }),
};

/** Throws `InvalidRequestFormat` when a stored document does not have the shape of its kind. */
export function checkClassicDocument(kind: string, document: object): void {
  const source = { text: JSON.stringify(document) };
  validateBody(document, shapes[kind] ?? shape({ [`kind '${kind}'`]: text }), source);
  const { deployments = [] } = document as { deployments?: readonly { kind: string }[] };
  for (const one of deployments) validateBody(one, ofKind[one.kind] as SchemaNode, { text: JSON.stringify(one) });
}
