/** The kernel engine keeps the engine contract. */
import t from 'tap';
import { NftablesEngine } from '../../../src/data-plane/nftables/engine.js';
import { engineContract } from '../engine-contract.js';
import { isInNamespace } from './in-namespace.js';

if (isInNamespace(t, import.meta.url)) engineContract(t, (options) => new NftablesEngine(options));
