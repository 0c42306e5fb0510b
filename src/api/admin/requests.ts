/** What admin routes have in common: how they appear in documents, and how their bodies and queries are read. */
import type { FastifyRequest } from 'fastify';
import { azureError } from '../../errors/index.js';

/** What the OpenAPI document says of an admin route. */
export interface AdminRoute {
  readonly summary: string;
  /** What may stand in the query, each with an example. */
  readonly query?: Readonly<Record<string, string>>;
  /** An example of the body. */
  readonly body?: object;
}

const parameters = (query: Readonly<Record<string, string>>): object => ({
  type: 'object',
  properties: Object.fromEntries(
    Object.entries(query).map(([name, example]) => [name, { type: 'string', description: `For example ${example}` }]),
  ),
});

/** Options of an admin route, for its document only: nothing is validated by them. */
export const adminRoute = (operationId: string, { summary, query, body }: AdminRoute) => ({
  schema: {
    ...{ tags: ['lazurite'], operationId, summary },
    ...(query && { querystring: parameters(query) }),
    ...(body && { body: { type: 'object', additionalProperties: true, example: body } }),
  } as object,
});

export const badRequest = (reason: string) => azureError('BadRequest', { values: { reason } });

/** The body as a JSON object; an empty body is an empty object. */
export function jsonBody(request: FastifyRequest): Record<string, unknown> {
  const text = String(request.body ?? '');
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badRequest(`the body is not JSON (${(error as Error).message})`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest('the body must be a JSON object');
  }
  return value as Record<string, unknown>;
}

/** The query, first value of each name. */
export function queryText(request: FastifyRequest): Readonly<Record<string, string | undefined>> {
  const query = request.query as Record<string, string | string[]>;
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, [value].flat()[0]]));
}
