/** Statements about idle connections. */

import { nextEvent } from '../../turns.js';
import { echoes, ending, openStream, UdpClient } from '../network.js';
import { frontend, rule } from '../plans.js';
import { membersOf } from '../world.js';
import type { ContractTest } from './statement.js';

const fourMinutesMs = 240_000;

export const idleContract: readonly ContractTest[] = [
  {
    title: 'After the idle timeout with TCP reset enabled both ends are reset',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 1, port: 28080 });
      await world.apply([frontend('tcp', `${address}:20080`, rule(membersOf(backends), { tcpReset: true }))]);
      const { socket } = await openStream({ address, port: 20080 }, { from: `${net}.200` });
      const [served] = [...(backends[0]?.sockets ?? [])];
      if (!served) throw new Error('no client connected');
      const both = Promise.all([ending(socket), ending(served)]);
      await world.advance(fourMinutesMs + 1000);
      t.strictSame(await both, ['ECONNRESET', 'ECONNRESET']);
    },
  },
  {
    title: 'After the idle timeout without TCP reset nothing is delivered any more and nobody is reset',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 1, port: 28080 });
      const forward = rule(membersOf(backends));
      await world.apply([frontend('tcp', `${address}:20080`, forward), frontend('tcp', `${address}:20081`, forward)]);
      const idle = await openStream({ address, port: 20080 }, { from: `${net}.200` });
      await world.advance(fourMinutesMs + 1000);
      let heard = '';
      idle.socket.on('data', (chunk) => {
        heard += chunk;
      });
      idle.socket.on('error', (error) => {
        heard += error;
      });
      idle.socket.on('end', () => {
        heard += 'end';
      });
      idle.socket.write('hello?');
      const other = await openStream({ address, port: 20081 }, { from: `${net}.200` });
      t.ok(await echoes(other, 'another connection has had time for a round trip'));
      t.ok(await echoes(other, 'and another'));
      t.equal(heard, '');
      idle.socket.destroy();
      other.socket.destroy();
    },
  },
  {
    title: 'Traffic from either side within the idle timeout keeps a connection',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 1, port: 28080 });
      await world.apply([frontend('tcp', `${address}:20080`, rule(membersOf(backends), { tcpReset: true }))]);
      const stream = await openStream({ address, port: 20080 }, { from: `${net}.200` });
      const [served] = [...(backends[0]?.sockets ?? [])];
      for (let minute = 0; minute < 3; minute++) {
        await world.advance(0.75 * fourMinutesMs);
        t.ok(await echoes(stream, 'the client speaks'));
        await world.advance(0.75 * fourMinutesMs);
        const heard = nextEvent(stream.socket.resume(), 'data');
        served?.write('the backend speaks');
        t.equal(String((await heard)[0]), 'the backend speaks');
      }
      stream.socket.destroy();
    },
  },
  {
    title: 'A changed idle timeout holds for new connections',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 1, port: 28080 });
      const at = { address, port: 20080 };
      const apply = (idleTimeoutMs: number) =>
        world.apply([
          frontend('tcp', `${address}:20080`, rule(membersOf(backends), { tcpReset: true, idleTimeoutMs })),
        ]);
      await apply(10 * fourMinutesMs);
      const patient = await openStream(at, { from: `${net}.200` });
      await apply(fourMinutesMs);
      const impatient = await openStream(at, { from: `${net}.200` });
      const end = ending(impatient.socket);
      await world.advance(2 * fourMinutesMs);
      t.equal(await end, 'ECONNRESET');
      t.ok(await echoes(patient, 'as promised when I came'));
      patient.socket.destroy();
    },
  },
  {
    title: 'A UDP client that was silent for longer than the idle timeout is served again',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 3, port: 28080 });
      await world.apply([frontend('udp', `${address}:20053`, rule(membersOf(backends)))]);
      const client = await UdpClient.open({ from: `${net}.200` });
      const { backend } = await client.ask({ address, port: 20053 });
      await world.advance(fourMinutesMs + 1000);
      t.notOk((await world.engine.flows()).some((flow) => flow.source === `${net}.200:${client.port}`));
      t.equal((await client.ask({ address, port: 20053 })).backend, backend);
      client.close();
    },
  },
];
