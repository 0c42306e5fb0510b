/** Every route of a running server, for tests that ask them all. */
import type { FastifyInstance } from 'fastify';

export interface Route {
  readonly method: string;
  /** As it was registered, in lower case; what is to be filled in begins with a colon, `*` is the rest of a path. */
  readonly path: string;
}

/** The routes of `app`: those that Fastify knows, and the late ones in place of those that stand for them. */
export function routesOf(app: FastifyInstance): Route[] {
  const late = app.lateRoutes
    .flatMap(({ routes }) => routes)
    .flatMap(({ method, url }) => [method].flat().map((one) => ({ method: String(one), path: url.toLowerCase() })));
  const places = new Set(app.lateRoutes.flatMap((one) => one.places));
  return [...printedRoutes(app).filter(({ path }) => !places.has(path)), ...late];
}

/** The tree that Fastify prints: each level adds to the path of the one above it. */
function printedRoutes(app: FastifyInstance): Route[] {
  const above: string[] = [];
  return app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', segment = '', methods = ''] = /^([│ ]*)[├└]── (.*?)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? [];
      const depth = indent.length / 4;
      above.splice(depth, Number.POSITIVE_INFINITY, segment);
      // The slash before a wildcard is not printed.
      const path = above
        .join('')
        .replace(/\/{2,}/g, '/')
        .replace(/(?<!\/)\*$/, '/*');
      return methods
        .split(', ')
        .filter((method) => method !== '')
        .map((method) => ({ method, path }));
    });
}

/** A path with something in every place that is to be filled in; what is the rest of a path is a resource of any type. */
export const filled = (path: string, subscriptionId: string): string =>
  path
    .replace(/:subscriptionid/gi, subscriptionId)
    .replace(/:namespace\/\*/gi, 'Microsoft.Sql/servers/s')
    .replace(/:namespace/gi, 'Microsoft.Sql')
    .replace(/:[\w|:]+/g, 'x')
    .replace('*', 'providers/Microsoft.Sql/servers/s');
