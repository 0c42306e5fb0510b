/** A process with a kernel engine in it, to be killed. */

import { NftablesEngine } from '../../../src/data-plane/nftables/engine.js';
import { Clock } from '../../../src/support/clock.js';
import { frontend, member, plan, rule } from '../plans.js';

const engine = new NftablesEngine({ clock: new Clock() });
await engine.apply(plan([frontend('tcp', '127.80.7.100:80', rule([member('127.80.7.4', 28080)]))]));
process.stdout.write('loaded\n');
setInterval(() => {}, 1000);
