/**
 * The documents in which classic resources are kept: a hosted service with its deployments is one aggregate. Members
 * that go over the wire as they are have Azure's names. Imitates "Service Management REST API: Get Deployment".
 */

export type EndpointProtocol = 'tcp' | 'udp';
export type LoadBalancerDistribution = 'sourceIP' | 'sourceIPProtocol' | 'none';
export type DeploymentSlot = 'Production' | 'Staging';
export type RolePowerState = 'Started' | 'Stopped' | 'StoppedDeallocated';

export interface LoadBalancerProbe {
  readonly Path?: string | undefined;
  readonly Port: number;
  readonly Protocol: 'tcp' | 'http';
  readonly IntervalInSeconds: number;
  readonly TimeoutInSeconds: number;
}

export interface AclRule {
  readonly Order: number;
  readonly Action: 'permit' | 'deny';
  readonly RemoteSubnet: string;
  readonly Description?: string | undefined;
}

/** What endpoints of one load-balanced set have in common. */
export interface SharedEndpointSettings {
  readonly Port: number;
  readonly LoadBalancerProbe?: LoadBalancerProbe | undefined;
  readonly Protocol: EndpointProtocol;
  readonly EnableDirectServerReturn: boolean;
  readonly EndpointAcl?: { readonly Rules?: readonly AclRule[] | undefined } | undefined;
  readonly LoadBalancerName?: string | undefined;
  readonly IdleTimeoutInMinutes?: number | undefined;
  readonly LoadBalancerDistribution?: LoadBalancerDistribution | undefined;
  readonly VirtualIPName?: string | undefined;
}

/** An input endpoint of a virtual machine. */
export interface InputEndpoint extends SharedEndpointSettings {
  readonly LoadBalancedEndpointSetName?: string | undefined;
  readonly LocalPort: number;
  readonly Name: string;
}

type Unchecked<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** An input endpoint as a request has it: nothing checked, nothing defaulted. */
export type InputEndpointRequest = Unchecked<Omit<InputEndpoint, 'LoadBalancerProbe' | 'EndpointAcl'>> & {
  readonly LoadBalancerProbe?: Unchecked<LoadBalancerProbe> | undefined;
  readonly EndpointAcl?: AclRequest | undefined;
  readonly Vip?: string | undefined;
};

/** An ACL as a request has it. */
export interface AclRequest {
  readonly Rules?: readonly Unchecked<AclRule>[] | undefined;
}

/** A public address of one instance, next to the deployment's VIP. */
export interface PublicIp {
  readonly Name: string;
  readonly IdleTimeoutInMinutes?: number | undefined;
  readonly DomainNameLabel?: string | undefined;
}

/** What Lazurite keeps of a virtual machine besides its network: returned, never used. */
export interface VirtualMachineSettings {
  readonly RoleSize: string;
  readonly AvailabilitySetName?: string | undefined;
  readonly ProvisionGuestAgent?: boolean | undefined;
  readonly VMImageName?: string | undefined;
  readonly ResourceExtensionReferences?: readonly ResourceExtensionReference[] | undefined;
  readonly DataVirtualHardDisks: readonly DataVirtualHardDisk[];
  readonly OSVirtualHardDisk?: OsVirtualHardDisk | undefined;
}

export interface ResourceExtensionReference {
  readonly ReferenceName?: string | undefined;
  readonly Publisher?: string | undefined;
  readonly Name?: string | undefined;
  readonly Version?: string | undefined;
  readonly ResourceExtensionParameterValues?:
    | readonly {
        readonly Key?: string | undefined;
        readonly Value?: string | undefined;
        readonly Type?: string | undefined;
      }[]
    | undefined;
  readonly State?: string | undefined;
}

export interface DataVirtualHardDisk {
  readonly HostCaching?: string | undefined;
  readonly DiskLabel?: string | undefined;
  readonly DiskName?: string | undefined;
  readonly Lun?: number | undefined;
  readonly LogicalDiskSizeInGB?: number | undefined;
  readonly MediaLink?: string | undefined;
  readonly IOType?: string | undefined;
}

export interface OsVirtualHardDisk {
  readonly HostCaching?: string | undefined;
  readonly DiskName?: string | undefined;
  readonly MediaLink?: string | undefined;
  readonly SourceImageName?: string | undefined;
  readonly OS?: string | undefined;
  readonly IOType?: string | undefined;
}

/** A virtual machine. */
export interface VmRole {
  readonly RoleName: string;
  readonly InputEndpoints: readonly InputEndpoint[];
  readonly SubnetNames: readonly string[];
  readonly StaticVirtualNetworkIPAddress?: string | undefined;
  readonly PublicIPs: readonly PublicIp[];
  readonly settings: VirtualMachineSettings;
}

/** What runs: a virtual machine, or one of the machines of a web or worker role. */
export interface RoleInstance {
  readonly RoleName: string;
  readonly InstanceName: string;
  readonly InstanceSize: string;
  readonly InstanceUpgradeDomain: number;
  readonly InstanceFaultDomain: number;
  readonly IpAddress: string;
  readonly power: RolePowerState;
  /** Addresses of the role's PublicIPs, in their order. */
  readonly publicAddresses: readonly string[];
}

/** An internal load balancer: a private address of the deployment with ports of its own. */
export interface InternalLoadBalancer {
  readonly Name: string;
  readonly FrontendIpConfiguration: FrontendIpConfiguration;
  readonly address: string;
}

export interface FrontendIpConfiguration {
  readonly Type: 'Private';
  readonly SubnetName?: string | undefined;
  readonly StaticVirtualNetworkIPAddress?: string | undefined;
}

/** A public address of a deployment next to its first one. Azure gives it an address once an endpoint uses it. */
export interface AdditionalVip {
  readonly Name: string;
  readonly Address?: string | undefined;
  readonly ReservedIPName?: string | undefined;
}

interface DeploymentBase {
  readonly Name: string;
  readonly DeploymentSlot: DeploymentSlot;
  readonly PrivateID: string;
  /** Base64, as Azure returns it. */
  readonly Label: string;
  readonly Status: 'Running' | 'Suspended';
  readonly createdMs: number;
  readonly modifiedMs: number;
  /** The public virtual IP address. */
  readonly vip: string;
  readonly ReservedIPName?: string | undefined;
  /** The first VIP's name when a reserved IP gave it one; it stays when the address goes: recorded. */
  readonly vipName?: string | undefined;
  readonly additionalVips?: readonly AdditionalVip[] | undefined;
  /** An additional VIP had an address once; endpoints name their VIP ever since: recorded. */
  readonly namesVips?: true | undefined;
  readonly VirtualNetworkName?: string | undefined;
  readonly LoadBalancers: readonly InternalLoadBalancer[];
  readonly instances: readonly RoleInstance[];
  /** Some endpoint was public once: decides how Azure names the virtual IP. */
  readonly hadPublicEndpoints: boolean;
  /** Request id of the latest write; while that runs, no other may begin. */
  readonly latestOperation?: string | undefined;
}

/** A name server that the machines of a deployment ask. */
export interface DnsServer {
  readonly Name: string;
  readonly Address: string;
}

/** How far a deployment's migration to Resource Manager is; undefined before it begins and after an abort. */
export type MigrationState = 'Prepared' | 'Committed';

export interface VmDeployment extends DeploymentBase {
  readonly kind: 'virtualMachines';
  readonly migrationState?: MigrationState | undefined;
  readonly dnsServers?: readonly DnsServer[] | undefined;
  readonly roles: readonly VmRole[];
}

export interface CloudServiceDeployment extends DeploymentBase {
  readonly kind: 'cloudService';
  readonly definition: ServiceDefinition;
  readonly configuration: ServiceConfiguration;
  /** The .cscfg as it was sent, in base64. */
  readonly Configuration: string;
  readonly ExtendedProperties: readonly ExtendedProperty[];
  readonly extensions?: ExtensionConfiguration | undefined;
}

interface ExtensionUse {
  readonly Id: string;
  readonly State?: string | undefined;
}

/** Which of its service's extensions a deployment uses, by their Id: kept and shown, nothing runs them. */
export interface ExtensionConfiguration {
  readonly AllRoles?: readonly ExtensionUse[] | undefined;
  readonly NamedRoles?:
    | readonly { readonly RoleName: string; readonly Extensions?: readonly ExtensionUse[] | undefined }[]
    | undefined;
}

/** An extension that deployments of a hosted service may use. Its private configuration is not kept. */
export interface ServiceExtension {
  readonly ProviderNameSpace: string;
  readonly Type: string;
  readonly Id: string;
  readonly Version?: string | undefined;
  readonly Thumbprint?: string | undefined;
  readonly ThumbprintAlgorithm?: string | undefined;
  readonly PublicConfiguration?: string | undefined;
}

export type Deployment = VmDeployment | CloudServiceDeployment;

export interface ExtendedProperty {
  readonly Name: string;
  readonly Value: string;
}

export interface HostedService {
  readonly subscriptionId: string;
  readonly ServiceName: string;
  /** Base64. */
  readonly Label: string;
  readonly Description: string | null;
  readonly Location?: string | undefined;
  readonly AffinityGroup?: string | undefined;
  readonly ExtendedProperties: readonly ExtendedProperty[];
  readonly ReverseDnsFqdn?: string | undefined;
  readonly createdMs: number;
  readonly modifiedMs: number;
  readonly deployments: readonly Deployment[];
  readonly extensions?: readonly ServiceExtension[] | undefined;
  readonly certificates?: readonly ServiceCertificate[] | undefined;
  /** It has or had a deployment: Azure has added its own extended properties by then. */
  readonly hadDeployment?: true | undefined;
}

export interface ReservedIp {
  readonly subscriptionId: string;
  readonly Name: string;
  readonly Address: string;
  readonly Id: string;
  readonly Label?: string | undefined;
  readonly Location: string;
  readonly ServiceName?: string | undefined;
  readonly DeploymentName?: string | undefined;
  readonly VirtualIPName?: string | undefined;
  readonly migrationState?: MigrationState | undefined;
}

/** A certificate of a hosted service. Its private key, if there was one, is not kept. */
export interface ServiceCertificate {
  /** SHA-1 of the certificate, in capital hexadecimal digits. */
  readonly thumbprint: string;
  /** DER in base64. */
  readonly data: string;
}

/** A management certificate. */
export interface CertificateRecord {
  readonly subscriptionId: string;
  readonly thumbprint: string;
  readonly publicKey: string;
  /** DER in base64. */
  readonly data: string;
  readonly createdMs: number;
}

/** The subscription's network configuration: the document itself, and what it says. */
export interface NetworkConfigurationRecord {
  readonly subscriptionId: string;
  readonly text: string;
  readonly sites: readonly VirtualNetworkSiteRecord[];
}

export interface VirtualNetworkSiteRecord {
  readonly Name: string;
  readonly Id: string;
  readonly Location: string | undefined;
  readonly addressPrefixes: readonly string[];
  readonly subnets: readonly { readonly Name: string; readonly AddressPrefix: string }[];
  readonly migrationState?: MigrationState | undefined;
}

/** What a .csdef says about networking. */
export interface ServiceDefinition {
  readonly name: string;
  /** The package is out of reach: the roles are the configuration's, and which endpoints they have is not known. */
  readonly unread?: true | undefined;
  readonly upgradeDomainCount: number;
  readonly probes: readonly (LoadBalancerProbe & { readonly name: string })[];
  readonly roles: readonly RoleDefinition[];
}

export interface RoleDefinition {
  readonly name: string;
  readonly type: 'WebRole' | 'WorkerRole';
  readonly vmsize: string;
  readonly inputEndpoints: readonly CloudServiceEndpoint[];
  readonly instanceInputEndpoints: readonly InstanceInputEndpoint[];
}

/** An InputEndpoint of a web or worker role: all its instances share it. */
export interface CloudServiceEndpoint {
  readonly name: string;
  readonly protocol: 'http' | 'https' | 'tcp' | 'udp';
  readonly port: number;
  readonly localPort: number;
  readonly loadBalancerProbe?: string | undefined;
  readonly loadBalancer?: string | undefined;
  readonly loadBalancerDistribution?: LoadBalancerDistribution | undefined;
  readonly idleTimeoutInMinutes?: number | undefined;
}

/** An InstanceInputEndpoint: every instance has a public port of its own. */
export interface InstanceInputEndpoint {
  readonly name: string;
  readonly protocol: EndpointProtocol;
  readonly localPort: number;
  readonly minPort: number;
  readonly maxPort: number;
}

/** What a .cscfg says about instances and networking. */
export interface ServiceConfiguration {
  readonly serviceName: string;
  readonly osFamily: string;
  readonly roles: readonly { readonly name: string; readonly instances: number }[];
  /** Of the service's certificates that the roles name. */
  readonly thumbprints?: readonly string[] | undefined;
  readonly accessControls: readonly { readonly name: string; readonly rules: readonly AclRule[] }[];
  readonly endpointAcls: readonly {
    readonly role: string;
    readonly endpoint: string;
    readonly accessControl: string;
  }[];
  readonly virtualNetworkSite?: string | undefined;
  readonly instanceAddresses: readonly {
    readonly roleName: string;
    readonly subnets: readonly string[];
    readonly publicIps: readonly PublicIp[];
  }[];
  readonly reservedIps: readonly string[];
  readonly loadBalancers: readonly {
    readonly Name: string;
    readonly FrontendIpConfiguration: FrontendIpConfiguration;
  }[];
}
