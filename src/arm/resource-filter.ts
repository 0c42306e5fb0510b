/** Azure's `$filter` on `/resources`: comparisons joined by `and` and `or`, with `startswith` and `substringof`. */
import { azureError } from '../errors.js';
import type { Resource } from '../resources/resource-type.js';

type Test = (resource: Resource) => boolean;

function valuesOf(resource: Resource, property: string): string[] {
  switch (property.toLowerCase()) {
    case 'resourcegroup':
      return [resource.resourceGroup];
    case 'name':
      return [resource.name];
    case 'resourcetype':
    case 'type':
      return [resource.type];
    case 'location':
      return [resource.document.location ?? ''];
    case 'tagname':
      return Object.keys(resource.document.tags ?? {});
    case 'tagvalue':
      return Object.values(resource.document.tags ?? {});
    default:
      return [];
  }
}

const known = /^(resourceGroup|name|resourceType|type|location|tagName|tagValue)$/i;
const comparison = /^\(?\s*(\w+)\s+(eq|ne)\s+'((?:[^']|'')*)'\s*\)?$/i;
const startsWith = /^\(?\s*startswith\(\s*(\w+)\s*,\s*'((?:[^']|'')*)'\s*\)\s*\)?$/i;
const substringOf = /^\(?\s*substringof\(\s*'((?:[^']|'')*)'\s*,\s*(\w+)\s*\)\s*\)?$/i;

const unquoted = (text: string): string => text.replaceAll("''", "'").toLowerCase();

function term(text: string, filter: string): Test {
  const refuse = () => azureError('UnsupportedFilter', { values: { filter } });
  const some = (property: string, holds: (value: string) => boolean): Test => {
    if (!known.test(property)) throw refuse();
    return (resource) => valuesOf(resource, property).some((value) => holds(value.toLowerCase()));
  };
  const compared = comparison.exec(text);
  if (compared) {
    const [, property = '', operator = '', value = ''] = compared;
    const equal = some(property, (one) => one === unquoted(value));
    return operator.toLowerCase() === 'eq' ? equal : (resource) => !equal(resource);
  }
  const started = startsWith.exec(text);
  if (started) return some(started[1] as string, (one) => one.startsWith(unquoted(started[2] as string)));
  const contained = substringOf.exec(text);
  if (contained) return some(contained[2] as string, (one) => one.includes(unquoted(contained[1] as string)));
  throw refuse();
}

/** Splits at a keyword outside quotes. */
const split = (text: string, keyword: 'and' | 'or'): string[] =>
  text.split(new RegExp(`\\s+${keyword}\\s+(?=(?:[^']*'[^']*')*[^']*$)`, 'i'));

/** The test that `filter` describes; throws `InvalidFilterInQueryString` for what Azure does not know either. */
export function resourceFilter(filter: string | undefined): Test {
  if (filter === undefined || filter.trim() === '') return () => true;
  const alternatives = split(filter.trim(), 'or').map((all) =>
    split(all, 'and').map((one) => term(one.trim(), filter)),
  );
  return (resource) => alternatives.some((all) => all.every((test) => test(resource)));
}
