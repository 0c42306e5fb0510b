/** The route schemas for @fastify/swagger; requests are validated by ARM itself, not by these. */
import type { FastifySchema } from 'fastify';
import { lastSegment } from '../../../resources/resource-id.js';
import type { ResourceType } from '../../../resources/resource-type.js';
import { childSchema } from '../../../resources/resource-type.js';
import { annotationKeywords } from '../../../resources/schema.js';

type Operation = 'get' | 'list' | 'listAll' | 'createOrUpdate' | 'updateTags' | 'delete' | 'action';

const annotations: ReadonlySet<string> = new Set(annotationKeywords);

/** The schema as OpenAPI knows it: annotations become `x-` extensions or disappear. */
function openApi(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(openApi);
  if (node === null || typeof node !== 'object') return node;
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(node)) {
    if (name === 'since') result['x-ms-since'] = value;
    else if (!annotations.has(name)) result[name] = openApi(value);
  }
  return result;
}

const apiVersion = {
  type: 'object',
  properties: { 'api-version': { type: 'string', description: 'The API version, for example 2024-05-01' } },
  required: ['api-version'],
};

const error = {
  description: 'Azure Resource Manager error',
  type: 'object',
  properties: {
    error: {
      type: 'object',
      properties: {
        code: { type: 'string' },
        message: { type: 'string' },
        details: { type: 'array', items: { type: 'object', additionalProperties: true } },
      },
    },
  },
};

const described = (body: unknown, description: string): unknown => ({ ...(body as object), description });

/** The OpenAPI description of one operation on a type, one of its child collections, or one of its actions. */
export function routeSchema(type: ResourceType, operation: Operation, part?: string): Record<string, unknown> {
  const [namespace = '', shortType = ''] = type.type.split('/');
  const collection = operation === 'action' ? undefined : part;
  const name = collection ?? shortType;
  const titled = name.replace(/^./, (first) => first.toUpperCase());
  const last = part && lastSegment(part);
  // A POST called `delete` is another operation than DELETE.
  const action = operation !== 'action' ? operation : last === 'delete' ? 'deleteAction' : last;
  const operationId = `${operation === 'action' ? shortType.replace(/^./, (c) => c.toUpperCase()) : titled}_${action}`;
  const common = {
    tags: [`${namespace}/${shortType}`],
    operationId: collection === undefined ? operationId : `${shortType}_${operationId}`,
    querystring: apiVersion,
  };
  const resource = openApi(collection === undefined ? type.schema : childSchema(type, collection));
  const list = {
    type: 'object',
    properties: { value: { type: 'array', items: resource }, nextLink: { type: 'string' } },
  };
  switch (operation) {
    case 'get':
      return { ...common, response: { 200: described(resource, 'OK'), default: error } };
    case 'list':
    case 'listAll':
      return { ...common, response: { 200: described(list, 'OK'), default: error } };
    case 'createOrUpdate':
      return {
        ...common,
        body: resource,
        response: { 200: described(resource, 'Updated'), 201: described(resource, 'Created'), default: error },
      };
    case 'updateTags':
      return {
        ...common,
        body: type.requests?.patchesAll
          ? resource
          : { type: 'object', properties: { tags: { type: 'object', additionalProperties: { type: 'string' } } } },
        response: { 200: described(resource, 'OK'), default: error },
      };
    case 'delete':
      return {
        ...common,
        response: {
          202: { type: 'null', description: 'Accepted' },
          204: { type: 'null', description: 'There was none' },
          default: error,
        },
      };
    case 'action': {
      const definition = type.requests?.actions?.find(({ path }) => path === part);
      const body = definition?.requestSchema ? { body: openApi(definition.requestSchema) } : {};
      const accepted = { type: 'null', description: 'Accepted' };
      const ok = { type: 'object', additionalProperties: true, description: 'OK' };
      const response = definition?.answer === 'async' ? { 202: accepted, default: error } : { 200: ok, default: error };
      return { ...common, ...body, response };
    }
  }
}

/** Describes a route that belongs to no resource type. */
export const operation = (tag: string, operationId: string): { schema: FastifySchema } => ({
  schema: { tags: [tag], operationId } as FastifySchema,
});

/** Keeps a route out of the OpenAPI document. */
export const hiddenOperation = { schema: { hide: true } as FastifySchema };
