/** `exportTemplate` of a resource group: what it holds as a template, with a parameter for every name. */
import type { FastifyInstance } from 'fastify';
import { azureError } from '../../../errors/index.js';
import { findResourceType } from '../../../resources/registry.js';
import { idKey, parseResourceId, rootKey } from '../../../resources/resource-id.js';
import type { Resource } from '../../../resources/resource-type.js';
import type { ArmContext } from '../resources/arm-context.js';
import { groupOf } from '../resources/request.js';
import { RequestBody } from '../resources/request-body.js';
import { operation } from '../resources/route-schemas.js';
import type { Json, JsonObject } from '../template/json.js';
import { inTurns } from '../template/json-reader.js';

const schemaUri = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#';
/** For types that are not modelled; the group does not remember with which version they were written. */
const opaqueApiVersion = '2023-03-01';

/** Azure names parameters after type and name: `loadBalancers_lb_name`. */
const parameterName = ({ type, name }: Resource, suffix: 'name' | 'externalid'): string =>
  `${type.split('/').slice(1).join('_')}_${name}_${suffix}`.replaceAll(/[^\w]/g, '_');

/** A text that is no expression, though it may begin like one. */
const literal = (text: string): string => (text.startsWith('[') ? `[${text}` : text);
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

interface Export {
  readonly exported: ReadonlyMap<string, Resource>;
  readonly parameters: JsonObject;
}

/** `[resourceId('Microsoft.Network/loadBalancers/probes', parameters('loadBalancers_lb_name'), 'probe')]`. */
function idExpression(id: string, { exported, parameters }: Export, dependsOn: Set<string>): string {
  const target = exported.get(rootKey(id));
  const parsed = parseResourceId(id);
  if (!parsed) return literal(id);
  if (!target) {
    const name = `${parsed.types.join('_')}_${parsed.names.join('_')}_externalid`.replaceAll(/[^\w]/g, '_');
    parameters[name] = { defaultValue: id, type: 'String' };
    return `[parameters(${quoted(name)})]`;
  }
  const type = [target.type, ...parsed.types.slice(target.type.split('/').length - 1)].join('/');
  const names = target.name.split('/').length;
  const first = names === 1 ? `parameters(${quoted(parameterName(target, 'name'))})` : undefined;
  const rest = (first === undefined ? parsed.names : parsed.names.slice(1)).map(quoted);
  dependsOn.add(target.key);
  return `[resourceId(${[quoted(type), ...(first === undefined ? [] : [first]), ...rest].join(', ')})]`;
}

function exportResource(resource: Resource, scope: Export): Json {
  const dependsOn = new Set<string>();
  const convert = (value: unknown): Json => {
    if (typeof value === 'string') {
      return value.startsWith('/subscriptions/') ? idExpression(value, scope, dependsOn) : literal(value);
    }
    if (Array.isArray(value)) return value.map(convert);
    if (value === null || typeof value !== 'object') return value as Json;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, convert(member)]));
  };
  const name = resource.name.includes('/')
    ? literal(resource.name)
    : `[parameters('${parameterName(resource, 'name')}')]`;
  const body = convert(resource.document) as JsonObject;
  dependsOn.delete(resource.key);
  const needs = [...dependsOn].map((key) => {
    const target = scope.exported.get(key) as Resource;
    return idExpression(target.id, scope, new Set());
  });
  return {
    type: resource.type,
    apiVersion: findResourceType(resource.type)?.apiVersions.at(-1) ?? opaqueApiVersion,
    name,
    ...(needs.length > 0 ? { dependsOn: needs } : {}),
    ...body,
  };
}

/** Resources in a piece of work. */
const atOnce = 20;

/** The resources as a template, in pieces. */
function* exportTemplate(resources: readonly Resource[]): Generator<void, JsonObject> {
  const parameters: JsonObject = {};
  const exported = new Map(resources.map((resource) => [resource.key, resource]));
  for (const resource of resources) {
    if (resource.name.includes('/')) continue;
    parameters[parameterName(resource, 'name')] = { defaultValue: resource.name, type: 'String' };
  }
  const converted: Json[] = [];
  for (const resource of resources) {
    converted.push(exportResource(resource, { exported, parameters }));
    if (converted.length % atOnce === 0) yield;
  }
  // The text of the answer is a piece of its own.
  yield;
  return { $schema: schemaUri, contentVersion: '1.0.0.0', parameters, variables: {}, resources: converted };
}

/** Registers `POST …/resourceGroups/{name}/exportTemplate`. */
export function addDeploymentExportRoutes(app: FastifyInstance, context: ArmContext): void {
  const path = '/subscriptions/:subscriptionId/resourceGroups/:resourceGroupName/exportTemplate';
  app.post(path, operation('Microsoft.Resources', 'ResourceGroups_exportTemplate'), async (request) => {
    const { subscriptionId, name: resourceGroup } = groupOf(request, context);
    const { resources = ['*'] } = request.body ? RequestBody.ofText(request.body).value : {};
    if (!Array.isArray(resources) || !resources.every((id) => typeof id === 'string')) {
      const reason = "Error converting value to an array of strings. Path 'resources'.";
      throw azureError('InvalidRequestContent', { values: { reason } });
    }
    const wanted = new Set(resources.map(idKey));
    const all = context.store.resources.list({ subscriptionId, resourceGroup });
    const chosen = all.filter(({ key }) => wanted.has('*') || wanted.has(key));
    return { template: await inTurns(exportTemplate(chosen)) };
  });
}
