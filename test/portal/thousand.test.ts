/** A load balancer with 1,000 members: what the portal's pages hold and ask stays bounded while flows come and go. */
import { type AddressInfo, createServer } from 'node:net';
import type { CDPSession, Page } from 'playwright-core';
import t from 'tap';
import { inParallel, tcpBackend } from '../data-plane/network.js';
import { Cloud, idOf } from '../emulator/cloud.js';
import { loadBalancer } from '../emulator/load-balancer.js';
import { nextEvent } from '../turns.js';
import { openPage, openProfile, withoutBrowser } from './browser.js';

const network = 236;
const members = 1000;
const flows = 600;
const lbId = idOf('loadBalancers/lb');

interface Holding {
  readonly elements: number;
  /** In bytes, after a collection of garbage. */
  readonly heap: number;
}

async function holding(page: Page, session: CDPSession): Promise<Holding> {
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return { elements: await page.evaluate('document.querySelectorAll("*").length'), heap: usedSize };
}

t.test('1,000 members', { skip: withoutBrowser, timeout: 600_000 }, async (t) => {
  const cloud = await Cloud.start(t, { network });
  await cloud.prepare();
  // One server stands in for all of them: every loopback address is its.
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(`${socket.localAddress} ${socket.remoteAddress}:${socket.remotePort}\n`);
  });
  await nextEvent(server.listen(0, '0.0.0.0'), 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const addresses = Array.from({ length: members }, (_, n) => `10.${network}.${4 + (n >> 8)}.${n & 255}`);
  await cloud.put(
    'loadBalancers/lb',
    loadBalancer({ rules: [{ name: 'http', frontendPort: 8080, backendPort: port }], addresses }),
  );
  const [frontend] = await cloud.frontends();
  const at = await cloud.place(frontend?.azureAddress ?? '', 8080);
  const traffic = (amount: number): Promise<void> =>
    inParallel(Array.from({ length: amount }), 20, async () => void (await tcpBackend(at)));
  const { profile } = await openProfile(t);

  const pages: readonly [name: string, path: string, shown: string][] = [
    ['Insights', 'insights', `${members} members Up`],
    ['Backend pools', 'backend-pools', addresses[99] ?? ''],
    ['Load balancing rules', 'rules', `Healthy (${members} of ${members})`],
  ];
  for (const [name, path, shown] of pages) {
    await t.test(`${name} shows them with few elements, and keeps nothing of the flows that have gone`, async (t) => {
      const { page, errors } = await openPage(profile);
      const requests: string[] = [];
      page.on('request', (request) => requests.push(new URL(request.url()).pathname));
      await page.goto(`${cloud.emulator.httpUrl}/portal/load-balancer${lbId}/${path}`);
      await page.getByText(shown).first().waitFor();
      const session = await page.context().newCDPSession(page);
      // What is loaded and compiled on first use has come after the first half.
      await traffic(flows / 2);
      const before = await holding(page, session);
      const asked = requests.length;
      await traffic(flows / 2);
      const after = await holding(page, session);
      t.ok(before.elements < 3000, `${before.elements} elements`);
      t.ok(after.elements <= before.elements + 100, `${before.elements} elements, then ${after.elements}`);
      t.ok(after.heap < before.heap * 1.5 + 4e6, `${before.heap} bytes, then ${after.heap}`);
      t.ok(requests.length - asked < flows / 2, 'there are fewer requests than flows');
      t.strictSame(errors, []);
      await page.close();
    });
  }

  await t.test('the form of the pool shows a page of them, and finds one', async (t) => {
    const { page, errors } = await openPage(profile);
    await page.goto(`${cloud.emulator.httpUrl}/portal/load-balancer${lbId}/backend-pools`);
    await page.getByRole('button', { name: 'Edit pool' }).click();
    await page.getByText(`Members 1 to 25 of ${members}`).waitFor();
    t.equal(await page.getByLabel('Member IP address').count(), 25);
    const wanted = addresses[612] ?? '';
    await page.getByLabel('Find member').fill(wanted);
    await page.getByText(`Members 601 to 625 of ${members}`).waitFor();
    t.equal(await page.getByLabel('Member IP address').nth(12).inputValue(), wanted);
    await page.getByRole('button', { name: 'Add IP address' }).click();
    await page.getByText(`Members ${members + 1} to ${members + 1} of ${members + 1}`).waitFor();
    t.strictSame(errors, []);
    await page.close();
  });
});
