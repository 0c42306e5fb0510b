/** Refusals to delete what others use, as each type declares them. */
import type { AzureError } from '../errors.js';
import { findResourceType } from '../resources/registry.js';
import { idKey, rootKey } from '../resources/resource-id.js';
import type { InUse, Link, Lookup, Resource, ResourceDocument } from '../resources/resource-type.js';

const comesFrom = ({ by, path }: InUse, link: Link): boolean =>
  (by.endsWith('*') ? link.sourceType.startsWith(by.slice(0, -1)) : link.sourceType === by) &&
  (path === '*' || link.path === path);

function refusal(
  lookup: Lookup,
  { id, name, rules }: { id: string; name: string; rules: readonly InUse[] | undefined },
): AzureError | undefined {
  if (!rules?.length) return undefined;
  const key = idKey(id);
  const root = rootKey(id);
  const links = lookup
    .linksInto(root)
    .filter(({ target }) => key === root || target === key || target.startsWith(`${key}/`));
  for (const rule of rules) {
    const users = links.filter((link) => comesFrom(rule, link));
    if (users.length > 0) return rule.refuse({ id, name, links: users });
  }
  return undefined;
}

const childNames = (document: ResourceDocument, collection: string): string[] =>
  ((document.properties[collection] as { name: string }[] | undefined) ?? []).map(({ name }) => name);

/** Why `existing` cannot become `document`: a child that would be gone is in use. */
export function refusalToDropChildren(
  lookup: Lookup,
  existing: Resource | undefined,
  document: ResourceDocument,
): AzureError | undefined {
  if (!existing) return undefined;
  for (const { name: collection, inUse: rules } of findResourceType(existing.type)?.children ?? []) {
    if (!rules) continue;
    const staying = new Set(childNames(document, collection).map((name) => name.toLowerCase()));
    for (const name of childNames(existing.document, collection)) {
      if (staying.has(name.toLowerCase())) continue;
      const refused = refusal(lookup, { id: `${existing.id}/${collection}/${name}`, name, rules });
      if (refused) return refused;
    }
  }
  return undefined;
}

/** Why `existing` cannot be deleted; undefined when nobody uses it. */
export function refusalToDelete(lookup: Lookup, existing: Resource): AzureError | undefined {
  const { id, name } = existing;
  const rules = findResourceType(existing.type)?.inUse;
  return refusal(lookup, { id, name, rules }) ?? refusalToDropChildren(lookup, existing, { properties: {} });
}
