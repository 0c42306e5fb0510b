/** Names of child resources: well-formed, and each only once in its collection, whatever the casing. */
import { azureError } from '../errors.js';
import type { ResourceDocument } from '../resources/resource-type.js';
import type { SchemaNode } from '../resources/schema.js';

const wellFormed = /^\w([\w.-]{0,78}\w)?$/;

/** Throws `InvalidResourceName` or `DuplicateResourceName` for the first child at fault. */
export function checkChildNames(document: ResourceDocument, schema: SchemaNode, id: string): void {
  check(document.properties, schema.properties?.properties, id);
}

function check(properties: Record<string, unknown> | undefined, node: SchemaNode | undefined, id: string): void {
  for (const [member, schema] of Object.entries(node?.properties ?? {})) {
    const children = properties?.[member] as { name?: string; properties?: Record<string, unknown> }[] | undefined;
    if (!schema.child || schema.readOnly || !children) continue;
    const seen = new Set<string>();
    for (const child of children) {
      const name = child.name ?? '';
      if (!wellFormed.test(name)) throw azureError('InvalidResourceName', { values: { name } });
      if (seen.has(name.toLowerCase())) throw azureError('DuplicateResourceName', { values: { id, name } });
      seen.add(name.toLowerCase());
      check(child.properties, schema.items?.properties?.properties, `${id}/${schema.child}/${name}`);
    }
  }
}
