/** What a PUT would leave behind, for what-if: it is made in a transaction that is then undone. */
import { AzureError } from '../errors.js';
import { idKey, parseResourceId, type ResourceId, rootKey, typeOf } from '../resources/resource-id.js';
import type { ResourceType } from '../resources/resource-type.js';
import { writableType, writeRequest } from './deployment-writes.js';
import type { JsonObject, PutRequest } from './deployments/index.js';
import { opaqueDocument, showOpaque } from './opaque-resources.js';
import type { ResourceService } from './resource-service.js';

/** The resource as it would be after `request`; undefined when that cannot be told, as when it would be refused. */
export function previewPut(request: PutRequest, service: ResourceService): JsonObject | undefined {
  const id = parseResourceId(request.id);
  if (!id || !service.store.resource(rootKey(request.id))) return undefined;
  const type = writableType(id);
  if (!type) return opaquePreview(request, service);
  try {
    return service.context.store.rehearse(() => written(request, { id, type, service }));
  } catch (error) {
    if (error instanceof AzureError) return undefined;
    throw error;
  }
}

function opaquePreview({ id, body }: PutRequest, service: ResourceService): JsonObject | undefined {
  const resource = service.store.resource(idKey(id));
  return resource && (showOpaque({ ...resource, document: opaqueDocument(body) }) as JsonObject);
}

interface Place {
  readonly id: ResourceId;
  readonly type: ResourceType;
  readonly service: ResourceService;
}

function written(request: PutRequest, { id, type, service }: Place): JsonObject | undefined {
  const { resource } = service.writer.put(writeRequest(request, { id, type, service }));
  if (id.types.length === 1) return service.reader.show(resource, request.apiVersion) as JsonObject;
  const child = `${resource.id}/${typeOf(id).split('/').at(-1)}/${id.names.at(-1)}`;
  return service.reader.byId(child, request.apiVersion) as JsonObject | undefined;
}
