/**
 * The OpenAPI document of the classic API, made from its operations and data contracts. Operations that only `?comp=`
 * tells apart are under `x-ms-paths`, where Azure's own specifications have such.
 */
import type { ClassicOperation } from './call.js';
import { ErrorDocument } from './contracts/subscription.js';
import { answerBodies, requestBodies } from './openapi-bodies.js';
import { classicOperations } from './routes/index.js';
import { versions } from './versions.js';
import type { ContractSchema, DocumentType } from './xml/contract.js';
import { documentOf } from './xml/contract-types.js';
import { azureNamespace } from './xml/writer.js';

type Json = Readonly<Record<string, unknown>>;

const schemaName = (document: DocumentType<unknown>): string => document.names[0] as string;

/** Names are shared by requests and answers that differ, so the schemas of requests have a name of their own. */
const reference = (prefix: string, document: DocumentType<unknown>): Json => ({
  content: { 'application/xml': { schema: { $ref: `#/components/schemas/${prefix}${schemaName(document)}` } } },
});

const rootSchema = (document: DocumentType<unknown>): ContractSchema => ({
  ...document.type.schema,
  xml: { ...document.type.schema.xml, name: schemaName(document), namespace: azureNamespace },
});

const pathParameters = (path: string): Json[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));

const versionHeader = (since: string): Json => ({
  name: 'x-ms-version',
  in: 'header',
  required: true,
  description: `${since} or later.`,
  schema: { type: 'string', format: 'date' },
});

function responses({ method, name }: ClassicOperation): Json {
  const answer = answerBodies[name];
  const fault = { description: 'Refused.', ...reference('', documentOf(ErrorDocument)) };
  if (method === 'GET') return { 200: { description: 'OK', ...(answer && reference('', answer)) }, default: fault };
  const done = { description: 'Done.' };
  const accepted = { description: 'Accepted; `operations/{x-ms-request-id}` says how it went.' };
  return { 200: done, 201: done, 202: accepted, default: fault };
}

function operationObject(operation: ClassicOperation, path: string): Json {
  const body = requestBodies[operation.name];
  return {
    operationId: path.includes('{slot}') ? `${operation.name} By Slot` : operation.name,
    summary: operation.name,
    parameters: [...pathParameters(path), versionHeader(operation.since)],
    ...(body && { requestBody: { required: true, ...reference('Request', body) } }),
    responses: responses(operation),
  };
}

function schemas(): Json {
  const all: [string, ContractSchema][] = [
    ...Object.values(requestBodies).map((body): [string, ContractSchema] => [
      `Request${schemaName(body)}`,
      rootSchema(body),
    ]),
    ...[...Object.values(answerBodies), documentOf(ErrorDocument)].map((body): [string, ContractSchema] => [
      schemaName(body),
      rootSchema(body),
    ]),
  ];
  return Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The document, for `openapi/classic.json` and for the page that shows it. */
export function classicOpenApi(): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  const overloaded: Record<string, Record<string, unknown>> = {};
  for (const operation of classicOperations) {
    const path = `/{subscriptionId}${operation.path === '' ? '' : `/${operation.path}`}`;
    const into = operation.comp === undefined ? paths : overloaded;
    const key = operation.comp === undefined ? path : `${path}?comp=${operation.comp}`;
    into[key] = { ...into[key], [operation.method.toLowerCase()]: operationObject(operation, path) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Lazurite: classic Service Management API',
      version: '0.1.0',
      description: `Cloud services, virtual machines and their load-balanced sets, in XML. Values of x-ms-version: ${versions.join(', ')}.`,
    },
    paths,
    'x-ms-paths': overloaded,
    components: { schemas: schemas() },
  };
}
