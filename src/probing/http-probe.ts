/**
 * Azure's HTTP and HTTPS probes: a GET whose answer is 200 is success, any other answer failure, silence too.
 *
 * No redirects, no credentials, no server name in TLS, any certificate; the Host header is the backend's `ip:port`. Each
 * attempt is a connection of its own, through Node's own client: it tells "no connection" from "no answer", which Azure
 * reports as different reasons. https://learn.microsoft.com/azure/load-balancer/load-balancer-custom-probe-overview
 */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { type ProbeAttempt, type ProbeOutcome, probeFailed, probeSucceeded } from './probe-outcome.js';

/** How much of an answer's body is read before the connection is dropped. */
const bodyLimitBytes = 64 * 1024;

export interface HttpTarget {
  readonly protocol: 'Http' | 'Https';
  readonly address: string;
  readonly port: number;
  readonly path: string;
  readonly localAddress?: string;
}

/** Asks once. */
export function httpProbe(target: HttpTarget): ProbeAttempt {
  let connected = false;
  let settle: (outcome: ProbeOutcome) => void = () => {};
  const result = new Promise<ProbeOutcome>((resolve) => {
    settle = resolve;
  });
  const request = open(target);
  request.on('socket', (socket: Socket) => {
    if (!socket.connecting) connected = true;
    socket.once('connect', () => {
      connected = true;
    });
  });
  request.on('response', (response) => {
    const ok = response.statusCode === 200;
    settle(ok ? probeSucceeded(true) : probeFailed('Down_Probe_HttpStatusCodeError', true));
    discard(response);
  });
  // Refused before there was a connection: Azure has no reason of its own for that, so it is silence.
  request.on('error', () =>
    settle(probeFailed(connected ? 'Down_Probe_HttpEndpointUnreachable' : 'Down_Probe_TcpProbeTimeout')),
  );
  request.end();
  return {
    result,
    timeOut: () => {
      settle(probeFailed(connected ? 'Down_Probe_HttpNoResponse' : 'Down_Probe_TcpProbeTimeout'));
      request.destroy();
    },
    abandon: () => request.destroy(),
  };
}

function open({ protocol, address, port, path, localAddress }: HttpTarget): ClientRequest {
  const host = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  const from = localAddress === undefined ? {} : { localAddress };
  const headers = { Host: host, Connection: 'close' };
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
