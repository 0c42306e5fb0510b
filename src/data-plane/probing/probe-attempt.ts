/**
 * One attempt of a health probe: what it finds out, and how it is made over TCP. A completed handshake is success, a reset
 * or silence is failure; the connection is closed with FIN.
 * https://learn.microsoft.com/azure/load-balancer/load-balancer-custom-probe-overview#tcp-probe
 */

import { Socket } from 'node:net';
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
