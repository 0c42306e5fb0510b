/** Data contracts of reserved IPs. Imitates "Create Reserved IP Address" and "Get Reserved IP Address". */
import { since } from '../versions.js';
import { contract } from '../xml/contract.js';
import { boolean, listOf, optional, required, text } from '../xml/contract-types.js';

export const CreateReservedIp = contract(
  'ReservedIP',
  {
    Name: required(text),
    Label: optional(text),
    ServiceName: optional(text),
    DeploymentName: optional(text),
    Location: optional(text),
    VirtualIPName: optional(text, { since: since.virtualIps }),
  },
  { anyOrderFrom: 'Label' },
);

export const ReservedIpAssociation = contract('ReservedIPAssociation', {
  ServiceName: required(text),
  DeploymentName: required(text),
  VirtualIPName: optional(text, { since: since.virtualIps }),
});

export const ReservedIp = contract('ReservedIP', {
  Name: optional(text),
  Address: optional(text),
  Id: optional(text),
  Label: optional(text),
  State: optional(text),
  InUse: optional(boolean),
  ServiceName: optional(text),
  DeploymentName: optional(text),
  Location: optional(text),
  VirtualIPName: optional(text, { since: since.virtualIps }),
});

export const ReservedIps = listOf('ReservedIP', ReservedIp);
