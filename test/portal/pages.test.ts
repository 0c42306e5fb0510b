/** What a person does in the portal, in a real browser against the production server. */
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { request } from 'undici';
import { ClassicCloud, everybodyMet, meetings, member } from '../api/classic/classic-cloud.js';
import { dep } from '../api/classic/my-service.js';
import { echoes, openStream, tcpBackend } from '../data-plane/network.js';
import { Cloud, idOf, subscriptionId } from '../emulator/cloud.js';
import { clientAddresses, loadBalancer } from '../emulator/load-balancer.js';
import { until } from '../turns.js';
import { balancer, failingTemplate } from './balancer.js';
import { openPage, openProfile, withoutBrowser } from './browser.js';

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
  const { profile, browser } = await openProfile(t);
  const url = (path: string): string => `${cloud.emulator.httpUrl}/portal${path}`;

  await t.test('changing Session persistence to Client IP makes clients stick, and breaks nothing', async (t) => {
    const { page, errors } = await openPage(profile);
    const [frontend] = await cloud.frontends();
    const at = await cloud.place(frontend?.azureAddress ?? '', 8080);
    const streams = await Promise.all(clientAddresses('127.71.0', 50).map((from) => openStream(at, { from })));
    await page.goto(url(`/load-balancer${lbId}/rules`));
    await page.getByRole('button', { name: 'Edit http' }).click();
    await page.getByLabel('Session persistence').click();
    await page.getByRole('option', { name: 'Client IP', exact: true }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('cell', { name: 'Client IP' }).waitFor();
    const { properties } = await cloud.get('loadBalancers/lb');
    const [rule] = properties.loadBalancingRules as { properties: { loadDistribution: string } }[];
    t.equal(rule?.properties.loadDistribution, 'SourceIP');
    const met = await meetings(clientAddresses('127.72.0', 20), (from) => tcpBackend(at, { from }), 4);
    t.strictSame(
      [...met.values()].map(({ size }) => size),
      Array.from({ length: 20 }, () => 1),
    );
    t.equal(everybodyMet(met).length, members.length);
    const alive = await Promise.all(streams.map((stream) => echoes(stream, 'still here')));
    t.equal(alive.filter(Boolean).length, 50, 'no stream is broken');
    for (const { socket } of streams) socket.destroy();
    t.strictSame(errors, []);
    await page.close();
  });

  await t.test('a backend that stops turns Down with Azure’s reason without a reload, and comes back', async (t) => {
    const { page } = await openPage(profile);
    const { page: picture } = await openPage(profile);
    const { page: details } = await openPage(profile);
    const [up = '', down = ''] = members.map(cloud.azureAddress);
    await page.goto(url(`/load-balancer${lbId}/backend-pools`));
    await picture.goto(url(`/load-balancer${lbId}/insights`));
    await details.goto(url(`/load-balancer${lbId}/rules`));
    await details.getByRole('button', { name: 'View details' }).click();
    const agree = async (word: string, reason: RegExp): Promise<void> => {
      await page
        .getByText(reason)
        .nth(word === 'Healthy' ? 1 : 0)
        .waitFor();
      await picture.getByLabel(`${up}: Healthy`).waitFor();
      await picture.getByLabel(`${down}: ${word}`).waitFor();
      await details.getByRole('row').filter({ hasText: down }).filter({ hasText: reason }).waitFor();
      const backend = (await cloud.backends()).find(({ azureAddress }) => azureAddress === down);
      t.match(backend, { state: word === 'Healthy' ? 'Up' : 'Down', reason });
    };
    await agree('Healthy', /Up_Probe_Success/);
    machines.get(5)?.refuse();
    await agree('Unhealthy', /Down_Probe_\w+/);
    t.equal(await page.getByText('Up_Probe_Success').count(), 1);
    await machines.get(5)?.acceptAgain();
    await agree('Healthy', /Up_Probe_Success/);
    for (const one of [page, picture, details]) await one.close();
  });

  await t.test('the theme follows the system while the page is open, until one is chosen', async (t) => {
    const { page } = await openPage(browser, { colorScheme: 'light' });
    await page.goto(url('/lab'));
    await page.getByRole('heading', { name: 'Lab', level: 1 }).waitFor();
    const dark = (): Promise<boolean> =>
      page.evaluate(
        `/\\b(\\d+)\\b/.exec(getComputedStyle(document.querySelector('main').parentElement.parentElement).backgroundColor)[1] < 128`,
      );
    t.notOk(await dark());
    await page.emulateMedia({ colorScheme: 'dark' });
    await until('the page is dark', dark);
    await page.getByRole('button', { name: /^Theme: system/ }).click();
    await page.getByRole('button', { name: /^Theme: light/ }).waitFor();
    await until('the page is light', async () => !(await dark()));
    await page.context().close();
  });

  await t.test('the second of two tabs that edit one rule is told, and nothing is lost', async () => {
    const { page } = await openPage(profile);
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
    await page.close();
  });

  await t.test('a refused edit shows Azure’s message at its field', async (t) => {
    const { page } = await openPage(profile);
    await page.goto(url(`/load-balancer${lbId}/probes`));
    await page.getByRole('button', { name: 'Edit probe' }).click();
    await page.getByLabel('Interval (seconds)').fill('1');
    await page.getByRole('button', { name: 'Save' }).click();
    const alert = page.getByRole('alert').filter({ hasText: 'ProbeIntervalIsOutOfRange' });
    await alert.first().waitFor();
    t.ok(await alert.count());
    await page.getByRole('tab', { name: 'Answer' }).click();
    await page.getByLabel('Answer', { exact: true }).getByText('HTTP 400').waitFor();
    await page.close();
  });

  await t.test('a deployment with a resource that fails shows the tree of its errors', async (t) => {
    const { page } = await openPage(profile);
    await page.goto(url('/deployments'));
    await page.getByRole('button', { name: 'Deploy a custom template' }).first().click();
    await page.getByLabel('Resource group').fill('test');
    await page.getByLabel(/^Template \(ARM JSON/).fill(JSON.stringify(failingTemplate));
    await page.getByRole('button', { name: 'Deploy', exact: true }).click();
    const tree = page.getByRole('listitem').filter({ hasText: 'DeploymentFailed' });
    await tree.getByRole('listitem').filter({ hasText: 'InvalidResourceReference' }).waitFor();
    await page.getByRole('cell', { name: 'InvalidResourceReference' }).waitFor();
    t.match(await tree.first().innerText(), /virtualNetworks\/none\/subnets\/none/);
    await page.close();
  });

  await t.test('the sample template makes a load balancer', async (t) => {
    const { page, errors } = await openPage(profile);
    await page.goto(url('/deployments?deploy=sample'));
    await page.getByLabel('Resource group').fill('sample');
    await page.getByLabel('Deployment name').fill('sample-deployment');
    await page.getByRole('button', { name: 'Deploy', exact: true }).click();
    await page.getByRole('heading', { name: 'sample-deployment' }).waitFor();
    await page.getByRole('definition').filter({ hasText: 'Succeeded' }).waitFor();
    await page.getByRole('region', { name: 'Outputs' }).getByText('"address"').waitFor();
    t.equal((await cloud.frontends()).filter(({ rule }) => /\/sample\//.test(rule)).length, 1);
    t.strictSame(errors, []);
    await page.close();
  });

  await t.test('What-if shows each change with its sign, and both values of a property', async (t) => {
    const { page, errors } = await openPage(profile);
    const { properties } = await cloud.get('publicIPAddresses/ip');
    const [made] = failingTemplate.resources;
    const changed = {
      ...made,
      name: 'ip',
      properties: { ...made?.properties, idleTimeoutInMinutes: Number(properties.idleTimeoutInMinutes) + 6 },
    };
    await page.goto(url('/deployments'));
    await page.getByRole('button', { name: 'Deploy a custom template' }).first().click();
    await page.getByLabel('Resource group').fill('test');
    await page
      .getByLabel(/^Template \(ARM JSON/)
      .fill(JSON.stringify({ ...failingTemplate, resources: [changed, { ...made, name: 'new-ip' }] }));
    await page.getByRole('button', { name: 'What-if' }).click();
    const diff = page.getByLabel('What-if');
    await diff.getByText(/^\+ .*\/new-ip \[Create\]$/).waitFor();
    await diff.getByText(/^~ .*\/ip \[Modify\]$/).waitFor();
    await diff.getByText('~ properties.idleTimeoutInMinutes: 4 => 10').waitFor();
    t.strictSame(errors, []);
    await page.close();
  });

  await t.test('the keyboard alone reaches every page, and edits a rule', async (t) => {
    const { page } = await openPage(browser, { reducedMotion: 'reduce' });
    const focused = (): Promise<string> =>
      page.evaluate('document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? ""');
    /** Presses Tab until the element with this name has the focus. */
    const tabTo = async (name: string): Promise<void> => {
      for (let presses = 0; presses < 80; presses++) {
        await page.keyboard.press('Tab');
        if ((await focused()).trim() === name) return;
      }
      throw new Error(`Tab does not reach '${name}'`);
    };
    await page.goto(url('/'));
    await page.getByRole('heading', { name: 'Home', exact: true }).waitFor();
    for (const name of ['Load balancers', 'Traffic', 'Cloud services (classic)', 'Neighbours', 'Deployments', 'Lab']) {
      await tabTo(name);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name, level: 1 }).waitFor();
    }
    await page.goto(url(`/load-balancer${lbId}/rules`));
    await page.getByRole('button', { name: 'Edit http' }).waitFor();
    await tabTo('Edit http');
    await page.keyboard.press('Enter');
    const persistence = page.getByLabel('Session persistence');
    await persistence.waitFor();
    for (let presses = 0; presses < 80 && (await persistence.and(page.locator(':focus')).count()) === 0; presses++) {
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await page.getByRole('option', { name: 'Client IP and protocol' }).waitFor();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await tabTo('Save');
    await page.keyboard.press('Enter');
    await page.getByRole('cell', { name: 'Client IP and protocol' }).waitFor();
    const { properties } = await cloud.get('loadBalancers/lb');
    const [rule] = properties.loadBalancingRules as { properties: { loadDistribution: string } }[];
    t.equal(rule?.properties.loadDistribution, 'SourceIPProtocol');
    await page.context().close();
  });

  await t.test('the first page is at most 400 kB, compressed', async (t) => {
    const { page } = await openPage(browser);
    const loaded = new Set<string>();
    page.on('response', (response) => {
      if (response.url().includes('/portal/')) loaded.add(response.url());
    });
    await page.goto(url('/'));
    await page.getByRole('heading', { name: 'Connect your tools' }).waitFor();
    await page.context().close();
    // The page may still be loading parts when its heading is there, so the bytes are not read from the browser.
    const sizeOf = async (part: string) => gzipSync(Buffer.from(await (await request(part)).body.arrayBuffer())).length;
    const all = await Promise.all([...loaded].map(sizeOf));
    t.ok(all.length > 2);
    t.ok(all.reduce((sum, size) => sum + size, 0) <= 400_000, all.join());
  });

  await t.test('changing the distribution of a classic set sends UpdateLbSet, and the XML API shows it', async (t) => {
    const classic = ClassicCloud.of(cloud);
    await classic.addService();
    await classic.deploy(member('web', { LocalPort: 8080, Port: 5080, Protocol: 'tcp' }));
    const { page, errors } = await openPage(profile);
    await page.goto(url(`/cloud-services/${subscriptionId}/mySvc`));
    await page.getByRole('button', { name: 'Edit set web' }).click();
    await page.getByLabel('Distribution').click();
    await page.getByRole('option', { name: 'sourceIP (2-tuple)' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('cell', { name: 'sourceIP', exact: true }).nth(2).waitFor();
    const read = [...(await classic.send('GET', dep)).matchAll(/<LoadBalancerDistribution>(\w+)</g)];
    t.strictSame(
      read.map(([, distribution]) => distribution),
      ['sourceIP', 'sourceIP', 'sourceIP'],
    );
    t.strictSame(errors, []);
    await page.close();
  });

  await t.test('a load balancer made in the wizard forwards', async (t) => {
    const { page } = await openPage(profile);
    await page.goto(url('/create'));
    await page.getByLabel('Resource group').fill('wizard');
    await page.getByLabel(/^Name/).fill('made-here');
    await page.getByRole('tab', { name: 'Backend pools' }).click();
    for (const [index, host] of members.entries()) {
      await page.getByLabel('Member IP address').nth(index).fill(cloud.azureAddress(host));
    }
    await page.getByRole('tab', { name: 'Inbound rules' }).click();
    await page.getByLabel(/^Port/).fill('8081');
    await page.getByLabel('Backend port').fill('70000');
    await page.getByLabel('Probe port').fill('8080');
    const review = page.getByRole('tab', { name: 'Review + create' });
    await review.click();
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    // The refusal is shown at its field; what was entered outlives a reload.
    const refused = page.getByLabel('Backend port').and(page.locator('[aria-invalid="true"]'));
    await refused.waitFor();
    await page.reload();
    await page.getByRole('tab', { name: 'Inbound rules' }).click();
    t.equal(await page.getByLabel('Backend port').inputValue(), '70000');
    await page.getByLabel('Backend port').fill('8080');
    await review.click();
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('heading', { name: 'made-here' }).waitFor();
    const frontend = await until('its frontend is bound and its members are up', async () => {
      const up = (await cloud.backends()).filter(({ rule, state }) => rule.includes('made-here') && state === 'Up');
      return up.length === members.length && (await cloud.frontends()).find(({ port }) => port === 8081);
    });
    t.ok(await tcpBackend(await cloud.place(frontend.azureAddress, 8081)));
    await page.close();
  });

  await t.test('the Lab starts a stand-in in place of a member that nobody runs, and stops it', async (t) => {
    const { page, errors } = await openPage(profile);
    const nobody = 6;
    await cloud.put(
      'loadBalancers/lab',
      loadBalancer({
        name: 'lab',
        rules: [{ name: 'http', frontendPort: 8080, backendPort: 8080 }],
        internal: { privateIPAddress: cloud.azureAddress(9) },
        probePort: 8080,
        addresses: [cloud.azureAddress(nobody)],
      }),
    );
    const id = `${cloud.azureAddress(nobody)}:8080`;
    const member = page.getByRole('row').filter({ hasText: id });
    await page.goto(url('/lab'));
    await member.getByText('Down').waitFor();
    await member.getByRole('button', { name: `Start ${id}` }).click();
    await member.getByRole('button', { name: `Stop ${id}` }).waitFor();
    await member.getByText('Up').waitFor();
    await member.getByRole('button', { name: `Stop ${id}` }).click();
    await member.getByRole('button', { name: `Start ${id}` }).waitFor();
    t.strictSame(errors, []);
    await page.close();
  });
});
