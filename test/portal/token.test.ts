/** The portal of a Lazurite that asks for tokens, in a real browser. */
import t from 'tap';
import { requestToken } from '../../src/cli/ask.js';
import { runLazurite } from '../cli/harness.js';
import { Cloud } from '../emulator/cloud.js';
import { openPage, openProfile, withoutBrowser } from './browser.js';

t.test('with --auth token, in Chromium', { skip: withoutBrowser }, async (t) => {
  const { emulator } = await Cloud.start(t, {
    network: 234,
    argv: ['--in-memory', '--engine', 'none', '--auth', 'token'],
  });
  const folder = t.testdir();
  const running = { url: new URL(emulator.url), dataFolder: folder };
  const { profile } = await openProfile(t);

  await t.test('the link that lazurite env prints opens the portal, which keeps the token out of sight', async (t) => {
    const { out } = await runLazurite(['env', 'bash', '--url', emulator.url, '--data', folder]);
    const [link = ''] = /http:\S+\/portal\/#token=\S+/.exec(out) ?? [];
    const { page, errors } = await openPage(profile);
    await page.goto(link);
    await page.getByText('Live', { exact: true }).waitFor();
    t.equal(page.url(), link.replace(/#.*/, ''));
    await page.goto(`${emulator.httpUrl}/portal/lab`);
    await page.getByRole('button', { name: '1 minute' }).click();
    await page.getByText('was advanced by 60 s').waitFor();
    t.strictSame(errors, []);
  });

  await t.test('without the link the portal asks for a token', async (t) => {
    const { page } = await openPage(profile);
    let release: () => void = () => {};
    const late = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route(/\/subscriptions\?/, async (route) => {
      if (route.request().headers().authorization === undefined) await late;
      await route.continue();
    });
    await page.goto(`${emulator.httpUrl}/portal/`);
    await page.getByRole('alertdialog', { name: 'A token is needed' }).waitFor();
    await page.getByLabel('Access token').fill((await requestToken(running)) ?? '');
    await page.getByRole('button', { name: 'Use token' }).click();
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    await page.getByText('Live', { exact: true }).waitFor();
    t.pass('and works with it');
    const again = page.waitForResponse((response) => /\/subscriptions\?/.test(response.url()) && response.ok());
    release();
    await again;
    t.equal(
      await page.getByRole('alertdialog').count(),
      0,
      'what was refused before the token was there is asked again',
    );
  });

  await t.test('when its token is no longer good the portal asks for another, and the page stays', async (t) => {
    const { page } = await openPage(profile);
    await page.goto(`${emulator.httpUrl}/portal/#token=${await requestToken(running)}`);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Lab' }).click();
    await page.getByRole('button', { name: 'Advance 1 minute' }).waitFor();
    // As one that has expired.
    await page.evaluate("sessionStorage.setItem('lazurite.token', 'old')");
    await page.getByRole('button', { name: 'Advance 1 minute' }).click();
    await page.getByRole('alertdialog', { name: 'A token is needed' }).waitFor();
    await page.getByLabel('Access token').fill((await requestToken(running)) ?? '');
    await page.getByRole('button', { name: 'Use token' }).click();
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    await page.getByText('the clock was advanced by 60 s').waitFor();
    t.match(page.url(), '/portal/lab');
  });
});
