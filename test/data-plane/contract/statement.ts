/** One statement of the engine contract. */
import { isIPv6 } from 'node:net';
import type { Test } from 'tap';
import type { World } from '../world.js';

export interface Stage {
  readonly t: Test;
  readonly world: World;
  /** The first three numbers of addresses that this statement has for itself. */
  readonly net: string;
  readonly frontend: string;
}

/** The network of `address` in which the last `bits` bits may differ: 0 for the address alone. */
export const networkOf = (address: string, bits = 0): string => `${address}/${(isIPv6(address) ? 128 : 32) - bits}`;

export interface ContractTest {
  readonly title: string;
  readonly run: (stage: Stage) => Promise<void>;
}
