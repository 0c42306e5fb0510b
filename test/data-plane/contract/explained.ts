/** What `explain` says of random flows in random states, and what then happens to them. */
import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import type { Explanation, FlowTuple } from '../../../src/data-plane/model/engine.js';
import type { PlanMember, PlanRule, Transport } from '../../../src/data-plane/model/plan.js';
import { inTime } from '../../turns.js';
import { UdpClient } from '../network.js';
import { frontend, member, rule } from '../plans.js';
import { probesOf } from '../world.js';
import { type ContractTest, networkOf } from './statement.js';

const port = 20080;
const states = 12;
const flowsPerState = 4;
/** Real time in which a flow that gets no answer is counted, on the slowest machine. */
const longestSilenceMs = 120_000;

/** Numbers that look random and are the same in every run. */
class Dice {
  #state = 0x2545f491;

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }
}

/** A rule of up to three of the machines, of which the last fails its probe; in every fourth state all of them are put out. */
function randomRule(dice: Dice, { net, state }: { net: string; state: number }): PlanRule {
  const noneUp = state % 4 === 3;
  const members = [4, 5, 6].flatMap((last): PlanMember[] => {
    const probe = dice.of([...(noneUp ? [] : [undefined]), `probe-1|${net}.${last}`]);
    const adminState = noneUp ? 'Down' : dice.of(['None', 'None', 'Up', 'Down'] as const);
    return dice.below(4) === 0 ? [] : [member(`${net}.${last}`, 28080, { probe, adminState })];
  });
  const permit = { action: 'permit', remoteSubnet: networkOf(`${net}.0`, 8) } as const;
  const deny = { action: 'deny', remoteSubnet: networkOf(`${net}.201`) } as const;
  return rule(members, {
    distribution: dice.of(['Default', 'SourceIP', 'SourceIPProtocol'] as const),
    noHealthyBackends: dice.of(['AllProbedDown', 'AllProbedUp'] as const),
    acl: noneUp ? [] : dice.of([[], [], [deny], [deny, permit]]),
    ...(dice.below(2) === 0 && { connectionTracking: true }),
  });
}

/** Why nothing answers, by the counters that tell it. */
const silences = {
  tcp: ['noEligibleMember', 'deniedByAcl', 'hairpin', 'faultDropped', 'faultReset'],
  udp: ['datagramsWithoutMember', 'datagramsDenied', 'datagramsHairpin', 'faultDropped'],
} as const;
const greeting = async (socket: Socket): Promise<string> =>
  String((await once(socket, 'data'))[0]).split(' ', 1)[0] as string;

const sentences = [/No member|no members/, /access control list/, /flow of its own/, /fault drops/, /fault resets/];

export const explainedContract: readonly ContractTest[] = [
  {
    title: 'In random states random flows reach the member that explain names, or get no answer for its reason',
    async run({ t, world, net }) {
      const dice = new Dice();
      const backends = await world.backends(net, { count: 3, port: 28080 });
      const [first, second, failing] = probesOf(backends);
      if (!first || !second || !failing) throw new Error('three backends have three probes');
      const probes = [first, second, { ...failing, port: 28999 }];
      /** `port` 0 has HA ports; one of them has a rule for a port of its own. Flows go to the place of the moment. */
      const places = [
        { address: `${net}.100`, port, to: port, internal: true as const },
        { address: `${net}.101`, port, to: port },
        { address: `${net}.102`, port: 0, to: 28080, internal: true as const },
        { address: `${net}.102`, port, to: port, internal: true as const },
      ] as const;
      type Place = (typeof places)[number];
      let place: Place = places[0];
      const keyOf = (transport: Transport): string => `${transport}/${place.address}/${place.port}`;
      const silenced = (transport: Transport): number[] =>
        silences[transport].map((name) => world.count(name, keyOf(transport)));
      const applied = (rule: PlanRule): Promise<void> =>
        world.apply(
          places.flatMap(({ address, port, to: _, ...rest }) =>
            (['tcp', 'udp'] as const).map((each) => ({
              ...frontend(each, `${address}:${port}`, port === 0 ? { ...rule, backendPort: 0 } : rule),
              ...rest,
            })),
          ),
          probes,
        );
      /** What is counted when a flow gets no answer. */
      const silence = async (transport: Transport, before: readonly number[]): Promise<number> => {
        const endMs = performance.now() + longestSilenceMs;
        while (performance.now() < endMs) {
          await world.engine.flows();
          const counted = silenced(transport).findIndex((count, index) => count > (before[index] as number));
          if (counted >= 0) return counted;
        }
        throw new Error(`nothing was counted at ${keyOf(transport)}: ${silenced(transport)}, and ${before} before`);
      };
      /** `reach` resolves with the member that answers, `refused` when the client's kernel says that nobody listens. */
      const check = async (
        transport: Transport,
        told: Explanation,
        { reach, refused }: { reach: () => Promise<string>; refused: () => Promise<unknown> },
      ): Promise<void> => {
        if (world.engine.frontends().some(({ key, state }) => key === keyOf(transport) && state === 'Unbound')) {
          t.match(told, { choice: undefined, reason: 'The frontend has no place here.' });
          await inTime(`a refusal of ${transport} ${told.tuple.join(' ')}`, refused());
          return;
        }
        if (told.choice) {
          const flow = `${transport} ${told.tuple.join(' ')}`;
          t.equal(await inTime(`an answer to ${flow}`, reach()), told.choice.address, flow);
          t.equal(told.choice.port, 28080);
          return;
        }
        await world.engine.flows();
        const before = silenced(transport);
        const answered = reach().then((backend) => `${backend} answers`);
        const counted = silence(transport, before).then((index) => sentences[index]);
        t.match(told.reason, (await Promise.race([counted, answered])) ?? 'nothing');
      };
      // Sockets live through all states, as connection tracking wants.
      const sources = [201, 202, 4, 5].map((last) => `${net}.${last}`);
      const clients = await Promise.all(sources.map((from) => UdpClient.open({ from })));
      for (let state = 0; state < states; state++) {
        await applied(randomRule(dice, { net, state }));
        const effect = dice.of(['slow', 'drop', 'reset'] as const);
        await world.engine.setFaults?.([{ id: 'fault-1', effect, latencyMs: 5, backend: first.address }]);
        await world.until(() => probes.every(({ address }) => (world.reason(address) ?? 'NA') !== 'NA'));
        for (let flow = 0; flow < flowsPerState; flow++) {
          const index = dice.below(sources.length);
          place = dice.of<Place>(places);
          const { address, to } = place;
          const from = sources[index] as string;
          const client = clients[index] as UdpClient;
          const between = { sourceAddress: from, destinationAddress: address, destinationPort: to };
          const datagram = await world.engine.explain({ ...between, transport: 'udp', sourcePort: client.port });
          await check('udp', datagram, {
            reach: async () => {
              if (datagram.choice) return (await client.ask({ address, port: to })).backend;
              client.socket.send('nobody answers', to, address);
              return String((await once(client.socket, 'message'))[0]);
            },
            refused: async () => {},
          });
          const fromPort = 30_000 + state * flowsPerState + flow;
          const tuple: FlowTuple = { ...between, transport: 'tcp', sourcePort: fromPort };
          const connection = await world.engine.explain(tuple);
          const socket = new Socket().on('error', () => {});
          const dialled = (): Socket =>
            socket.connect({ host: address, port: to, localAddress: from, localPort: fromPort });
          await check('tcp', connection, {
            reach: () => greeting(dialled()),
            refused: () => once(dialled(), 'error'),
          });
          socket.destroy();
        }
      }
      await world.engine.setFaults?.([]);
      // In the last state all members are out. What answers this client may come at any moment after the next plan.
      place = places[0];
      const from = `${net}.201`;
      const tuple: FlowTuple = {
        transport: 'tcp',
        sourceAddress: from,
        sourcePort: 30_000 + states * flowsPerState,
        destinationAddress: place.address,
        destinationPort: port,
      };
      t.match((await world.engine.explain(tuple)).reason, sentences[0]);
      const before = silenced('tcp');
      const socket = connect({ host: place.address, port, localAddress: from, localPort: tuple.sourcePort });
      const greeted = greeting(socket);
      t.equal(await silence('tcp', before), 0, 'the client waits');
      await applied(rule(backends.map((each) => member(each.address, each.port))));
      const served = await world.engine.explain(tuple);
      await world.advance(8000);
      t.equal(
        await inTime('a greeting of the client that waited', greeted),
        served.choice?.address,
        'a client that waits reaches the member that explain names now',
      );
      socket.destroy();
      for (const client of clients) client.close();
    },
  },
];
