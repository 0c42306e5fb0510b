/** What `explain` says of random flows in random states, and what then happens to them. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Explanation } from '../../../src/data-plane/model/engine.js';
import type { PlanMember, PlanRule, Transport } from '../../../src/data-plane/model/plan.js';
import { UdpClient } from '../network.js';
import { frontend, member, rule } from '../plans.js';
import { probesOf } from '../world.js';
import { type ContractTest, networkOf, type Stage } from './statement.js';

const port = 20080;
const states = 12;
const flowsPerState = 4;

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

/** A rule of up to three of the machines, of which the last fails its probe. */
function randomRule(dice: Dice, { net }: Stage): PlanRule {
  const members = [4, 5, 6].flatMap((last): PlanMember[] => {
    const probe = dice.of([undefined, `probe-1|${net}.${last}`]);
    const adminState = dice.of(['None', 'None', 'Up', 'Down'] as const);
    return dice.below(4) === 0 ? [] : [member(`${net}.${last}`, 28080, { probe, adminState })];
  });
  const permit = { action: 'permit', remoteSubnet: networkOf(`${net}.0`, 8) } as const;
  const deny = { action: 'deny', remoteSubnet: networkOf(`${net}.201`) } as const;
  return rule(members, {
    distribution: dice.of(['Default', 'SourceIP', 'SourceIPProtocol'] as const),
    noHealthyBackends: dice.of(['AllProbedDown', 'AllProbedUp'] as const),
    acl: dice.of([[], [], [deny], [deny, permit]]),
    ...(dice.below(2) === 0 && { connectionTracking: true }),
  });
}

/** Why nothing answers, by the counters that tell it. */
const silences = {
  tcp: ['noEligibleMember', 'deniedByAcl', 'hairpin'],
  udp: ['datagramsWithoutMember', 'datagramsDenied', 'datagramsHairpin'],
} as const;
const sentences = [/No member|no members/, /access control list/, /flow of its own/];

export const explainedContract: readonly ContractTest[] = [
  {
    title: 'In random states random flows reach the member that explain names, or get no answer for its reason',
    async run(stage) {
      const { t, world, net } = stage;
      const dice = new Dice();
      const backends = await world.backends(net, { count: 3, port: 28080 });
      const [first, second, failing] = probesOf(backends);
      if (!first || !second || !failing) throw new Error('three backends have three probes');
      const probes = [first, second, { ...failing, port: 28999 }];
      /** An internal frontend and a public one; flows go to the one of the moment. */
      const places = [{ address: `${net}.100`, internal: true as const }, { address: `${net}.101` }];
      let address = `${net}.100`;
      const scope = (transport: Transport): string => `${transport}/${address}/${port}`;
      const silenced = (transport: Transport): number[] =>
        silences[transport].map((name) => world.count(name, scope(transport)));
      /** What is counted when a flow gets no answer. */
      const silence = async (transport: Transport, before: readonly number[]): Promise<number> => {
        for (;;) {
          await world.engine.flows();
          const counted = silenced(transport).findIndex((count, index) => count > (before[index] as number));
          if (counted >= 0) return counted;
        }
      };
      /** `reach` resolves with the member that answers. */
      const check = async (transport: Transport, told: Explanation, reach: () => Promise<string>): Promise<void> => {
        if (told.choice) {
          t.equal(await reach(), told.choice.address, `${transport} ${told.tuple.join(' ')}`);
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
        const randomly = randomRule(dice, stage);
        await world.apply(
          places.flatMap(({ address, ...rest }) =>
            (['tcp', 'udp'] as const).map((each) => ({
              ...frontend(each, `${address}:${port}`, randomly),
              ...rest,
            })),
          ),
          probes,
        );
        await world.until(() => probes.every(({ address }) => (world.reason(address) ?? 'NA') !== 'NA'));
        for (let flow = 0; flow < flowsPerState; flow++) {
          const index = dice.below(sources.length);
          address = dice.of(places).address;
          const from = sources[index] as string;
          const client = clients[index] as UdpClient;
          const place = { sourceAddress: from, destinationAddress: address, destinationPort: port };
          const datagram = await world.engine.explain({ ...place, transport: 'udp', sourcePort: client.port });
          await check('udp', datagram, async () => {
            if (datagram.choice) return (await client.ask({ address, port })).backend;
            client.socket.send('nobody answers', port, address);
            return String((await once(client.socket, 'message'))[0]);
          });
          const fromPort = 30_000 + state * flowsPerState + flow;
          const connection = await world.engine.explain({ ...place, transport: 'tcp', sourcePort: fromPort });
          let socket: Socket | undefined;
          await check('tcp', connection, async () => {
            socket = connect({ host: address, port, localAddress: from, localPort: fromPort }).on('error', () => {});
            return String((await once(socket, 'data'))[0]).split(' ', 1)[0] as string;
          });
          socket?.destroy();
        }
      }
      for (const client of clients) client.close();
    },
  },
];
