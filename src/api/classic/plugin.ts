/**
 * The classic API as a Fastify plugin: everything under a subscription id. Every answer and every refusal is XML with
 * the headers that Azure's front end sends. Imitates "Service Management REST API: common parameters and headers".
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AzureError, azureError, storageRefusal } from '../../errors/index.js';
import { requestBaseUrl } from '../../http/server.js';
import type { ClassicCall, ClassicReply, ClassicServices } from './call.js';
import { ErrorDocument } from './contracts/subscription.js';
import { noteRead } from './documents.js';
import { ClassicRouter } from './router.js';
import { classicOperations } from './routes/index.js';
import { versions } from './versions.js';
import { documentOf, readDocument, writeDocument } from './xml/contract.js';
import { decodeXml, readXml } from './xml/xml.js';

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
const newestVersion = versions.at(-1) as string;

function send(reply: FastifyReply, { status, body, headers = {} }: ClassicReply, requestId: string): FastifyReply {
  // Node's Connection and Keep-Alive are none of Azure's headers; HTTP/1.1 keeps connections without them.
  if (reply.request.raw.httpVersion === '1.1') reply.raw.removeHeader('connection');
  reply.code(status).headers({
    'cache-control': 'no-cache',
    server: serverHeader,
    'x-ms-servedbyregion': region,
    'x-ms-request-id': requestId,
    ...headers,
  });
  if (body !== undefined) return reply.header('content-type', 'application/xml; charset=utf-8').send(body);
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

function queryOf(url: string): Map<string, string> {
  const at = url.indexOf('?');
  const query = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
  return new Map([...query].map(([name, value]) => [name.toLowerCase(), value]));
}

const bodyTextOf = ({ body }: FastifyRequest): string => (typeof body === 'string' ? body : '');

/** The request as handlers see it. Operation and version are checked first, then the body is read on demand. */
function prepare(request: FastifyRequest, context: Prepared): ClassicCall {
  const { options, router, requestId } = context;
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
}

/**
 * Adds the classic API to `app`. Everything
 * under a subscription id is classic, so unknown paths get XML too.
 */
export async function classicPlugin(app: FastifyInstance, options: ClassicPluginOptions): Promise<void> {
  const router = new ClassicRouter(classicOperations);

  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    const requestId = options.newGuid().replaceAll('-', '');
    try {
      await options.authorize?.(request, subscriptionIdOf(request));
      const call = prepare(request, { options, router, requestId });
      const answer = await call.operation.handle(call);
      if (call.operation.method === 'GET') noteRead(call);
      return send(reply, answer, requestId);
    } catch (error) {
      return send(reply, errorReply(error, request), requestId);
    }
  };

  // The server's own parser reads UTF-8 only.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, decodeXml(body as Buffer)));
  // Registered as a plugin, this has a scope of its own: Fastify's own refusals become XML too.
  app.setErrorHandler((error, request, reply) =>
    send(reply, errorReply(error, request), options.newGuid().replaceAll('-', '')),
  );
  for (const url of [`/:subscriptionId(^${guid}$)`, `/:subscriptionId(^${guid}$)/*`]) {
    app.route({ method: ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'], url, handler });
  }
}
