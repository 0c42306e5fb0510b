/**
 * Routes that are made when the first request comes. Azure Resource Manager has 240 of them below `/subscriptions/`, and to make
 * them takes a fifth of a start; the server has one in their place, which finds theirs as the server would.
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
}

const methodsOf = ({ method }: RouteOptions): HTTPMethod[] =>
  (Array.isArray(method) ? method : [method]) as HTTPMethod[];

export class LateRoutes {
  readonly #routes: RouteOptions[] = [];
  readonly #app: FastifyInstance;
  readonly #below: string;
  #router: findMyWay.Instance<findMyWay.HTTPVersion.V1> | undefined;

  /**
   * To be called before `app` gets hooks of its own: they are not for paths that no route is for. `below` begins and ends
   * with a slash.
   */
  constructor(app: FastifyInstance, { below }: { below: string }) {
    this.#app = app;
    this.#below = below;
    app.decorateRequest('lateHandler', undefined);
    app.addHook('onRequest', (request, reply, done) => {
      // Of the routes of `app` that the server knows, only the one for all late routes has this parameter.
      if (!('*' in (request.params as object))) return done();
      const found = this.#find(request);
      if (found instanceof Error) return done(found);
      if (found) return done();
      reply.callNotFound();
    });
  }

  /** Registers what `register` adds: at once what is elsewhere, and at the first request what is below. May be called once. */
  add(register: (app: FastifyInstance) => void): void {
    const route = (options: RouteOptions): void => {
      if (!options.url.startsWith(this.#below)) this.#app.route(options);
      else {
        this.#routes.push(options);
        this.#app.lateRoutes.push(options);
      }
    };
    const short =
      (method: string) =>
      (url: string, first: object | RouteHandlerMethod, second?: RouteHandlerMethod): void => {
        const handler = second ?? (first as RouteHandlerMethod);
        route({ ...(second && (first as object)), method, url, handler });
      };
    const verbs = ['get', 'head', 'post', 'put', 'patch', 'delete'] as const;
    const shorts = Object.fromEntries(verbs.map((verb) => [verb, short(verb.toUpperCase())]));
    const hooks = { addHook: this.#app.addHook.bind(this.#app) };
    register({ route, ...shorts, ...hooks } as unknown as FastifyInstance);
    this.#app.route({
      method: [...new Set(this.#routes.flatMap(methodsOf))],
      url: `${this.#below}*`,
      handler(request, reply) {
        return request.lateHandler?.call(this, request, reply);
      },
    });
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
    for (const route of this.#routes) router.on(methodsOf(route), route.url, () => {}, route);
    return router;
  }
}
