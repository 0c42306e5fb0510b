/** The OpenAPI document describes what is there, the page to read it needs nobody else, and Postman gets it all. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import type { OpenApiDocument } from '../../../src/api/openapi/openapi-document.js';
import { Cloud } from '../../emulator/cloud.js';

const cloud = await Cloud.start(t, { network: 208, argv: ['--in-memory', '--engine', 'none'] });
const committed = (file: string) =>
  JSON.parse(readFileSync(new URL(`../../../openapi/${file}`, import.meta.url), 'utf8'));

const names = ['arm.json', 'classic.json', 'admin.json'];

t.test('the documents of openapi/ are what the routes say', async (t) => {
  for (const name of names) {
    t.strictSame(committed(name), (await cloud.send('GET', `/openapi/${name}`)).body, `${name}: npm run generate`);
  }
});

t.test('every operation of each document can be called as it stands there', async (t) => {
  for (const name of names) {
    const document = (await cloud.send('GET', `/openapi/${name}`)).body as OpenApiDocument;
    const tags = (document.tags as { name: string }[]).map((tag) => tag.name);
    t.match(document.servers, [{ url: '/' }, { url: 'http://localhost:4567' }], name);
    const paths = { ...document.paths, ...(document['x-ms-paths'] as OpenApiDocument['paths'] | undefined) };
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ operation, path, method })),
    );
    const ids = operations.map(({ operation }) => operation.operationId);
    t.equal(new Set(ids).size, ids.length, `${name}: ids are unique`);
    for (const { path, method, operation } of operations) {
      const { summary, tags: own = [], parameters = [], requestBody } = operation;
      const what = `${name}: ${method} ${path}`;
      t.ok(typeof summary === 'string' && /^\S.*\S$/.test(summary), `${what}: ${summary}`);
      t.ok(own.length === 1 && tags.includes(own[0] as string), `${what} has a tag`);
      const required = parameters.filter((one) => one.required === true);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
      t.strictSame(required.flatMap(({ in: place, name }) => (place === 'path' ? [name] : [])).sort(), inPath.sort());
      t.ok(
        required.every(({ schema }) => typeof (schema as { default?: unknown }).default === 'string'),
        `${what}: required parameters have defaults`,
      );
      if (method === 'put' && name === 'arm.json') {
        t.ok(requestBody?.content?.['application/json']?.example, `${what} has an example of its body`);
      }
    }
  }
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
  for (const [, file = ''] of String(page.body).matchAll(/(?:href|src)="([^"?]+)"/g)) {
    t.equal((await cloud.send('GET', `/openapi/${file}`)).status, 200, file);
  }
  t.match((await cloud.send('GET', '/openapi/classic.json')).body, { openapi: /^3/ });
  t.equal((await cloud.send('GET', '/openapi/..%2fpackage.json')).status, 404);
  t.equal((await cloud.send('GET', '/openapi/none.js')).status, 404);
  t.match(await cloud.send('GET', '/openapi'), { status: 302, headers: { location: '/openapi/' } });
});

interface Folder {
  readonly name: string;
  readonly item: readonly (Folder | { readonly name: string; readonly request: object; readonly event: object[] })[];
}

const requestsIn = (folder: Folder): { readonly name: string; readonly event: object[] }[] =>
  folder.item.flatMap((one) => ('item' in one ? requestsIn(one) : [one]));

t.test('the Postman collection has two walks and every operation, each with a test of its answer', async (t) => {
  const { item } = committed('lazurite.postman_collection.json') as { item: Folder[] };
  const [balancer, classic, ...documents] = item as [Folder, Folder, ...Folder[]];
  for (const walk of [balancer, classic]) t.ok(requestsIn(walk).length > 5, walk.name);
  for (const [index, name] of names.entries()) {
    const document = committed(name) as OpenApiDocument;
    const paths = { ...document.paths, ...(document['x-ms-paths'] as OpenApiDocument['paths'] | undefined) };
    const amount = Object.values(paths).reduce((sum, path) => sum + Object.keys(path).length, 0);
    t.equal(requestsIn(documents[index] as Folder).length, amount, name);
  }
  const untested = item.flatMap(requestsIn).filter(({ event }) => !JSON.stringify(event).includes('pm.test('));
  t.strictSame(
    untested.map(({ name }) => name),
    ['Replace everything that is stored (restoreSnapshot)'],
  );
});
