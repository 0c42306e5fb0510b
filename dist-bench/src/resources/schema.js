/**
 * The vocabulary in which resource types describe their bodies: TypeBox schemas with Azure's own annotations. One schema
 * gives the TypeScript type, the Ajv validator, the OpenAPI document, the canonical form of a request and, by the order
 * of its members, the order of keys on the wire.
 *
 * Annotations: `readOnly` (ignored on input, unless `echoed`), `since`/`until` (api-versions in which a member exists), `reference` (an
 * `{id}` of one of these types), `backReference` (computed from references of others), `child` (an array of child
 * resources), `fold` (how a string is made canonical).
 */
import { Type } from 'typebox';
/** Keywords that Ajv must know of; they validate nothing. */
export const annotationKeywords = [
    'since',
    'until',
    'absentIn',
    'reference',
    'anyRegion',
    'backReference',
    'child',
    'envelope',
    'fold',
    'keptSince',
    'clrType',
    'echoed',
];
/** An object whose members are all optional, as Azure treats them; `required` names those it insists on. */
export function object(members, options = {}) {
    const { required, ...rest } = options;
    const optional = {};
    for (const [name, schema] of Object.entries(members))
        optional[name] = Type.Optional(schema);
    const schema = Type.Object(optional, { additionalProperties: false, ...rest });
    return required ? Object.assign(schema, { required: [...required] }) : schema;
}
/** Annotations as TypeBox takes them: any further members of the schema. */
const extra = (options) => options;
export const string = (options = {}) => Type.String(extra(options));
export const integer = (options = {}) => Type.Integer({ minimum: -2147483648, maximum: 2147483647, ...options });
export const boolean = (options = {}) => Type.Boolean(extra(options));
export const array = (items, options = {}) => Type.Array(items, extra(options));
export const map = (options = {}) => Type.Unsafe({ type: 'object', additionalProperties: { type: 'string' }, ...options });
/** Anything at all: for parts of other types that Lazurite stores and echoes without reading. */
export const anything = (options = {}) => Type.Unsafe({ ...options });
/** A closed set of values; `clrType` is the enum's name in Azure's error text. */
export const oneOf = (values, options = {}) => Type.Unsafe({ type: 'string', enum: [...values], ...options });
/** `{id}` of a resource of one of `types`. Whole embedded resources are accepted and reduced to their id. */
export const reference = (types, options = {}) => Type.Unsafe({
    type: 'object',
    properties: { id: { type: 'string' } },
    required: ['id'],
    reference: typeof types === 'string' ? [types] : types,
    ...options,
});
/** Computed list (or single `{id}`) of the resources that refer to this one. */
export const backReferences = (type, path, options = {}) => {
    const { single, ...rest } = options;
    const types = typeof type === 'string' ? [type] : type;
    return Type.Unsafe({
        ...(single ? { type: 'object' } : { type: 'array', items: { type: 'object' } }),
        readOnly: true,
        backReference: { types, path, ...(single ? { single } : {}) },
        ...rest,
    });
};
const provisioningStates = ['Succeeded', 'Updating', 'Deleting', 'Failed', 'Creating', 'Canceled'];
export const provisioningState = () => oneOf(provisioningStates, { readOnly: true });
export const resourceGuid = (options = {}) => string({ readOnly: true, ...options });
export const location = () => string({ fold: 'location' });
export const extendedLocation = (options) => object({ name: string(), type: oneOf(['EdgeZone']) }, options);
export const zones = (options) => array(string(), options);
const envelopeMembers = {
    name: () => string(),
    id: () => string({ readOnly: true }),
    etag: () => string({ readOnly: true }),
    type: () => string({ readOnly: true }),
    location,
    tags: () => map(),
};
/**
 * The members around `properties`, in the order in which this type shows them on the wire: `order` lists names; those
 * that are not standard come from `extra`.
 */
export function envelope(order, extra) {
    const members = {};
    for (const name of order.split(' ')) {
        const standard = envelopeMembers[name];
        members[name] = extra[name] ?? (standard ? standard() : anything());
    }
    // Azure calls the class of a resource as that of its properties.
    const clrType = extra.properties?.clrType?.replace(/Properties$/, '');
    return object(members, { envelope: true, ...(clrType ? { clrType } : {}) });
}
/** An array of child resources whose ids end in `/{segment}/{name}`. */
export const children = (segment, items, options = {}) => Type.Array(items, extra({ ...options, child: segment }));
//# sourceMappingURL=schema.js.map