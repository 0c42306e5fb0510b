/** Checks every reference of a document and writes it in canonical form: the target must exist and be of the right type. */
import { azureError, type ErrorDetail } from '../errors.js';
import { formatJsonPath } from '../resources/json-position.js';
import { type FoundReference, referencesIn } from '../resources/references.js';
import { formatResourceId, idKey, parseResourceId, type ResourceId, rootOf, typeOf } from '../resources/resource-id.js';
import type { Lookup, Resource, ResourceDocument } from '../resources/resource-type.js';
import type { SchemaNode } from '../resources/schema.js';
import { invalidRequestFormat } from '../resources/validation.js';
import { operationName } from './operation-records.js';

export interface ReferenceScope {
  readonly idText: string;
  readonly type: string;
  readonly schema: SchemaNode;
  readonly lookup: Lookup;
  /** Canonical spelling of a type known to the registry. */
  readonly canonicalType: (type: string) => string | undefined;
}

function formatDetail(found: FoundReference): ErrorDetail | undefined {
  const { id } = found.holder;
  const path = formatJsonPath(found.jsonPath);
  if (!parseResourceId(id)) {
    const expected = '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/';
    const message = `Reference Id ${id} is not formatted correctly. The Id is expected to start with ${expected}. Path ${path}.`;
    return { code: 'InvalidJsonReferenceFormat', message };
  }
  return undefined;
}

function typeDetail(found: FoundReference, target: ResourceId): ErrorDetail | undefined {
  const given = typeOf(target).toLowerCase();
  if (found.types.some((type) => type.toLowerCase() === given)) return undefined;
  const message =
    `Reference Id ${found.holder.id} is referencing resource of a wrong type. The Id is expected to reference ` +
    `resources of types ${found.types.join(', ')}. Path ${formatJsonPath(found.jsonPath)}.`;
  return { code: 'InvalidJsonReferenceWrongType', message };
}

/** Finds a child by its path of types and names below `document`; answers the names as they were first written. */
function childNames(document: ResourceDocument, target: ResourceId): readonly string[] | undefined {
  const names = [target.names[0] as string];
  let parent: Record<string, unknown> | undefined = document.properties;
  for (let depth = 1; depth < target.types.length; depth++) {
    const wanted = (target.types[depth] as string).toLowerCase();
    const collection: string | undefined = Object.keys(parent ?? {}).find((member) => member.toLowerCase() === wanted);
    const children = (collection === undefined ? undefined : parent?.[collection]) as
      | { name?: string; properties?: Record<string, unknown> }[]
      | undefined;
    if (!Array.isArray(children)) return undefined;
    const name = (target.names[depth] as string).toLowerCase();
    const child = children.find((one) => one.name?.toLowerCase() === name);
    if (!child) return undefined;
    names.push(child.name as string);
    parent = child.properties;
  }
  return names;
}

function canonicalTarget(found: FoundReference, target: ResourceId, owner: Resource): string | undefined {
  const root = parseResourceId(owner.id) as ResourceId;
  const names = childNames(owner.document, target);
  const type = found.types.find((one) => one.toLowerCase() === typeOf(target).toLowerCase()) as string;
  const types = type.split('/').slice(1);
  return names && formatResourceId({ ...root, types, names: [root.names[0] as string, ...names.slice(1)] });
}

/**
 * Rewrites the ids in `document` to their canonical spelling. Throws `InvalidRequestFormat` for ids that are none or of
 * a wrong type, `InvalidResourceReference` for what does not exist, `RetryableError` for what is still being made.
 */
export function resolveReferences(document: ResourceDocument, scope: ReferenceScope): void {
  const self = idKey(scope.idText);
  const details: ErrorDetail[] = [];
  const found = [...referencesIn(document, scope.schema, { id: scope.idText, type: scope.type })];
  const resolvable: { reference: FoundReference; target: ResourceId }[] = [];
  for (const reference of found) {
    const target = parseResourceId(reference.holder.id);
    const detail = target ? typeDetail(reference, target) : formatDetail(reference);
    if (detail) details.push(detail);
    else if (target) resolvable.push({ reference, target });
  }
  if (details.length > 0) throw invalidRequestFormat(details);

  for (const { reference, target } of resolvable) {
    const rootId = formatResourceId(rootOf(target));
    const ownerKey = idKey(rootId);
    const isSelf = ownerKey === self;
    const owner = isSelf ? undefined : scope.lookup.resource(ownerKey);
    // Types without a model of their own here cannot be missing.
    if (!isSelf && !owner && scope.canonicalType(typeOf(rootOf(target))) === undefined) continue;
    const known = isSelf ? ({ id: scope.idText, document } as Resource) : owner;
    const canonical = known && canonicalTarget(reference, target, known);
    if (canonical === undefined) {
      throw azureError('InvalidResourceReference', {
        values: { referenced: reference.holder.id, id: reference.sourceId },
      });
    }
    if (owner && owner.provisioningState !== 'Succeeded') {
      const method = owner.provisioningState === 'Deleting' ? 'Delete' : 'Put';
      const message =
        `Cannot proceed with operation because resource ${owner.id} used by resource ${scope.idText} is not in ` +
        `Succeeded state. Resource is in ${owner.provisioningState} state and the last operation that updated/is ` +
        `updating the resource is ${operationName(method, owner.type)}.`;
      throw azureError('RetryableError', { details: [{ code: 'ReferencedResourceNotProvisioned', message }] });
    }
    reference.holder.id = canonical;
  }
}
