/**
 * Azure's HTTP and HTTPS probes: a GET whose answer is 200 is success, any other answer failure, silence too.
 *
 * Redirects are failures unless chosen otherwise; no credentials, no server name in TLS, any certificate; the Host header
 * is the backend's `ip:port`. Each attempt is a connection of its own, through Node's own client: it tells "no connection"
 * from "no answer", which Azure reports as different reasons. https://learn.microsoft.com/azure/load-balancer/load-balancer-custom-probe-overview
 */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { type ProbeAttempt, type ProbeOutcome, probeFailed, probeSucceeded } from './probe-attempt.js';

/** How much of an answer's body is read before the connection is dropped. */
const bodyLimitBytes = 64 * 1024;
const redirectLimit = 5;

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
  let current = ask(target.path);
  return {
    result,
    timeOut: () => {
      settle(probeFailed(connected ? 'Down_Probe_HttpNoResponse' : 'Down_Probe_TcpProbeTimeout'));
      current.destroy();
    },
    abandon: () => current.destroy(),
  };
}

const hostOf = ({ address, port }: HttpTarget): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** Where an answer sends the client, if that is on the same backend and port. */
function redirectWithin(target: HttpTarget, { statusCode = 0, headers }: IncomingMessage): string | undefined {
  if (statusCode < 300 || statusCode > 399 || headers.location === undefined) return undefined;
  const here = `${target.protocol.toLowerCase()}://${hostOf(target)}`;
  if (!URL.canParse(headers.location, here)) return undefined;
  const to = new URL(headers.location, here);
  return to.origin === new URL(here).origin ? `${to.pathname}${to.search}` : undefined;
}

function open(target: HttpTarget, path: string): ClientRequest {
  const { protocol, address, port, localAddress, userAgent } = target;
  const from = localAddress === undefined ? {} : { localAddress };
  const agent = userAgent === undefined ? {} : { 'User-Agent': userAgent };
  const headers = { Host: hostOf(target), ...agent, Connection: 'close' };
  const options = { host: address, port, path, agent: false as const, headers, ...from };
  return protocol === 'Http'
    ? httpRequest(options)
    : httpsRequest({ ...options, rejectUnauthorized: false, servername: '' });
}

function discard(response: IncomingMessage): void {
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bodyLimitBytes) response.destroy();
  });
  response.on('error', () => {});
}
