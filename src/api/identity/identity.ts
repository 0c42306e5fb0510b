/** Everything by which Azure's tools find and prove who they are, as one plugin of the server. */
import type { FastifyPluginAsync, onRequestAsyncHookHandler } from 'fastify';
import { loadAdminSecret, requireSecretOr } from './admin-secret.js';
import { cloudMetadataRoutes } from './cloud-metadata.js';
import { managedIdentity } from './managed-identity.js';
import { graph, openid } from './openid.js';
import { requireToken } from './require-token.js';
import { tokenEndpoint } from './token-endpoint.js';
import { TokenIssuer, type TokenIssuerOptions } from './tokens.js';

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
