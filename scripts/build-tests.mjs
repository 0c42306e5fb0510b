// Builds src, test and bench into dist-test/, a module for each module, and links there what they read at run time.
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

/** Where the built tests are, seen from the root of the repository. */
export const outdir = 'dist-test';

const compiled = ['src', 'test', 'bench'];
/** Not needed by any test, or not a part of the repository. */
const left = [outdir, 'dist-bench', '.git', '.tap'];

const filesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

export async function buildTests() {
  rmSync(outdir, { recursive: true, force: true });
  const files = compiled.flatMap(filesIn);
  await build({
    entryPoints: files.filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts')),
    outbase: '.',
    outdir,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'inline',
    sourcesContent: false,
    logLevel: 'warning',
  });
  // Sources too: tests read them as text, and one of them builds the package again.
  for (const file of files) {
    mkdirSync(dirname(join(outdir, file)), { recursive: true });
    cpSync(file, join(outdir, file));
  }
  for (const name of readdirSync('.')) {
    if (!compiled.includes(name) && !left.includes(name)) symlinkSync(join('..', name), join(outdir, name));
  }
}
