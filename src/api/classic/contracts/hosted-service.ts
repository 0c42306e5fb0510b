/** Data contracts of hosted services. Imitates "Create Cloud Service" and "Get Cloud Service Properties". */
import {
  boolean,
  contract,
  encodedLabel,
  enumeration,
  ignored,
  list,
  listOf,
  nested,
  nillableText,
  optional,
  optionals,
  required,
  text,
} from '../xml/contract.js';
import { Deployment, ExtendedProperty } from './deployment.js';

export const CreateHostedService = contract(
  'CreateHostedService',
  {
    ServiceName: required(text),
    Label: required(encodedLabel),
    ...optionals(text, 'Description', 'Location', 'AffinityGroup'),
    ExtendedProperties: optional(listOf('ExtendedProperty', ExtendedProperty)),
    ReverseDnsFqdn: optional(text),
  },
  { anyOrderFrom: 'Description' },
);

export const UpdateHostedService = contract(
  'UpdateHostedService',
  {
    Label: optional(encodedLabel),
    Description: optional(text),
    ExtendedProperties: optional(listOf('ExtendedProperty', ExtendedProperty)),
    ReverseDnsFqdn: optional(text),
    DefaultWinRmCertificateThumbprint: optional(text),
  },
  { anyOrderFrom: 'Label' },
);

/** Body of Add Service Certificate. */
export const CertificateFile = contract('CertificateFile', {
  Data: required(text),
  CertificateFormat: optional(enumeration('CertificateFormat', ['pfx', 'cer'])),
  Password: optional(text),
});

/** A certificate of a service; Get Service Certificate shows its data only. */
export const Certificate = contract('Certificate', {
  ...optionals(text, 'CertificateUrl', 'Thumbprint', 'ThumbprintAlgorithm'),
  Data: required(text),
});

export const Certificates = listOf('Certificate', Certificate);

/** An extension of a service; its private configuration is never shown. */
export const Extension = contract(
  'Extension',
  {
    ProviderNameSpace: required(text),
    Type: required(text),
    Id: required(text),
    ...optionals(text, 'Version', 'Thumbprint', 'ThumbprintAlgorithm', 'PublicConfiguration'),
    PrivateConfiguration: optional(ignored),
  },
  { anyOrderFrom: 'ProviderNameSpace' },
);

export const Extensions = listOf('Extension', Extension);

export const Swap = contract('Swap', { Production: optional(text), SourceDeployment: required(text) });

export const ComputeCapabilities = contract('ComputeCapabilities', {
  WebWorkerRoleSizes: optional(list('RoleSize', text)),
  VirtualMachinesRoleSizes: optional(list('RoleSize', text)),
});

export const HostedServiceProperties = contract('HostedServiceProperties', {
  Description: optional(nillableText),
  ...optionals(text, 'Location', 'AffinityGroup', 'Label', 'Status', 'DateCreated', 'DateLastModified'),
  ExtendedProperties: optional(listOf('ExtendedProperty', ExtendedProperty)),
  ReverseDnsFqdn: optional(text),
});

export const AvailabilityResponse = contract('AvailabilityResponse', {
  Result: required(boolean),
  Reason: optional(nillableText),
});

export const HostedService = contract('HostedService', {
  Url: optional(text),
  ServiceName: optional(text),
  HostedServiceProperties: optional(nested(HostedServiceProperties)),
  Deployments: optional(listOf('Deployment', Deployment)),
  ComputeCapabilities: optional(nested(ComputeCapabilities)),
});

export const HostedServices = listOf('HostedService', HostedService);
