/** The rules of the house (CONTRIBUTING.md) that a program can check. */
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { importCircles, importsBelow, mayImport, roomOf } from '../scripts/import-graph.mjs';

// Tests run built, beside a link to package.json; the sources are where it leads.
const root = dirname(realpathSync(fileURLToPath(new URL('../package.json', import.meta.url))));
const source = join(root, 'src');
const { files, imports } = importsBelow(source);
const text = (file: string): string => readFileSync(join(source, file), 'utf8');

t.test('every file stands in a room of the architecture', async (t) => {
  t.strictSame(
    files.filter((file) => roomOf(file) === undefined),
    [],
  );
});

t.test('every room has files', async (t) => {
  const rooms = new Set(files.map(roomOf));
  t.strictSame(
    Object.keys(mayImport).filter((room) => !rooms.has(room)),
    [],
  );
});

t.test('imports follow the arrows of the architecture, types included', async (t) => {
  const upward = imports.filter(({ from, to }) => {
    const [room, target] = [roomOf(from), roomOf(to)];
    return room !== target && !(mayImport[room ?? ''] ?? []).includes(target ?? '');
  });
  t.strictSame(
    upward.map(({ from, to }) => `${from} imports ${to}`),
    [],
  );
});

t.test('no imports go round in a circle, types included', async (t) => {
  t.strictSame(importCircles(files, imports), []);
});

t.test('the data plane knows no HTTP server, no database and no resources', async (t) => {
  const knowing = files.filter(
    (file) => file.startsWith('data-plane/') && /from '(fastify|better-sqlite3|typebox|ajv)[/']/.test(text(file)),
  );
  t.strictSame(knowing, []);
});

t.test('resources and the compiler are data and pure functions', async (t) => {
  const impure = files.filter(
    (file) =>
      /^(resources|compiler|data-plane\/(model|selection))\//.test(file) &&
      /from '(node:(?!net'|crypto'|util')|fastify|better-sqlite3|undici)/.test(text(file)),
  );
  t.strictSame(impure, []);
});

t.test('a file has at most 400 lines', async (t) => {
  const long = files.map((file) => [file, text(file).trimEnd().split('\n').length] as const);
  t.strictSame(
    long.filter(([, lines]) => lines > 400),
    [],
  );
});

t.test('a file opens with a sentence about what it is for', async (t) => {
  const silent = files.filter((file) => !/^(#!.*\n)?\/\*\*[\s*]+\S[\s\S]*?[.:)`][\s*]*\*\//.test(text(file)));
  t.strictSame(silent, []);
});

/** The code without comments and without what stands in quotes. */
const codeOf = (file: string): string =>
  text(file)
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/\/\/.*$/gm, '')
    .replaceAll(/'(?:[^'\\\n]|\\.)*'/g, "''");

t.test('the clock, the environment and randomness are read in few places', async (t) => {
  const allowed = /^(support\/(clock|ids|files)|main)\.ts$|^(config|api\/identity|portal)\//;
  const reads =
    /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bMath\.random\(|\bprocess\.env\b|\brandom(UUID|Bytes)\(/;
  const reading = files.filter((file) => !allowed.test(file) && reads.test(codeOf(file)));
  t.strictSame(reading, []);
});

t.test('a reference to a library stands before the imports, where the compiler reads it', async (t) => {
  const late = files.filter((file) => /^import [\s\S]*^\/\/\/ <reference /m.test(text(file)));
  t.strictSame(late, []);
});

t.test('what a client can see is thrown from the error table', async (t) => {
  const throwing = files.filter(
    (file) => /^(api|resources)\//.test(file) && /\bthrow new (Error|AzureError)\(/.test(codeOf(file)),
  );
  t.strictSame(throwing, []);
});

t.test('no file names a place on somebody’s machine', async (t) => {
  const folders = ['src', 'bench', 'scripts', 'docs', 'migrations'];
  const written = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(tsx?|mjs|md|sql|json)$/.test(file))
      .map((file) => join(folder, file)),
  );
  const naming = [...written, 'README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'package.json'].filter((file) =>
    /(?:^|[\s'"`(=])\/(?:home|Users|root|mnt)\/\w/m.test(readFileSync(join(root, file), 'utf8')),
  );
  t.strictSame(naming, []);
});
