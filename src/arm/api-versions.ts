/** The `api-version` that every request must carry, and which versions are known. */
import type { FastifyRequest } from 'fastify';
import { azureError } from '../errors.js';
import type { ResourceType } from '../resources/resource-type.js';
import type { ArmContext } from './arm-context.js';
import { locationNames } from './locations.js';

/** Query parameters of a request, names folded, first value of each. */
export function queryOf(request: FastifyRequest): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.query as Record<string, string | string[]>)) {
    query[name.toLowerCase()] = Array.isArray(value) ? (value[0] as string) : value;
  }
  return query;
}

/** The request's api-version, folded; throws `MissingApiVersionParameter`. */
export function apiVersionOf(request: FastifyRequest): string {
  const version = queryOf(request)['api-version'];
  if (!version) throw azureError('MissingApiVersionParameter');
  return version.toLowerCase();
}

const told = new Set<string>();

/**
 * The api-version for a type. A newer one than this Lazurite knows gets the newest shape and one log line; with
 * `--strict-api-versions`, what Azure does not list is refused with the list.
 */
export function apiVersionFor(type: ResourceType, request: FastifyRequest, context: ArmContext): string {
  const version = apiVersionOf(request);
  if (type.apiVersions.includes(version)) return version;
  const newestFirst = [...type.apiVersions].reverse();
  if (context.strictApiVersions) {
    const location = '';
    const shortType = type.type.split('/').slice(1).join('/');
    const supported = newestFirst.join(', ');
    throw azureError('NoRegisteredProviderFound', {
      values: {
        location,
        apiVersion: version,
        type: shortType,
        supported,
        locations: locationNames.replaceAll(',', ', '),
      },
    });
  }
  if (!told.has(version)) {
    told.add(version);
    context.note(`api-version ${version} of ${type.type} is not known; answering as ${newestFirst[0]} would`);
  }
  return version;
}
