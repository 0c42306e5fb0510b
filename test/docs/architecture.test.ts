/** docs/architecture.md is true: every file that it names is there, and every function stands in the file named with it. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { drawing, importsBelow, mayImport } from '../../scripts/import-graph.mjs';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/architecture.md', root), 'utf8');
const source = (file: string): URL => new URL(`src/${file}`, root);

t.test('every file that the page names is there', async (t) => {
  const files = [...page.matchAll(/`([\w./-]+\.ts)`/g)]
    .map(([, file = '']) => file)
    .filter((file) => file !== 'main.ts');
  t.ok(files.length > 30);
  t.strictSame(
    files.filter((file) => !existsSync(source(file)) && !existsSync(new URL(file, root))),
    [],
  );
});

t.test('every function of a walk is in the file that is named behind it', async (t) => {
  // `ResourceService.put` (`api/arm/resources/resource-service.ts`)
  const named = [...page.matchAll(/`(\w+)(?:\.(\w+))?`\s+\(`([\w./-]+\.ts)`/g)];
  t.ok(named.length > 15);
  const missing = named.filter(([, name = '', member, file = '']) => {
    const text = readFileSync(source(file), 'utf8');
    return !text.includes(name) || (member !== undefined && !new RegExp(`\\b${member}\\b`).test(text));
  });
  t.strictSame(
    missing.map(([whole]) => whole),
    [],
  );
});

t.test('every room has its line', async (t) => {
  const rooms = Object.keys(mayImport);
  t.strictSame(
    rooms.filter((room) => !page.includes(room.split('/').at(-1) as string)),
    [],
  );
});

t.test('the picture is what the imports are', async (t) => {
  const picture = drawing(importsBelow(fileURLToPath(source(''))));
  t.ok(page.includes(picture), 'npm run generate brings it up to date');
});
