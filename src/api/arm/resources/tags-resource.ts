/** Tags as a resource of their own on every resource: `…/providers/Microsoft.Resources/tags/default`. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { findResourceType } from '../../../resources/registry.js';
import { formatResourceId, type ResourceId } from '../../../resources/resource-id.js';
import { send } from './request.js';
import { RequestBody } from './request-body.js';
import type { ResourceRequest } from './resource-place.js';
import type { ResourceService } from './resource-service.js';

type Tags = Record<string, string>;

/** The resource whose tags a request is about; undefined when it is about something else. */
export function taggedResource({ id, apiVersion }: ResourceRequest): ResourceRequest | undefined {
  const at = id.types.lastIndexOf('providers');
  const own = [id.names[at], ...id.types.slice(at + 1), ...id.names.slice(at + 1)].join('/').toLowerCase();
  if (at < 1 || own !== 'microsoft.resources/tags/default') return undefined;
  const parent: ResourceId = { ...id, types: id.types.slice(0, at), names: id.names.slice(0, at) };
  // The api-version of the request is that of the tags.
  const newest = findResourceType(`${id.namespace}/${id.types[0]}`)?.apiVersions.at(-1);
  return { id: parent, apiVersion: newest ?? apiVersion };
}

const without = (tags: Tags, gone: Tags): Tags =>
  Object.fromEntries(Object.entries(tags).filter(([name]) => !(name in gone)));

/** The tags after a request; undefined when it changes none. */
function changedTags(method: string, before: Tags, body: RequestBody): Tags | undefined {
  if (method === 'GET') return undefined;
  if (method === 'DELETE') return {};
  const { operation, properties } = body.value as { operation?: string; properties?: { tags?: Tags } };
  const given = properties?.tags ?? {};
  const wanted = method === 'PUT' ? 'replace' : operation?.toLowerCase();
  if (wanted === 'replace') return given;
  return wanted === 'delete' ? without(before, given) : { ...before, ...given };
}

/** Answers a request about the tags of `tagged`: GET, PUT, PATCH (Merge, Replace, Delete) and DELETE. */
export async function answerTags(
  request: FastifyRequest,
  reply: FastifyReply,
  { tagged, service }: { readonly tagged: ResourceRequest; readonly service: ResourceService },
): Promise<FastifyReply> {
  const { resource } = service.existing(tagged);
  const before = (resource.document.tags ?? {}) as Tags;
  const tags = changedTags(request.method, before, RequestBody.ofText(request.body));
  if (tags) await service.patchTags({ ...tagged, body: RequestBody.ofValue({ tags }) });
  if (request.method === 'DELETE') return reply.code(200).send();
  const id = `${formatResourceId(tagged.id)}/providers/Microsoft.Resources/tags/default`;
  const body = { id, name: 'default', type: 'Microsoft.Resources/tags', properties: { tags: tags ?? before } };
  return send(request, reply, { status: 200, body });
}
