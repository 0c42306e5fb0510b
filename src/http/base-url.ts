/**
 * The scheme and host by which a request reached the server. Absolute URLs (operations, metadata, issuer, nextLink) begin
 * with it, so that they hold through port mappings and container names, as Azure's hold for its own host.
 */
import type { FastifyRequest } from 'fastify';

/** Whether a Host header is a name or an address with an optional port, and can stand in a URL. */
export const isHostHeader = (text: string): boolean =>
  /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(text) && URL.canParse(`http://${text}`);

/**
 * `https://localhost:4567`, without a slash at the end. Without a Host header (HTTP/1.0) it names the address that the
 * client connected to.
 */
export function requestBaseUrl(request: Pick<FastifyRequest, 'protocol' | 'host' | 'socket'>): string {
  if (isHostHeader(request.host)) return `${request.protocol}://${request.host}`;
  const { localAddress = '127.0.0.1', localPort } = request.socket;
  const host = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
  return `${request.protocol}://${host}${localPort ? `:${localPort}` : ''}`;
}
