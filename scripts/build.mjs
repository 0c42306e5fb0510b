// `build.mjs [FOLDER]`: the code of dist/, joined into a few files, because opening 700 modules is most of what a start costs. Types: tsc.
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { build } from 'esbuild';
import { build as buildPortal } from 'vite';

const [outdir = 'dist'] = process.argv.slice(2);
rmSync(outdir, { recursive: true, force: true });

await build({
  entryPoints: [
    'src/main.ts',
    'src/index.ts',
    // A thread begins in a file of its own.
    'src/data-plane/userspace/worker.ts',
    // What scripts/ uses.
    'src/api/admin/fault-schema.ts',
    'src/config/config.ts',
    'src/emulator.ts',
    'src/errors/page.ts',
    'src/config/undocumented.ts',
    'src/api/classic/openapi.ts',
  ],
  outbase: 'src',
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  legalComments: 'linked',
  logLevel: 'warning',
  // These look for files beside them: a native addon, and the pictures and scripts of a page.
  external: ['better-sqlite3', '@fastify/swagger-ui'],
  // CommonJS packages among the dependencies ask for Node's modules with `require`.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module';\nconst require = requireFrom(import.meta.url);",
  },
});

await buildPortal({
  configFile: 'src/portal/vite.config.mjs',
  build: { outDir: resolve(outdir, 'portal') },
  logLevel: 'error',
});
