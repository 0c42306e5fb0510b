/**
 * One attempt of a health probe: what it finds out, and how it is made over TCP. A completed handshake is success, a reset
 * or silence is failure; the connection is closed with FIN.
 * https://learn.microsoft.com/azure/load-balancer/load-balancer-custom-probe-overview#tcp-probe
 */
import { Socket } from 'node:net';
export const probeSucceeded = (explicit) => ({ up: true, reason: 'Up_Probe_Success', explicit });
export const probeFailed = (reason, explicit = false) => ({ up: false, reason, explicit });
/** Connects once to `address:port`. */
export function tcpProbe(target) {
    const socket = new Socket();
    // Azure has no reason of its own for a refused connection.
    const silent = probeFailed('Down_Probe_TcpProbeTimeout');
    let settle = () => { };
    const result = new Promise((resolve) => {
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
//# sourceMappingURL=probe-attempt.js.map