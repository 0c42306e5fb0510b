/**
 * One attempt of a health probe, and what it finds out. Over TCP a completed handshake is success, a reset or silence is
 * failure; the connection is closed with FIN.
 * https://learn.microsoft.com/azure/load-balancer/load-balancer-custom-probe-overview#tcp-probe
 * Over HTTP and HTTPS, a GET whose answer is 200 is success, any other answer failure, silence too. Redirects are failures
 * unless chosen otherwise; no credentials, TLS 1.2 without a server name, any certificate whose chain is signed with SHA-256
 * or better; the Host header is the backend's `ip:port`. Each attempt is a connection of its own, through Node's own client:
 * it tells "no connection" from "no answer", which Azure reports as different reasons.
 */

import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Socket } from 'node:net';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { HealthReason } from '../model/engine.js';

export interface ProbeOutcome {
  readonly up: boolean;
  readonly reason: HealthReason;
  /** An HTTP status was received: Azure then flips at once, and counts only timeouts against the threshold. */
  readonly explicit: boolean;
}

export const probeSucceeded = (explicit: boolean): ProbeOutcome => ({ up: true, reason: 'Up_Probe_Success', explicit });

export const probeFailed = (reason: HealthReason, explicit = false): ProbeOutcome => ({ up: false, reason, explicit });

/** An attempt under way: `result` always resolves, `timeOut` ends it as a failure, `abandon` without a word. */
export interface ProbeAttempt {
  readonly result: Promise<ProbeOutcome>;
  timeOut(): void;
  abandon(): void;
}

/** Connects once to `address:port`. */
export function tcpProbe(target: { address: string; port: number; localAddress?: string }): ProbeAttempt {
  const socket = new Socket();
  // Azure has no reason of its own for a refused connection.
  const silent = probeFailed('Down_Probe_TcpProbeTimeout');
  let settle: (outcome: ProbeOutcome) => void = () => {};
  const result = new Promise<ProbeOutcome>((resolve) => {
    settle = resolve;
  });
  socket.on('connect', () => {
    settle(probeSucceeded(false));
    socket.end();
    // What the backend sends is read and discarded.
    socket.resume();
    socket.setTimeout(lingerMs, () => socket.destroy());
  });
  socket.on('error', () => settle(silent));
  socket.on('close', () => settle(silent));
  const from = target.localAddress === undefined ? {} : { localAddress: target.localAddress };
  socket.connect({ host: target.address, port: target.port, ...from });
  return {
    result,
    timeOut: () => {
      settle(silent);
      socket.destroy();
    },
    abandon: () => socket.destroy(),
  };
}

/** Real time given to a backend to close its side. */
const lingerMs = 1000;

/** Ports that Azure's HTTP client refuses to connect to; a probe may be stored with one, and fails. */
const refusedPorts: ReadonlySet<number> = new Set([19, 21, 25, 70, 110, 119, 143, 220, 993]);
/** How much of an answer's body is read before the connection is dropped. */
const bodyLimitBytes = 64 * 1024;
const redirectLimit = 5;
/** Azure's prober speaks no other version. */
const tls = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;

/** What decides is the status: an answer whose headers are long, or not quite HTTP, still has one. */
const lenient = { insecureHTTPParser: true, maxHeaderSize: 64 * 1024 } as const;

interface HttpTarget {
  readonly protocol: 'Http' | 'Https';
  readonly address: string;
  readonly port: number;
  readonly path: string;
  readonly localAddress?: string;
  readonly userAgent?: string | undefined;
  readonly followsRedirects?: boolean;
}

/** Asks once, and again where redirects are followed. */
export function httpProbe(target: HttpTarget): ProbeAttempt {
  if (refusedPorts.has(target.port)) {
    const result = Promise.resolve(probeFailed('Down_Probe_HttpEndpointUnreachable', true));
    return { result, timeOut: () => {}, abandon: () => {} };
  }
  let connected = false;
  let redirects = 0;
  let settle: (outcome: ProbeOutcome) => void = () => {};
  const result = new Promise<ProbeOutcome>((resolve) => {
    settle = resolve;
  });
  const ask = (path: string): ClientRequest => {
    const request = open(target, path);
    request.on('socket', (socket: Socket) => {
      if (!socket.connecting) connected = true;
      socket.once('connect', () => {
        connected = true;
      });
      socket.once('secureConnect', () => {
        if (!hasStrongChain(socket as TLSSocket))
          request.destroy(new Error('a certificate is signed with less than SHA-256'));
      });
    });
    // 101: an answer other than 200, with which Node hands the socket over.
    request.on('upgrade', (_response, socket) => {
      socket.destroy();
      settle(probeFailed('Down_Probe_HttpStatusCodeError', true));
    });
    request.on('response', (response) => {
      discard(response);
      const next =
        target.followsRedirects && redirects++ < redirectLimit ? redirectWithin(target, response) : undefined;
      if (next !== undefined) current = ask(next);
      else if (response.statusCode === 200) settle(probeSucceeded(true));
      else settle(probeFailed('Down_Probe_HttpStatusCodeError', true));
    });
    // Refused before there was a connection: Azure has no reason of its own for that, so it is silence.
    request.on('error', () =>
      settle(probeFailed(connected ? 'Down_Probe_HttpEndpointUnreachable' : 'Down_Probe_TcpProbeTimeout')),
    );
    request.end();
    return request;
  };
  let current = ask(requestTarget(target.path));
  return {
    result,
    timeOut: () => {
      settle(probeFailed(connected ? 'Down_Probe_HttpNoResponse' : 'Down_Probe_TcpProbeTimeout'));
      current.destroy();
    },
    abandon: () => current.destroy(),
  };
}

/** What RFC 3986 allows in path and query; what is encoded already stays so. */
const allowed = /^(?:%[0-9A-Fa-f]{2}|[A-Za-z0-9\-._~:/?[\]@!$&'()*+,;=])$/;

const percentEncoded = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');

/** A stored request path as it is sent: with a leading slash, and nothing in it that ends a request line. */
function requestTarget(path: string): string {
  const target = path.replace(/%[0-9A-Fa-f]{2}|./gsu, (part) => (allowed.test(part) ? part : percentEncoded(part)));
  return target.startsWith('/') ? target : `/${target}`;
}

const hostOf = ({ address, port }: HttpTarget): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** Where an answer sends the client, if that is on the same backend and port. */
function redirectWithin(target: HttpTarget, { statusCode = 0, headers }: IncomingMessage): string | undefined {
  if (statusCode < 300 || statusCode > 399 || headers.location === undefined) return undefined;
  const here = `${target.protocol.toLowerCase()}://${hostOf(target)}`;
  if (!URL.canParse(headers.location, here)) return undefined;
  const to = new URL(headers.location, here);
  return to.origin === new URL(here).origin ? requestTarget(`${to.pathname}${to.search}`) : undefined;
}

function open(target: HttpTarget, path: string): ClientRequest {
  const { protocol, address, port, localAddress, userAgent } = target;
  const from = localAddress === undefined ? {} : { localAddress };
  const agent = userAgent === undefined ? {} : { 'User-Agent': userAgent };
  const headers = { Host: hostOf(target), ...agent, Connection: 'close' };
  const options = { host: address, port, path, agent: false as const, headers, ...lenient, ...from };
  return protocol === 'Http'
    ? httpRequest(options)
    : httpsRequest({ ...options, ...tls, rejectUnauthorized: false, servername: '' });
}

function discard(response: IncomingMessage): void {
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bodyLimitBytes) response.destroy();
  });
  response.on('error', () => {});
}

/** The contents of a DER element and what follows it. */
function readElement(der: Buffer): { content: Buffer; rest: Buffer } {
  const first = der[1] ?? 0;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const length = lengthBytes === 0 ? first : der.readUIntBE(2, lengthBytes);
  const start = 2 + lengthBytes;
  return { content: der.subarray(start, start + length), rest: der.subarray(start + length) };
}

/** Object identifiers of signatures with MD2, MD4, MD5, SHA-1 and SHA-224, as DER contents. */
const weakSignatures: ReadonlySet<string> = new Set([
  ...['02', '03', '04', '05', '0e'].map((last) => `2a864886f70d0101${last}`),
  '2a8648ce3d0401',
  '2a8648ce3d040301',
  '2a8648ce380403',
  '2b0e03021b',
  '2b0e03021d',
]);
const rsaPss = '2a864886f70d01010a';
/** SHA-256, SHA-384 and SHA-512, named in the parameters of RSASSA-PSS; its default is SHA-1. */
const strongHash = /60864801650304020[1-3]/;

/** Whether a certificate, in DER, is signed with SHA-256 or better. */
function isStrong(certificate: Buffer): boolean {
  const { rest: afterBody } = readElement(readElement(certificate).content);
  const algorithm = readElement(afterBody).content;
  const identifier = readElement(algorithm);
  const name = identifier.content.toString('hex');
  if (name === rsaPss) return strongHash.test(identifier.rest.toString('hex'));
  return !weakSignatures.has(name);
}

/** Whether every certificate that the server has sent is signed with SHA-256 or better. */
export function hasStrongChain(socket: TLSSocket): boolean {
  const seen = new Set<string>();
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (certificate?.raw && !seen.has(certificate.fingerprint256)) {
    if (!isStrong(certificate.raw)) return false;
    seen.add(certificate.fingerprint256);
    certificate = certificate.issuerCertificate;
  }
  return true;
}
