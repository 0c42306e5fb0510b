/**
 * Finds the operation for a request: paths without regard to case, with or without a slash at the end, `comp` deciding
 * between operations of one path. Imitates the front end of the Service Management API.
 */
import { azureError } from '../../errors/index.js';
import type { ClassicMethod, ClassicOperation } from './call.js';
import { versions } from './versions.js';

interface Route {
  readonly segments: readonly string[];
  readonly operations: ClassicOperation[];
}

export interface RouteMatch {
  readonly operation: ClassicOperation;
  readonly path: Readonly<Record<string, string>>;
  /** The request's x-ms-version. */
  readonly version: string;
}

export interface RouteRequest {
  readonly method: string;
  /** Below the subscription. */
  readonly path: string;
  readonly comp: string | undefined;
  /** The x-ms-version header. */
  readonly version: string | readonly string[] | undefined;
}

const parameterOf = (segment: string): string | undefined => /^\{(\w+)\}$/.exec(segment)?.[1];

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw azureError('ClassicResourceNotFound');
  }
}

function matchPath(route: Route, segments: readonly string[]): Record<string, string> | undefined {
  if (route.segments.length !== segments.length) return undefined;
  const path: Record<string, string> = {};
  for (const [index, expected] of route.segments.entries()) {
    const segment = segments[index] as string;
    const parameter = parameterOf(expected);
    if (parameter !== undefined) path[parameter] = segment;
    else if (expected.toLowerCase() !== segment.toLowerCase()) return undefined;
  }
  return path;
}

const knownVersions = new Set(versions);

/** The request's version; a missing, malformed or unknown one, and one below the operation's, are refused. */
function checkedVersion(header: RouteRequest['version'], since: string): string {
  const version = typeof header === 'string' ? header.trim() : '';
  if (knownVersions.has(version) && version >= since) return version;
  throw azureError('ClassicMissingOrIncorrectVersionHeader');
}

/** Whether `?comp= is the operation's own: one that no operation has is never taken for another operation. */
const acceptsComp = (operation: ClassicOperation, comp = ''): boolean =>
  comp.toLowerCase() === (operation.comp ?? '').toLowerCase() ||
  (operation.mediaOption === true && comp.toLowerCase() === 'media');

export class ClassicRouter {
  readonly operations: readonly ClassicOperation[];
  readonly #routes: Route[] = [];

  constructor(operations: readonly ClassicOperation[]) {
    this.operations = operations;
    const routes = new Map<string, Route>();
    for (const operation of operations) {
      const key = operation.path.toLowerCase();
      const segments = operation.path.split('/').filter((segment) => segment !== '');
      const route = routes.get(key) ?? { segments, operations: [] };
      route.operations.push(operation);
      routes.set(key, route);
    }
    // Literal segments win over parameters: `hostedservices/operations/isavailable/x` is no service called operations.
    const literals = ({ segments }: Route) => segments.filter((segment) => parameterOf(segment) === undefined).length;
    this.#routes = [...routes.values()].sort((a, b) => literals(b) - literals(a));
  }

  /** The operation for a request, or Azure's refusal. */
  match({ method, path, comp, version }: RouteRequest): RouteMatch {
    const segments = path
      .split('/')
      .filter((segment) => segment !== '')
      .map(decoded);
    for (const route of this.#routes) {
      const parameters = matchPath(route, segments);
      if (!parameters) continue;
      const candidates = route.operations.filter((operation) => operation.method === (method as ClassicMethod));
      if (candidates.length === 0) throw azureError('ClassicInvalidHttpVerb');
      const operation = candidates.find((candidate) => acceptsComp(candidate, comp));
      if (!operation) throw azureError('ClassicInvalidQueryParameter');
      return { operation, path: parameters, version: checkedVersion(version, operation.since) };
    }
    throw azureError('ClassicResourceNotFound');
  }
}
