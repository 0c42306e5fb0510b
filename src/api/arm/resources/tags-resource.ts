/**
 * Tags as a resource of their own on subscriptions, groups and resources (`…/providers/Microsoft.Resources/tags/default`), and
 * the names and values of a subscription's tags (`/tagNames`): those that are in use, and those that were set down.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { azureError } from '../../../errors/index.js';
import { findResourceType } from '../../../resources/registry.js';
import { formatResourceId, idKey, type ResourceId, resourceGroupId, typeOf } from '../../../resources/resource-id.js';
import { send } from './answers.js';
import { checkUnlocked, existingGroup, parametersOf, type ResourceRequest, subscriptionOf } from './request.js';
import { nameIn, RequestBody, readTags } from './request-body.js';
import type { ResourceService } from './resource-service.js';
import { operation } from './route-schemas.js';

type Tags = Record<string, string>;

type Change = (before: Tags) => Tags;

/** What has tags, and what changes them: it resolves with the tags that are stored then. */
interface Tagged {
  readonly id: string;
  readonly tags: Tags;
  readonly save: (change: Change) => Promise<Tags>;
}

/** Azure has no place in a subscription where it shows the tags, other than the tags themselves. */
function taggedSubscription({ id }: ResourceRequest, service: ResourceService): Tagged {
  const { context, writer } = service;
  const stored = () => (storedIn(id, service).tags ?? {}) as Tags;
  const save = (change: Change) =>
    context.store.write(() => {
      const tags = change(stored());
      writer.putOpaque(id, { type: typeOf(id), name: 'default' }, { properties: { tags } });
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

/** Values by name, as they were set down. */
type Predefined = Record<string, string[]>;

const inSubscription = (subscriptionId: string, type: string): ResourceId => ({
  subscriptionId,
  resourceGroup: undefined,
  namespace: 'Microsoft.Resources',
  types: [type],
  names: ['default'],
});

/** What is stored of a subscription itself. */
const storedIn = (id: ResourceId, { store }: ResourceService): Record<string, unknown> =>
  store.resource(idKey(formatResourceId(id)))?.document.properties ?? {};

const predefinedIn = (subscriptionId: string, service: ResourceService): Predefined =>
  (storedIn(inSubscription(subscriptionId, 'tagNames'), service).names ?? {}) as Predefined;

/** How often each value of each name is in use, those that were set down included. Casing of names says nothing. */
function tagUsage(subscriptionId: string, service: ResourceService): Record<string, Record<string, number>> {
  const { store } = service;
  const usage: Record<string, Record<string, number>> = {};
  const valuesOf = (name: string) => (usage[nameIn(usage, name) ?? name] ??= {});
  for (const [name, values] of Object.entries(predefinedIn(subscriptionId, service))) {
    for (const value of values) valuesOf(name)[value] = 0;
    valuesOf(name);
  }
  const all = [
    storedIn(inSubscription(subscriptionId, 'tags'), service).tags,
    ...store.groups(subscriptionId).map(({ tags }) => tags),
    ...store.list({ subscriptionId }).map(({ document }) => document.tags),
  ] as (Tags | undefined)[];
  for (const [name, value] of all.flatMap((tags) => Object.entries(tags ?? {}))) {
    const values = valuesOf(name);
    values[value] = (values[value] ?? 0) + 1;
  }
  return usage;
}

const total = (value: number) => ({ type: 'Total', value });

function showTagName(name: string, values: Record<string, number>, subscriptionId: string) {
  const id = `/subscriptions/${subscriptionId}/tagNames/${name}`;
  return {
    id,
    tagName: name,
    count: total(Object.values(values).reduce((sum, count) => sum + count, 0)),
    values: Object.entries(values).map(([tagValue, count]) => ({
      id: `${id}/tagValues/${tagValue}`,
      tagValue,
      count: total(count),
    })),
  };
}

/** Sets a name or a value of it down, or takes it off; answers the status. Throws what is wrong with it, or what uses it. */
function changeTagName(request: FastifyRequest, service: ResourceService): number {
  const subscriptionId = subscriptionOf(request, service.context);
  const { tagName = '', tagValue } = parametersOf(request);
  const names = structuredClone(predefinedIn(subscriptionId, service));
  const known = nameIn(names, tagName);
  const values = names[known ?? tagName] ?? [];
  const isThere = known !== undefined && (tagValue === undefined || values.includes(tagValue));
  if (request.method === 'PUT') {
    readTags(RequestBody.ofValue({ tags: { [tagName]: tagValue ?? '' } }));
    if (tagValue !== undefined && known === undefined) throw azureError('TagNotFound', { values: { name: tagName } });
    if (isThere) return 200;
    names[known ?? tagName] = tagValue === undefined ? values : [...values, tagValue];
  } else {
    if (!isThere) return 204;
    const usage = tagUsage(subscriptionId, service)[known] ?? {};
    const isUsed = tagValue === undefined ? Object.keys(usage).length > 0 : (usage[tagValue] ?? 0) > 0;
    if (isUsed) throw azureError('TagInUse', { values: { name: tagValue ?? tagName } });
    if (tagValue === undefined) delete names[known];
    else names[known] = values.filter((value) => value !== tagValue);
  }
  const document = { properties: { names } };
  const id = inSubscription(subscriptionId, 'tagNames');
  service.writer.putOpaque(id, { type: typeOf(id), name: 'default' }, document);
  return request.method === 'PUT' ? 201 : 200;
}

/** Registers the routes of the names and values of tags. */
export function addTagNameRoutes(app: FastifyInstance, service: ResourceService): void {
  const schema = (action: string) => operation('Microsoft.Resources', `Tags_${action}`);
  const all = '/subscriptions/:subscriptionId/tagNames';
  app.get(all, schema('list'), (request) => {
    const subscriptionId = subscriptionOf(request, service.context);
    const usage = Object.entries(tagUsage(subscriptionId, service));
    return { value: usage.map(([name, values]) => showTagName(name, values, subscriptionId)) };
  });
  const change = async (request: FastifyRequest, reply: FastifyReply) => {
    const status = await service.context.store.write(() => changeTagName(request, service));
    if (request.method === 'DELETE') return reply.code(status).send();
    const { subscriptionId = '', tagName = '', tagValue } = parametersOf(request);
    const usage = tagUsage(subscriptionId, service);
    const name = nameIn(usage, tagName) ?? tagName;
    const shown = showTagName(name, usage[name] ?? {}, subscriptionId);
    return reply
      .code(status)
      .send(tagValue === undefined ? shown : shown.values.find((one) => one.tagValue === tagValue));
  };
  const one = `${all}/:tagName`;
  app.put(one, schema('createOrUpdate'), change);
  app.delete(one, schema('delete'), change);
  app.put(`${one}/tagValues/:tagValue`, schema('createOrUpdateValue'), change);
  app.delete(`${one}/tagValues/:tagValue`, schema('deleteValue'), change);
}
