/** The userspace engine keeps the engine contract. */
import t from 'tap';
import { UserspaceEngine } from '../../../src/data-plane/userspace/engine.js';
import { engineContract } from '../engine-contract.js';

engineContract(t, (options) => new UserspaceEngine(options), {
  skip: [
    {
      test: 'A port of a frontend without a rule does not answer, over TCP and UDP',
      reason: 'no socket is there, so the kernel refuses',
    },
  ],
});
