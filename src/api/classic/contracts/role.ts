/**
 * Data contracts of virtual machines and of what can be done to a running one. Imitates "Add Role", "Update Role", "Get
 * Role", "Shutdown Role" and its siblings.
 */
import { since } from '../fixed-lists.js';
import {
  boolean,
  contract,
  enumeration,
  ignored,
  integer,
  list,
  listOf,
  nested,
  optional,
  optionals,
  required,
  text,
  textOrEmpty,
} from '../xml/contract.js';
import { InputEndpoint } from './networking.js';

export const PublicIp = contract('PublicIP', {
  Name: required(text),
  IdleTimeoutInMinutes: optional(integer),
  DomainNameLabel: optional(text),
});

/** Sent in one type with everything any configuration set may have; `ConfigurationSetType` says which one it is. */
export const ConfigurationSet = contract(
  'ConfigurationSet',
  {
    ConfigurationSetType: required(text),
    InputEndpoints: optional(listOf('InputEndpoint', InputEndpoint)),
    SubnetNames: optional(list('SubnetName', text)),
    StaticVirtualNetworkIPAddress: optional(text),
    PublicIPs: optional(listOf('PublicIP', PublicIp)),
    ...optionals(
      ignored,
      'NetworkInterfaces',
      'NetworkSecurityGroup',
      'IPForwarding',
      'StoredCertificateSettings',
      'HostName',
      'UserName',
      'UserPassword',
      'DisableSshPasswordAuthentication',
      'SSH',
      'CustomData',
      'ComputerName',
      'AdminPassword',
      'AdminUsername',
      'ResetPasswordOnFirstLogon',
      'EnableAutomaticUpdates',
      'TimeZone',
      'DomainJoin',
      'WinRM',
      'AdditionalUnattendContent',
    ),
  },
  { anyOrderFrom: 'InputEndpoints', instanceType: 'NetworkConfigurationSet' },
);

const ExtensionParameter = contract(
  'ResourceExtensionParameterValue',
  { Key: optional(text), Value: optional(text), Type: optional(text) },
  { anyOrderFrom: 'Key' },
);

export const ResourceExtensionReference = contract(
  'ResourceExtensionReference',
  {
    ...optionals(text, 'ReferenceName', 'Publisher', 'Name', 'Version'),
    ResourceExtensionParameterValues: optional(listOf('ResourceExtensionParameterValue', ExtensionParameter)),
    State: optional(text),
    ForceUpdate: optional(ignored),
    Certificates: optional(ignored),
  },
  { anyOrderFrom: 'ReferenceName' },
);

export const DataVirtualHardDisk = contract(
  'DataVirtualHardDisk',
  {
    ...optionals(text, 'HostCaching', 'DiskLabel', 'DiskName'),
    Lun: optional(integer),
    LogicalDiskSizeInGB: optional(integer),
    MediaLink: optional(text),
    SourceMediaLink: optional(ignored),
    IOType: optional(text),
  },
  { anyOrderFrom: 'HostCaching' },
);

export const OsVirtualHardDisk = contract(
  'OSVirtualHardDisk',
  {
    HostCaching: optional(text),
    DiskLabel: optional(ignored),
    ...optionals(text, 'DiskName', 'MediaLink', 'SourceImageName', 'OS'),
    RemoteSourceImageLink: optional(ignored),
    IOType: optional(text),
    ResizedSizeInGB: optional(ignored),
  },
  { anyOrderFrom: 'HostCaching' },
);

const members = {
  RoleName: optional(text),
  OsVersion: optional(textOrEmpty),
  RoleType: optional(text),
  ConfigurationSets: optional(listOf('ConfigurationSet', ConfigurationSet)),
  ResourceExtensionReferences: optional(listOf('ResourceExtensionReference', ResourceExtensionReference)),
  VMImageName: optional(text),
  MediaLocation: optional(ignored),
  AvailabilitySetName: optional(text),
  DataVirtualHardDisks: optional(listOf('DataVirtualHardDisk', DataVirtualHardDisk)),
  Label: optional(ignored),
  OSVirtualHardDisk: optional(nested(OsVirtualHardDisk)),
  RoleSize: optional(text),
  DefaultWinRmCertificateThumbprint: optional(text),
  ProvisionGuestAgent: optional(boolean),
  ...optionals(ignored, 'VMImageInput', 'UseCertificateAuthentication', 'DebugSettings', 'LicenseType'),
  MigrationState: optional(text, { since: since.migration }),
};

/** Document of Add Role, Update Role and Get Role. Orders differ between client generations. */
export const PersistentVmRole = contract('PersistentVMRole', members, { anyOrderFrom: 'RoleName' });

/** A role in a deployment's RoleList: of virtual machines, with a type attribute. */
export const VmRole = contract('Role', members, { anyOrderFrom: 'RoleName', instanceType: 'PersistentVMRole' });

const OperationType = optional(text);
const PostShutdownAction = optional(enumeration('PostShutdownAction', ['Stopped', 'StoppedDeallocated']));
const Roles = optional(list('Name', text));

export const StartRoleOperation = contract('StartRoleOperation', { OperationType });
export const RestartRoleOperation = contract('RestartRoleOperation', { OperationType });
export const RedeployRoleOperation = contract('RedeployRoleOperation', { OperationType });
export const PerformMaintenanceOnRoleOperation = contract('PerformMaintenanceOnRoleOperation', { OperationType });
export const ShutdownRoleOperation = contract('ShutdownRoleOperation', { OperationType, PostShutdownAction });

/** The machine becomes an image and, in the end, goes or stays; the image itself is not kept. */
export const CaptureRoleOperation = contract('CaptureRoleOperation', {
  OperationType,
  PostCaptureAction: required(enumeration('PostCaptureAction', ['Delete', 'Reprovision'])),
  ProvisioningConfiguration: optional(ignored),
  SupportsStatelessDeployment: optional(ignored),
  TargetImageLabel: optional(text),
  TargetImageName: optional(text),
});

/** A generalised machine is gone after its capture, a specialised one stays. */
export const CaptureRoleAsVmImageOperation = contract('CaptureRoleAsVMImageOperation', {
  OperationType,
  OSState: required(enumeration('OSState', ['Generalized', 'Specialized'])),
  VMImageName: optional(text),
  VMImageLabel: optional(text),
  ...optionals(ignored, 'Description', 'Language', 'ImageFamily', 'RecommendedVMSize'),
});

export const StartRolesOperation = contract('StartRolesOperation', { OperationType, Roles });
export const ShutdownRolesOperation = contract('ShutdownRolesOperation', { OperationType, Roles, PostShutdownAction });
