/** What a PUT would leave behind, for what-if: it is made in a transaction that is then undone. */
import { AzureError } from '../errors.js';
import { findResourceType } from '../resources/registry.js';
import { idKey, parseResourceId, type ResourceId, rootKey, typeOf } from '../resources/resource-id.js';
import type { Resource, ResourceDocument, ResourceType } from '../resources/resource-type.js';
import type { Arm } from './arm.js';
import type { JsonObject, PutRequest } from './deployments/index.js';
import { opaqueDocument, showOpaque } from './opaque-resources.js';
import { readBody } from './request-body.js';
import { childSchema } from './resource-reader.js';

/** The resource as it would be after `request`; undefined when that cannot be told, as when it would be refused. */
export function previewPut(request: PutRequest, arm: Arm): JsonObject | undefined {
  const id = parseResourceId(request.id);
  const root = arm.store.resource(rootKey(request.id));
  if (!id || !root) return undefined;
  const type = findResourceType(`${id.namespace}/${id.types[0]}`);
  if (!type) return opaquePreview(request, arm);
  const document = documentAfter(request, { id, type, root });
  return document && undone(arm, () => written({ ...request, id, type, document }, arm));
}

function opaquePreview({ id, body }: PutRequest, arm: Arm): JsonObject | undefined {
  const resource = arm.store.resource(idKey(id));
  return resource && (showOpaque({ ...resource, document: opaqueDocument(body) }) as JsonObject);
}

interface Place {
  readonly id: ResourceId;
  readonly type: ResourceType;
  readonly root: Resource;
}

/** Makes the top-level document that a PUT of a resource or of its child would write. */
function documentAfter({ body }: PutRequest, { id, type, root }: Place): (() => ResourceDocument) | undefined {
  const text = JSON.stringify(body);
  if (id.types.length === 1) {
    return () => {
      const { name: _name, ...document } = readBody(text, type.schema) as unknown as ResourceDocument & {
        name?: string;
      };
      return { ...document, properties: document.properties ?? {} };
    };
  }
  const collection = type.children?.find(({ name }) => name.toLowerCase() === id.types[1]?.toLowerCase())?.name;
  const name = id.names[1]?.toLowerCase();
  if (collection === undefined || id.types.length > 2) return undefined;
  return () => {
    const document = structuredClone(root.document);
    const children = (document.properties[collection] ?? []) as { name: string }[];
    const child = readBody(text, childSchema(type, collection));
    document.properties[collection] = children.map((one) =>
      one.name.toLowerCase() === name ? { ...child, name: one.name } : one,
    );
    return document;
  };
}

interface Writing {
  readonly id: ResourceId;
  readonly type: ResourceType;
  readonly apiVersion: string;
  readonly document: () => ResourceDocument;
}

function written({ id, type, apiVersion, document }: Writing, arm: Arm): JsonObject | undefined {
  const root = { ...id, types: [type.type.split('/')[1] as string], names: id.names.slice(0, 1) };
  const { resource } = arm.writer.put({ type, id: root, apiVersion, conditions: {}, document });
  if (id.types.length === 1) return arm.reader.show(resource, apiVersion) as JsonObject;
  return arm.reader.byId(`${resource.id}/${typeOf(id).split('/').at(-1)}/${id.names.at(-1)}`, apiVersion) as
    | JsonObject
    | undefined;
}

/** The result of `write`, after which everything is as before; undefined when Azure would refuse it. */
function undone<T>(arm: Arm, write: () => T): T | undefined {
  const { connection } = arm.context.store;
  connection.exec('BEGIN IMMEDIATE');
  try {
    return write();
  } catch (error) {
    if (error instanceof AzureError) return undefined;
    throw error;
  } finally {
    connection.exec('ROLLBACK');
    // What was cached on the way never happened.
    arm.context.store.forget();
  }
}
