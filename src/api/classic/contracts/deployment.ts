/**
 * Data contracts of deployments, of virtual machines and of web and worker roles. Imitates "Create Virtual Machine
 * Deployment", "Create Deployment", "Upgrade Deployment" and "Get Deployment".
 */
import { since } from '../fixed-lists.js';
import {
  boolean,
  type ContractType,
  contract,
  encodedLabel,
  enumeration,
  ignored,
  integer,
  list,
  listOf,
  nested,
  nillableText,
  optional,
  optionals,
  required,
  text,
  textOrEmpty,
  type ValueOf,
} from '../xml/contract.js';
import { LoadBalancer } from './networking.js';
import { VmRole } from './role.js';

export const ExtendedProperty = contract('ExtendedProperty', { Name: required(text), Value: required(textOrEmpty) });

export const DnsServer = contract('DnsServer', { Name: required(text), Address: required(text) });
const Dns = contract('Dns', { DnsServers: optional(listOf('DnsServer', DnsServer)) });

/** Body of Create Virtual Machine Deployment. */
export const CreateVmDeployment = contract(
  'Deployment',
  {
    Name: required(text),
    DeploymentSlot: optional(enumeration('DeploymentSlot', ['Production', 'Staging'])),
    Label: required(text),
    RoleList: required(listOf('Role', VmRole)),
    VirtualNetworkName: optional(text),
    Dns: optional(nested(Dns)),
    ReservedIPName: optional(text, { since: since.internalLoadBalancers }),
    LoadBalancers: optional(listOf('LoadBalancer', LoadBalancer), { since: since.internalLoadBalancers }),
  },
  { anyOrderFrom: 'Name' },
);

const InstanceEndpoint = contract('InstanceEndpoint', {
  Name: optional(text),
  Vip: optional(text),
  PublicPort: optional(integer),
  LocalPort: optional(integer),
  Protocol: optional(text),
  IdleTimeoutInMinutes: optional(integer, { since: since.idleTimeout }),
});

const InstancePublicIp = contract('PublicIP', {
  Name: optional(text),
  Address: optional(text),
  IdleTimeoutInMinutes: optional(integer),
  DomainNameLabel: optional(nillableText),
  Fqdns: optional(list('Fqdn', text)),
});

export const RoleInstance = contract('RoleInstance', {
  ...optionals(text, 'RoleName', 'InstanceName', 'InstanceStatus'),
  InstanceUpgradeDomain: optional(integer),
  InstanceFaultDomain: optional(integer),
  InstanceSize: optional(text),
  InstanceStateDetails: optional(textOrEmpty),
  IpAddress: optional(text),
  InstanceEndpoints: optional(listOf('InstanceEndpoint', InstanceEndpoint)),
  ...optionals(text, 'PowerState', 'HostName', 'RemoteAccessCertificateThumbprint'),
  GuestAgentStatus: optional(ignored),
  ResourceExtensionStatusList: optional(ignored),
  PublicIPs: optional(listOf('PublicIP', InstancePublicIp)),
});

const CloudServiceInputEndpoint = contract('InputEndpoint', {
  Port: optional(integer),
  Protocol: optional(text),
  Vip: optional(text),
  VirtualIPName: optional(text, { since: since.cloudServiceVirtualIpName }),
});

const CloudServiceConfigurationSet = contract(
  'ConfigurationSet',
  {
    ConfigurationSetType: optional(text),
    InputEndpoints: optional(listOf('InputEndpoint', CloudServiceInputEndpoint)),
    SubnetNames: optional(list('SubnetName', text)),
  },
  { instanceType: 'NetworkConfigurationSet' },
);

export const CloudServiceRole = contract('Role', {
  RoleName: optional(text),
  OsVersion: optional(textOrEmpty),
  ConfigurationSets: optional(listOf('ConfigurationSet', CloudServiceConfigurationSet)),
});

/** A role of either kind; virtual machines say so in `i:type`. */
const AnyRole: ContractType<ValueOf<typeof VmRole> | ValueOf<typeof CloudServiceRole>> = {
  schema: VmRole.schema,
  read: (element, context) => (element.attributes.has('i:type') ? VmRole : CloudServiceRole).read(element, context),
  write: (value, context) => ('RoleType' in value ? VmRole : CloudServiceRole).write(value, context),
};

const VirtualIp = contract('VirtualIP', {
  Address: optional(text),
  IsDnsProgrammed: optional(boolean),
  Name: optional(text),
  IsReserved: optional(boolean),
  ReservedIPName: optional(text),
  IsSecondaryVip: optional(boolean),
});

const ExtensionUses = listOf('Extension', contract('Extension', { Id: required(text), State: optional(text) }));
const ExtensionConfiguration = optional(
  nested(
    contract('ExtensionConfiguration', {
      AllRoles: optional(ExtensionUses),
      NamedRoles: optional(
        listOf('Role', contract('Role', { RoleName: required(text), Extensions: optional(ExtensionUses) })),
      ),
    }),
  ),
);

/** Document of Get Deployment. */
export const Deployment = contract('Deployment', {
  ...optionals(text, 'Name', 'DeploymentSlot', 'PrivateID', 'Status', 'Label', 'Url', 'Configuration'),
  RoleInstanceList: optional(listOf('RoleInstance', RoleInstance)),
  UpgradeStatus: optional(ignored),
  UpgradeDomainCount: optional(integer),
  RoleList: optional(list('Role', AnyRole)),
  SdkVersion: optional(textOrEmpty),
  Locked: optional(boolean),
  RollbackAllowed: optional(boolean),
  VirtualNetworkName: optional(text),
  Dns: optional(nested(Dns)),
  CreatedTime: optional(text),
  LastModifiedTime: optional(text),
  ExtendedProperties: optional(listOf('ExtendedProperty', ExtendedProperty)),
  PersistentVMDowntime: optional(nillableText),
  ExtensionConfiguration,
  VirtualIPs: optional(listOf('VirtualIP', VirtualIp)),
  ReservedIPName: optional(text),
  InternalDnsSuffix: optional(text),
  LoadBalancers: optional(listOf('LoadBalancer', LoadBalancer), { since: since.internalLoadBalancers }),
  VirtualNetworkId: optional(text, { since: since.virtualIps }),
});

const ExtendedProperties = optional(listOf('ExtendedProperty', ExtendedProperty));
const Mode = optional(enumeration('Mode', ['Auto', 'Manual', 'Simultaneous']));

export const CreateDeployment = contract(
  'CreateDeployment',
  {
    Name: required(text),
    PackageUrl: required(text),
    Label: required(encodedLabel),
    Configuration: required(text),
    StartDeployment: optional(boolean),
    TreatWarningsAsError: optional(boolean),
    ExtendedProperties,
    ExtensionConfiguration,
  },
  { anyOrderFrom: 'StartDeployment' },
);

export const ChangeConfiguration = contract(
  'ChangeConfiguration',
  {
    Configuration: required(text),
    TreatWarningsAsError: optional(boolean),
    Mode,
    ExtendedProperties,
    ExtensionConfiguration,
  },
  { anyOrderFrom: 'TreatWarningsAsError' },
);

export const UpgradeDeployment = contract(
  'UpgradeDeployment',
  {
    Mode,
    PackageUrl: required(text),
    Configuration: required(text),
    Label: required(encodedLabel),
    RoleToUpgrade: optional(text),
    Force: optional(boolean),
    ExtendedProperties,
    ExtensionConfiguration,
  },
  { anyOrderFrom: 'RoleToUpgrade' },
);

export const UpdateDeploymentStatus = contract('UpdateDeploymentStatus', {
  Status: required(enumeration('Status', ['Running', 'Suspended'])),
});

export const RollbackUpdateOrUpgrade = contract(
  'RollbackUpdateOrUpgrade',
  { Mode, Force: optional(boolean) },
  { anyOrderFrom: 'Mode' },
);

export const WalkUpgradeDomain = contract('WalkUpgradeDomain', { UpgradeDomain: required(integer) });

/** Body of Prepare and Validate Deployment Migration: where the machines would go. */
export const DeploymentNetworkResource = contract(
  'DeploymentNetworkResource',
  {
    ...optionals(text, 'ResourceGroupName', 'VirtualNetworkName', 'SubNetName'),
    DestinationVirtualNetwork: required(enumeration('DestinationVirtualNetwork', ['Default', 'New', 'Existing'])),
  },
  { anyOrderFrom: 'ResourceGroupName' },
);

export const RoleInstances = list('Name', text);
