// `build.mjs [FOLDER] [--without-portal]`: the code of dist/, joined into a few files, because opening 700 modules is most of what a start costs. Types: tsc.
import { cpSync, mkdirSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { build as buildPortal } from 'vite';

/** What is run: the command, the library, and a thread, which begins in a file of its own. */
const published = ['src/main.ts', 'src/index.ts', 'src/data-plane/userspace/worker.ts'];
/**
 * The library for `require`: the modules above, which Node can require. Jest has a `require` of its own that cannot, so
 * Node's is asked for outside of Jest's context.
 */
const commonJs = `'use strict';
const { createRequire } = require('node:vm').runInThisContext('process').getBuiltinModule('node:module');
module.exports = createRequire(__filename)('./index.js');
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
 * Joins the sources into `outdir`. With `purpose` `package`: only what a user runs, without source maps. Answers
 * esbuild's metafile, which names every file that went in.
 */
export async function bundle({ outdir, purpose = 'repository', withPortal = true }) {
  const forPackage = purpose === 'package';
  rmSync(outdir, { recursive: true, force: true });
  const { metafile } = await build({
    outdir,
    outbase: 'src',
    entryPoints: forPackage ? published : [...published, ...forScripts],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minifySyntax: forPackage,
    minifyWhitespace: forPackage,
    sourcemap: forPackage ? false : 'linked',
    // A package has all licences in one file.
    legalComments: forPackage ? 'none' : 'linked',
    logLevel: 'warning',
    metafile: true,
    // Native addons, which look for files beside them; the second is never used.
    external: ['better-sqlite3', 'pg-native'],
    // CommonJS packages among the dependencies ask for Node's modules with `require`.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module';\nconst require = requireFrom(import.meta.url);",
    },
  });
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

// It may be called through a symbolic link.
if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  const { values, positionals } = parseArgs({
    options: { 'without-portal': { type: 'boolean' } },
    allowPositionals: true,
  });
  await bundle({ outdir: positionals[0] ?? 'dist', withPortal: !values['without-portal'] });
}
