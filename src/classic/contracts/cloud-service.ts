/** Data contracts of web and worker role deployments. Imitates "Create Deployment" and "Upgrade Deployment". */
import { contract } from '../xml/contract.js';
import { boolean, enumeration, ignored, list, listOf, optional, required, text } from '../xml/contract-types.js';
import { ExtendedProperty } from './hosted-service.js';

const ExtendedProperties = optional(listOf('ExtendedProperty', ExtendedProperty));
const ExtensionConfiguration = optional(ignored);
const Mode = optional(enumeration('Mode', ['Auto', 'Manual', 'Simultaneous']));

export const CreateDeployment = contract(
  'CreateDeployment',
  {
    Name: required(text),
    PackageUrl: required(text),
    Label: required(text),
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
    Label: required(text),
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

export const RoleInstances = list('Name', text);
