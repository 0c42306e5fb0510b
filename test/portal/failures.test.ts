/** What the portal shows when requests are refused, and when Lazurite ends. */
import type { Page } from 'playwright-core';
import t from 'tap';
import { Cloud, idOf } from '../emulator/cloud.js';
import { balancer } from './balancer.js';
import { openPage, openProfile, withoutBrowser } from './browser.js';

const lbId = idOf('loadBalancers/lb');

t.test('requests that fail', { skip: withoutBrowser, timeout: 600_000 }, async (t) => {
  const cloud = await Cloud.start(t, { network: 238, argv: ['--in-memory', '--engine', 'none'] });
  await cloud.prepare();
  await cloud.put('loadBalancers/lb', balancer(cloud, [4]));
  const { profile } = await openProfile(t, { reducedMotion: 'reduce' });
  const { page } = await openPage(profile);
  const visit = (path: string) => page.goto(`${cloud.emulator.httpUrl}/portal${path}`);
  /** An alert with a code, or a heading, of Azure. */
  const alert = (on: Page, text: string | RegExp) => on.getByRole('alert').filter({ hasText: text }).first();
  const fail = async (fault: Record<string, unknown>): Promise<string> => {
    const { body } = await cloud.send('POST', '/_lazurite/faults', { kind: 'api', ...fault });
    return (body as { id: string }).id;
  };
  const end = (id: string) => cloud.send('DELETE', `/_lazurite/faults/${id}`);

  for (const [status, code] of [
    [429, 'SubscriptionRequestsThrottled'],
    [500, 'InternalServerError'],
    [503, 'ServiceUnavailable'],
  ] as const) {
    await t.test(`a list that is answered with ${status} says so, and can be asked for again`, async (t) => {
      const fault = await fail({ method: 'GET', path: '/subscriptions/*/providers/**', status, code });
      await visit('/load-balancers');
      await alert(page, new RegExp(code, 'i')).waitFor();
      await end(fault);
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('link', { name: 'lb', exact: true }).waitFor();
      t.equal(await page.getByRole('alert').count(), 0);
    });
  }

  for (const status of [409, 429, 500]) {
    await t.test(`a change that is answered with ${status} is still in its form, and can be sent again`, async (t) => {
      await visit(`/load-balancer${lbId}/probes?panel=edit+probe`);
      const interval = page.getByLabel('Interval (seconds)');
      await interval.fill(String(status));
      const fault = await fail({ method: 'PUT', status });
      await page.getByRole('button', { name: 'Save' }).click();
      await alert(page, /./).waitFor();
      await page.getByRole('tab', { name: `Answer (${status})` }).waitFor();
      t.equal(await interval.inputValue(), String(status));
      await end(fault);
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('cell', { name: String(status), exact: true }).waitFor();
    });
  }

  await t.test('a resource that is not there is told with Azure’s message', async (t) => {
    await visit(`/load-balancer${idOf('loadBalancers/none')}/overview`);
    await alert(page, 'ResourceNotFound').waitFor();
    t.match(await alert(page, 'ResourceNotFound').innerText(), 'loadBalancers/none');
  });

  await t.test('when Lazurite has ended, pages say so, and the frame stays', async (t) => {
    await visit(`/load-balancer${lbId}/rules`);
    await page.getByRole('button', { name: 'Edit http' }).waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await cloud.close();
    await page.getByText('Reconnecting').waitFor();
    await page.getByRole('button', { name: 'Edit http' }).click();
    await page.getByLabel('Idle timeout (minutes)').fill('7');
    await page.getByRole('button', { name: 'Save' }).click();
    await alert(page, 'Lazurite does not answer').waitFor();
    t.equal(await page.getByLabel('Idle timeout (minutes)').inputValue(), '7');
    await page.getByRole('button', { name: 'Cancel' }).click();
    // Its file has not been read yet.
    await page.getByRole('link', { name: 'Lab' }).click();
    await page.getByRole('heading', { name: 'This page cannot be shown' }).waitFor();
    await page.goBack();
    await page.getByRole('button', { name: 'Edit http' }).waitFor();
  });
});
