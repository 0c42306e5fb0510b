/**
 * `npm run test:several-machines -- --only kills,flows,answers,cost --seconds N`: three nodes of the built product on one PostgreSQL.
 *
 * - kills: clients through all of them, while the writer is killed every five seconds, the database restarts twice,
 *   connections end right after an append was sent, and a node stands still until its place in the log was cut away. Nothing
 *   acknowledged may be lost, nothing applied twice, reads are linearizable, and all nodes have the same in the end.
 * - flows: connections over three kernel nodes behind a router go on when one of the nodes ends.
 * - answers: what is known of Azure (the folder of LAZURITE_SHARED) against a balancer before the nodes scores as against one.
 * - cost: writes and reads against one node on SQLite, a new node, and how soon all nodes carry a write.
 *
 * Ends with what was measured, and with exit code 1 when something is not as it should be.
 */
import { parseArgs } from 'node:util';
import { answerAlike } from './answers.js';
import { measureCost } from './cost.js';
import { keepFlows } from './flows.js';
import { surviveKills } from './kills.js';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'kills,flows,answers,cost' },
    seconds: { type: 'string', default: '60' },
    clients: { type: 'string', default: '16' },
  },
});
const say = (sentence: string): void => void process.stdout.write(`${sentence}\n`);
const [seconds, clients] = [Number(values.seconds), Number(values.clients)];

const proofs = new Map<string, () => Promise<string[]>>([
  ['kills', () => surviveKills({ seconds, clients, say })],
  ['flows', () => keepFlows({ flows: 1000, tuples: 7200, command: ['dist/main.js'], say })],
  ['answers', () => answerAlike(process.env.LAZURITE_SHARED ?? '../shared', say)],
  ['cost', () => measureCost(say)],
]);
const faults: string[] = [];
for (const name of values.only.split(',')) {
  say(`== ${name}`);
  faults.push(...((await proofs.get(name)?.()) ?? [`there is no proof '${name}'`]));
}
for (const fault of faults) say(`NOT SO: ${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;
