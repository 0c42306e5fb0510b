/** What web pages of others can do to a Lazurite on their reader's machine, in a real browser. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { type Answer, ArmClient, group } from '../api/arm/resources/arm-client.js';
import { nextEvent } from '../turns.js';
import { openBrowser, openPage, withoutBrowser } from './browser.js';

const groupBody = { location: 'westeurope' };

/** A server that answers every request with the same page; its port. */
async function serve(t: Test, html: string): Promise<number> {
  const server = createServer((_request, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end(html),
  );
  t.teardown(() => server.close());
  server.listen(0, '127.0.0.1');
  await nextEvent(server, 'listening');
  return (server.address() as AddressInfo).port;
}

interface Try {
  readonly url: string;
  readonly method?: string;
  readonly body?: string;
  readonly mode?: 'no-cors';
}

/** In the page: what a fetch brings it, `undefined` when the browser keeps the answer from it. */
const tryFetch = ({ url, ...init }: Try) =>
  fetch(url, init).then(
    async (answer) => ({ status: answer.status, text: await answer.text() }),
    () => undefined,
  );

const groupsOf = ({ body }: Answer): number => (body.value as unknown[]).length;

t.test('in Chromium', { skip: withoutBrowser }, async (t) => {
  const azure = await ArmClient.start(t);
  const { port } = new URL(azure.origin);
  const groups = async (): Promise<number> => groupsOf(await azure.get(`${group.replace(/\/[^/]+$/, '')}`));
  const browser = await openBrowser(t, [
    '--host-resolver-rules=MAP evil.test 127.0.0.1,MAP other.test 127.0.0.1',
    // What newer browsers do against such pages themselves; not every browser does.
    '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests',
  ]);
  await azure.put(group, groupBody);
  const blindReset: Try = { url: `${azure.origin}/_lazurite/reset`, method: 'POST', mode: 'no-cors' };

  await t.test('a page whose name is rebound to this machine can neither read nor write', async (t) => {
    const { page } = await openPage(browser);
    // What the attacker's server answered before the name was rebound; everything else reaches Lazurite.
    await page.route(`http://evil.test:${port}/`, (route) =>
      route.fulfill({ contentType: 'text/html', body: '<title>evil</title>' }),
    );
    await page.goto(`http://evil.test:${port}/`);
    t.equal(await page.title(), 'evil');
    const tries: Try[] = [
      { url: `${group}?api-version=2024-03-01` },
      { url: `${group}?api-version=2024-03-01`, method: 'DELETE' },
      { url: `${group}2?api-version=2024-03-01`, method: 'PUT', body: JSON.stringify(groupBody) },
      { url: '/_lazurite/requests' },
      { url: '/_lazurite/reset', method: 'POST' },
      { url: '/adfs/oauth2/token', method: 'POST', body: 'grant_type=client_credentials' },
    ];
    for (const one of tries) {
      const answer = await page.evaluate(tryFetch, one);
      t.equal(answer?.status, 400, `${one.method ?? 'GET'} ${one.url}`);
      t.match(answer?.text, 'InvalidHostname');
    }
    t.equal(await groups(), 1);
  });

  await t.test('a page of another site can neither post a form nor read an answer', async (t) => {
    const evil = await serve(
      t,
      `<form method="post" enctype="text/plain" action="${azure.origin}/_lazurite/reset"><button>Win</button></form>`,
    );
    const { page } = await openPage(browser);
    await page.goto(`http://other.test:${evil}/`);
    for (const path of ['/_lazurite/requests', `${group}?api-version=2024-03-01`]) {
      t.equal(await page.evaluate(tryFetch, { url: `${azure.origin}${path}` }), undefined, path);
    }
    await page.evaluate(tryFetch, blindReset);
    t.equal(await groups(), 1, 'a request whose answer is hidden has no effect either');
    await Promise.all([page.waitForURL('**/_lazurite/reset'), page.click('button')]);
    t.match(await page.textContent('body'), 'A web page of another origin may not use this Lazurite');
    t.equal(await groups(), 1);
  });

  await t.test('a page of another server on this machine is as foreign', async (t) => {
    const evil = await serve(t, `<a href="${azure.origin}/_lazurite/requests">Journal</a>`);
    const { page } = await openPage(browser);
    await page.goto(`http://127.0.0.1:${evil}/`);
    await page.evaluate(tryFetch, blindReset);
    t.equal(await groups(), 1);
    await Promise.all([page.waitForURL('**/_lazurite/requests'), page.click('a')]);
    t.match(await page.textContent('body'), 'A web page of another origin may not use this Lazurite');
  });

  await t.test('a frame of another page shows nothing of the portal', async (t) => {
    const evil = await serve(t, `<iframe src="${azure.origin}/portal/"></iframe>`);
    const { page } = await openPage(browser);
    await page.goto(`http://other.test:${evil}/`);
    t.notMatch(await page.frames()[1]?.content(), '<script type="module"');
  });

  await t.test('a link of another page opens the portal, which reads and writes', async (t) => {
    const evil = await serve(
      t,
      `<link rel="icon" href="data:,"><a href="${azure.origin}/portal/load-balancers">Portal</a>`,
    );
    const { page, errors } = await openPage(browser);
    await page.goto(`http://other.test:${evil}/`);
    await Promise.all([page.waitForURL('**/portal/load-balancers'), page.click('a')]);
    await page.getByRole('heading', { name: 'Load balancers' }).first().waitFor();
    const put = { url: `${group}2?api-version=2024-03-01`, method: 'PUT', body: JSON.stringify(groupBody) };
    t.equal((await page.evaluate(tryFetch, put))?.status, 201);
    t.equal((await page.evaluate(tryFetch, { url: '/_lazurite/requests' }))?.status, 200);
    t.strictSame(errors, []);
  });
});
