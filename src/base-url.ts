/**
 * The scheme and host by which a request reached us. Absolute URLs (operations, metadata, issuer, nextLink) begin with
 * it, so that they hold through port mappings and container names, as Azure's hold for its own host.
 */
import type { FastifyRequest } from 'fastify';

/** `https://localhost:4567`, without a slash at the end. */
export function requestBaseUrl(request: Pick<FastifyRequest, 'protocol' | 'host' | 'socket'>): string {
  // Whatever else a Host header contains has no place in a URL of ours.
  if (/^[\w.-]+(:\d+)?$|^\[[\da-f:.]+\](:\d+)?$/i.test(request.host)) return `${request.protocol}://${request.host}`;
  const { localAddress = '127.0.0.1', localPort } = request.socket;
  const host = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
  return `${request.protocol}://${host}${localPort ? `:${localPort}` : ''}`;
}
