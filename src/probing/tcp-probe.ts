/**
 * Azure's TCP probe: a completed handshake is success; a reset or silence is failure. Closed with FIN.
 * https://learn.microsoft.com/azure/load-balancer/load-balancer-custom-probe-overview#tcp-probe
 */
import { Socket } from 'node:net';
import { type ProbeAttempt, type ProbeOutcome, probeFailed, probeSucceeded } from './probe-outcome.js';

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
