/** Reads a request body: JSON with positions, made canonical, validated against the type's schema. */
import { azureError } from '../errors.js';
import { canonicalise } from '../resources/canonical.js';
import { map, object, type SchemaNode } from '../resources/schema.js';
import { validateBody } from '../resources/validation.js';

/** A JSON object from `text`; refuses what is none, as the front door does. */
export function parseJsonObject(text: unknown): Record<string, unknown> {
  let body: unknown;
  try {
    body = JSON.parse(typeof text === 'string' ? text : '');
  } catch (error) {
    const reason = text ? (error as Error).message : 'Request content was empty';
    throw azureError('InvalidRequestContent', { values: { reason } });
  }
  if (body === null || typeof body !== 'object' || Array.isArray(body)) {
    throw azureError('InvalidRequestContent', { values: { reason: 'The request content must be a JSON object' } });
  }
  return body as Record<string, unknown>;
}

const tagsSchema = object({ tags: map({ clrType: 'TagsObject' }) }, { clrType: 'TagsObject' });

/** The tags in a PATCH; members besides them say nothing. */
export function readTags(text: unknown): Record<string, string> | undefined {
  const given = Object.entries(parseJsonObject(text)).find(([name]) => name.toLowerCase() === 'tags')?.[1];
  if (given === undefined || given === null) return undefined;
  validateBody({ tags: given }, tagsSchema, text as string);
  return given as Record<string, string>;
}

/** Body `text` in canonical form, valid under `schema`; `parsed` is the text as an object, where it is known. */
export function readBody(
  text: unknown,
  schema: object,
  parsed: Record<string, unknown> = parseJsonObject(text),
): Record<string, unknown> {
  const body = canonicalise(parsed, schema as SchemaNode) as Record<string, unknown>;
  validateBody(body, schema, text as string);
  return body;
}
