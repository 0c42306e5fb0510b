/** The difference between a resource as it is and as it will be, in the shape of Azure's what-if. */
import { compact, equalJson, isObject, type Json, type JsonObject, memberName } from './json.js';

export type PropertyChangeType = 'Create' | 'Delete' | 'Modify' | 'Array' | 'NoEffect';

export interface PropertyChange {
  readonly path: string;
  readonly propertyChangeType: PropertyChangeType;
  readonly before?: Json;
  readonly after?: Json;
  readonly children?: readonly PropertyChange[];
}

/** Members that Azure makes up itself: they say nothing about what the template wants. */
const madeUp = new Set(
  'id etag type name apiversion provisioningstate resourceguid systemdata changedtime createdtime'.split(' '),
);

export interface DeltaOptions {
  /** `after` is the whole resource, so that what it lacks will be gone; otherwise it says only what the template says. */
  readonly complete: boolean;
}

/** What changes between `before` and `after`; empty when nothing does. */
export function delta(before: JsonObject, after: JsonObject, options: DeltaOptions): PropertyChange[] {
  return objectChanges(before, after, { options, path: '' });
}

interface Level {
  readonly options: DeltaOptions;
  readonly path: string;
}

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

function objectChanges(before: JsonObject, after: JsonObject, { options, path }: Level): PropertyChange[] {
  const changes: PropertyChange[] = [];
  for (const [key, wanted] of Object.entries(after)) {
    if (madeUp.has(key.toLowerCase())) continue;
    const known = memberName(before, key);
    const level = { options, path: join(path, known ?? key) };
    if (known !== undefined) changes.push(...valueChanges(before[known] as Json, wanted, level));
    else if (!isNothing(wanted)) changes.push({ path: level.path, propertyChangeType: 'Create', after: wanted });
  }
  // A template says all of a resource's tags; of other members it may leave out what Azure fills in.
  if (!options.complete && !/(^|\.)tags$/.test(path) && path !== '') return changes;
  for (const [key, value] of Object.entries(before)) {
    const isTags = path === '' && key === 'tags';
    if (madeUp.has(key.toLowerCase()) || memberName(after, key) !== undefined || isNothing(value)) continue;
    if (options.complete || path !== '' || isTags) {
      changes.push({ path: join(path, key), propertyChangeType: 'Delete', before: value });
    }
  }
  return changes;
}

/** An absent member and an empty one come to the same. */
function isNothing(value: Json): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === null || (isObject(value) && Object.keys(value).length === 0);
}

function valueChanges(before: Json, after: Json, level: Level): PropertyChange[] {
  if (isObject(before) && isObject(after)) return objectChanges(before, after, level);
  if (Array.isArray(before) && Array.isArray(after)) return arrayChanges(before, after, level);
  if (sameValue(before, after)) return [];
  return [{ path: level.path, propertyChangeType: 'Modify', before, after }];
}

/** Ids and expressions that are not known yet count as equal where they may be. */
function sameValue(before: Json, after: Json): boolean {
  if (equalJson(before, after)) return true;
  if (typeof before !== 'string' || typeof after !== 'string') return false;
  const isId = before.startsWith('/') && after.startsWith('/');
  return isId && before.toLowerCase() === after.toLowerCase();
}

function arrayChanges(before: readonly Json[], after: readonly Json[], { options, path }: Level): PropertyChange[] {
  const key = elementKey([...before, ...after]);
  const children: PropertyChange[] = [];
  const left = new Map(before.map((element, index) => [key(element, index), element]));
  for (const [index, wanted] of after.entries()) {
    const name = key(wanted, index);
    const known = left.get(name);
    left.delete(name);
    if (known === undefined) {
      children.push({ path: String(index), propertyChangeType: 'Create', after: wanted });
      continue;
    }
    children.push(...elementChanges(known, wanted, { options, path: String(index) }));
  }
  const gone = [...left.values()];
  children.push(
    ...gone.map((element) => ({
      path: String(before.indexOf(element)),
      propertyChangeType: 'Delete' as const,
      before: element,
    })),
  );
  return children.length === 0 ? [] : [{ path, propertyChangeType: 'Array', children }];
}

function elementChanges(before: Json, after: Json, { options, path }: Level): PropertyChange[] {
  if (!isObject(before) || !isObject(after)) return valueChanges(before, after, { options, path });
  const children = objectChanges(before, after, { options, path: '' });
  return children.length === 0 ? [] : [{ path, propertyChangeType: 'Modify', children }];
}

/** Elements are the same by name, by id, by value, or else by where they stand. */
function elementKey(elements: readonly Json[]): (element: Json, index: number) => string {
  for (const name of ['name', 'id']) {
    if (elements.every((element) => isObject(element) && typeof element[name] === 'string')) {
      return (element) => String((element as JsonObject)[name]).toLowerCase();
    }
  }
  return elements.every((element) => typeof element !== 'object')
    ? (element) => JSON.stringify(element)
    : (_, index) => String(index);
}

/** `change` as JSON, with the members that Azure shows for its kind. */
export const changeJson = ({ path, propertyChangeType, before, after, children }: PropertyChange): JsonObject =>
  compact({ path, propertyChangeType, before, after, children: children?.map(changeJson) });
