/** The rules of the house (CONTRIBUTING.md) that a program can check. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const source = fileURLToPath(new URL('../src', import.meta.url));
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .sort();
const text = (file: string): string => readFileSync(join(source, file), 'utf8');

/** The first pattern that fits decides. */
const layers: readonly (readonly [RegExp, number])[] = [
  [/^((main|index)\.ts$|cli\/|portal\/)/, 5],
  [/^(emulator|reconciler|openapi|openapi-document|seed|steering)\.ts$/, 4],
  [/^(arm|classic|identity|admin)\/|^(server|one-port|base-url)\.ts$/, 3],
  [/^(store|forwarding|probing|metrics)\//, 2],
  [/^resources\//, 1],
  [
    /^errors\/|^(clock|events|ids|errors|config|config-values|log|mutex|address-map|package-folder|plain-data|undocumented)\.ts$/,
    0,
  ],
];
const layerOf = (file: string): number | undefined => layers.find(([pattern]) => pattern.test(file))?.[1];

/** Folders of layer 3 and 2 that are siblings. */
const folderOf = (file: string): string => file.split('/')[0] as string;

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

function importsOf(file: string): Import[] {
  const statements = text(file).matchAll(/^(?:import|export)\s(type\s)?([^;']*?)from\s'(\.[^']+)'/gms);
  const dynamic = [...text(file).matchAll(/import\('(\.[^']+)'\)/g)].map(([, path = '']) => ({
    path,
    typeOnly: false,
  }));
  const written = [...statements].map(([, type, names = '', path = '']) => ({
    path,
    // `import { type A, type B }` imports nothing either.
    typeOnly:
      type !== undefined || !/\{/.test(names) ? type !== undefined : /^\s*\{(\s*type\s[^,]+,?)+\s*\}/.test(names),
  }));
  return [...written, ...dynamic].map(({ path, typeOnly }) => ({
    from: file,
    to: relative(source, join(source, dirname(file), path)).replace(/\.js$/, '.ts'),
    typeOnly,
  }));
}

const imports = files.flatMap(importsOf);
const shown = ({ from, to }: Import): string => `${from} imports ${to}`;

t.test('every file has a layer', async (t) => {
  t.strictSame(
    files.filter((file) => layerOf(file) === undefined),
    [],
  );
});

t.test('imports point downward only', async (t) => {
  const upward = imports.filter(({ from, to }) => (layerOf(to) ?? 0) > (layerOf(from) ?? 0));
  t.strictSame(upward.map(shown), []);
});

t.test('the command line talks HTTP, but where it begins an emulator', async (t) => {
  const direct = imports.filter(
    ({ from, to, typeOnly }) =>
      from.startsWith('cli/') && /^(arm|classic|store|forwarding|resources)\//.test(to) && !typeOnly,
  );
  t.strictSame(direct.map(shown), []);
});

t.test('store, forwarding, probing and metrics know each other by their types', async (t) => {
  // Beyond types they share what is pure, counters, and the prober, which lives in the thread of the engine it serves.
  const shared =
    /^(forwarding\/(ip-address|engine|decision|faults)|metrics\/counters|probing\/[a-z-]+|store\/database)\.ts$/;
  const siblings = imports.filter(
    ({ from, to, typeOnly }) =>
      layerOf(from) === 2 && layerOf(to) === 2 && folderOf(from) !== folderOf(to) && !typeOnly && !shared.test(to),
  );
  t.strictSame(siblings.map(shown), []);
});

t.test('resources are data and pure functions', async (t) => {
  const impure = files.filter(
    (file) =>
      file.startsWith('resources/') &&
      /from '(node:(?!net'|crypto'|util')|fastify|better-sqlite3|undici)/.test(text(file)),
  );
  t.strictSame(impure, []);
});

t.test('a file has at most 300 lines', async (t) => {
  const long = files.map((file) => [file, text(file).trimEnd().split('\n').length] as const);
  t.strictSame(
    long.filter(([, lines]) => lines > 300),
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
  const allowed = /^(clock|ids|config|config-values|main)\.ts$|^identity\//;
  const reads =
    /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bMath\.random\(|\bprocess\.env\b|\brandom(UUID|Bytes)\(/;
  const reading = files.filter((file) => !allowed.test(file) && reads.test(codeOf(file)));
  t.strictSame(reading, []);
});

t.test('what a client can see is thrown from the error table', async (t) => {
  const throwing = files.filter(
    (file) => /^(arm|classic|resources|admin)\//.test(file) && /\bthrow new (Error|AzureError)\(/.test(codeOf(file)),
  );
  t.strictSame(throwing, []);
});

t.test('no file names a place on somebody’s machine', async (t) => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const folders = ['src', 'bench', 'scripts', 'docs', 'migrations'];
  const written = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|mjs|md|sql|json)$/.test(file))
      .map((file) => join(folder, file)),
  );
  const naming = [...written, 'README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'package.json'].filter((file) =>
    /(?:^|[\s'"`(=])\/(?:home|Users|root|mnt)\/\w/m.test(readFileSync(join(root, file), 'utf8')),
  );
  t.strictSame(naming, []);
});
