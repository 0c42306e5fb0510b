// `pack.mjs [--pack-destination DIR]`: the package that is published, as a tarball. It needs nothing at installation:
// every dependency is joined into dist/, its licence is in THIRD-PARTY-LICENSES, and SQLite is Node's own or
// better-sqlite3, an optional peer.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle } from './build.mjs';

const { values } = parseArgs({ options: { 'pack-destination': { type: 'string', default: '.' } } });
const destination = resolve(values['pack-destination']);
const repository = JSON.parse(readFileSync('package.json', 'utf8'));

/** package.json as it is published. */
function manifest() {
  const { name, version, description, license, type, engines, bin, types, exports, dependencies } = repository;
  const { keywords, repository: home } = repository;
  const peerDependencies = { 'better-sqlite3': dependencies['better-sqlite3'] };
  const peerDependenciesMeta = { 'better-sqlite3': { optional: true } };
  return {
    ...{ name, version, description, license, keywords, repository: home, type, engines, bin, types, exports },
    ...{ peerDependencies, peerDependenciesMeta },
  };
}

/** The folders of the packages whose files went in, by name and version. */
function packagesIn({ inputs }) {
  const folders = Object.keys(inputs).flatMap(
    (file) =>
      /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file.replace(/^(\.\.\/)+.*?(?=node_modules\/)/, ''))?.[0] ?? [],
  );
  // Its files are copied.
  folders.push('node_modules/@fastify/swagger-ui');
  return [...new Set(folders)].sort();
}

function licenceOf(folder) {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return `${name} ${version} (${license})\n\n${texts.join('\n\n') || `Copyright (c) ${author?.name ?? author}. The package has no more text than this.`}\n`;
}

/** The declarations of index.ts and of everything that they name, in one file. */
function writeTypes(file) {
  const folder = mkdtempSync(join(tmpdir(), 'lazurite-types-'));
  try {
    run('npx', ['tsc', '-p', 'tsconfig.build.json', '--outDir', folder]);
    const seen = new Set();
    const texts = [];
    const add = (path, isEntry) => {
      if (seen.has(path)) return;
      seen.add(path);
      const text = readFileSync(path, 'utf8');
      const links = /^(?:import|export) (?:type )?(?:\{[^}]*\}|\*) from '(\.[^']+)\.js';\n/gm;
      for (const [, link] of text.matchAll(links)) add(resolve(dirname(path), `${link}.d.ts`), false);
      const body = text.replaceAll(links, '');
      texts.push(isEntry ? body : body.replace(/^\/\*\*[\s\S]*?\*\/\n(?=\/\*\*|import|export|\n)/, ''));
    };
    add(join(folder, 'index.d.ts'), true);
    // The entry begins with what the library is for; what it names follows.
    writeFileSync(file, `${texts.pop()}\n${texts.join('\n')}`);
    if (/^(import|export .* from)/m.test(readFileSync(file, 'utf8').replaceAll(/from '(node:)?\w+'/g, ''))) {
      throw new Error('the declarations are not in one file');
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(command, argv, cwd) {
  const { status, stdout, error } = spawnSync(command, argv, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 2] });
  if (status !== 0) throw error ?? new Error(`${command} ${argv.join(' ')}: ${stdout}`);
  return stdout;
}

const stage = mkdtempSync(join(tmpdir(), 'lazurite-package-'));
try {
  const metafile = await bundle({ outdir: join(stage, 'dist'), purpose: 'package' });
  writeTypes(join(stage, 'dist/index.d.ts'));
  cpSync(join(stage, 'dist/index.d.ts'), join(stage, 'dist/index.d.cts'));
  // Its page is Swagger UI, which has no package of its own here.
  const swaggerUi =
    'swagger-ui (Apache-2.0)\n\nCopyright SmartBear Software Inc. The text of the licence is at reflect-metadata.\n';
  const licences = [...packagesIn(metafile).map(licenceOf), swaggerUi];
  writeFileSync(
    join(stage, 'THIRD-PARTY-LICENSES'),
    `Lazurite contains code of these packages.\n\n${licences.join(`\n${'-'.repeat(80)}\n\n`)}`,
  );
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest(), undefined, 2)}\n`);
  for (const name of ['migrations', 'openapi', 'docs', 'README.md', 'CHANGELOG.md', 'LICENSE']) {
    // Pictures are for those who read about it on a page, and a tenth of everything.
    cpSync(name, join(stage, name), { recursive: true, filter: (file) => !file.startsWith(join('docs', 'images')) });
  }
  mkdirSync(destination, { recursive: true });
  const [packed] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', destination], stage),
  );
  const mb = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
  process.stdout.write(
    `${join(destination, packed.filename)}: ${mb(packed.size)}, ${mb(packed.unpackedSize)} unpacked, ${packed.entryCount} files\n`,
  );
} finally {
  rmSync(stage, { recursive: true, force: true });
}
