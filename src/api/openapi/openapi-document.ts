/**
 * Makes the OpenAPI document that @fastify/swagger draws from the routes one that people and generators like to read:
 * a resource's schema is written once and referred to, and every operation has the parameters and bodies that ARM reads
 * by itself.
 */
import { lastSegment } from '../../resources/resource-id.js';
import { annotationKeywords } from '../../resources/schema.js';
import { isObject } from '../../support/plain-data.js';
import { exampleApiVersion, exampleBody, exampleParameters } from './examples.js';

type Json = Record<string, unknown>;

interface Operation extends Json {
  tags?: string[];
  parameters?: Json[];
  requestBody?: { content?: Record<string, { schema?: Json; example?: unknown }>; required?: boolean };
  responses?: Record<string, { content?: Record<string, { schema?: Json }> }>;
}

export interface OpenApiDocument extends Json {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Json> };
}

const internal = new Set<string>(annotationKeywords);

/** Without Lazurite's own annotations and without the description that belongs to the answer around a schema. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  const kept: Json = {};
  for (const [name, member] of Object.entries(value)) {
    // Members of an object may be called anything; only keywords of a schema are annotations.
    if (name === 'properties' && isObject(member)) {
      kept[name] = Object.fromEntries(Object.entries(member).map(([key, schema]) => [key, plain(schema)]));
    } else if (!internal.has(name)) kept[name] = plain(member);
  }
  return kept;
}

const schemaOf = (holder: { content?: Record<string, { schema?: Json }> } | undefined): Json | undefined =>
  Object.values(holder?.content ?? {})[0]?.schema;

/** `Microsoft.Network.loadBalancers.probes` of a path; undefined for a path that is not a resource. */
function schemaName(path: string): string | undefined {
  const [, resource] = /\/providers\/(.+\/\{[^/]+\})$/.exec(path) ?? [];
  return resource
    ?.split('/')
    .filter((segment) => !segment.startsWith('{'))
    .join('.');
}

const withoutDescription = ({ description: _, ...schema }: Json): Json => schema;
const identity = (schema: Json): string => JSON.stringify(plain(withoutDescription(schema)));

/** Every resource's schema by its text. */
function namedSchemas(document: OpenApiDocument): Map<string, string> {
  const names = new Map<string, string>();
  const name = (schema: Json | undefined, called: string | undefined): void => {
    if (schema?.properties && called !== undefined && !names.has(identity(schema))) names.set(identity(schema), called);
  };
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const operation of Object.values(operations)) name(schemaOf(operation.responses?.default), 'Error');
    name(schemaOf(operations.get?.responses?.['200']), schemaName(path));
  }
  return names;
}

const apiVersion = {
  name: 'api-version',
  in: 'query',
  required: true,
  description: 'The API version',
  schema: { type: 'string' },
};
const anyBody = { content: { 'application/json': { schema: { type: 'object', additionalProperties: true } } } };

interface Place {
  readonly method: string;
  readonly path: string;
}

/** What ARM reads without a schema of the route. */
function withWhatArmReads({ method }: Place, operation: Operation): Operation {
  const parameters = (operation.parameters ?? []).filter(({ name }) => name !== apiVersion.name);
  const body = operation.requestBody ?? (['put', 'patch', 'post'].includes(method) ? anyBody : undefined);
  return {
    ...operation,
    parameters: [...parameters, apiVersion],
    ...(body && { requestBody: body }),
  };
}

const verbs: Readonly<Record<string, string>> = {
  ...{ put: 'Create or replace', patch: 'Change', delete: 'Delete', head: 'Ask for' },
};

/** `Create or replace one of loadBalancers/inboundNatRules`. */
function summaryOf({ method, path }: Place): string {
  const [, below = path] = /.*\/providers\/[^/{]+\/(.+)$/.exec(path) ?? [];
  const named = below.split('/').filter((segment) => segment !== '' && !segment.startsWith('{'));
  const segments = named.length > 1 && named[0] === 'subscriptions' ? named.slice(1) : named;
  const isOne = path.endsWith('}');
  if (method === 'post' || (method !== 'get' && !isOne)) {
    const [action = method] = segments.slice(-1);
    const of = segments.slice(0, -1).join('/');
    return of === '' ? `Call ${action}` : `Call ${action} of ${of}`;
  }
  const what = segments.join('/');
  if (method !== 'get') return `${verbs[method]} one of ${what}`;
  if (isOne) return `Read one of ${what}`;
  if (segments.length > 1 || !path.includes('/providers/')) return `List ${what}`;
  return `List ${what} of the ${path.includes('{resourceGroupName}') ? 'resource group' : 'subscription'}`;
}

/** With a summary, and with what makes it work on a new Lazurite: names, a version, a body. */
function withExamples(place: Place, operation: Operation): Operation {
  const { method, path } = place;
  const known = new Map([...exampleParameters(path), [apiVersion.name, exampleApiVersion(path)]]);
  const parameters = operation.parameters?.map((parameter) => {
    const example = known.get(String(parameter.name));
    return example === undefined
      ? parameter
      : { ...parameter, schema: { ...(parameter.schema as Json), default: example } };
  });
  const content = Object.entries(operation.requestBody?.content ?? {}).map(([type, media]) => {
    const { example = method === 'put' ? exampleBody(path) : {}, ...schema } = media.schema ?? {};
    return [type, { schema, example }];
  });
  // Links into the page are split at slashes.
  const tags = operation.tags?.map(lastSegment);
  return {
    ...{ summary: summaryOf(place), ...operation },
    ...(tags && { tags }),
    ...(parameters && { parameters }),
    ...(operation.requestBody && { requestBody: { ...operation.requestBody, content: Object.fromEntries(content) } }),
    security: [{ bearer: [] }, {}],
  };
}

/** Where the document is read, and where Lazurite is by default. */
export const servers = [
  { url: '/', description: 'where this document is from' },
  { url: 'http://localhost:4567', description: 'the default of Lazurite' },
];

export type DocumentName = 'arm' | 'admin';

/** The document as it is published, with the operations of one API. */
export function publishedDocument(drawn: object, name: DocumentName): OpenApiDocument {
  const whole = drawn as OpenApiDocument;
  const isAdmin = (path: string): boolean => path.startsWith('/_lazurite/');
  const own = Object.entries(whole.paths).filter(([path]) => isAdmin(path) === (name === 'admin'));
  const document = { ...whole, paths: Object.fromEntries(own) };
  const names = namedSchemas(document);
  const schemas: Record<string, Json> = {};
  const share = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(share);
    if (!isObject(value)) return value;
    const name = value.properties ? names.get(identity(value)) : undefined;
    if (name === undefined) return shareMembers(value);
    if (!schemas[name]) {
      schemas[name] = {};
      schemas[name] = shareMembers(plain(withoutDescription(value)) as Json);
    }
    return { $ref: `#/components/schemas/${name}` };
  };
  const shareMembers = (value: Json): Json =>
    Object.fromEntries(Object.entries(value).map(([name, member]) => [name, share(member)]));

  const paths: OpenApiDocument['paths'] = {};
  for (const [path, operations] of Object.entries(document.paths)) {
    const completed = Object.entries(operations).map(([method, operation]) => {
      const place = { method, path };
      return [method, withExamples(place, name === 'arm' ? withWhatArmReads(place, operation) : operation)];
    });
    paths[path] = plain(share(Object.fromEntries(completed))) as Record<string, Operation>;
  }
  const sorted = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
  const tags = [
    ...new Set(
      Object.values(paths)
        .flatMap(Object.values)
        .flatMap(({ tags = [] }) => tags),
    ),
  ].sort();
  return {
    ...document,
    servers,
    tags: tags.map((tag) => ({ name: tag })),
    paths,
    components: { ...document.components, schemas: sorted },
  };
}
