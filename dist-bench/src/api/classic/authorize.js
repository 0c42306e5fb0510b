import { azureError } from '../../errors/index.js';
/** Thumbprint of the client's certificate, as a subscription's certificates are named. Undefined over plain HTTP. */
export function clientThumbprint({ raw }) {
    const socket = raw.socket;
    // Having the private key was proved by the handshake; who signed the certificate does not matter to Azure.
    const fingerprint = socket.getPeerCertificate?.()?.fingerprint;
    return fingerprint?.replaceAll(':', '').toUpperCase();
}
/** The `authorize` option of the classic plugin for `--auth token`. */
export function requireCertificateOrToken({ store, verifyToken }) {
    return async (request, subscriptionId) => {
        if (request.headers.authorization !== undefined) {
            await verifyToken(request).catch(() => {
                throw azureError('ClassicAuthenticationFailed');
            });
            return;
        }
        const name = clientThumbprint(request);
        const known = name && store.classic.get({ kind: 'certificate', subscriptionId, name });
        if (!known)
            throw azureError('ClassicAuthenticationFailed');
    };
}
//# sourceMappingURL=authorize.js.map