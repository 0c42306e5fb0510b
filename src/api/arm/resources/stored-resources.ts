/**
 * What a snapshot has brought into the store, before anything counts on it: each resource is checked as the body of a PUT
 * is, and shown as a GET would show it.
 */
import { azureError } from '../../../errors/index.js';
import { findResourceType } from '../../../resources/registry.js';
import { formatResourceId, idKey, parseResourceId, typeOf } from '../../../resources/resource-id.js';
import type { Resource } from '../../../resources/resource-type.js';
import type { SchemaNode } from '../../../resources/schema.js';
import { validateBody } from '../../../resources/validation.js';
import type { StoredDeployment } from '../../../store/deployment-store.js';
import type { ResourceGroup } from '../../../store/resource-store.js';
import type { ArmContext } from './arm-context.js';
import { opaqueDocument } from './opaque-resources.js';
import { RequestBody, readTags } from './request-body.js';
import { ResourceReader } from './resource-service.js';

const guid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;
const etag = /^W\/"[\da-f-]{36}"$/;
const states = ['Succeeded', 'Updating', 'Deleting', 'Failed', 'Canceled'];

const refuse = (reason: string) => azureError('InvalidSnapshot', { values: { reason } });

/** Names of what does not agree with the rest of the row. */
function contradictions(resource: Resource): string[] {
  const { key, id: idText, type, subscriptionId, resourceGroup, name } = resource;
  const id = parseResourceId(idText);
  if (!id) return ['id'];
  const model = findResourceType(type);
  return Object.entries({
    key: key === idKey(idText) && idText === formatResourceId(id),
    type: !model || (type === model.type && type.toLowerCase() === typeOf(id).toLowerCase()),
    subscription: subscriptionId === id.subscriptionId.toLowerCase() && guid.test(subscriptionId),
    resource_group: resourceGroup === (id.resourceGroup ?? '').toLowerCase(),
    name: `/${name}`.toLowerCase().endsWith(`/${id.names.at(-1)}`.toLowerCase()),
    etag: etag.test(resource.etag),
    state: states.includes(resource.provisioningState),
  }).flatMap(([column, agrees]) => (agrees ? [] : [column]));
}

function checkDocument({ type, document }: Resource): void {
  const model = findResourceType(type);
  if (!model) {
    opaqueDocument(RequestBody.ofValue(document), type);
    return;
  }
  // Names are no finding: children that a type makes itself are called after what a client may call as it likes.
  validateBody(document, model.schema, { text: JSON.stringify(document), unknownMembers: 'allowed' });
}

function checkGroup({ key, subscriptionId, name, tags, provisioningState }: ResourceGroup): void {
  if (key !== `/subscriptions/${subscriptionId}/resourcegroups/${name}`.toLowerCase() || !guid.test(subscriptionId))
    throw refuse(`the columns of the resource group '${key}' do not agree.`);
  if (!states.includes(provisioningState)) throw refuse(`the resource group '${key}' has no known state.`);
  readTags(RequestBody.ofValue({ tags }));
}

const deployment: SchemaNode = {
  type: 'object',
  required: ['id', 'name', 'properties'],
  properties: {
    id: { type: 'string' },
    name: { type: 'string' },
    properties: {
      type: 'object',
      properties: {
        outputResources: {
          type: 'array',
          items: { type: 'object', required: ['id'], properties: { id: { type: 'string' } } },
        },
      },
    },
  },
};
const operations: SchemaNode = { type: 'array', items: { type: 'object' } };

function checkDeployment(stored: StoredDeployment): void {
  const { key, document } = stored;
  validateBody(document, deployment, { text: JSON.stringify(document) });
  validateBody(stored.operations, operations, { text: JSON.stringify(stored.operations) });
  if (key !== idKey(String(document.id))) throw refuse(`the key of '${document.id}' does not agree with its id.`);
}

/** To be called in the transaction of a restore. Throws `InvalidSnapshot`, or what a PUT or GET would throw. */
export function checkStored({ store: { resources, deployments } }: ArmContext): void {
  const reader = new ResourceReader(resources);
  for (const subscriptionId of resources.subscriptions())
    if (!guid.test(subscriptionId)) throw refuse(`'${subscriptionId}' is no id of a subscription.`);
  for (const group of resources.everyGroup()) checkGroup(group);
  for (const resource of resources.every()) {
    const [column] = contradictions(resource);
    if (column !== undefined) throw refuse(`the column '${column}' of '${resource.key}' does not agree with its id.`);
    checkDocument(resource);
    reader.show(resource, findResourceType(resource.type)?.apiVersions.at(-1) ?? '');
  }
  for (const stored of deployments.every()) checkDeployment(stored);
}
