/** The data plane fails in a whole emulator: what clients of the API see meanwhile and afterwards. */
import t from 'tap';
import { createLog } from '../../src/support/log.js';
import { tcpBackend } from '../data-plane/network.js';
import { until } from '../turns.js';
import { Cloud, idOf } from './cloud.js';
import { loadBalancer } from './load-balancer.js';

const network = 207;
const port = 8080;
const subscriptionPath = '/11111111-2222-3333-4444-555555555555';

t.test(
  'while the data plane is started anew, writes are refused before they are stored and reads answered',
  async (t) => {
    const lines: string[] = [];
    let failed: () => void = () => {};
    const log = createLog((line) => {
      lines.push(line);
      if (/thread of the data plane failed/.test(line)) failed();
    });
    const cloud = await Cloud.start(t, { network, log });
    const ip = await cloud.prepare();
    await cloud.machine(t, 4, port);
    const rule = { name: 'web', frontendPort: 5000, backendPort: port };
    await cloud.put('loadBalancers/lb', loadBalancer({ rules: [rule], addresses: [cloud.azureAddress(4)] }));
    const ready = async () => (await cloud.send('GET', '/_lazurite/ready')).status;
    /** Makes the thread fail; resolves when that was noticed. */
    const crash = async () => {
      const noticed = new Promise<void>((resolve) => {
        failed = resolve;
      });
      t.equal((await cloud.send('POST', '/_lazurite/faults', { kind: 'engine', effect: 'crash' })).status, 201);
      await noticed;
    };
    await crash();
    await until('the data plane works again', async () => (await ready()) === 200);
    // The second restart within a minute is a second away: time enough to ask.
    await crash();
    const lb = `${idOf('loadBalancers/new')}?api-version=2024-05-01`;
    const [notReady, arm, read, classic] = await Promise.all([
      cloud.send('GET', '/_lazurite/ready'),
      cloud.send('PUT', lb, { location: 'westeurope', properties: {} }),
      cloud.send('GET', `${idOf('loadBalancers/lb')}?api-version=2024-05-01`),
      cloud.send('DELETE', `${subscriptionPath}/services/hostedservices/none`),
    ]);
    t.match(notReady, { status: 503, body: { status: 'restarting' } });
    t.match(arm, {
      status: 503,
      headers: { 'retry-after': '1' },
      body: { error: { code: 'ServiceUnavailable', details: [{ code: 'DataPlaneRestarting' }] } },
    });
    t.equal(read.status, 200, 'reads are answered');
    t.equal(classic.status, 503);
    t.match(String(classic.body), /<Code>ServerBusy<\/Code>/);
    await until('the data plane works again', async () => (await ready()) === 200);
    t.equal((await cloud.send('GET', lb)).status, 404, 'nothing was stored');
    t.equal(await tcpBackend(await cloud.place(ip, 5000)), cloud.localAddress(4));
    t.equal((await cloud.send('PUT', lb, { location: 'westeurope', properties: {} })).status, 201);
    t.match(lines.join(''), /the data plane works again; the flows it had are gone/);
    t.match(String((await cloud.send('GET', '/_lazurite/metrics')).body), /lazurite_engine_thread_restarts_total 2/);
  },
);

t.test('the end waits for no stream of events: each is told, and closed', async (t) => {
  const lines: string[] = [];
  const cloud = await Cloud.start(t, { network, log: createLog((line) => lines.push(line)) });
  const response = await fetch(`${cloud.emulator.httpUrl}/_lazurite/events`, {
    headers: { accept: 'text/event-stream' },
  });
  const [text] = await Promise.all([response.text(), cloud.close()]);
  t.match(text, /event: end\ndata: \{\}\n\n$/);
  t.notMatch(lines.join(''), /requests in progress/);
});
