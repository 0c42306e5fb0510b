/** A process with one backend in it, for a network namespace of its own. */
import { Backend } from '../network.js';

const [address = '', port = ''] = process.argv.slice(2);
await Backend.start(address, Number(port));
process.stdout.write('listening\n');
process.stdin.resume().on('end', () => process.exit());
