/** Data contracts of what belongs to a subscription. Imitates "Get Subscription", "List Locations" and "Get Operation Status". */
import {
  boolean,
  contract,
  integer,
  list,
  listOf,
  nested,
  optional,
  optionals,
  required,
  text,
} from '../xml/contract.js';
import { ComputeCapabilities } from './hosted-service.js';

export const ErrorDocument = contract('Error', { Code: required(text), Message: required(text) });

export const Operation = contract('Operation', {
  ID: required(text),
  Status: required(text),
  HttpStatusCode: optional(integer),
  Error: optional(nested(ErrorDocument)),
});

const OperationCaller = contract('OperationCaller', { UsedServiceManagementApi: optional(boolean) });

const SubscriptionOperation = contract('SubscriptionOperation', {
  OperationId: required(text),
  OperationObjectId: required(text),
  OperationName: required(text),
  OperationParameters: optional(list('OperationParameter', text)),
  OperationCaller: optional(nested(OperationCaller)),
  OperationStatus: required(nested(Operation)),
  OperationStartedTime: required(text),
  OperationCompletedTime: optional(text),
});

export const SubscriptionOperationCollection = contract('SubscriptionOperationCollection', {
  SubscriptionOperations: required(listOf('SubscriptionOperation', SubscriptionOperation)),
  ContinuationToken: optional(text),
});

export const Location = contract('Location', {
  Name: required(text),
  DisplayName: optional(text),
  AvailableServices: optional(list('AvailableService', text)),
  ComputeCapabilities: optional(nested(ComputeCapabilities)),
  StorageCapabilities: optional(
    nested(contract('StorageCapabilities', { StorageAccountTypes: optional(list('StorageAccountType', text)) })),
  ),
});

export const Locations = listOf('Location', Location);

export const Subscription = contract('Subscription', {
  SubscriptionID: required(text),
  SubscriptionName: required(text),
  SubscriptionStatus: required(text),
  AccountAdminLiveEmailId: optional(text),
  ServiceAdminLiveEmailId: optional(text),
  ...optionals(
    integer,
    'MaxCoreCount',
    'MaxStorageAccounts',
    'MaxHostedServices',
    'CurrentCoreCount',
    'CurrentHostedServices',
    'CurrentStorageAccounts',
    'MaxVirtualNetworkSites',
    'MaxLocalNetworkSites',
    'MaxDnsServers',
  ),
  CreatedTime: optional(text),
  ...optionals(integer, 'MaxReservedIPs', 'CurrentReservedIPs', 'MaxPublicIPCount'),
});

export const RoleSize = contract('RoleSize', {
  Name: required(text),
  Label: optional(text),
  Cores: optional(integer),
  MemoryInMb: optional(integer),
  SupportedByWebWorkerRoles: optional(boolean),
  SupportedByVirtualMachines: optional(boolean),
  ...optionals(integer, 'MaxDataDiskCount', 'WebWorkerResourceDiskSizeInMb', 'VirtualMachineResourceDiskSizeInMb'),
});

export const RoleSizes = listOf('RoleSize', RoleSize);

export const SubscriptionCertificate = contract('SubscriptionCertificate', {
  SubscriptionCertificatePublicKey: optional(text),
  SubscriptionCertificateThumbprint: optional(text),
  SubscriptionCertificateData: required(text),
  Created: optional(text),
});

export const SubscriptionCertificates = listOf('SubscriptionCertificate', SubscriptionCertificate);

export const OsImage = contract('OSImage', {
  ...optionals(text, 'Category', 'Label', 'Location'),
  LogicalSizeInGB: optional(integer),
  Name: required(text),
  OS: optional(text),
});
