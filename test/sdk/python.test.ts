/** Microsoft's Python SDK as Debian packages it (python3-azure), unmodified, over HTTPS. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import { Cloud } from '../emulator/cloud.js';
import { debianPython, whyNoPython } from './debian-python.js';

// A subscription of its own: whatever GUID a program has been given works.
const subscriptionId = '0a1b2c3d-0000-4000-8000-000000000203';

const reason = whyNoPython();
if (reason && process.env.LAZURITE_TEST_ALL) t.fail(reason);

t.test(
  'the Python SDK creates, reads back, changes, lists and deletes a load balancer',
  { skip: reason },
  async (t) => {
    const cloud = await Cloud.start(t, { network: 203 });
    const ca = join(t.testdir(), 'ca.pem');
    writeFileSync(ca, String((await cloud.send('GET', '/_lazurite/ca.pem')).body));
    const { stdout } = await promisify(execFile)(
      debianPython,
      [fileURLToPath(new URL('./journey.py', import.meta.url))],
      {
        env: {
          PATH: process.env.PATH,
          REQUESTS_CA_BUNDLE: ca,
          NO_PROXY: 'localhost,127.0.0.1',
          LAZURITE_URL: cloud.emulator.url,
          AZURE_SUBSCRIPTION_ID: subscriptionId,
        },
      },
    );
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
