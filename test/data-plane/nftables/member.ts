/**
 * `member ADDRESS:PORT…`: a process with these backends in it, for a network namespace of its own. A line `refuse
 * ADDRESS:PORT` on its input makes that backend refuse new connections; it ends when its input does.
 */
import { createInterface } from 'node:readline';
import { Backend } from '../network.js';

const started = process.argv.slice(2).map(async (at) => {
  const [address = '', port = ''] = at.split(':');
  return [at, await Backend.start(address, Number(port))] as const;
});
const backends = new Map(await Promise.all(started));
process.stdout.write('listening\n');
createInterface({ input: process.stdin })
  .on('line', (line) => backends.get(line.replace(/^refuse /, ''))?.refuse())
  .on('close', () => process.exit());
