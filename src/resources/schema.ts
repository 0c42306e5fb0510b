/**
 * The vocabulary in which resource types describe their bodies: TypeBox schemas with Azure's own annotations. One schema
 * gives the TypeScript type, the Ajv validator, the OpenAPI document, the canonical form of a request and, by the order
 * of its members, the order of keys on the wire.
 *
 * Annotations: `readOnly` (ignored on input, unless `echoed`), `since`/`until` (api-versions in which a member exists), `reference` (an
 * `{id}` of one of these types), `backReference` (computed from references of others), `child` (an array of child
 * resources), `fold` (how a string is made canonical).
 */
import type { Static, TArray, TBoolean, TInteger, TObject, TOptional, TSchema, TString, TUnsafe } from 'typebox';

export type { Static, TSchema };

/** Where a computed back-reference comes from: resources of one of `types` that name this one at `path`. */
export interface BackReference {
  readonly types: readonly string[];
  readonly path: string;
  /** Emit one `{id}` instead of an array. */
  readonly single?: boolean;
}

/** The annotations, as they appear on a schema node. */
export interface Annotations {
  readonly readOnly?: boolean;
  /** Read-only, yet what a client sends of it is looked at before it is dropped. */
  readonly echoed?: boolean;
  readonly since?: string;
  readonly until?: string;
  /** Versions in between that do not show the member all the same. */
  readonly absentIn?: readonly string[];
  readonly reference?: readonly string[];
  /** The reference may lead into another region. */
  readonly anyRegion?: boolean;
  /** The reference stays when what it names is deleted. */
  readonly outlives?: boolean;
  readonly backReference?: BackReference;
  /** Last type segment of the child resources in this array. */
  readonly child?: string;
  /** These children may have any name, such as that of a service. */
  readonly anyName?: boolean;
  /** A PUT at this api-version or a later one that leaves the member out keeps it; null empties it. */
  readonly keptSince?: string;
  readonly fold?: 'location';
  /** A text that may be empty; of any other member an empty text says nothing. */
  readonly mayBeEmpty?: boolean;
  /** The members around a resource's `properties`: only here are names, ids and etags computed. */
  readonly envelope?: boolean;
  /** Name of the contract class that Azure's JSON errors mention. */
  readonly clrType?: string;
}

/** A schema node as plain data, the way the walkers read it. */
export interface SchemaNode extends Annotations {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly enum?: readonly string[];
  readonly additionalProperties?: boolean | SchemaNode;
}

/** Keywords that Ajv must know of; they validate nothing. */
export const annotationKeywords = [
  'since',
  'until',
  'absentIn',
  'anyName',
  'reference',
  'anyRegion',
  'outlives',
  'mayBeEmpty',
  'backReference',
  'child',
  'envelope',
  'fold',
  'keptSince',
  'clrType',
  'echoed',
] as const;

type Members = Record<string, TSchema>;
type OptionalMembers<M extends Members> = { [K in keyof M]: TOptional<M[K]> };

/** A schema is plain JSON; only the compiler knows which type it describes. Loading TypeBox would cost every start. */
export const typed = <T extends TSchema>(schema: object) => schema as T;

/** An object whose members are all optional, as Azure treats them; `required` names those it insists on. */
export function object<M extends Members>(members: M, options: Annotations & { required?: readonly string[] } = {}) {
  const { required, ...rest } = options;
  return typed<TObject<OptionalMembers<M>>>({
    type: 'object',
    properties: members,
    additionalProperties: false,
    ...rest,
    ...(required && { required: [...required] }),
  });
}

export const string = (options: Annotations = {}) => typed<TString>({ type: 'string', ...options });
/** A string that may be empty. */
export const text = () => string({ mayBeEmpty: true });
export const integer = (options: Annotations & { minimum?: number; maximum?: number } = {}) =>
  typed<TInteger>({ type: 'integer', minimum: -2147483648, maximum: 2147483647, ...options });
export const boolean = (options: Annotations = {}) => typed<TBoolean>({ type: 'boolean', ...options });
export const array = <T extends TSchema>(items: T, options: Annotations = {}) =>
  typed<TArray<T>>({ type: 'array', items, ...options });
export const map = (options: Annotations = {}) =>
  typed<TUnsafe<Record<string, string>>>({ type: 'object', additionalProperties: { type: 'string' }, ...options });
/** An object with any members: for parts of other types of which Lazurite fills in some. */
export const anyObject = (options: Annotations = {}) =>
  typed<TUnsafe<Record<string, unknown>>>({ type: 'object', additionalProperties: true, ...options });
/** Anything at all: for parts of other types that Lazurite stores and echoes without reading. */
export const anything = (options: Annotations = {}) => typed<TUnsafe<unknown>>({ ...options });

/** A closed set of values; `clrType` is the enum's name in Azure's error text. */
export const oneOf = <const V extends readonly string[]>(values: V, options: Annotations = {}) =>
  typed<TUnsafe<V[number]>>({ type: 'string', enum: [...values], ...options });

/** `{id}` of a resource of one of `types`. Whole embedded resources are accepted and reduced to their id. */
export const reference = (types: string | readonly string[], options: Annotations = {}) =>
  typed<TUnsafe<{ id: string }>>({
    type: 'object',
    properties: { id: { type: 'string' } },
    required: ['id'],
    reference: typeof types === 'string' ? [types] : types,
    ...options,
  });

/** Computed list (or single `{id}`) of the resources that refer to this one. */
export const backReferences = (
  type: string | readonly string[],
  path: string,
  options: Annotations & { single?: boolean } = {},
) => {
  const { single, ...rest } = options;
  const types = typeof type === 'string' ? [type] : type;
  return typed<TUnsafe<unknown>>({
    ...(single ? { type: 'object' } : { type: 'array', items: { type: 'object' } }),
    readOnly: true,
    backReference: { types, path, ...(single ? { single } : {}) },
    ...rest,
  });
};

const provisioningStates = ['Succeeded', 'Updating', 'Deleting', 'Failed', 'Creating', 'Canceled'] as const;
export const provisioningState = () => oneOf(provisioningStates, { readOnly: true });
export const resourceGuid = (options: Annotations = {}) => string({ readOnly: true, ...options });
export const location = () => string({ fold: 'location' });
export const extendedLocation = (options: Annotations) =>
  object({ name: string(), type: oneOf(['EdgeZone'] as const) }, options);
export const zones = (options: Annotations) => array(string(), options);

const envelopeMembers = {
  name: text,
  id: () => string({ readOnly: true }),
  etag: () => string({ readOnly: true }),
  type: () => string({ readOnly: true }),
  location,
  tags: () => map(),
} as const;

/**
 * The members around `properties`, in the order in which this type shows them on the wire: `order` lists names; those
 * that are not standard come from `extra`.
 */
export function envelope<M extends Members>(order: string, extra: M) {
  const members: Members = {};
  for (const name of order.split(' ')) {
    const standard = envelopeMembers[name as keyof typeof envelopeMembers];
    members[name] = extra[name] ?? (standard ? standard() : anything());
  }
  type Known = { name: ReturnType<typeof string>; location: ReturnType<typeof string>; tags: ReturnType<typeof map> };
  // Azure calls the class of a resource as that of its properties.
  const clrType = (extra.properties as SchemaNode | undefined)?.clrType?.replace(/Properties$/, '');
  return object(members as unknown as M & Known, { envelope: true, ...(clrType ? { clrType } : {}) });
}

/** An array of child resources whose ids end in `/{segment}/{name}`. */
export const children = <T extends TSchema>(segment: string, items: T, options: Annotations = {}) =>
  array(items, { ...options, child: segment });
