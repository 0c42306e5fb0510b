/**
 * The userspace engine alone in a process, for bench/data-plane.ts: one TCP and one UDP rule, `FRONTEND BACKEND`. With a
 * third argument, `sockets`, the least that Node's own sockets can do in its place: pipes, and a socket per UDP client.
 */

import { createSocket, type Socket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import { UserspaceEngine } from '../src/data-plane/userspace/engine.js';
import { Clock } from '../src/support/clock.js';
import { member } from '../test/data-plane/plans.js';
import { planFor } from './engine-plan.js';

interface Place {
  readonly address: string;
  readonly port: number;
}

const placeOf = (text = ''): Place => {
  const [address = '', port] = text.split(':');
  return { address, port: Number(port) };
};

const [frontend, backend] = process.argv.slice(2).map(placeOf);
if (!frontend || !backend) throw new Error('FRONTEND BACKEND, each as ADDRESS:PORT');

async function engine(from: Place, to: Place): Promise<void> {
  const userspace = new UserspaceEngine({
    clock: new Clock(),
    events: { onFailure: (error) => console.error(error) },
  });
  await userspace.apply(planFor(from, [member(to.address, to.port)]));
  for (const state of userspace.frontends()) if (state.state !== 'Bound') console.error(state.reason);
  // An orderly end writes the profile of `node --cpu-prof`.
  process.once('SIGTERM', () => userspace.close(0).then(() => process.exit()));
}

function sockets(from: Place, to: Place): void {
  const accept = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    const backend = connect({ host: to.address, port: to.port, noDelay: true, allowHalfOpen: true });
    const end = (): void => {
      client.destroy();
      backend.destroy();
    };
    client.on('error', end).pipe(backend);
    backend.on('error', end).pipe(client);
  });
  accept.listen(from.port, from.address, 1024);
  // An address needs no look-up, which would cost each answer a turn of the loop.
  const frontend = createSocket({ type: 'udp4', lookup: (address, _options, found) => found(null, address, 4) });
  const flows = new Map<string, Socket>();
  frontend.on('message', (datagram, { address, port }) => {
    const client = `${address}:${port}`;
    let flow = flows.get(client);
    if (!flow) {
      flow = createSocket('udp4');
      flow.on('message', (answer) => frontend.send(answer, port, address));
      // Between two rounds nobody listens behind it.
      flow.on('error', () => {});
      flow.connect(to.port, to.address);
      flows.set(client, flow);
      // A socket that connects cannot send yet.
      flow.once('connect', () => flow?.send(datagram));
      return;
    }
    flow.send(datagram, () => {});
  });
  frontend.bind(from.port, from.address);
}

if (process.argv[4] === 'sockets') sockets(frontend, backend);
else await engine(frontend, backend);
console.log('ready');
