/** The template engine's face: everything that the deployment routes need. */
export type { DeploymentState, DeploymentStatus } from './deployment-document.js';
export { deployedResources, deploymentDocument, validationDocument } from './deployment-document.js';
export type {
  ActionRequest,
  DeploymentHost,
  HostAnswer,
  ListedResource,
  NestedDeployment,
  PutRequest,
} from './deployment-host.js';
export type { ContentLink, DeploymentScope, LinkedContents, Surroundings } from './expressions/context.js';
export { functionNames } from './expressions/functions/registry.js';
export type { Json, JsonObject } from './json.js';
export { JsonReadError } from './parse/json-read-error.js';
export { readJson } from './parse/json-reader.js';
export type { DeploymentPlan } from './plan.js';
export { planDeployment } from './plan.js';
export { planLinked } from './plan-linked.js';
export type { PlannedResource } from './planned-resource.js';
export type { DeploymentMode, DeploymentRequest, DeploymentTarget } from './request.js';
export { deploymentRequest, readDeploymentRequest, readRequestBody } from './request.js';
export { scopeId } from './resource-names.js';
export type { RunOptions } from './run.js';
export { DeploymentRun, runDeployment } from './run.js';
export { secretsIn, withoutSecrets } from './secure-values.js';
export { templateHash } from './template-hash.js';
export type { WhatIfHost } from './what-if.js';
export { whatIf } from './what-if.js';
