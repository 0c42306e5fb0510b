/** A deployment inside a deployment, as a request of its own. */
import { type Json, type JsonObject, objectMember } from './json.js';
import type { PlannedResource } from './planned-resource.js';
import { type DeploymentRequest, deploymentRequest } from './request.js';

/** The request that the evaluated `body` of a nested deployment makes. Throws InvalidTemplate. */
export function nestedRequest(resource: PlannedResource, body: JsonObject): DeploymentRequest {
  const properties = objectMember(body, 'properties') ?? {};
  const request = deploymentRequest({ ...body, properties } as Json, {
    name: resource.name,
    scope: resource.nested?.scope ?? resource.context.scope,
    parent: resource.context.link,
  });
  const { location } = resource.context.deployment;
  return { ...request, location: request.location ?? (typeof location === 'string' ? location : undefined) };
}
