/** The page of the OpenAPI documents: every operation is called with what the page fills in. */
import type { Locator } from 'playwright-core';
import t from 'tap';
import { Cloud } from '../emulator/cloud.js';
import { openBrowser, openPage, withoutBrowser } from './browser.js';

t.test('Execute works with one click on a new Lazurite', { skip: withoutBrowser, timeout: 300_000 }, async (t) => {
  const { emulator } = await Cloud.start(t, { network: 236, argv: ['--in-memory', '--engine', 'none'] });
  const browser = await openBrowser(t);
  const { page, errors } = await openPage(browser);
  let shown = '';
  /** The operation of this document: the first is opened by its address, others on the page that is there. */
  const open = async (document: string, id: string): Promise<Locator> => {
    const [tag = ''] = id.split('/');
    const place = `operations-${id.replace('/', '-').replaceAll(' ', '_').replaceAll('.', '\\.')}`;
    const operation = page.locator(`[id=${JSON.stringify(place)}]`);
    if (shown === document) {
      if (!(await operation.isVisible())) await page.locator(`[data-tag="${tag}"]`).click();
      await operation.getByRole('button').first().click();
    } else {
      await page.goto(`${emulator.httpUrl}/openapi/?${document}#/${encodeURI(id)}`);
      shown = document;
    }
    return operation.and(page.locator('.is-open'));
  };
  /** Executes an operation; answers the status that the page shows. */
  const execute = async (document: string, id: string): Promise<string> => {
    const operation = await open(document, id);
    await operation.getByRole('button', { name: 'Execute' }).click();
    const status = operation.locator('.live-responses-table .response-col_status').last();
    await status.waitFor();
    return (await status.innerText()).trim().slice(0, 3);
  };
  const calls = [
    ['arm', 'Microsoft.Resources/ResourceGroups_createOrUpdate', '201'],
    ['arm', 'virtualNetworks/VirtualNetworks_createOrUpdate', '201'],
    ['classic', 'Cloud services/Create Cloud Service', '201'],
    ['classic', 'Deployments/Create Virtual Machine Deployment', '202'],
    ['classic', 'Deployments/Update Load-Balanced Endpoint Set', '202'],
    ['admin', 'lazurite/advanceClock', '200'],
  ] as const;
  for (const [document, id, status] of calls) {
    t.equal(await execute(document, id), status, id);
  }
  // The page takes the underscores of our ids for spaces of older links.
  t.strictSame(
    errors.filter((error) => !error.startsWith('Deprecated: escaping deep link')),
    [],
  );
});
