// `build.mjs [FOLDER] [--without-portal]`: the code of dist/, joined into a few files, because opening 700 modules is most of what a start costs. Types: tsc.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build, transform } from 'esbuild';
import { build as buildPortal } from 'vite';

/** What is run: the command, the library, and a thread, which begins in a file of its own. */
const published = ['src/main.ts', 'src/index.ts', 'src/data-plane/userspace/worker.ts'];
/**
 * The library for `require`: Jest has a `require` of its own that knows no `process` and no modules of Node's, so Node's
 * is asked for outside of Jest's context.
 */
const commonJs = `'use strict';
const { createRequire } = require('node:vm').runInThisContext('process').getBuiltinModule('node:module');
module.exports = createRequire(__filename)('./code/launch.cjs').load('index.cjs');
`;
/** What scripts/ uses. */
const forScripts = [
  'src/api/admin/fault-schema.ts',
  'src/config/config.ts',
  'src/emulator.ts',
  'src/errors/page.ts',
  'src/resources/known-types.ts',
  'src/config/undocumented.ts',
];
/** The pictures, styles and scripts of the OpenAPI page. */
const swaggerFiles = /^(swagger-ui\.css|swagger-ui-bundle\.js|favicon-.*\.png)$/;

/**
 * Modules that most processes never use, by name: who imports them at its beginning, and the members that are used. They are
 * loaded when such a member is first asked for.
 */
const late = {
  ajv: { importer: /[\\/]src[\\/]resources[\\/]validation\.ts$/, members: ['Ajv'] },
  saxes: { importer: /[\\/]src[\\/]api[\\/]classic[\\/]xml[\\/]xml\.ts$/, members: ['SaxesParser'] },
  semver: { importer: /[\\/]fastify[\\/]lib[\\/]plugin-utils\.js$/, members: ['satisfies', 'gt', 'coerce'] },
  'node:http2': { importer: /[\\/]fastify[\\/]lib[\\/]server\.js$/, members: ['createServer', 'createSecureServer'] },
};

/** A module of getters in the place of each module of `late`; the import inside it is the module itself. */
const lateModules = {
  name: 'late-modules',
  setup({ onResolve, onLoad, onEnd }) {
    const found = new Set();
    onResolve({ filter: new RegExp(`^(${Object.keys(late).join('|')})$`) }, ({ path, importer, namespace }) => {
      if (namespace !== 'file' || !late[path].importer.test(importer)) return undefined;
      found.add(path);
      return { path, namespace: 'late', pluginData: dirname(importer) };
    });
    onLoad({ filter: /.*/, namespace: 'late' }, ({ path, pluginData: resolveDir }) => ({
      contents: `module.exports = {
        ${late[path].members.map((name) => `get ${name}() { return require('${path}').${name}; }`).join(',')} };`,
      resolveDir,
    }));
    onEnd(() => {
      const missing = Object.keys(late).filter((name) => !found.has(name));
      return { errors: missing.map((name) => ({ text: `nobody imports ${name} as scripts/build.mjs says` })) };
    });
  },
};

const target = { platform: 'node', target: 'node20', logLevel: 'warning' };

/**
 * Joins the sources into `outdir`: the code in `code/`, which src/launch.ts loads, and a small module in the place of each
 * entry. With `purpose` `package`: only what a user runs. Answers esbuild's metafile, which names every file that went in.
 */
export async function bundle({ outdir, purpose = 'repository', withPortal = true }) {
  const forPackage = purpose === 'package';
  const minify = { minifySyntax: forPackage, minifyWhitespace: forPackage };
  const entries = forPackage ? published : [...published, ...forScripts];
  const code = join(outdir, 'code');
  rmSync(outdir, { recursive: true, force: true });
  const { metafile, outputFiles } = await build({
    ...target,
    outdir: code,
    entryPoints: entries.map((file) => ({ in: file, out: basename(file, '.ts') })),
    bundle: true,
    splitting: true,
    format: 'esm',
    outExtension: { '.js': '.cjs' },
    // A package has all licences in one file.
    legalComments: forPackage ? 'none' : 'linked',
    metafile: true,
    write: false,
    // Native addons, which look for files beside them; the second is never used.
    external: ['better-sqlite3', 'pg-native'],
    plugins: [lateModules],
  });
  mkdirSync(code, { recursive: true });
  const written = createHash('sha256');
  for (const { path, text } of outputFiles) {
    const contents = path.endsWith('.cjs') ? await asCommonJs(text, minify) : text;
    writeFileSync(path, contents);
    written.update(path).update(contents);
  }
  await writeLauncher({ code, build: written.digest('hex'), minify });
  for (const { entryPoint, exports } of Object.values(metafile.outputs)) {
    if (entries.includes(entryPoint)) writeEntry({ outdir, entryPoint, exports });
  }
  writeFileSync(join(outdir, 'index.cjs'), commonJs);
  const swagger = 'node_modules/@fastify/swagger-ui/static';
  mkdirSync(join(outdir, 'swagger-ui'), { recursive: true });
  for (const file of readdirSync(swagger).filter((name) => swaggerFiles.test(name))) {
    cpSync(join(swagger, file), join(outdir, 'swagger-ui', file));
  }
  if (withPortal) {
    await buildPortal({
      configFile: 'src/portal/vite.config.mjs',
      build: { outDir: resolve(outdir, 'portal') },
      logLevel: 'error',
    });
  }
  return metafile;
}

/** Only scripts, not modules, can be run by what V8 has compiled before: esbuild divides modules, then each becomes one. */
async function asCommonJs(text, minify) {
  const supported = { 'dynamic-import': false };
  const define = { 'import.meta.url': 'moduleUrl' };
  const { code } = await transform(text, { ...target, ...minify, format: 'cjs', supported, define });
  return `(function (exports, require, module, moduleUrl) {${code}\n})`;
}

async function writeLauncher({ code, build: id, minify }) {
  const contents = `import { Modules } from './src/launch.js';
module.exports = new Modules({ folder: __dirname, build: '${id}', env: process.env });`;
  await build({
    ...target,
    ...minify,
    stdin: { contents, resolveDir: '.' },
    outfile: join(code, 'launch.cjs'),
    bundle: true,
    format: 'cjs',
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  });
}

/** `src/config/config.ts` is `dist/config/config.js` to those who import it, which exports what `code/config.cjs` does. */
function writeEntry({ outdir, entryPoint, exports }) {
  const file = join(outdir, relative('src', entryPoint).replace(/ts$/, 'js'));
  const launcher = `./${relative(dirname(file), join(outdir, 'code/launch.cjs'))}`;
  const loading = `createRequire(import.meta.url)('${launcher}').load('${basename(entryPoint, '.ts')}.cjs');\n`;
  const names = exports.length > 0 ? `export const { ${exports.join(', ')} } = ` : '';
  const isCommand = entryPoint === published[0];
  mkdirSync(dirname(file), { recursive: true });
  // To import CommonJS would take Node longer: it looks for what is exported.
  const begin = `${isCommand ? '#!/usr/bin/env node\n' : ''}import { createRequire } from 'node:module';\n`;
  writeFileSync(file, begin + names + loading, { mode: isCommand ? 0o755 : 0o644 });
}

// It may be called through a symbolic link.
if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  const { values, positionals } = parseArgs({
    options: { 'without-portal': { type: 'boolean' } },
    allowPositionals: true,
  });
  await bundle({ outdir: positionals[0] ?? 'dist', withPortal: !values['without-portal'] });
}
