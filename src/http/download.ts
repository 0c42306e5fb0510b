/**
 * Downloads what requests link to (templates, packages) without becoming a way into other machines: every address, also
 * behind a DNS name or a redirection, is checked before it is connected to.
 */
import { lookup as lookupAddresses } from 'node:dns/promises';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Which addresses may be downloaded from: those of this machine, any that is no instance metadata service, or none. */
export type DownloadPolicy = 'loopback' | 'any' | 'none';

export interface Address {
  readonly address: string;
  readonly family: number;
}

export interface DownloadOptions {
  readonly policy: DownloadPolicy;
  readonly maxBytes: number;
  /** Of real time, for the whole download with all its redirections. */
  readonly timeoutMs?: number;
  /** Ends the download, because its result is not wanted any longer. */
  readonly signal?: AbortSignal | undefined;
  /** The addresses of a host name; by default as the operating system resolves it. */
  readonly resolve?: (hostname: string) => Promise<readonly Address[]>;
}

/** The content could not be downloaded, or must not be. The message says why; it is for logs, not for clients. */
export class DownloadRefused extends Error {
  override readonly name = 'DownloadRefused';
}

const maxRedirects = 5;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Where clouds serve the credentials of the machine itself: link-local addresses, and the ways to write them in IPv6. */
const instanceMetadata = new BlockList();
instanceMetadata.addSubnet('169.254.0.0', 16, 'ipv4');
instanceMetadata.addSubnet('fe80::', 10, 'ipv6');
instanceMetadata.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
instanceMetadata.addSubnet('2002:a9fe::', 32, 'ipv6');
instanceMetadata.addAddress('fd00:ec2::254', 'ipv6');
instanceMetadata.addAddress('168.63.129.16', 'ipv4');

function isPermitted(address: string, policy: DownloadPolicy): boolean {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (policy === 'loopback') return loopback.check(address, family);
  return policy === 'any' && !instanceMetadata.check(address, family);
}

/** Rejects when `signal` says so: the resolver knows no signals. */
const whenAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });

const resolveName = (hostname: string): Promise<readonly Address[]> => lookupAddresses(hostname, { all: true });

/** The addresses of `url`'s host, all of them permitted. Throws `DownloadRefused`. */
async function permittedAddresses(
  url: URL,
  { policy, resolve = resolveName }: DownloadOptions,
  signal: AbortSignal,
): Promise<Address[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const family = isIP(host);
  let found: readonly Address[];
  if (family !== 0) found = [{ address: host, family }];
  // Not every resolver knows that these names are this machine's.
  else if (host.endsWith('.localhost')) found = [{ address: '127.0.0.1', family: 4 }];
  else found = await Promise.race([resolve(host), whenAborted(signal)]);
  const foreign = found.find(({ address }) => !isPermitted(address, policy));
  if (foreign) throw new DownloadRefused(`${host} is ${foreign.address}, which the policy '${policy}' does not permit`);
  if (found.length === 0) throw new DownloadRefused(`${host} has no address`);
  return [...found];
}

/** Hands out the addresses that were checked, whatever the name resolves to by now. */
const pinned =
  (addresses: readonly Address[]): LookupFunction =>
  (_hostname, options, callback) => {
    const [first] = addresses as [Address];
    if (options.all) callback(null, [...addresses]);
    else callback(null, first.address, first.family);
  };

async function open(url: URL, options: DownloadOptions, signal: AbortSignal): Promise<IncomingMessage> {
  const lookup = pinned(await permittedAddresses(url, options, signal));
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    request(url, { lookup, signal, agent: false }, resolve).on('error', reject).end();
  });
}

/** Where an answer redirects to; undefined when it does not. */
function redirection(url: URL, { statusCode = 0, headers: { location } }: IncomingMessage): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(statusCode) || location === undefined) return undefined;
  if (!URL.canParse(location, url.href)) throw new DownloadRefused('it redirects to an invalid URL');
  const next = new URL(location, url);
  if (url.protocol === 'https:' && next.protocol !== 'https:')
    throw new DownloadRefused('it redirects away from https');
  return next;
}

async function content(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (answer.statusCode !== 200) throw new DownloadRefused(`the server answers ${answer.statusCode}`);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length;
    // Leaving the loop ends the connection.
    if (length > maxBytes) throw new DownloadRefused(`it is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What the network, the resolver or the TLS handshake reports; anything else is a mistake of this program. */
const isNetworkError = (error: unknown): error is Error =>
  error instanceof Error &&
  (error.name === 'AbortError' ||
    error.name === 'TimeoutError' ||
    typeof (error as { code?: unknown }).code === 'string') &&
  !(error instanceof TypeError);

/**
 * The bytes at `url`, an http or https URL. Redirections are followed as far as the policy permits them. Throws
 * `DownloadRefused` for every reason that lies in the URL, the network or the server.
 */
export async function download(url: URL, options: DownloadOptions): Promise<Buffer> {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? 10_000);
  const signal = options.signal ? AbortSignal.any([timeout, options.signal]) : timeout;
  let current = url;
  try {
    for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
      if (!/^https?:$/.test(current.protocol)) throw new DownloadRefused(`${current.protocol} is no http or https`);
      const answer = await open(current, options, signal);
      const next = redirection(current, answer);
      if (!next) return await content(answer, options.maxBytes);
      answer.destroy();
      current = next;
    }
  } catch (error) {
    if (isNetworkError(error)) throw new DownloadRefused(error.message, { cause: error });
    throw error;
  }
  throw new DownloadRefused(`it redirects more than ${maxRedirects} times`);
}
