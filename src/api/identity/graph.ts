/**
 * The one question that Azure's tools ask Microsoft Graph here: which service principal belongs to an application.
 * https://learn.microsoft.com/graph/api/serviceprincipal-list
 */
import type { FastifyPluginAsync } from 'fastify';
import { requestBaseUrl } from '../../http/base-url.js';
import { objectIdOf } from './tokens.js';

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
