/** Checks every reference of a document and writes it in canonical form: the target must exist and be of the right type. */
import { azureError, type ErrorDetail } from '../errors.js';
import { childrenOnPath } from '../resources/children.js';
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

interface WriteScope extends ReferenceScope {
  /** Folded id of the resource that is written. */
  readonly self: string;
  readonly document: ResourceDocument;
}

/** An id as it stands in the document. The same one is often in many places, so each is read once. */
interface Target {
  readonly id: ResourceId;
  /** Folded. */
  readonly type: string;
  /** Its canonical spelling, once it has been looked for. */
  canonical: string | undefined;
}

function readTarget(id: string): Target | undefined {
  const parsed = parseResourceId(id);
  return parsed && { id: parsed, type: typeOf(parsed).toLowerCase(), canonical: undefined };
}

function formatDetail(found: FoundReference): ErrorDetail {
  const expected = '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/';
  const path = formatJsonPath(found.jsonPath);
  const message = `Reference Id ${found.holder.id} is not formatted correctly. The Id is expected to start with ${expected}. Path ${path}.`;
  return { code: 'InvalidJsonReferenceFormat', message };
}

function typeDetail(found: FoundReference, target: Target): ErrorDetail | undefined {
  if (found.types.some((type) => type.toLowerCase() === target.type)) return undefined;
  const message =
    `Reference Id ${found.holder.id} is referencing resource of a wrong type. The Id is expected to reference ` +
    `resources of types ${found.types.join(', ')}. Path ${formatJsonPath(found.jsonPath)}.`;
  return { code: 'InvalidJsonReferenceWrongType', message };
}

function canonicalId(found: FoundReference, { id, type }: Target, owner: Resource): string | undefined {
  const root = parseResourceId(owner.id) as ResourceId;
  const children = childrenOnPath(owner.document, id);
  const canonicalType = found.types.find((one) => one.toLowerCase() === type) as string;
  const types = canonicalType.split('/').slice(1);
  if (!children) return undefined;
  const names = [root.names[0] as string, ...children.map(({ name }) => name as string)];
  return formatResourceId({ ...root, types, names });
}

/** What the reference says when it is spelt canonically; what it says already where the target has no model here. */
function resolve(reference: FoundReference, target: Target, scope: WriteScope): string {
  const root = rootOf(target.id);
  const ownerKey = idKey(formatResourceId(root));
  const isSelf = ownerKey === scope.self;
  const owner = isSelf ? undefined : scope.lookup.resource(ownerKey);
  // Types without a model of their own here cannot be missing.
  if (!isSelf && !owner && scope.canonicalType(typeOf(root)) === undefined) return reference.holder.id;
  const known = isSelf ? ({ id: scope.idText, document: scope.document } as Resource) : owner;
  const canonical = known && canonicalId(reference, target, known);
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
  return canonical;
}

/**
 * Rewrites the ids in `document` to their canonical spelling. Throws `InvalidRequestFormat` for ids that are none or of
 * a wrong type, `InvalidResourceReference` for what does not exist, `RetryableError` for what is still being made.
 */
export function resolveReferences(document: ResourceDocument, scope: ReferenceScope): void {
  const known = new Map<string, Target | undefined>();
  const resolvable: { reference: FoundReference; target: Target }[] = [];
  const details: ErrorDetail[] = [];
  for (const reference of referencesIn(document, scope.schema, { id: scope.idText, type: scope.type })) {
    const { id } = reference.holder;
    if (!known.has(id)) known.set(id, readTarget(id));
    const target = known.get(id);
    const detail = target ? typeDetail(reference, target) : formatDetail(reference);
    if (detail) details.push(detail);
    else if (target) resolvable.push({ reference, target });
  }
  if (details.length > 0) throw invalidRequestFormat(details);

  const here = { ...scope, self: idKey(scope.idText), document };
  for (const { reference, target } of resolvable) {
    target.canonical ??= resolve(reference, target, here);
    reference.holder.id = target.canonical;
  }
}
