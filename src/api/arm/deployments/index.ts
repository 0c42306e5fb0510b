/** The template engine's face: everything that the deployment routes need. */

export type { ContentLink, DeploymentEnvironment, DeploymentScope, LinkedContents } from '../template/context.js';
export { functionNames } from '../template/functions/registry.js';
export { templateHash } from '../template/hashes.js';
export type { Json, JsonObject } from '../template/json.js';
export { JsonReadError, readJson } from '../template/json-reader.js';
export { scopeId } from '../template/resource-ids.js';
export type { DeploymentState, DeploymentStatus } from './document.js';
export { deployedResources, deploymentDocument, validationDocument } from './document.js';
export type { PlannedResource } from './expand.js';
export type {
  ActionRequest,
  DeploymentHost,
  HostAnswer,
  ListedResource,
  NestedDeployment,
  PutRequest,
} from './host.js';
export type { DeploymentPlan } from './plan.js';
export { planDeployment, planLinked } from './plan.js';
export type { DeploymentMode, DeploymentRequest, DeploymentTarget } from './request.js';
export { deploymentRequest, readDeploymentRequest, readRequestBody } from './request.js';
export type { RunOptions } from './run.js';
export { DeploymentRun, runDeployment } from './run.js';
export { secretsIn, withoutSecrets } from './secrets.js';
export type { WhatIfHost } from './what-if.js';
export { whatIf } from './what-if.js';
