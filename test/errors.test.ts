import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { azureError, type ErrorDefinition, type ErrorKey, errors } from '../src/errors/index.js';
import { errorsPage } from '../src/errors/page.js';

const all = Object.entries<ErrorDefinition>(errors) as [ErrorKey, ErrorDefinition][];
const page = new URL('../docs/errors.md', import.meta.url);

test('docs/errors.md lists exactly what Lazurite can answer', async (t) => {
  // `TAP_SNAPSHOT=1 npm run test:file -- test/errors.test.ts` writes the page.
  if (process.env.TAP_SNAPSHOT === '1') writeFileSync(page, errorsPage());
  t.equal(readFileSync(page, 'utf8'), errorsPage());
  for (const [key] of all) t.ok(errorsPage().includes(`| \`${key}\` |`), key);
});

test('every error says who answers it, with a status of an error and a text that is one', async (t) => {
  for (const [key, { status, origin, message }] of all) {
    t.ok((status >= 400 && status < 600) || key === 'Canceled', `${key}: ${status}`);
    t.match(origin, /^(gateway|network|classic|lazurite)$/);
    t.ok(message.trim().length > 0, key);
    const values = Object.fromEntries([...message.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name, 'x']));
    t.notMatch(azureError(key, { values }).message, /\{\w+\}/, key);
  }
});

/** What no test can raise, and why. */
const notRaised: Partial<Record<ErrorKey, string>> = {
  PublicIPCountLimitReached: 'the public pool has more addresses than a test can take',
};

/** Where the processes of a whole run have written what they raised (`record-errors.ts`); this file then runs last. */
const records = process.env.LAZURITE_TEST_ERRORS;

test('every error is raised by running code, or it is said why none can raise it', async (t) => {
  if (records === undefined)
    return t.pass('not the whole suite', { skip: 'only a run of every test raises every error' });
  const raised = new Set(readdirSync(records).flatMap((file) => readFileSync(join(records, file), 'utf8').split('\n')));
  for (const [key] of all) {
    if (notRaised[key] === undefined) t.ok(raised.has(key), `${key} is raised by a test`);
    else t.notOk(raised.has(key), `${key} is raised after all: its reason can go`);
  }
  for (const key of Object.keys(notRaised)) t.ok(key in errors, `${key} is an error`);
});
