/**
 * Routes that are made when the first request for one of them comes. Azure Resource Manager has 240 of them, and to make them
 * takes a fifth of a start; the server has one in their place, which finds theirs as the server would.
 */
import {
  errorCodes,
  type FastifyInstance,
  type FastifyRequest,
  type RouteHandlerMethod,
  type RouteOptions,
} from 'fastify';
import findMyWay, { type HTTPMethod } from 'find-my-way';
import { routerOptions } from './server.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the late route that was found does. */
    lateHandler: RouteHandlerMethod | undefined;
  }
  interface FastifyContextConfig {
    /** It stands for late routes. */
    readonly late?: LateRoutes;
  }
}

const verbs = ['get', 'head', 'post', 'put', 'patch', 'delete'] as const;

const methodsOf = ({ method }: RouteOptions): HTTPMethod[] =>
  (Array.isArray(method) ? method : [method]) as HTTPMethod[];

export class LateRoutes {
  /** What the server has in the place of the routes. */
  readonly places: readonly string[];
  readonly #register: (app: FastifyInstance) => void;
  #routes: readonly RouteOptions[] | undefined;
  #router: findMyWay.Instance<findMyWay.HTTPVersion.V1> | undefined;

  /** Routes at the paths in `below` and below them, which `register` adds when they are first asked for. */
  constructor({ below, register }: { below: readonly string[]; register: (app: FastifyInstance) => void }) {
    this.places = below.flatMap((path) => [path, `${path}/*`]);
    this.#register = register;
  }

  /** To be called before `app` gets hooks of its own, which are not for paths that no route is for. */
  addTo(app: FastifyInstance): void {
    app.lateRoutes.push(this);
    app.decorateRequest('lateHandler', undefined);
    app.addHook('onRequest', (request, reply, done) => {
      if (request.routeOptions.config.late !== this) return done();
      const found = this.#find(request);
      if (found instanceof Error) return done(found);
      if (found) return done();
      reply.callNotFound();
    });
    for (const url of this.places) {
      app.route({
        method: verbs.map((verb) => verb.toUpperCase()),
        url,
        config: { late: this },
        handler(request, reply) {
          return request.lateHandler?.call(this, request, reply);
        },
      });
    }
  }

  get routes(): readonly RouteOptions[] {
    this.#routes ??= this.#collect();
    return this.#routes;
  }

  #collect(): RouteOptions[] {
    const routes: RouteOptions[] = [];
    const route = (options: RouteOptions): void => {
      const { url } = options;
      if (!this.places.some((place) => (place.endsWith('*') ? url.startsWith(place.slice(0, -1)) : url === place)))
        throw new TypeError(`${url} is below none of ${this.places.join(', ')}`);
      routes.push(options);
    };
    const short =
      (method: string) =>
      (url: string, first: object | RouteHandlerMethod, second?: RouteHandlerMethod): void => {
        const handler = second ?? (first as RouteHandlerMethod);
        route({ ...(second && (first as object)), method, url, handler });
      };
    const shorts = Object.fromEntries(verbs.map((verb) => [verb, short(verb.toUpperCase())]));
    this.#register({ route, ...shorts } as unknown as FastifyInstance);
    return routes;
  }

  /** Whether there is a route for the request, which then has its handler and parameters; why not, if it is refused. */
  #find(request: FastifyRequest): boolean | Error {
    this.#router ??= this.#makeRouter();
    const { method, raw } = request;
    const found = this.#router.find(method as HTTPMethod, raw.url ?? '');
    if (!found) return false;
    if (!found.store) return new errorCodes.FST_ERR_MAX_PARAM_LENGTH(raw.url);
    request.lateHandler = (found.store as RouteOptions).handler;
    request.params = found.params;
    return true;
  }

  #makeRouter(): findMyWay.Instance<findMyWay.HTTPVersion.V1> {
    const router = findMyWay({ ...routerOptions, onMaxParamLength: () => {} });
    for (const route of this.routes) router.on(methodsOf(route), route.url, () => {}, route);
    return router;
  }
}
