/** Statements about addresses and ports: who has them, and what one address serves beside another. */
import { inParallel, tcpBackend, udpBackend } from '../network.js';
import { frontend, rule } from '../plans.js';
import { membersOf } from '../world.js';
import type { ContractTest } from './statement.js';

const port = 20080;

export const placesContract: readonly ContractTest[] = [
  {
    title: 'Of two rules that want one place the first of the plan has it, in traffic, explain, frontends and events',
    async run({ t, world, net, frontend: address }) {
      const [first, second] = (await world.backends(net, { count: 2, port: 28080 })).map((backend) =>
        frontend('tcp', `${address}:${port}`, rule(membersOf([backend]), { id: `rule of ${backend.address}` })),
      );
      if (!first || !second) throw new Error('two backends make two frontends');
      const tuple = { transport: 'tcp', sourceAddress: `${net}.200`, sourcePort: 1 } as const;
      const question = { ...tuple, destinationAddress: address, destinationPort: port };
      const check = async (plan: readonly (typeof first)[], events: readonly object[]): Promise<void> => {
        const seen = world.statesSeen.length;
        await world.apply(plan);
        const [owner, ...others] = plan.map(({ rule }) => rule);
        const collides = { state: 'Unbound', reason: `Collision: ${address}:${port} belongs to ${owner?.id}.` };
        t.match(world.engine.frontends(), [
          { rule: owner?.id, reason: undefined },
          ...others.map(({ id }) => ({ rule: id, ...collides })),
        ]);
        t.equal((await world.engine.explain(question)).rule, owner?.id);
        t.equal(await tcpBackend({ address, port }, { from: `${net}.200` }), owner?.members[0]?.address);
        const news = world.statesSeen.slice(seen);
        t.equal(news.length, events.length);
        t.match(news, events);
      };
      const has = ({ rule: { id } }: typeof first) => ({ rule: id, state: 'Bound' });
      const lacks = ({ rule: { id } }: typeof first) => ({ rule: id, state: 'Unbound', reason: /^Collision: / });
      await check([second], [has(second)]);
      await check([first, second], [has(first), lacks(second)]);
      await check([first, second], []);
      await check([second, first], [has(second), lacks(first)]);
      await check([first], [has(first)]);
    },
  },
  {
    title: 'Several frontends share one pool: under SourceIP each keeps a mapping of its own for a client',
    async run({ t, world, net }) {
      const backends = await world.backends(net, { count: 4, port: 28080 });
      const affine = rule(membersOf(backends), { distribution: 'SourceIP' });
      const places = [100, 101].map((last) => ({ address: `${net}.${last}`, port }));
      await world.apply(
        places.flatMap(({ address }) =>
          (['tcp', 'udp'] as const).map((each) => frontend(each, `${address}:${port}`, affine)),
        ),
      );
      let apart = 0;
      let strayed = 0;
      const clients = Array.from({ length: 40 }, (_, index) => `${net}.${201 + index}`);
      await inParallel(clients, 8, async (from) => {
        const met = [];
        for (const at of places) {
          const over = [await tcpBackend(at, { from }), await udpBackend(at, { from }), await tcpBackend(at, { from })];
          if (new Set(over).size !== 1) strayed++;
          met.push(over[0]);
        }
        if (met[0] !== met[1]) apart++;
      });
      t.equal(strayed, 0, 'clients that met more than one backend at one frontend');
      t.ok(apart > 0 && apart < clients.length, `${apart} of 40 have other backends at the other frontend`);
    },
  },
];
