/**
 * Makes a request body canonical, as Azure's network provider does before it looks at it: member names and enum values
 * in Azure's casing, read-only members and nulls dropped, references reduced to `{id}`, locations normalised.
 * Nothing is refused here; what does not fit stays as it is and fails validation.
 */
import type { SchemaNode } from './schema.js';

const memberNames = new WeakMap<SchemaNode, Map<string, string>>();

/** The member of `node` that is called `name`, whatever the casing. */
export function canonicalName(node: SchemaNode, name: string): string | undefined {
  if (node.properties && Object.hasOwn(node.properties, name)) return name;
  let folded = memberNames.get(node);
  if (!folded) {
    folded = new Map(Object.keys(node.properties ?? {}).map((member) => [member.toLowerCase(), member]));
    memberNames.set(node, folded);
  }
  return folded.get(name.toLowerCase());
}

/** `West US` is `westus`. */
export const normalizeLocation = (location: string): string => location.replace(/\s+/g, '').toLowerCase();

function canonicalString(value: string, node: SchemaNode): string {
  if (node.fold === 'location') return normalizeLocation(value);
  if (!node.enum || node.enum.includes(value)) return value;
  const folded = value.toLowerCase();
  return node.enum.find((candidate) => candidate.toLowerCase() === folded) ?? value;
}

/** Azure's reader takes an empty text for no value where a choice, a number or a boolean is expected. */
const isUnset = (value: unknown, { type, enum: choices }: SchemaNode): boolean =>
  value === '' && (choices !== undefined || type === 'integer' || type === 'boolean') && !choices?.includes('');

function canonicalObject(value: Record<string, unknown>, node: SchemaNode): unknown {
  if (!node.properties) return value;
  const result: Record<string, unknown> = {};
  for (const [given, member] of Object.entries(value)) {
    const name = canonicalName(node, given);
    if (name === undefined) {
      if (!node.reference && given !== '__proto__') result[given] = member;
      continue;
    }
    const schema = node.properties[name] as SchemaNode;
    if (member === null && schema.keptSince !== undefined) {
      result[name] = [];
      continue;
    }
    if ((schema.readOnly && !schema.echoed) || member === null || isUnset(member, schema)) continue;
    result[name] = canonicalise(member, schema);
  }
  return result;
}

/**
 * Azure's reader takes numbers and booleans in quotes for what they say, and bare ones where a text is expected, as
 * templates write them (`"port": "80"`, `"destinationPortRange": 80`).
 */
function converted(value: unknown, { type, enum: choices }: SchemaNode): unknown {
  if (typeof value === 'string') {
    if (type === 'integer' && /^\s*[-+]?\d{1,15}\s*$/.test(value)) return Number(value);
    if (type === 'boolean' && /^\s*(true|false)\s*$/i.test(value)) return value.trim().toLowerCase() === 'true';
  } else if (type === 'string' && !choices && (typeof value === 'number' || typeof value === 'boolean')) {
    return String(value);
  }
  return value;
}

/** The canonical form of `value` under `node`; a new value, the input is left alone. */
export function canonicalise(given: unknown, node: SchemaNode): unknown {
  const value = converted(given, node);
  if (typeof value === 'string') return canonicalString(value, node);
  if (Array.isArray(value))
    return node.items ? value.map((item) => canonicalise(item, node.items as SchemaNode)) : value;
  if (value !== null && typeof value === 'object') return canonicalObject(value as Record<string, unknown>, node);
  return value;
}
