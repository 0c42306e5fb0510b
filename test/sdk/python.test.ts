/** Microsoft's Python SDK as Debian packages it (python3-azure), unmodified, over HTTPS. */
import { execFile, execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { Cloud } from '../emulator/cloud.js';

// Debian's packages belong to Debian's interpreter, not to another one that may come first on the path.
const python = '/usr/bin/python3';
// A subscription of its own: whatever GUID a program has been given works.
const subscriptionId = '0a1b2c3d-0000-4000-8000-000000000203';

function missing(): string | false {
  if (process.platform !== 'linux') return "Debian's python3-azure is for Linux";
  try {
    execFileSync(python, ['-c', 'import azure.identity, azure.mgmt.network, azure.mgmt.resource'], { stdio: 'ignore' });
    return false;
  } catch {
    return "Debian's python3-azure is not installed";
  }
}

const reason = missing();
if (reason && process.env.LAZURITE_TEST_ALL) t.fail(reason);

t.test(
  'the Python SDK creates, reads back, changes, lists and deletes a load balancer',
  { skip: reason },
  async (t) => {
    const cloud = await Cloud.start(t, { network: 203 });
    const ca = join(t.testdir(), 'ca.pem');
    writeFileSync(ca, String((await cloud.send('GET', '/_lazurite/ca.pem')).body));
    const { stdout } = await promisify(execFile)(python, [fileURLToPath(new URL('./journey.py', import.meta.url))], {
      env: {
        PATH: process.env.PATH,
        REQUESTS_CA_BUNDLE: ca,
        NO_PROXY: 'localhost,127.0.0.1',
        LAZURITE_URL: cloud.emulator.url,
        AZURE_SUBSCRIPTION_ID: subscriptionId,
      },
    });
    t.strictSame(JSON.parse(stdout), {
      subnets: ['default'],
      address: '10.203.0.4',
      distribution: 'Default',
      sameEtag: true,
      changed: 'SourceIP',
      list: ['balancer'],
      everywhere: ['balancer'],
      afterwards: [],
      groups: [],
    });
  },
);
