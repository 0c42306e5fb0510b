/** The userspace engine keeps the engine contract with IPv6 too, where every address of a network namespace is local. */
import t from 'tap';
import { UserspaceEngine } from '../../../src/data-plane/userspace/engine.js';
import { engineContract } from '../engine-contract.js';
import { isInNamespace } from '../nftables/in-namespace.js';

if (isInNamespace(t, import.meta.url))
  engineContract(t, (options) => new UserspaceEngine(options), {
    within: '::127.77',
    skip: [
      {
        test: 'A port of a frontend without a rule does not answer, over TCP and UDP',
        reason: 'no socket is there, so the kernel refuses',
      },
      {
        test: "A backend sees its client's own address over TCP and UDP",
        reason: 'only clients on 127.0.0.0/8 keep their address: IPv6 has one loopback address',
      },
    ],
  });
