import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { errorsPage } from '../src/errors/page.js';
import { azureError, type ErrorDefinition, type ErrorKey, errors } from '../src/errors.js';

const all = Object.entries<ErrorDefinition>(errors) as [ErrorKey, ErrorDefinition][];
const page = new URL('../docs/errors.md', import.meta.url);
const folder = fileURLToPath(new URL('.', import.meta.url));

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
  MethodNotAllowed: 'paths answer 404 to methods that they do not have',
  PublicIPCountLimitReached: 'the public pool has more addresses than a test can take',
  ResourceDeploymentFailure: 'only --strict-bind lets an operation of a deployment fail',
};

/** Classic errors share a few codes; their own tests check the code, and the text where it matters. */
const isClassic = ({ origin }: ErrorDefinition): boolean => origin === 'classic';

test('every error is raised by a test, or it is said why none can raise it', async (t) => {
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && file !== 'errors.test.ts')
    // Texts may stand in regular expressions and in templates.
    .map((file) => readFileSync(`${folder}/${file}`, 'utf8').replaceAll('\\', ''));
  const owners = new Map<string, number>();
  for (const [key, { code = key }] of all) owners.set(code, (owners.get(code) ?? 0) + 1);
  for (const [key, definition] of all) {
    const { code = key, message } = definition;
    const pieces = message.split(/\{\w+\}/).map((piece) => piece.trim());
    const longest = pieces.reduce((a, b) => (b.length > a.length ? b : a));
    const texts = pieces.filter((piece) => piece === longest || piece.length >= 20).map((piece) => piece.slice(0, 40));
    // A code that several errors share does not tell which one a test means; its text does.
    const signs = owners.get(code) === 1 || isClassic(definition) ? [key, code, ...texts] : [key, ...texts];
    const raised = sources.some((source) => signs.some((sign) => source.includes(sign)));
    const reason = notRaised[key];
    if (reason === undefined) t.ok(raised, `${key} is raised by a test`);
    else t.notOk(raised, `${key} is raised after all: its reason can go`);
  }
  for (const key of Object.keys(notRaised)) t.ok(key in errors, `${key} is an error`);
});
