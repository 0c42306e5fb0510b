/**
 * Makes the OpenAPI document that @fastify/swagger draws from the routes one that people and generators like to read:
 * a resource's schema is written once and referred to, and every operation has the parameters and bodies that ARM reads
 * by itself.
 */
import { annotationKeywords } from '../../resources/schema.js';
const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);
const internal = new Set(annotationKeywords);
/** Without Lazurite's own annotations and without the description that belongs to the answer around a schema. */
function plain(value) {
    if (Array.isArray(value))
        return value.map(plain);
    if (!isObject(value))
        return value;
    const kept = {};
    for (const [name, member] of Object.entries(value)) {
        // Members of an object may be called anything; only keywords of a schema are annotations.
        if (name === 'properties' && isObject(member)) {
            kept[name] = Object.fromEntries(Object.entries(member).map(([key, schema]) => [key, plain(schema)]));
        }
        else if (!internal.has(name))
            kept[name] = plain(member);
    }
    return kept;
}
const schemaOf = (holder) => Object.values(holder?.content ?? {})[0]?.schema;
/** `Microsoft.Network.loadBalancers.probes` of a path; undefined for a path that is not a resource. */
function schemaName(path) {
    const [, resource] = /\/providers\/(.+\/\{[^/]+\})$/.exec(path) ?? [];
    return resource
        ?.split('/')
        .filter((segment) => !segment.startsWith('{'))
        .join('.');
}
const withoutDescription = ({ description: _, ...schema }) => schema;
const identity = (schema) => JSON.stringify(plain(withoutDescription(schema)));
/** Every resource's schema by its text. */
function namedSchemas(document) {
    const names = new Map();
    const name = (schema, called) => {
        if (schema?.properties && called !== undefined && !names.has(identity(schema)))
            names.set(identity(schema), called);
    };
    for (const [path, operations] of Object.entries(document.paths)) {
        for (const operation of Object.values(operations))
            name(schemaOf(operation.responses?.default), 'Error');
        name(schemaOf(operations.get?.responses?.['200']), schemaName(path));
    }
    return names;
}
const apiVersion = {
    name: 'api-version',
    in: 'query',
    required: true,
    description: 'The API version, for example 2024-05-01',
    schema: { type: 'string' },
};
const anyBody = { content: { 'application/json': { schema: { type: 'object', additionalProperties: true } } } };
/** What ARM reads without a schema of the route. */
function complete(method, operation) {
    const parameters = operation.parameters ?? [];
    const hasVersion = parameters.some(({ name }) => name === apiVersion.name);
    const body = operation.requestBody ?? (['put', 'patch', 'post'].includes(method) ? anyBody : undefined);
    return {
        ...operation,
        parameters: hasVersion ? parameters : [...parameters, apiVersion],
        ...(body && { requestBody: body }),
        security: [{ bearer: [] }],
    };
}
/** The document as it is published. */
export function publishedDocument(drawn) {
    const document = drawn;
    const names = namedSchemas(document);
    const schemas = {};
    const share = (value) => {
        if (Array.isArray(value))
            return value.map(share);
        if (!isObject(value))
            return value;
        const name = value.properties ? names.get(identity(value)) : undefined;
        if (name === undefined)
            return shareMembers(value);
        if (!schemas[name]) {
            schemas[name] = {};
            schemas[name] = shareMembers(plain(withoutDescription(value)));
        }
        return { $ref: `#/components/schemas/${name}` };
    };
    const shareMembers = (value) => Object.fromEntries(Object.entries(value).map(([name, member]) => [name, share(member)]));
    const paths = {};
    for (const [path, operations] of Object.entries(document.paths)) {
        const completed = Object.entries(operations).map(([method, operation]) => [method, complete(method, operation)]);
        paths[path] = plain(share(Object.fromEntries(completed)));
    }
    const sorted = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
    return { ...document, components: { ...document.components, schemas: sorted }, paths };
}
//# sourceMappingURL=openapi-document.js.map