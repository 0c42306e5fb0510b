/** Tags as a resource of their own on subscriptions, groups and resources: `…/providers/Microsoft.Resources/tags/default`. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { findResourceType } from '../../../resources/registry.js';
import { formatResourceId, idKey, type ResourceId, resourceGroupId, typeOf } from '../../../resources/resource-id.js';
import { send } from './answers.js';
import { checkUnlocked, existingGroup, type ResourceRequest } from './request.js';
import { RequestBody, readTags } from './request-body.js';
import type { ResourceService } from './resource-service.js';

type Tags = Record<string, string>;

type Change = (before: Tags) => Tags;

/** What has tags, and what changes them: it resolves with the tags that are stored then. */
interface Tagged {
  readonly id: string;
  readonly tags: Tags;
  readonly save: (change: Change) => Promise<Tags>;
}

/** Azure has no place in a subscription where it shows the tags, other than the tags themselves. */
function taggedSubscription({ id }: ResourceRequest, { context, store, writer }: ResourceService): Tagged {
  const stored = () => (store.resource(idKey(formatResourceId(id)))?.document.properties.tags ?? {}) as Tags;
  const save = (change: Change) =>
    context.store.write(() => {
      const tags = change(stored());
      writer.putOpaque(id, { type: typeOf(id), name: 'default', document: { properties: { tags } } });
      return tags;
    });
  return { id: `/subscriptions/${id.subscriptionId}`, tags: stored(), save };
}

function taggedGroup({ id, apiVersion }: ResourceRequest, { context, store }: ResourceService): Tagged {
  const name = id.resourceGroup as string;
  const stored = () => existingGroup({ subscriptionId: id.subscriptionId, name, apiVersion }, context);
  const save = (change: Change) =>
    context.store.write(() => {
      const group = stored();
      checkUnlocked(resourceGroupId(group.subscriptionId, group.name), 'write', store);
      const tags = change(group.tags ?? {});
      store.saveGroup({ ...group, tags });
      return tags;
    });
  const { subscriptionId, name: asCreated, tags = {} } = stored();
  return { id: resourceGroupId(subscriptionId, asCreated), tags, save };
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
  const save = async (change: Change) => {
    const answer = await service.changeTags(tagged, (before) => RequestBody.ofValue({ tags: change(before) }));
    return (answer.body as { tags?: Tags }).tags ?? {};
  };
  const { resource } = service.existing(tagged);
  return { id: formatResourceId(parent), tags: (resource.document.tags ?? {}) as Tags, save };
}

function without(tags: Tags, gone: Tags): Tags {
  const names = new Set(Object.keys(gone).map((name) => name.toLowerCase()));
  return Object.fromEntries(Object.entries(tags).filter(([name]) => !names.has(name.toLowerCase())));
}

/** The tags after a write. Throws what is wrong with them. */
function changedTags(method: string, before: Tags, body: RequestBody): Tags {
  if (method === 'DELETE') return {};
  const { operation, properties } = body.value as { operation?: string; properties?: { tags?: Tags } };
  const given = properties?.tags ?? {};
  const wanted = method === 'PUT' ? 'replace' : operation?.toLowerCase();
  const kept = wanted === 'delete' ? without(before, given) : { ...before, ...given };
  return readTags(RequestBody.ofValue({ tags: wanted === 'replace' ? given : kept })) ?? {};
}

/** Answers a request about tags: GET, PUT, PATCH (Merge, Replace, Delete) and DELETE. */
export async function answerTags(request: FastifyRequest, reply: FastifyReply, tagged: Tagged): Promise<FastifyReply> {
  const { method } = request;
  const given = RequestBody.ofText(request.body);
  const tags = method === 'GET' ? tagged.tags : await tagged.save((before) => changedTags(method, before, given));
  if (method === 'DELETE') return reply.code(200).send();
  const id = `${tagged.id}/providers/Microsoft.Resources/tags/default`;
  const body = { id, name: 'default', type: 'Microsoft.Resources/tags', properties: { tags } };
  return send(request, reply, { status: 200, body });
}
