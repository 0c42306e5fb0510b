/** README's JavaScript program, run as a process of its own that knows nothing but the variables of `lazurite env`. */

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { variables, writeCaFiles } from '../../src/cli/env.js';
import { tcpBackend } from '../data-plane/network.js';
import { Cloud } from '../emulator/cloud.js';

const network = 206;
const run = promisify(execFile);

t.test('an unmodified program of the SDK finds Lazurite by its environment alone, and its traffic flows', async (t) => {
  const cloud = await Cloud.start(t, { network });
  for (const host of [4, 5]) await cloud.machine(t, host, 8080);
  const program = readFileSync(new URL('quick-start.mjs', import.meta.url), 'utf8');
  // In a network of this test's own, so that no other test's backends are in the way.
  const folder = t.testdir({ 'program.mjs': program.replaceAll('10.0.0.', `10.${network}.0.`) });
  const url = new URL(cloud.emulator.url);
  const files = await writeCaFiles({ url, dataFolder: folder, json: false, positionals: [] }, {});
  const { PATH } = process.env;
  const { stdout } = await run(process.execPath, [join(folder, 'program.mjs')], {
    env: { PATH, ...variables({ url, files }, {}) },
  });
  const [, address = '', port] = /^http:\/\/([\d.]+):(\d+)\/\n$/.exec(stdout) ?? [];
  const seen = new Set<string>();
  for (let client = 1; client <= 12; client++) {
    seen.add(await tcpBackend({ address, port: Number(port) }, { from: `127.36.1.${client}` }));
  }
  t.strictSame([...seen].sort(), [cloud.localAddress(4), cloud.localAddress(5)]);
});
