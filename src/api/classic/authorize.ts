/**
 * Authorizes calls of the classic API by a management certificate of the subscription, or by a token. Imitates
 * "Authenticating Service Management requests".
 */
import type { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import { azureError } from '../../errors/index.js';
import type { Store } from '../../store/store.js';

export interface AuthorizeOptions {
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

/** The `authorize` option of the classic plugin for `--auth token`. */
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
