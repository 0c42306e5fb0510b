/** What Azure answers about template deployments: templates refused, deployments failed. */
import type { ErrorDefinition } from './error-definition.js';

export const deploymentErrors = {
  InvalidTemplate: {
    status: 400,
    origin: 'gateway',
    message: "Deployment template validation failed: '{reason}'.",
  },
  InvalidTemplateParse: {
    code: 'InvalidTemplate',
    status: 400,
    origin: 'gateway',
    message: "Deployment template parse failed: '{reason}'.",
  },
  InvalidTemplateExpressions: {
    code: 'InvalidTemplate',
    status: 400,
    origin: 'gateway',
    message:
      "Unable to process template language expressions for resource '{id}' at line '{line}' and column '{column}'. '{reason}'",
  },
  DeploymentJobSizeExceeded: {
    status: 400,
    origin: 'gateway',
    message:
      "The dependencies of the template's resources come to more than '{limit}' characters. Please see https://aka.ms/arm-template/#resources for usage details.",
    differs: 'Azure bounds the compressed size of the whole job; its text is not known',
  },
  InvalidContentLink: {
    status: 400,
    origin: 'gateway',
    message:
      "Unable to download deployment content from '{uri}'. The tracking Id is '{trackingId}'. Please see https://aka.ms/arm-deploy for usage details.",
  },
  ScopeNotEmulated: {
    code: 'InvalidTemplate',
    status: 400,
    origin: 'lazurite',
    message: "The resource '{id}' lies above subscriptions, where Lazurite keeps nothing but deployments.",
    differs: 'Azure has management groups, roles and policies there',
  },
  TemplateSpecNotEmulated: {
    code: 'InvalidContentLink',
    status: 400,
    origin: 'lazurite',
    message: "The template spec '{id}' cannot be deployed: template specs are not emulated.",
    differs: 'Azure deploys template specs',
  },
  ContentVersionMismatch: {
    code: 'InvalidTemplate',
    status: 400,
    origin: 'gateway',
    message:
      "The content version '{actual}' of '{uri}' does not match the content version '{expected}' of the link to it.",
    differs: "Azure's wording is not known",
  },
  DeploymentTemplateRequired: {
    code: 'InvalidTemplate',
    status: 400,
    origin: 'gateway',
    message:
      "The deployment '{name}' must have either the TemplateLink or Template property set. Please see https://aka.ms/arm-deploy for usage details.",
    differs: 'the code is not known',
  },
  DeploymentParametersTwice: {
    code: 'InvalidDeployment',
    status: 400,
    origin: 'gateway',
    message:
      "The deployment '{name}' cannot have both the ParameterLink and Parameter property set. Please use one or the other.",
  },
  ExtensionNotEmulated: {
    code: 'InvalidTemplate',
    status: 400,
    origin: 'lazurite',
    message: "The template's extensions '{names}' are not emulated: there is Azure Resource Manager only.",
    differs: 'Azure deploys to Kubernetes, Microsoft Graph and others',
  },
  ListFunctionNotEmulated: {
    code: 'InvalidTemplate',
    status: 400,
    origin: 'lazurite',
    message:
      "The template function '{function}' is not emulated for resources of type '{type}': Lazurite keeps no keys or secrets. Give the value as a parameter.",
    differs: 'Azure asks the resource provider',
  },
  OnErrorDeploymentNotSupported: {
    status: 400,
    origin: 'lazurite',
    message: 'The onErrorDeployment option is not emulated: deploy the earlier template again instead.',
    differs: 'Azure redeploys the last successful deployment',
  },
  DeploymentFailed: {
    status: 409,
    origin: 'gateway',
    message:
      'At least one resource deployment operation failed. Please list deployment operations for details. Please see https://aka.ms/DeployOperations for usage details.',
  },
  DeploymentOutputEvaluationFailed: {
    status: 400,
    origin: 'gateway',
    message:
      "Unable to evaluate template outputs: '{names}'. Please see error details and deployment operations. Please see https://aka.ms/arm-common-errors for usage details.",
  },
  DeploymentCanceled: {
    status: 409,
    origin: 'gateway',
    message: "The deployment '{name}' was canceled.",
    differs: "Azure's wording is not known",
  },
  DeploymentNotFound: {
    status: 404,
    origin: 'gateway',
    message: "Deployment '{name}' could not be found.",
  },
  DeploymentActive: {
    status: 409,
    origin: 'gateway',
    message:
      "Unable to edit or replace deployment '{name}': previous deployment from '{started}' is still active (expiration time is '{expires}'). Please see https://aka.ms/arm-deploy for usage details.",
  },
  InvalidTemplateDeployment: {
    status: 400,
    origin: 'gateway',
    message:
      "The template deployment '{name}' is not valid according to the validation procedure. The tracking id is '{trackingId}'. See inner errors for details. Please see https://aka.ms/arm-deploy for usage details.",
  },
  InvalidDeploymentLocation: {
    status: 409,
    origin: 'gateway',
    message:
      "Invalid deployment location '{location}'. The deployment '{name}' already exists in location '{existing}'.",
  },
  DeploymentNameTooLong: {
    code: 'InvalidDeployment',
    status: 400,
    origin: 'gateway',
    message:
      "The provided deployment name '{name}' has a length of '{length}' which exceeds the maximum length of '64'. Please see https://aka.ms/arm-deploy for usage details.",
  },
  InvalidDeploymentName: {
    code: 'InvalidDeployment',
    status: 400,
    origin: 'gateway',
    message:
      "The deployment name '{name}' is not valid: it may have letters, digits, underscores, periods, hyphens and parentheses.",
    differs: "Azure's wording is not known",
  },
  DeploymentLocationRequired: {
    code: 'InvalidDeployment',
    status: 400,
    origin: 'gateway',
    message:
      "The 'location' property must be specified for '{name}'. Please see https://aka.ms/deploy-to-subscription for usage details.",
  },
  DeploymentNotRunning: {
    code: 'DeploymentCannotBeCancelled',
    status: 409,
    origin: 'gateway',
    message: "The deployment '{name}' cannot be canceled: its provisioning state is '{state}'.",
    differs: 'the text is not documented',
  },
  DeploymentInterrupted: {
    status: 409,
    origin: 'lazurite',
    message:
      "The deployment '{name}' was running when Lazurite was stopped. What it had deployed is there; deploy again for the rest.",
    differs: 'Azure does not stop',
  },
  DeploymentOperationNotFound: {
    status: 404,
    origin: 'gateway',
    message: "The operation '{operationId}' of the deployment '{name}' could not be found.",
    differs: "Azure's wording is not known",
  },
  ResourceDeploymentFailure: {
    status: 409,
    origin: 'gateway',
    message: "The resource operation completed with terminal provisioning state '{state}'.",
  },
  InvalidDeployment: {
    status: 400,
    origin: 'gateway',
    message:
      "The 'location' property is not allowed for '{name}' at resource group scope. Please see https://aka.ms/deploy-to-subscription for usage details.",
  },
} as const satisfies Record<string, ErrorDefinition>;
