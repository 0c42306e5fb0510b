/**
 * The OAuth 2.0 client credentials flow of Microsoft Entra ID, v1 and v2, and of AD FS. Any client, secret or assertion
 * is welcome; what Azure refuses for its form is refused.
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 */
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { forEveryTenant, tenantIdOf } from '../../config/config-values.js';
import { requestBaseUrl } from '../../http/server.js';
import { isGuid, newGuid } from '../../support/ids.js';
import type { TokenIssuer, TokenRequest } from './tokens.js';

const lifetimeSeconds = 3599;

interface Refusal {
  readonly status: number;
  readonly error: string;
  readonly code: number;
  readonly message: string;
}

type Form = ReadonlyMap<string, string>;

const missing = (parameter: string): Refusal => ({
  status: 400,
  error: 'invalid_request',
  code: 900144,
  message: `The request body must contain the following parameter: '${parameter}'.`,
});

const missingSecret: Refusal = {
  status: 401,
  error: 'invalid_client',
  code: 7000218,
  message: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
};

const unsupportedGrant = (grantType: string): Refusal => ({
  status: 400,
  error: 'unsupported_grant_type',
  code: 70003,
  message: `The app requested an unsupported grant type '${grantType}'.`,
});

/** The form in the body, with what RFC 6749 §2.3.1 lets a client put into the Authorization header instead. */
function readForm({ body, headers }: FastifyRequest): Form {
  const form = new Map(new URLSearchParams(typeof body === 'string' ? body : ''));
  const [, basic] = /^basic (.+)$/i.exec(headers.authorization ?? '') ?? [];
  if (!basic) return form;
  const [id = '', ...secret] = Buffer.from(basic, 'base64').toString().split(':');
  if (!form.get('client_id')) form.set('client_id', decode(id));
  if (!form.get('client_secret')) form.set('client_secret', decode(secret.join(':')));
  return form;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function refusalOf(form: Form): Refusal | undefined {
  const grantType = form.get('grant_type');
  if (!grantType) return missing('grant_type');
  if (grantType !== 'client_credentials') return unsupportedGrant(grantType);
  if (!form.get('client_id')) return missing('client_id');
  if (!form.get('client_secret') && !form.get('client_assertion')) return missingSecret;
  return undefined;
}

/** `https://management.core.windows.net//.default` asks for a token for `https://management.core.windows.net/`. */
const audienceOfScope = (scope: string): string =>
  (scope.split(/\s+/).find((part) => part.endsWith('/.default')) ?? scope).replace(/\/\.default$/, '');

function sendRefusal(refusal: Refusal, { request, reply, now }: SendOptions): FastifyReply {
  const traceId = newGuid();
  const named = [request.headers['client-request-id']].flat()[0] ?? '';
  const correlationId = isGuid(named) ? named : newGuid();
  const timestamp = new Date(now).toISOString().replace('T', ' ').replace(/\.\d+/, '');
  const trace = `Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`;
  return reply.code(refusal.status).send({
    error: refusal.error,
    error_description: `AADSTS${refusal.code}: ${refusal.message} ${trace}`,
    error_codes: [refusal.code],
    timestamp,
    trace_id: traceId,
    correlation_id: correlationId,
  });
}

interface SendOptions {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly now: number;
}

type TenantRoute = { Params: { tenant: string } };

/** The token endpoints: `/{tenant}/oauth2/v2.0/token`, `/{tenant}/oauth2/token` and `/adfs/oauth2/token`. */
export const tokenEndpoint: FastifyPluginAsync<{ issuer: TokenIssuer }> = async (app, { issuer }) => {
  app.addHook('onSend', async (_request, reply) => {
    reply.headers({ 'cache-control': 'no-store, no-cache', pragma: 'no-cache' });
  });

  const requestOf = (request: FastifyRequest<TenantRoute>, form: Form): Omit<TokenRequest, 'audience'> => ({
    baseUrl: requestBaseUrl(request),
    tenantId: tenantIdOf(request.params.tenant),
    clientId: form.get('client_id') ?? '',
    proof: form.get('client_assertion') ? 'assertion' : 'secret',
    lifetimeSeconds,
  });

  forEveryTenant('/oauth2/v2.0/token', (path) =>
    app.post<TenantRoute>(path, async (request, reply) => {
      const form = readForm(request);
      const scope = form.get('scope');
      const refusal = refusalOf(form) ?? (scope ? undefined : missing('scope'));
      if (refusal || !scope) return sendRefusal(refusal ?? missing('scope'), { request, reply, now: issuer.now() });
      const token = await issuer.issue({ ...requestOf(request, form), audience: audienceOfScope(scope) });
      return numbers(token.accessToken);
    }),
  );

  forEveryTenant('/oauth2/token', (path) =>
    app.post<TenantRoute>(path, async (request, reply) => {
      const form = readForm(request);
      const refusal = refusalOf(form);
      if (refusal) return sendRefusal(refusal, { request, reply, now: issuer.now() });
      const scope = form.get('scope');
      const audience = form.get('resource') || (scope ? audienceOfScope(scope) : requestBaseUrl(request));
      const token = await issuer.issue({ ...requestOf(request, form), audience });
      // MSAL treats AD FS as a v2 endpoint and adds expires_in to a number; ADAL reads v1's strings.
      if (request.params.tenant.toLowerCase() === 'adfs') return numbers(token.accessToken);
      return {
        token_type: 'Bearer',
        expires_in: String(lifetimeSeconds),
        ext_expires_in: String(lifetimeSeconds),
        expires_on: String(token.expiresAtSeconds),
        not_before: String(token.issuedAtSeconds),
        resource: audience,
        access_token: token.accessToken,
      };
    }),
  );
};

const numbers = (accessToken: string) => ({
  token_type: 'Bearer',
  expires_in: lifetimeSeconds,
  ext_expires_in: lifetimeSeconds,
  access_token: accessToken,
});
