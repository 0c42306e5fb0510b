import { loadAdminSecret, requireSecretOr } from './admin-secret.js';
import { cloudMetadataRoutes } from './cloud-metadata.js';
import { managedIdentity } from './managed-identity.js';
import { graph, openid } from './openid.js';
import { requireToken } from './require-token.js';
import { tokenEndpoint } from './token-endpoint.js';
import { TokenIssuer } from './tokens.js';
/** The identity of one instance; its signing key is kept in `folder`, or in memory when there is none. */
export function createIdentity(options) {
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
//# sourceMappingURL=identity.js.map