/** What a resource in a template may and must have, before anything in it is evaluated. */
import { azureError } from '../../errors.js';
import { isObject, type Json, type JsonObject, member } from './json.js';
import { positionOf, relativeTo } from './parse/positions.js';

const members = new Set(
  'apiVersion asserts comments condition copy dependsOn etag existing extendedLocation extension id identity import kind location managedBy managedByExtended metadata name placement plan properties resourceGroup resources scope sku subscriptionId systemData tags tenantId type zones $options @options'
    .toLowerCase()
    .split(' '),
);

export interface ResourcePlace {
  readonly root: Json;
  readonly container: Json;
  readonly key: string | number;
  readonly path: string;
}

/** `value` as a resource. Throws what Azure's deserialiser says when it is none. */
export function checkResource(value: Json, place: ResourcePlace): JsonObject {
  if (!isObject(value)) throw refuse('Error converting value to type TemplateResource.', place, place);
  for (const key of Object.keys(value)) {
    if (members.has(key.toLowerCase())) continue;
    throw refuse(`Could not find member '${key}' on object of type 'TemplateResource'.`, place, {
      container: value,
      key,
      path: `${place.path}.${key}`,
    });
  }
  for (const key of ['type', 'name', 'apiVersion']) {
    if (typeof member(value, key) === 'string') continue;
    if (key === 'apiVersion' && member(value, 'existing') === true) continue;
    throw refuse(`Required property '${key}' not found in JSON.`, place, place);
  }
  const dependsOn = member(value, 'dependsOn') ?? [];
  if (!Array.isArray(dependsOn) && typeof dependsOn !== 'string') {
    throw refuse("Error converting value to an array: 'dependsOn' must be an array.", place, {
      container: value,
      key: 'dependsOn',
      path: `${place.path}.dependsOn`,
    });
  }
  return value;
}

function refuse(
  reason: string,
  { root }: ResourcePlace,
  { container, key, path }: { container: Json; key: string | number; path: string },
) {
  const { line, column } = relativeTo(root, positionOf(container, key));
  return azureError('InvalidTemplateParse', {
    values: { reason: `${reason} Path '${path}', line ${line}, position ${column}.` },
  });
}
