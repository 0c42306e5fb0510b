/** The OpenAPI document describes what is there, the page to read it needs nobody else, and Postman gets it all. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import type { OpenApiDocument } from '../../../src/api/openapi/openapi-document.js';
import { Cloud } from '../../emulator/cloud.js';

const cloud = await Cloud.start(t, { network: 208, argv: ['--in-memory', '--engine', 'none'] });
const committed = (file: string) =>
  JSON.parse(readFileSync(new URL(`../../../openapi/${file}`, import.meta.url), 'utf8'));

t.test('openapi/arm.json is what the routes say', async (t) => {
  t.strictSame(committed('arm.json'), (await cloud.send('GET', '/openapi/arm.json')).body, 'npm run generate');
});

t.test('every operation has an id of its own, an api-version, and schemas that exist', async (t) => {
  const { paths, components } = (await cloud.send('GET', '/openapi/arm.json')).body as OpenApiDocument;
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  const ids = operations.map(({ operationId }) => operationId);
  t.equal(new Set(ids).size, ids.length);
  t.ok(operations.every(({ parameters }) => parameters?.some(({ name }) => name === 'api-version')));
  const references = [...JSON.stringify({ paths, components }).matchAll(/"#\/components\/schemas\/([^"]+)"/g)];
  t.ok(references.length > 100);
  t.strictSame(
    references.map(([, name = '']) => name).filter((name) => !components.schemas[name]),
    [],
  );
  t.notMatch(JSON.stringify(components), /"(backReference|clrType|envelope|absentIn|child)":/);
});

t.test('the page and its files are there, and nothing else of that folder', async (t) => {
  const page = await cloud.send('GET', '/openapi/');
  t.match(page.body, /arm\.json[\s\S]*classic\.json/);
  for (const [, file = ''] of String(page.body).matchAll(/(?:href|src)="([^"]+)"/g)) {
    t.equal((await cloud.send('GET', `/openapi/${file}`)).status, 200, file);
  }
  t.match((await cloud.send('GET', '/openapi/classic.json')).body, { openapi: /^3/ });
  t.equal((await cloud.send('GET', '/openapi/..%2fpackage.json')).status, 404);
  t.equal((await cloud.send('GET', '/openapi/none.js')).status, 404);
  t.match(await cloud.send('GET', '/openapi'), { status: 302, headers: { location: '/openapi/' } });
});

t.test('the Postman collection has every operation, in folders after its first', async (t) => {
  const { item } = committed('lazurite.postman_collection.json') as { item: { item: unknown[] }[] };
  const { paths } = (await cloud.send('GET', '/openapi/arm.json')).body as OpenApiDocument;
  t.equal(
    item.slice(1).reduce((sum, folder) => sum + folder.item.length, 0),
    Object.values(paths).reduce((sum, path) => sum + Object.keys(path).length, 0),
  );
});
