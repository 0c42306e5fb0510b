/** One statement of the engine contract. */
import type { Test } from 'tap';
import type { World } from '../world.js';

export interface Stage {
  readonly t: Test;
  readonly world: World;
  /** The first three numbers of addresses that this statement has for itself. */
  readonly net: string;
  readonly frontend: string;
}

export interface ContractTest {
  readonly title: string;
  readonly run: (stage: Stage) => Promise<void>;
}
