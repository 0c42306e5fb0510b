/**
 * The classic API as a Fastify plugin: everything under a subscription id, and who may call it. Every answer and every
 * refusal is XML with the headers that Azure's front end sends. Imitates "Service Management REST API: common parameters and
 * headers".
 */
import type { TLSSocket } from 'node:tls';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AzureError, azureError, storageRefusal } from '../../errors/index.js';
import { requestBaseUrl } from '../../http/server.js';
import type { Store } from '../../store/store.js';
import type { ClassicCall, ClassicMethod, ClassicOperation, ClassicReply, ClassicServices } from './call.js';
import { ErrorDocument } from './contracts/subscription.js';
import { noteRead } from './documents.js';
import { serviceVersions } from './fixed-lists.js';
import { classicOperations } from './routes/index.js';
import { documentOf, readDocument, writeDocument } from './xml/contract.js';
import { decodeXml, readXml } from './xml/xml.js';

interface Route {
  readonly segments: readonly string[];
  readonly operations: ClassicOperation[];
}

interface RouteMatch {
  readonly operation: ClassicOperation;
  readonly path: Readonly<Record<string, string>>;
  /** The request's x-ms-version. */
  readonly version: string;
}

interface RouteRequest {
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

const knownVersions = new Set(serviceVersions);

/** The request's version; a missing, malformed or unknown one, and one below the operation's, are refused. */
function checkedVersion(header: RouteRequest['version'], since: string): string {
  const version = typeof header === 'string' ? header.trim() : '';
  if (knownVersions.has(version) && version >= since) return version;
  throw azureError('ClassicMissingOrIncorrectVersionHeader');
}

/**
 * Whether `?comp=` is the operation's own: one that no operation has is never taken for another operation. An empty one
 * means something for reads only, where it does no harm.
 */
function acceptsComp(operation: ClassicOperation, comp: string | undefined): boolean {
  if (comp === undefined || (comp === '' && operation.method === 'GET')) return operation.comp === undefined;
  const wanted = comp.toLowerCase();
  return wanted === operation.comp?.toLowerCase() || (operation.mediaOption === true && wanted === 'media');
}

/**
 * Finds the operation for a request: paths without regard to case, with or without a slash at the end, `comp` deciding
 * between operations of one path.
 */
class ClassicRouter {
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

export interface ClassicPluginOptions extends ClassicServices {
  /** Also refuse the element orders that real clients send although the contract has another one. */
  readonly elementOrder?: 'lenient' | 'strict';
  /** Scheme and host for absolute URLs; the request's own by default. */
  readonly baseUrl?: (request: FastifyRequest) => string;
  /** Refuses a caller by throwing `ClassicAuthenticationFailed`; by default every call is accepted. */
  readonly authorize?: (request: FastifyRequest, subscriptionId: string) => void | Promise<void>;
}

/** A subscription id in a path, in any casing. */
const guid = '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}';

const serverHeader = '1.0.6198.146 (rd_rdfe_stable.141015-1306) Microsoft-HTTPAPI/2.0';
const region = 'ussouth2';
const newestVersion = serviceVersions.at(-1) as string;

function send(reply: FastifyReply, { status, body, headers = {} }: ClassicReply, requestId: string): FastifyReply {
  const { httpVersion, headers: asked } = reply.request.raw;
  // Node's Connection and Keep-Alive are none of Azure's headers; HTTP/1.1 keeps connections without them. A connection
  // that ends has to say so, or a client's pool sends its next request into it.
  if (httpVersion === '1.1' && !/\bclose\b/i.test(asked.connection ?? '')) reply.raw.removeHeader('connection');
  reply.code(status).headers({
    'cache-control': 'no-cache',
    server: serverHeader,
    'x-ms-servedbyregion': region,
    'x-ms-request-id': requestId,
    ...headers,
  });
  if (body !== undefined) return reply.type(headers['content-type'] ?? 'application/xml; charset=utf-8').send(body);
  // Nothing to sniff: an empty answer has exactly the headers of Azure's example.
  return reply.removeHeader('x-content-type-options').header('content-length', '0').send();
}

/** A body that is too long, or one that Fastify cannot decode. */
function refusedByFastify(error: unknown): AzureError | undefined {
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode;
  return typeof status === 'number' && status < 500 ? azureError('ClassicInvalidXmlRequest') : undefined;
}

/** An error that is not an AzureError is a bug: it is logged and answered as Azure's internal error. */
function errorReply(error: unknown, request: FastifyRequest): ClassicReply {
  const known = error instanceof AzureError ? error : (storageRefusal(error) ?? refusedByFastify(error));
  if (!known) request.log.error(error);
  const { status, code, message } = known ?? azureError('ClassicInternalError');
  const value = { Code: code, Message: message };
  return { status, body: writeDocument(documentOf(ErrorDocument), value, { version: newestVersion }) };
}

/** Parameters by lower-case name; the values of one that is there twice are joined with a comma, as .NET does. */
function queryOf(url: string): Map<string, string> {
  const at = url.indexOf('?');
  const query = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(at < 0 ? '' : url.slice(at + 1))) {
    const before = query.get(name.toLowerCase());
    query.set(name.toLowerCase(), before === undefined ? value : `${before},${value}`);
  }
  return query;
}

const bodyTextOf = ({ body }: FastifyRequest): string => (typeof body === 'string' ? body : '');

/** Aborts when the client leaves before it has its answer. */
function departureOf({ raw }: FastifyReply): AbortSignal {
  const departure = new AbortController();
  raw.once('close', () => {
    if (!raw.writableEnded) departure.abort();
  });
  return departure.signal;
}

/** The request as handlers see it. Operation and version are checked first, then the body is read on demand. */
function prepare(request: FastifyRequest, context: Prepared): ClassicCall {
  const { options, router, requestId, departed } = context;
  const [path = ''] = request.url.split('?');
  const [, subscriptionId = '', ...rest] = path.split('/');
  const query = queryOf(request.url);
  const match = router.match({
    method: request.method,
    path: rest.join('/'),
    comp: query.get('comp'),
    version: request.headers['x-ms-version'],
  });
  const { version } = match;
  const contractContext = { version, order: options.elementOrder ?? 'lenient' };
  const call: ClassicCall = {
    ...options,
    operation: match.operation,
    url: path,
    changedServices: new Set(),
    departed,
    subscriptionId,
    requestId,
    version,
    query,
    path: match.path,
    parameter: (name) => match.path[name] ?? '',
    get baseUrl() {
      return options.baseUrl?.(request) ?? requestBaseUrl(request);
    },
    bodyText: bodyTextOf(request),
    body: (document) => readDocument(document, readXml(bodyTextOf(request)), contractContext),
    reply: (document, value) => ({ status: 200, body: writeDocument(document, value, contractContext) }),
  };
  return call;
}

const subscriptionIdOf = ({ url }: FastifyRequest): string => /^\/([^/?]*)/.exec(url)?.[1] ?? '';

interface Prepared {
  readonly options: ClassicPluginOptions;
  readonly router: ClassicRouter;
  readonly requestId: string;
  readonly departed: AbortSignal;
}

/**
 * Adds the classic API to `app`. Everything
 * under a subscription id is classic, so unknown paths get XML too.
 */
export async function classicPlugin(app: FastifyInstance, options: ClassicPluginOptions): Promise<void> {
  // Most runs have no classic request.
  let router: ClassicRouter | undefined;

  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    const requestId = options.newGuid().replaceAll('-', '');
    try {
      await options.authorize?.(request, subscriptionIdOf(request));
      router ??= new ClassicRouter(classicOperations);
      const call = prepare(request, { options, router, requestId, departed: departureOf(reply) });
      const answer = await call.operation.handle(call);
      if (call.operation.method === 'GET') noteRead(call);
      return send(reply, answer, requestId);
    } catch (error) {
      return send(reply, errorReply(error, request), requestId);
    }
  };

  // Every body is XML, whatever its content type says: clients differ, and Azure does not look.
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.headers['content-type'] !== undefined) request.headers['content-type'] = 'application/xml';
    done();
  });
  // The server's own parser reads UTF-8 only.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: FastifyRequest, body: Buffer) =>
    decodeXml(body),
  );
  // Registered as a plugin, this has a scope of its own: Fastify's own refusals become XML too.
  const refuse = (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
    send(reply, errorReply(error, request), options.newGuid().replaceAll('-', ''));
  app.setErrorHandler(refuse);
  app.unrouted.push({
    under: new RegExp(`^/${guid}(?:[/?]|$)`),
    undecodable: (request, reply) => refuse(azureError('ClassicResourceNotFound'), request, reply),
    // A verb that no operation has is refused in XML too. Routes for all that Node knows take a fortieth of a start.
    notFound: handler,
  });
  for (const url of [`/:subscriptionId(^${guid}$)`, `/:subscriptionId(^${guid}$)/*`]) {
    app.route({ method: app.supportedMethods, url, handler });
  }
}

interface AuthorizeOptions {
  readonly store: Pick<Store, 'classic'>;
  /** Rejects when the request's bearer token is not good; the way to register the first certificate. */
  readonly verifyToken: (request: FastifyRequest) => Promise<unknown>;
}

/** Thumbprint of the client's certificate, as a subscription's certificates are named. Undefined over plain HTTP. */
export function clientThumbprint({ raw }: FastifyRequest): string | undefined {
  const socket = raw.socket as Partial<TLSSocket>;
  // Having the private key was proved by the handshake; who signed the certificate does not matter to Azure.
  const fingerprint = socket.getPeerCertificate?.()?.fingerprint as string | undefined;
  return fingerprint?.replaceAll(':', '').toUpperCase();
}

/**
 * The `authorize` option of the plugin for `--auth token`: a management certificate of the subscription, or a token. Imitates
 * "Authenticating Service Management requests".
 */
export function requireCertificateOrToken({ store, verifyToken }: AuthorizeOptions) {
  return async (request: FastifyRequest, subscriptionId: string): Promise<void> => {
    if (request.headers.authorization !== undefined) {
      await verifyToken(request).catch(() => {
        throw azureError('ClassicAuthenticationFailed');
      });
      return;
    }
    const name = clientThumbprint(request);
    const known = name && store.classic.get({ kind: 'certificate', subscriptionId, name });
    if (!known) throw azureError('ClassicAuthenticationFailed');
  };
}
