/** What a person does in the portal, in a real browser against the production server. */
import t from 'tap';
import { tcpBackend } from '../data-plane/network.js';
import { Cloud, idOf, until } from '../emulator/cloud.js';
import { balancer } from './balancer.js';
import { openBrowser, openPage, withoutBrowser } from './browser.js';

const network = 232;
const members = [4, 5];
const lbId = idOf('loadBalancers/lb');
t.test('the portal in Chromium', { skip: withoutBrowser, timeout: 600_000 }, async (t) => {
  const cloud = await Cloud.start(t, { network });
  await cloud.prepare();
  const machines = new Map<number, Awaited<ReturnType<Cloud['machine']>>>();
  for (const host of members) machines.set(host, await cloud.machine(t, host, 8080));
  await cloud.put('loadBalancers/lb', balancer(cloud, members));
  await cloud.membersUp(...members);
  const browser = await openBrowser(t);
  const url = (path: string): string => `${cloud.emulator.httpUrl}/portal${path}`;

  await t.test('changing Session persistence to Client IP makes clients stick, and breaks nothing', async (t) => {
    const { page, errors } = await openPage(browser);
    await page.goto(url(`/load-balancer${lbId}/rules`));
    await page.getByRole('button', { name: 'Edit http' }).click();
    await page.getByLabel('Session persistence').click();
    await page.getByRole('option', { name: 'Client IP', exact: true }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('cell', { name: 'Client IP' }).waitFor();
    const { properties } = await cloud.get('loadBalancers/lb');
    const [rule] = properties.loadBalancingRules as { properties: { loadDistribution: string } }[];
    t.equal(rule?.properties.loadDistribution, 'SourceIP');
    const [frontend] = await cloud.frontends();
    const at = await cloud.place(frontend?.azureAddress ?? '', 8080);
    const met = new Set<string>();
    for (let turn = 0; turn < 8; turn++) met.add(await tcpBackend(at));
    t.equal(met.size, 1);
    t.strictSame(errors, []);
    await page.context().close();
  });

  await t.test('a backend that stops turns Down with Azure’s reason without a reload, and comes back', async (t) => {
    const { page } = await openPage(browser);
    await page.goto(url(`/load-balancer${lbId}/backend-pools`));
    await page.getByText('Up_Probe_Success').nth(1).waitFor();
    machines.get(5)?.refuse();
    await page.getByText(/^Down_Probe_/).waitFor();
    t.equal(await page.getByText('Up_Probe_Success').count(), 1);
    await machines.get(5)?.acceptAgain();
    await page.getByText('Up_Probe_Success').nth(1).waitFor();
    await page.context().close();
  });

  await t.test('the second of two tabs that edit one rule is told, and nothing is lost', async () => {
    const { page } = await openPage(browser);
    await page.goto(url(`/load-balancer${lbId}/probes`));
    await page.getByRole('button', { name: 'Edit probe' }).click();
    await page.getByLabel('Interval (seconds)').fill('7');
    // Somebody else writes meanwhile.
    await cloud.put('loadBalancers/lb', { ...balancer(cloud, members), tags: { changed: 'elsewhere' } });
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Changed by someone else' }).waitFor();
    await page.getByRole('button', { name: 'Apply my change to the newer state' }).click();
    await until('both changes are stored', async () => {
      const { properties, ...rest } = await cloud.get('loadBalancers/lb');
      const [probe] = properties.probes as { properties: { intervalInSeconds: number } }[];
      return probe?.properties.intervalInSeconds === 7 && 'tags' in rest;
    });
    await page.context().close();
  });

  await t.test('a refused edit shows Azure’s message at its field', async (t) => {
    const { page } = await openPage(browser);
    await page.goto(url(`/load-balancer${lbId}/probes`));
    await page.getByRole('button', { name: 'Edit probe' }).click();
    await page.getByLabel('Interval (seconds)').fill('1');
    await page.getByRole('button', { name: 'Save' }).click();
    const alert = page.getByRole('alert').filter({ hasText: 'ProbeIntervalIsOutOfRange' });
    await alert.first().waitFor();
    t.ok(await alert.count());
    await page.context().close();
  });

  await t.test('a load balancer made in the wizard forwards', async (t) => {
    const { page } = await openPage(browser);
    await page.goto(url('/create'));
    await page.getByLabel('Resource group').fill('wizard');
    await page.getByLabel(/^Name/).fill('made-here');
    await page.getByRole('tab', { name: 'Backend pools' }).click();
    for (const [index, host] of members.entries()) {
      await page.getByLabel(`Member ${index + 1} IP address`).fill(cloud.azureAddress(host));
    }
    await page.getByRole('tab', { name: 'Inbound rules' }).click();
    await page.getByLabel(/^Port/).fill('8081');
    await page.getByLabel('Backend port').fill('8080');
    await page.getByLabel('Probe port').fill('8080');
    await page.getByRole('tab', { name: 'Review + create' }).click();
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('heading', { name: 'made-here' }).waitFor();
    const frontend = await until('its frontend is bound and its members are up', async () => {
      const up = (await cloud.backends()).filter(({ rule, state }) => rule.includes('made-here') && state === 'Up');
      return up.length === members.length && (await cloud.frontends()).find(({ port }) => port === 8081);
    });
    t.ok(await tcpBackend(await cloud.place(frontend.azureAddress, 8081)));
    await page.context().close();
  });
});
