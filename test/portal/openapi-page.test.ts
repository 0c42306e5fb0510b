/** The page of the OpenAPI documents: every operation is called with what the page fills in. */
import t from 'tap';
import { Cloud } from '../emulator/cloud.js';
import { openBrowser, openPage, withoutBrowser } from './browser.js';

t.test('Execute works with one click on a new Lazurite', { skip: withoutBrowser, timeout: 300_000 }, async (t) => {
  const { emulator } = await Cloud.start(t, { network: 236, argv: ['--in-memory', '--engine', 'none'] });
  const browser = await openBrowser(t);
  const { page, errors } = await openPage(browser);
  /** Opens an operation by its tag and path, executes it, and answers the status that the page shows. */
  const execute = async (document: string, id: string): Promise<string> => {
    // An address that differs only behind the number sign opens nothing on a page that is there.
    await page.goto('about:blank');
    await page.goto(`${emulator.httpUrl}/openapi/?${document}#/${id}`);
    const operation = page.locator('.opblock.is-open');
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
    t.equal(await execute(document, id.replaceAll(' ', '%20')), status, id);
  }
  // The page takes the underscores of our ids for spaces of older links.
  t.strictSame(
    errors.filter((error) => !error.startsWith('Deprecated: escaping deep link')),
    [],
  );
});
