/**
 * Managed identity in every form that Azure's hosts offer it: instance metadata (IMDS), App Service (2019-08-01 and
 * 2017-09-01), Cloud Shell, and `MSI_ENDPOINT`. Plain HTTP by contract; each form proves by a header that no browser or
 * forwarded request sends that the caller is on this machine.
 * https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
 */
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { defaultTenantId } from '../../config/config-values.js';
import { requestBaseUrl } from '../../http/server.js';
import { stableGuid } from '../../support/ids.js';
import type { TokenIssuer } from './tokens.js';

const lifetimeSeconds = 86_400;

/** The identity that is used when a request names none. */
export const systemAssignedClientId = stableGuid('system assigned identity');

type Parameters = ReadonlyMap<string, string>;

/** Query and form, names in lower case: the forms differ in where they put things and in how they spell `client_id`. */
function readParameters(request: FastifyRequest): Parameters {
  const query = Object.entries(request.query as Record<string, string | string[]>);
  const form = new URLSearchParams(typeof request.body === 'string' ? request.body : '');
  return new Map([...query, ...form].map(([name, value]) => [name.toLowerCase(), [value].flat().join(',')]));
}

function clientIdOf(parameters: Parameters): string {
  const clientId = parameters.get('client_id') || parameters.get('clientid');
  if (clientId) return clientId;
  const other = ['mi_res_id', 'msi_res_id', 'object_id', 'principal_id'].map((name) => parameters.get(name));
  const named = other.find(Boolean);
  return named ? stableGuid(`managed identity ${named}`) : systemAssignedClientId;
}

const refuse = (reply: FastifyReply, description: string): FastifyReply =>
  reply.code(400).send({ error: 'invalid_request', error_description: description });

/** The managed identity endpoints of a virtual machine, an App Service and a Cloud Shell. */
export const managedIdentity: FastifyPluginAsync<{ issuer: TokenIssuer }> = async (app, { issuer }) => {
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const parameters = readParameters(request);
    const audience = parameters.get('resource');
    if (!audience) return refuse(reply, "Required query variable 'resource' is missing");
    const clientId = clientIdOf(parameters);
    const { accessToken, issuedAtSeconds, expiresAtSeconds } = await issuer.issue({
      baseUrl: requestBaseUrl(request),
      tenantId: defaultTenantId,
      audience,
      clientId,
      proof: 'assertion',
      lifetimeSeconds,
    });
    return {
      access_token: accessToken,
      client_id: clientId,
      expires_in: String(lifetimeSeconds),
      expires_on: String(expiresAtSeconds),
      ext_expires_in: String(lifetimeSeconds - 1),
      not_before: String(issuedAtSeconds),
      resource: audience,
      token_type: 'Bearer',
    };
  };

  app.get('/metadata/identity/oauth2/token', async (request, reply) =>
    request.headers.metadata?.toString().toLowerCase() === 'true'
      ? answer(request, reply)
      : refuse(reply, 'Required metadata header not specified'),
  );

  for (const url of ['/msi/token', '/oauth2/token']) {
    app.route({
      method: ['GET', 'POST'],
      url,
      handler: async (request, reply) => {
        const { metadata, secret, 'x-identity-header': identityHeader } = request.headers;
        if (identityHeader || secret || metadata?.toString().toLowerCase() === 'true') return answer(request, reply);
        return refuse(reply, 'One of the headers X-IDENTITY-HEADER, secret or Metadata: true is required');
      },
    });
  }
};
