/** Data contracts of virtual machines. Imitates "Add Role", "Update Role" and "Get Role". */
import { contract } from '../xml/contract.js';
import {
  boolean,
  ignored,
  integer,
  list,
  listOf,
  nested,
  optional,
  required,
  text,
  textOrEmpty,
} from '../xml/contract-types.js';
import { InputEndpoint } from './input-endpoint.js';

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
    NetworkInterfaces: optional(ignored),
    NetworkSecurityGroup: optional(ignored),
    IPForwarding: optional(ignored),
    StoredCertificateSettings: optional(ignored),
    HostName: optional(ignored),
    UserName: optional(ignored),
    UserPassword: optional(ignored),
    DisableSshPasswordAuthentication: optional(ignored),
    SSH: optional(ignored),
    CustomData: optional(ignored),
    ComputerName: optional(ignored),
    AdminPassword: optional(ignored),
    AdminUsername: optional(ignored),
    ResetPasswordOnFirstLogon: optional(ignored),
    EnableAutomaticUpdates: optional(ignored),
    TimeZone: optional(ignored),
    DomainJoin: optional(ignored),
    WinRM: optional(ignored),
    AdditionalUnattendContent: optional(ignored),
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
    ReferenceName: optional(text),
    Publisher: optional(text),
    Name: optional(text),
    Version: optional(text),
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
    HostCaching: optional(text),
    DiskLabel: optional(text),
    DiskName: optional(text),
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
    DiskName: optional(text),
    MediaLink: optional(text),
    SourceImageName: optional(text),
    OS: optional(text),
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
  VMImageInput: optional(ignored),
  UseCertificateAuthentication: optional(ignored),
  DebugSettings: optional(ignored),
  LicenseType: optional(ignored),
};

/** Document of Add Role, Update Role and Get Role. Orders differ between client generations. */
export const PersistentVmRole = contract('PersistentVMRole', members, { anyOrderFrom: 'RoleName' });

/** A role in a deployment's RoleList: of virtual machines, with a type attribute. */
export const VmRole = contract('Role', members, { anyOrderFrom: 'RoleName', instanceType: 'PersistentVMRole' });
