/** What an engine does when something else was chosen where Azure's documentation is silent. */
import { dial, echoes, ending, openStream } from '../network.js';
import { frontend, rule } from '../plans.js';
import { membersOf } from '../world.js';
import { type ContractTest, networkOf } from './statement.js';

export const choicesContract: readonly ContractTest[] = [
  {
    title: 'Where a mode switch resets established flows, it does; a change of anything else does not',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 2, port: 28080 });
      const at = { address, port: 20080 };
      const apply = (distribution: 'Default' | 'SourceIP', idleTimeoutMs = 240_000) => {
        const rest = { distribution, idleTimeoutMs, resetOn: ['modeSwitch'] as const };
        return world.apply([frontend('tcp', `${address}:20080`, rule(membersOf(backends), rest))]);
      };
      await apply('Default');
      const stream = await openStream(at, { from: `${net}.200` });
      await apply('Default', 300_000);
      t.ok(await echoes(stream, 'another idle timeout is no other mode'));
      const end = ending(stream.socket);
      await apply('SourceIP');
      t.equal(await end, 'ECONNRESET');
      await world.counted('endedBySwitch', `tcp/${address}/20080`);
    },
  },
  {
    title: 'Where the removal of a member resets its flows, those of the others stay',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 2, port: 28080 });
      const at = { address, port: 20080 };
      const apply = (left: typeof backends) =>
        world.apply([frontend('tcp', `${address}:20080`, rule(membersOf(left), { resetOn: ['memberRemoval'] }))]);
      await apply(backends);
      const streams = await Promise.all(
        Array.from({ length: 24 }, (_, index) => openStream(at, { from: `${net}.${100 + index}` })),
      );
      const [leaving, staying] = backends.map(({ address: backend }) =>
        streams.filter((one) => one.backend === backend),
      );
      if (!leaving?.length || !staying?.length) throw new Error('one of 24 clients comes to each of two members');
      const ends = Promise.all(leaving.map(({ socket }) => ending(socket)));
      await apply(backends.slice(1));
      t.strictSame(new Set(await ends), new Set(['ECONNRESET']));
      t.ok((await Promise.all(staying.map((stream) => echoes(stream, 'still here')))).every(Boolean));
      for (const { socket } of staying) socket.destroy();
    },
  },
  {
    title: 'Where the removal of a rule resets its flows, it does so without TCP reset too',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 1, port: 28080 });
      await world.apply([
        frontend('tcp', `${address}:20080`, rule(membersOf(backends), { resetOn: ['ruleRemoval'], tcpReset: false })),
      ]);
      const { socket } = await openStream({ address, port: 20080 }, { from: `${net}.200` });
      const end = ending(socket);
      await world.apply([]);
      t.equal(await end, 'ECONNRESET');
    },
  },
  {
    title: 'Where an ACL denies with a reset, the client gets one at once',
    async run({ t, world, net, frontend: address }) {
      const backends = await world.backends(net, { count: 1, port: 28080 });
      const acl = [{ action: 'deny', remoteSubnet: networkOf(`${net}.200`) }] as const;
      await world.apply([frontend('tcp', `${address}:20080`, rule(membersOf(backends), { acl, aclDeny: 'reset' }))]);
      const at = { address, port: 20080 };
      // A socket has accepted the connection when it refuses it; the kernel answers its SYN.
      const code = await dial(at, { from: `${net}.200` }).then(ending, (error: NodeJS.ErrnoException) => error.code);
      t.match(code, /^ECONN(RESET|REFUSED)$/);
      const permitted = await openStream(at, { from: `${net}.201` });
      t.equal(permitted.backend, `${net}.4`);
      permitted.socket.destroy();
    },
  },
];
