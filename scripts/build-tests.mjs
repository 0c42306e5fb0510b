// Builds src, test and bench, a module for each module, and links beside them what they read at run time. The packages that
// they import are joined: opening hundreds of files was half of the processor time with which a short test begins.
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';

/** Where the builds are, one for each run, so that runs do not disturb each other. */
const folder = 'dist-test';

const compiled = ['src', 'test', 'bench'];
/** Not needed by any test, not a part of the repository, or made here. */
const left = [folder, '.git', '.tap', 'node_modules'];
/** Packages of many files, which become one each. */
const joined = [
  // @peculiar/x509 must find it.
  'reflect-metadata',
  '@fastify/swagger',
  '@peculiar/x509',
  'ajv',
  'fast-check',
  'fastify',
  'ipaddr.js',
  'jose',
  'saxes',
  'typebox',
  'undici',
];

const filesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

const isRunning = (pid) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** A module that exports what the package does. */
async function moduleOf(name) {
  const names = Object.keys(await import(name)).filter((each) => each !== 'module.exports');
  const exported = names.map((each) =>
    each === 'default' ? 'export default all.default;' : `export const ${each} = all.${each};`,
  );
  return [`import * as all from '${name}';`, ...exported].join('\n');
}

/** The packages in `outdir`: joined ones, which share what they have in common, and links to all others. */
async function installPackages(outdir) {
  const installed = join(outdir, 'node_modules');
  const entries = join(outdir, 'joined');
  for (const name of joined) {
    mkdirSync(join(entries, name), { recursive: true });
    writeFileSync(join(entries, name, 'index.mjs'), await moduleOf(name));
  }
  await build({
    entryPoints: joined.map((name) => join(entries, name, 'index.mjs')),
    outbase: entries,
    outdir: installed,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
    // CommonJS packages ask for Node's modules with `require`.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module';\nconst require = requireFrom(import.meta.url);",
    },
  });
  for (const name of joined) {
    writeFileSync(join(installed, name, 'package.json'), JSON.stringify({ name, exports: './index.mjs' }));
  }
  const link = (name) => !joined.includes(name) && symlinkSync(resolve('node_modules', name), join(installed, name));
  for (const name of readdirSync('node_modules')) {
    if (!name.startsWith('@')) link(name);
    else {
      mkdirSync(join(installed, name), { recursive: true });
      for (const each of readdirSync(join('node_modules', name))) link(`${name}/${each}`);
    }
  }
}

/** Builds for this process; answers the folder. Removes what ended runs have left. */
export async function buildTests() {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) {
    if (/^\d+$/.test(name) && !isRunning(Number(name))) rmSync(join(folder, name), { recursive: true, force: true });
  }
  const outdir = join(folder, String(process.pid));
  rmSync(outdir, { recursive: true, force: true });
  const files = compiled.flatMap(filesIn);
  await build({
    // The portal is built by Vite, and tested in a browser.
    entryPoints: files.filter(
      (file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts') && !file.startsWith(join('src', 'portal')),
    ),
    outbase: '.',
    outdir,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'inline',
    sourcesContent: false,
    logLevel: 'warning',
  });
  await installPackages(outdir);
  // Sources too: tests read them as text, and one of them builds the package again.
  for (const file of files) {
    mkdirSync(dirname(join(outdir, file)), { recursive: true });
    cpSync(file, join(outdir, file));
  }
  for (const name of readdirSync('.')) {
    if (!compiled.includes(name) && !left.includes(name)) symlinkSync(resolve(name), join(outdir, name));
  }
  return outdir;
}
