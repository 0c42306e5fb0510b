/** Finds every reference in a document, following the schema; links and back-references are derived from it. */
import type { Link, ResourceDocument } from './resource-type.js';
import type { SchemaNode } from './schema.js';

/** A place in a document that holds the id of another resource. */
export interface FoundReference {
  /** The object whose `id` it is; may be rewritten. */
  readonly holder: { id: string };
  /** Types it may refer to. */
  readonly types: readonly string[];
  /** The member that holds it. */
  readonly path: string;
  /** Id and type of the resource or child that refers. */
  readonly sourceId: string;
  readonly sourceType: string;
  /** JSON path from the document's root. */
  readonly jsonPath: readonly (string | number)[];
}

interface Place {
  readonly id: string;
  readonly type: string;
  readonly path: string;
  readonly jsonPath: readonly (string | number)[];
}

function* walk(value: unknown, node: SchemaNode, place: Place): Generator<FoundReference> {
  if (value === null || typeof value !== 'object') return;
  if (node.reference) {
    const { id: sourceId, type: sourceType, path, jsonPath } = place;
    yield { holder: value as { id: string }, types: node.reference, path, sourceId, sourceType, jsonPath };
    return;
  }
  if (Array.isArray(value)) {
    if (!node.items) return;
    for (const [index, item] of value.entries()) {
      const jsonPath = [...place.jsonPath, index];
      const name = (item as { name?: unknown } | null)?.name;
      const inner = node.child
        ? { id: `${place.id}/${node.child}/${String(name)}`, type: `${place.type}/${node.child}`, path: '', jsonPath }
        : { ...place, jsonPath };
      yield* walk(item, node.items, inner);
    }
    return;
  }
  if (!node.properties) return;
  for (const [name, member] of Object.entries(value)) {
    const schema = node.properties[name];
    if (schema && !schema.readOnly && mayHoldReference(schema)) {
      yield* walk(member, schema, { ...place, path: name, jsonPath: [...place.jsonPath, name] });
    }
  }
}

const holdsReference = new WeakMap<SchemaNode, boolean>();

/** Most members are scalars; remembering which subtrees hold references keeps the walk short. */
function mayHoldReference(node: SchemaNode): boolean {
  const known = holdsReference.get(node);
  if (known !== undefined) return known;
  const holds =
    node.reference !== undefined ||
    (node.items !== undefined && mayHoldReference(node.items)) ||
    Object.values(node.properties ?? {}).some((member) => !member.readOnly && mayHoldReference(member));
  holdsReference.set(node, holds);
  return holds;
}

/** Every reference in `document` of the resource `id` of type `type`. */
export const referencesIn = (
  document: ResourceDocument,
  schema: SchemaNode,
  source: { id: string; type: string },
): Generator<FoundReference> => walk(document, schema, { ...source, path: '', jsonPath: [] });

/** The document's references as links. */
export function linksOf(document: ResourceDocument, schema: SchemaNode, source: { id: string; type: string }): Link[] {
  const links: Link[] = [];
  for (const found of referencesIn(document, schema, source)) {
    links.push({
      sourceId: found.sourceId,
      sourceType: found.sourceType,
      path: found.path,
      target: found.holder.id.toLowerCase(),
    });
  }
  return links;
}
