/** Tags as a resource of their own on subscriptions, groups and resources: `…/providers/Microsoft.Resources/tags/default`. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { findResourceType } from '../../../resources/registry.js';
import { formatResourceId, idKey, type ResourceId, resourceGroupId, typeOf } from '../../../resources/resource-id.js';
import { send } from './request.js';
import { RequestBody, readTags } from './request-body.js';
import { existingGroup } from './request-scope.js';
import type { ResourceRequest } from './resource-place.js';
import type { ResourceService } from './resource-service.js';

type Tags = Record<string, string>;

/** What has tags, and what becomes of a change of them. */
interface Tagged {
  readonly id: string;
  readonly tags: Tags;
  readonly save: (tags: Tags) => Promise<unknown>;
}

/** Azure has no place in a subscription where it shows the tags, other than the tags themselves. */
function taggedSubscription({ id }: ResourceRequest, service: ResourceService): Tagged {
  const stored = service.store.resource(idKey(formatResourceId(id)));
  const save = (tags: Tags) => {
    const document = { properties: { tags } };
    return service.context.store.write(() => {
      service.writer.putOpaque(id, { type: typeOf(id), name: 'default', document });
    });
  };
  return { id: `/subscriptions/${id.subscriptionId}`, tags: (stored?.document.properties.tags ?? {}) as Tags, save };
}

function taggedGroup({ id, apiVersion }: ResourceRequest, { context, store }: ResourceService): Tagged {
  const name = id.resourceGroup as string;
  const group = existingGroup({ subscriptionId: id.subscriptionId, name, apiVersion }, context);
  const save = (tags: Tags) => context.store.write(() => store.saveGroup({ ...group, tags }));
  return { id: resourceGroupId(group.subscriptionId, group.name), tags: group.tags ?? {}, save };
}

/** What a request is about when it is about tags; undefined when it is about something else. */
export function taggedBy(request: ResourceRequest, service: ResourceService): Tagged | undefined {
  const { id, apiVersion } = request;
  const { types, names, namespace } = id;
  const at = types.lastIndexOf('providers');
  const own = at < 0 ? [namespace, ...types, ...names] : [names[at], ...types.slice(at + 1), ...names.slice(at + 1)];
  if (own.join('/').toLowerCase() !== 'microsoft.resources/tags/default') return undefined;
  if (at < 0)
    return id.resourceGroup === undefined ? taggedSubscription(request, service) : taggedGroup(request, service);
  const parent: ResourceId = { ...id, types: types.slice(0, at), names: names.slice(0, at) };
  // The api-version of the request is that of the tags.
  const newest = findResourceType(`${namespace}/${types[0]}`)?.apiVersions.at(-1);
  const tagged = { id: parent, apiVersion: newest ?? apiVersion };
  const save = (tags: Tags) => service.patchTags({ ...tagged, body: RequestBody.ofValue({ tags }) });
  const { resource } = service.existing(tagged);
  return { id: formatResourceId(parent), tags: (resource.document.tags ?? {}) as Tags, save };
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

/** Answers a request about tags: GET, PUT, PATCH (Merge, Replace, Delete) and DELETE. */
export async function answerTags(request: FastifyRequest, reply: FastifyReply, tagged: Tagged): Promise<FastifyReply> {
  const changed = changedTags(request.method, tagged.tags, RequestBody.ofText(request.body));
  const tags = changed && (readTags(RequestBody.ofValue({ tags: changed })) ?? {});
  if (tags) await tagged.save(tags);
  if (request.method === 'DELETE') return reply.code(200).send();
  const id = `${tagged.id}/providers/Microsoft.Resources/tags/default`;
  const body = { id, name: 'default', type: 'Microsoft.Resources/tags', properties: { tags: tags ?? tagged.tags } };
  return send(request, reply, { status: 200, body });
}
