/**
 * What every data plane does, as statements about Azure. An engine that physically cannot do one of them says so with
 * `skip`, and its reason is a "difference from Azure".
 */
import type { Test } from 'tap';
import { choicesContract } from './contract/choices.js';
import { distributionContract } from './contract/distribution.js';
import { eligibilityContract } from './contract/eligibility.js';
import { explainedContract } from './contract/explained.js';
import { flowContract } from './contract/flows.js';
import { idleContract } from './contract/idle.js';
import { placesContract } from './contract/places.js';
import { silenceContract } from './contract/silence.js';
import type { ContractTest } from './contract/statement.js';
import { udpContract } from './contract/udp.js';
import { type MakeEngine, World } from './world.js';

export interface ContractOptions {
  /** Titles of statements that this engine cannot make true, each with the reason. */
  readonly skip?: readonly { readonly test: string; readonly reason: string }[];
  /** The first part of all addresses: `127.77`, or `::127.77` for IPv6 ones that end like IPv4 ones. */
  readonly within?: string;
}

/** Those of many connections come last: what ended flows leave in the kernel is read with every list of flows after them. */
const statements: readonly ContractTest[] = [
  ...explainedContract,
  ...choicesContract,
  ...placesContract,
  ...idleContract,
  ...silenceContract,
  ...eligibilityContract,
  ...udpContract,
  ...distributionContract,
  ...flowContract,
];

/** Runs every statement against one engine, which is reused with an empty plan in between. */
export function engineContract(
  t: Test,
  makeEngine: MakeEngine,
  { skip = [], within = '127.77' }: ContractOptions = {},
): void {
  const skipped = new Map(skip.map(({ test, reason }) => [test, reason]));
  for (const { test } of skip)
    if (!statements.some(({ title }) => title === test)) throw new Error(`No such statement: ${test}`);
  t.test(`The engine contract within ${within}`, async (t) => {
    const world = new World(makeEngine);
    t.teardown(() => world.close());
    for (const [index, { title, run }] of statements.entries()) {
      const reason = skipped.get(title);
      if (reason) {
        // A declared difference from Azure, not a test that the machine lacks something for.
        t.comment(`not with this engine: ${title} (${reason})`);
        continue;
      }
      await t.test(title, async (t) => {
        // Addresses of its own per statement, so that nothing of the one before is in the way.
        await run({ t, world, net: `${within}.${index}`, frontend: `${within}.${index}.100` });
        await world.reset();
      });
    }
    t.strictSame(world.failures, [], 'the engine never failed');
  });
}
