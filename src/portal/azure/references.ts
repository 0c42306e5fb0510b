/** References between resources: which members of a document name others, and which of them others have written. */
import { type ArmResource, listAll, readId, resourcesVersion, sameId, versionFor } from './arm.js';
import { getJson } from './http.js';
import { everywhere, inAllSubscriptions } from './queries.js';

/** A part of a schema of the OpenAPI document. */
interface Schema {
  readonly readOnly?: boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly $ref?: string;
}

export interface FoundReference {
  /** `out`: the document itself names the other one. `in`: the other one names this one. */
  readonly direction: 'in' | 'out';
  /** The member, in the document that names. */
  readonly member: string;
  readonly id: string;
}

type Schemas = Readonly<Record<string, Schema>>;

/** Ids at or below `root`. */
const isWithin = (id: string, root: string): boolean => `${id.toLowerCase()}/`.startsWith(`${root.toLowerCase()}/`);

/**
 * Every id outside a document that it names. What the schema calls read-only is computed from references of others, and points
 * at who made them.
 */
function referencesIn(document: ArmResource<unknown>, schemas: Schemas): FoundReference[] {
  const resolve = (schema: Schema | undefined): Schema | undefined =>
    schema?.$ref === undefined ? schema : schemas[schema.$ref.split('/').at(-1) ?? ''];
  const visit = (
    value: unknown,
    { schema: given, member, direction }: { schema: Schema | undefined; member: string; direction: 'in' | 'out' },
  ): FoundReference[] => {
    const schema = resolve(given);
    if (Array.isArray(value)) {
      return value.flatMap((item, index) =>
        visit(item, { schema: schema?.items, member: `${member}[${index}]`, direction }),
      );
    }
    if (value === null || typeof value !== 'object') return [];
    return Object.entries(value).flatMap(([name, inner]) => {
      const next = resolve(schema?.properties?.[name]);
      if (name === 'id' && typeof inner === 'string') {
        const isOther = inner.startsWith('/subscriptions/') && !isWithin(inner, document.id);
        return isOther ? [{ direction, member: member || name, id: inner }] : [];
      }
      const at = member === '' ? name : `${member}.${name}`;
      return visit(inner, { schema: next, member: at, direction: next?.readOnly ? 'in' : direction });
    });
  };
  const type = readId(document.id).type.replace('/', '.').toLowerCase();
  const schema = Object.entries(schemas).find(([name]) => name.toLowerCase() === type)?.[1];
  return visit(document, { schema, member: '', direction: 'out' });
}

/** Documents of every type that there is. */
async function everyDocument(): Promise<ArmResource<unknown>[]> {
  const all = await inAllSubscriptions((id) =>
    listAll<ArmResource>(`/subscriptions/${id}/resources?api-version=${resourcesVersion}`),
  );
  const types = new Map(all.map(({ id, type }) => [type.toLowerCase(), { type, version: versionFor(id) }]));
  const lists = [...types.values()].map(({ type, version }) => everywhere<ArmResource<unknown>>(type, version));
  return (await Promise.all(lists)).flat();
}

/** What a resource refers to, and what refers to it, parts included. */
export async function referencesOf(resource: ArmResource<unknown>): Promise<FoundReference[]> {
  const [openapi, documents] = await Promise.all([
    getJson<{ components: { schemas: Schemas } }>('/openapi/arm.json'),
    everyDocument(),
  ]);
  const { schemas } = openapi.components;
  const incoming = documents
    .filter(({ id }) => !sameId(id, resource.id))
    .flatMap((document) =>
      referencesIn(document, schemas)
        .filter(({ direction, id }) => direction === 'out' && isWithin(id, resource.id))
        .map(({ member }) => ({ direction: 'in' as const, member, id: document.id })),
    );
  const outgoing = referencesIn(resource, schemas).filter(({ direction }) => direction === 'out');
  return [...outgoing, ...incoming];
}
