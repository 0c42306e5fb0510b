/**
 * Who may speak to this server by which name. A web page reaches a server on its user's machine in two ways: under a name of
 * its own that resolves to that machine (DNS rebinding), and as a foreign page that sends requests across origins. Requests of
 * both kinds are refused before any route sees them.
 * https://fetch.spec.whatwg.org/#origin-header, https://www.w3.org/TR/fetch-metadata/
 */
import type { FastifyRequest } from 'fastify';
import { type AzureError, azureError } from '../errors/index.js';
import { isLoopbackHost } from '../support/ip-address.js';

export interface OwnNamesOptions {
  /** `--host`. */
  readonly host?: string;
  /** `--tls-name`: names and addresses; `*.` stands for one label. */
  readonly tlsNames?: readonly string[];
}

type Asked = Pick<FastifyRequest, 'headers' | 'method' | 'protocol' | 'socket' | 'url'>;

/** What a browser may open from a link on a foreign page: pages that change nothing and show nothing by themselves. */
const openPage = /^\/(?:(?:portal|openapi)(?:\/.*)?)?$/i;

/** A host as a URL writes it: in lower case, IPv4 in four numbers, IPv6 in brackets and shortened; without a last dot. */
const hostOf = (text: string): string => new URL(`http://${text}`).hostname.replace(/\.$/, '');

/** A name with `*.`, and the port in a Host header, can be anything. */
const mostRemembered = 1000;

const inBrackets = (address: string): string => (address.includes(':') ? `[${address}]` : address);

const portOf = ({ port, protocol }: URL): string => port || (protocol === 'https:' ? '443' : '80');

export class OwnNames {
  readonly #names: ReadonlySet<string>;
  /** By Host header and address connected to: those that were found to be this server's. */
  readonly #own = new Set<string>();

  constructor({ host = 'localhost', tlsNames = [] }: OwnNamesOptions) {
    this.#names = new Set([host, ...tlsNames].map((name) => hostOf(inBrackets(name))));
  }

  /**
   * Whether `name`, a host as in a URL, is this server: localhost, a loopback address, a name or address that it was given,
   * or `localAddress`, the address that the client connected to.
   */
  has(name: string, localAddress?: string): boolean {
    const host = hostOf(name);
    if (isLoopbackHost(host) || this.#names.has(host) || this.#names.has(host.replace(/^[^.]+/, '*'))) return true;
    const connectedTo = localAddress?.replace(/^::ffff:(?=[\d.]+$)/, '');
    return connectedTo !== undefined && !connectedTo.includes('%') && hostOf(inBrackets(connectedTo)) === host;
  }

  /** Why a request is refused: its Host is no name of this server, or it comes from a web page of another origin. */
  refusal(request: Asked): AzureError | undefined {
    const { host, origin, 'sec-fetch-site': site } = request.headers;
    const { localAddress, localPort } = request.socket;
    const asked = `${host} ${localAddress}`;
    if (origin === undefined && site === undefined && this.#own.has(asked)) return undefined;
    if (host !== undefined && !isHostHeader(host)) return azureError('HostHeaderInvalid');
    const place = new URL(`${request.protocol}://${host ?? `localhost:${localPort ?? ''}`}`);
    if (!this.has(place.hostname, localAddress)) {
      return azureError('HostNotOwn', { values: { host: place.hostname.replace(/[[\]]/g, '') } });
    }
    if (this.#own.size < mostRemembered) this.#own.add(asked);
    const isOwnOrigin = (): boolean => {
      const from = origin !== undefined && URL.canParse(origin) ? new URL(origin) : undefined;
      // A page whose referrer policy is no-referrer names no origin when it posts to its own server.
      if (!from || !/^https?:$/.test(from.protocol)) return origin === 'null' && site === 'same-origin';
      return portOf(from) === portOf(place) && this.has(from.hostname, localAddress);
    };
    const isForeign = origin === undefined ? site === 'cross-site' || site === 'same-site' : !isOwnOrigin();
    if (!isForeign || isTopLevelNavigation(request)) return undefined;
    return azureError('ForeignOrigin', { values: { origin: origin ?? `Sec-Fetch-Site: ${site}` } });
  }
}

/** A link to the portal or the OpenAPI page that the user follows, or the redirect after it. */
function isTopLevelNavigation({ headers, method, url }: Asked): boolean {
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': destination } = headers;
  const path = url.split('?', 1)[0] ?? '';
  return method === 'GET' && mode === 'navigate' && destination === 'document' && openPage.test(path);
}

/** Host headers that were found to be good. */
const goodHosts = new Set<string>();

/** Whether a Host header is a name or an address with an optional port, and can stand in a URL. */
export function isHostHeader(text: string): boolean {
  if (goodHosts.has(text)) return true;
  const isGood = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(text) && URL.canParse(`http://${text}`);
  if (isGood && goodHosts.size < mostRemembered) goodHosts.add(text);
  return isGood;
}
