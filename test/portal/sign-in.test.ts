/** Who may use the portal: a token under `--auth token`, and no page of another origin. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { runLazurite } from '../cli/harness.js';
import { Cloud } from '../emulator/cloud.js';
import { openBrowser, openPage, withoutBrowser } from './browser.js';

const network = 235;

t.test('with --auth token', { skip: withoutBrowser, timeout: 300_000 }, async (t) => {
  const { emulator } = await Cloud.start(t, { network, argv: ['--in-memory', '--auth', 'token'] });
  const browser = await openBrowser(t);
  const portal = `${emulator.httpUrl}/portal/load-balancers`;
  const question = { name: 'A token is needed' };
  const { out } = await runLazurite(['env', 'bash', '--url', emulator.httpUrl, '--data', t.testdir()]);
  const [link = '', token = ''] = /http:\S+\/portal\/#token=(\S+)/.exec(out) ?? [];

  await t.test('the portal asks for a token, and shows everything with one', async (t) => {
    const { page } = await openPage(browser);
    await page.goto(portal);
    await page.getByRole('heading', question).waitFor();
    await page.getByLabel('Access token').fill('no token');
    await page.getByRole('button', { name: 'Use token' }).click();
    await page.getByRole('heading', question).waitFor();
    await page.getByLabel('Access token').fill(token);
    await page.getByRole('button', { name: 'Use token' }).click();
    await page.getByText('No load balancers to display').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    t.equal(await page.getByRole('heading', question).count(), 0);
    await page.context().close();
  });

  await t.test(
    'the link that lazurite env prints carries one, which only this session of the browser keeps',
    async (t) => {
      const { page } = await openPage(browser);
      await page.goto(link);
      await page.getByText('No load balancers yet').waitFor();
      t.equal(new URL(page.url()).hash, '', 'it does not stay in the address');
      t.notMatch(await page.evaluate('JSON.stringify({ ...localStorage }) + document.cookie'), token);
      await page.reload();
      await page.getByText('No load balancers yet').waitFor();
      const { page: other } = await openPage(browser);
      await other.goto(portal);
      await other.getByRole('heading', question).waitFor();
      for (const one of [page, other]) await one.context().close();
    },
  );
});

t.test(
  'a page of another origin reads nothing and changes nothing',
  { skip: withoutBrowser, timeout: 300_000 },
  async (t) => {
    const cloud = await Cloud.start(t, { network });
    await cloud.prepare();
    const foreign = createServer((_request, response) =>
      response.setHeader('content-type', 'text/html').end('<h1>Foreign</h1>'),
    );
    await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve));
    t.teardown(() => foreign.close());
    const browser = await openBrowser(t);
    const { page } = await openPage(browser);
    await page.goto(`http://127.0.0.1:${(foreign.address() as AddressInfo).port}/`);
    /** What a script of the page gets: the body's length, or the error's name. */
    const tries = (path: string, options: Record<string, unknown>): Promise<unknown> =>
      page.evaluate(
        `fetch(${JSON.stringify(cloud.emulator.httpUrl + path)}, ${JSON.stringify(options)}).then(async (answer) => (await answer.text()).length, (error) => error.name)`,
      );
    for (const path of ['/_lazurite/frontends', '/_lazurite/snapshot', '/subscriptions?api-version=2022-12-01']) {
      t.equal(await tries(path, {}), 'TypeError', `${path} cannot be read`);
      t.equal(await tries(path, { mode: 'no-cors' }), 0, `${path} is opaque`);
    }
    await tries('/_lazurite/reset', { method: 'POST', mode: 'no-cors' });
    await tries('/_lazurite/reset', {
      method: 'POST',
      mode: 'no-cors',
      body: '{}',
      headers: { 'content-type': 'text/plain' },
    });
    t.equal(await tries('/_lazurite/snapshot', { method: 'PUT', body: '{}' }), 'TypeError');
    t.ok(await cloud.get('virtualNetworks/vnet'), 'everything is still there');
  },
);
