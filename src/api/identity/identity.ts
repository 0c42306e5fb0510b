/**
 * Everything by which Azure's tools find and prove who they are, as one plugin of the server; and `--auth token`: Azure
 * Resource Manager's refusal of requests without a token, with a wrong one, or with one that has run out; and of one that is
 * for another service or from another issuer. A token of another instance is a wrong one.
 */
import type { FastifyPluginAsync, onRequestAsyncHookHandler } from 'fastify';
import type { JWTPayload } from 'jose';
import { defaultTenantId } from '../../config/config-values.js';
import { type AzureError, azureError } from '../../errors/index.js';
import { requestBaseUrl } from '../../http/server.js';
import { loadAdminSecret, requireSecretOr } from './admin-secret.js';
import { cloudMetadataRoutes } from './cloud-metadata.js';
import { managedIdentity } from './managed-identity.js';
import { graph, openid } from './openid.js';
import { tokenEndpoint } from './token-endpoint.js';
import { azureAudiences, TokenIssuer, type TokenIssuerOptions } from './tokens.js';

interface Caller {
  readonly authorization: string | undefined;
  readonly baseUrl: string;
}

type RefusalKey =
  | 'AuthenticationFailed'
  | 'AuthorizationHeaderInvalid'
  | 'InvalidAuthenticationToken'
  | 'InvalidAuthenticationTokenAudience'
  | 'InvalidAuthenticationTokenTenant'
  | 'ExpiredAuthenticationToken';

// As .NET writes an instant in the invariant culture: 12/31/2025 11:59:59 PM.
const writeInstant = (ms: number): string =>
  new Date(ms)
    .toLocaleString('en-US', { timeZone: 'UTC', dateStyle: 'short', timeStyle: 'medium' })
    .replace(/\/(\d\d),/, '/20$1')
    .replace(/\s+/g, ' ');

function refuse(
  key: RefusalKey,
  { baseUrl, values = {} }: { baseUrl: string; values?: Record<string, string> },
): AzureError {
  const { message } = azureError(key, { values });
  // The client chose some of the text, and a header has room for less than a body.
  const description = message.replace(/[^ -~]|["\\]/g, '?');
  // Never with `claims=`: clients take that for a challenge and ask for another token again and again.
  const challenge = `Bearer authorization_uri="${baseUrl}/${defaultTenantId}", error="invalid_token", error_description="${description}"`;
  return azureError(key, { values, headers: { 'www-authenticate': challenge } });
}

/** The claims of the caller's token; throws Azure's 401 when there is no good one. */
export async function verifyToken(issuer: TokenIssuer, { authorization, baseUrl }: Caller): Promise<JWTPayload> {
  if (!authorization) throw refuse('AuthenticationFailed', { baseUrl });
  const [, token] = /^bearer +(\S+)$/i.exec(authorization) ?? [];
  if (!token) throw refuse('AuthorizationHeaderInvalid', { baseUrl });
  const verdict = await issuer.verify(token, baseUrl);
  switch (verdict.outcome) {
    case 'valid':
      return verdict.claims;
    case 'invalid':
      throw refuse('InvalidAuthenticationToken', { baseUrl });
    case 'expired': {
      const values = { expiry: writeInstant(verdict.expiryMs), now: writeInstant(issuer.now()) };
      throw refuse('ExpiredAuthenticationToken', { baseUrl, values });
    }
    case 'wrongAudience': {
      const allowed = [...azureAudiences, `${baseUrl}/`, baseUrl].map((one) => `'${one}'`).join(',');
      throw refuse('InvalidAuthenticationTokenAudience', { baseUrl, values: { audience: verdict.audience, allowed } });
    }
    case 'wrongIssuer': {
      const authority = `${baseUrl}/${defaultTenantId}`;
      throw refuse('InvalidAuthenticationTokenTenant', { baseUrl, values: { issuer: verdict.issuer, authority } });
    }
  }
}

/** An `onRequest` hook that lets in only callers with a token of this instance. */
const requireToken =
  (issuer: TokenIssuer): onRequestAsyncHookHandler =>
  async (request) => {
    const { authorization } = request.headers;
    await verifyToken(issuer, { authorization, baseUrl: requestBaseUrl(request) });
  };

export interface Identity {
  /** Token endpoints, OpenID documents, cloud metadata, managed identity and Graph: open to everyone. */
  readonly plugin: FastifyPluginAsync;
  /** The `onRequest` hook of `--auth token`. */
  readonly requireToken: onRequestAsyncHookHandler;
  /** What opens `/_lazurite/` beside a token, and the `onRequest` hook that asks for either; made when first needed. */
  readonly admin: () => { readonly secret: string; readonly authorize: onRequestAsyncHookHandler };
  readonly issuer: TokenIssuer;
}

/** The identity of one instance; its signing key is kept in `folder`, or in memory when there is none. */
export function createIdentity(options: TokenIssuerOptions): Identity {
  const issuer = new TokenIssuer(options);
  const authorize = requireToken(issuer);
  return {
    issuer,
    requireToken: authorize,
    admin() {
      const secret = loadAdminSecret(options.folder);
      return { secret, authorize: requireSecretOr(authorize, secret) };
    },
    plugin: async (app) => {
      await app.register(tokenEndpoint, { issuer });
      await app.register(openid, { issuer });
      await app.register(managedIdentity, { issuer });
      await app.register(cloudMetadataRoutes);
      await app.register(graph);
    },
  };
}
