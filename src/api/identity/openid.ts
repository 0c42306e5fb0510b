/** OpenID documents and keys of every tenant, and the one question that tools ask Microsoft Graph: an application's service principal. */
import type { FastifyPluginAsync } from 'fastify';
import { defaultTenantId, forEveryTenant, tenantIdOf } from '../../config/config-values.js';
import { requestBaseUrl } from '../../http/server.js';
import { objectIdOf, type TokenIssuer } from './tokens.js';

interface Places {
  readonly issuer: string;
  /** Where authorize, token, devicecode and logout are. */
  readonly oauth2: string;
  readonly keys: string;
  readonly host: string;
}

const configuration = ({ issuer, oauth2, keys, host }: Places) => ({
  token_endpoint: `${oauth2}/token`,
  token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
  jwks_uri: keys,
  response_modes_supported: ['query', 'fragment', 'form_post'],
  subject_types_supported: ['pairwise'],
  id_token_signing_alg_values_supported: ['RS256'],
  response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
  scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
  issuer,
  authorization_endpoint: `${oauth2}/authorize`,
  device_authorization_endpoint: `${oauth2}/devicecode`,
  end_session_endpoint: `${oauth2}/logout`,
  claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'nbf', 'tid', 'oid', 'appid', 'ver'],
  tenant_region_scope: null,
  cloud_instance_name: host,
  cloud_graph_host_name: host,
  msgraph_host: host,
});

const hostOf = (baseUrl: string): string => new URL(baseUrl).host;

/** AD FS, and the form that az asks for when `--tenant` is a name: it takes the issuer's first segment for the tenant. */
function configurationOfName(baseUrl: string, { authority, isAdfs }: { authority: string; isAdfs: boolean }) {
  return configuration({
    issuer: isAdfs ? `${baseUrl}/adfs` : `${baseUrl}/${tenantIdOf(authority)}/`,
    oauth2: `${baseUrl}/${authority}/oauth2`,
    keys: `${baseUrl}/common/discovery/keys`,
    host: hostOf(baseUrl),
  });
}

/** OpenID documents, JWKS and instance discovery; nothing here needs a token. */
export const openid: FastifyPluginAsync<{ issuer: TokenIssuer }> = async (app, { issuer }) => {
  type Tenant = { Params: { tenant: string } };

  forEveryTenant('/v2.0/.well-known/openid-configuration', (path) =>
    app.get<Tenant>(path, async (request) => {
      const baseUrl = requestBaseUrl(request);
      const { tenant } = request.params;
      return configuration({
        issuer: `${baseUrl}/${tenantIdOf(tenant)}/v2.0`,
        oauth2: `${baseUrl}/${encodeURIComponent(tenant)}/oauth2/v2.0`,
        keys: `${baseUrl}/${encodeURIComponent(tenant)}/discovery/v2.0/keys`,
        host: hostOf(baseUrl),
      });
    }),
  );

  forEveryTenant('/.well-known/openid-configuration', (path) =>
    app.get<Tenant>(path, async (request) => {
      const { tenant } = request.params;
      const isAdfs = tenant.toLowerCase() === 'adfs';
      return configurationOfName(requestBaseUrl(request), {
        authority: isAdfs ? 'adfs' : encodeURIComponent(tenant),
        isAdfs,
      });
    }),
  );

  app.get<{ Params: { authority: string } }>('/:authority/:name/.well-known/openid-configuration', async (request) =>
    configurationOfName(requestBaseUrl(request), {
      authority: encodeURIComponent(request.params.authority),
      isAdfs: false,
    }),
  );

  app.get('/common/discovery/instance', async (request) => {
    const baseUrl = requestBaseUrl(request);
    const host = hostOf(baseUrl);
    return {
      tenant_discovery_endpoint: `${baseUrl}/${defaultTenantId}/v2.0/.well-known/openid-configuration`,
      'api-version': '1.1',
      metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
    };
  });

  for (const rest of ['/discovery/keys', '/discovery/v2.0/keys']) {
    forEveryTenant(rest, (path) => app.get(path, () => issuer.keySet()));
  }
};

const servicePrincipal = (appId: string) => ({
  id: objectIdOf(appId),
  appId,
  displayName: appId,
  servicePrincipalType: 'Application',
  accountEnabled: true,
});

/** `/graph/v1.0/servicePrincipals`, filtered by application: every application has one. */
export const graph: FastifyPluginAsync = async (app) => {
  app.get<{ Querystring: { $filter?: string } }>('/graph/v1.0/servicePrincipals', async (request) => {
    const [, appId] = /^appId eq '([^']+)'$/i.exec(request.query.$filter ?? '') ?? [];
    return {
      '@odata.context': `${requestBaseUrl(request)}/graph/v1.0/$metadata#servicePrincipals`,
      value: appId ? [servicePrincipal(appId)] : [],
    };
  });
};
