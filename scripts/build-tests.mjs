// Builds src, test and bench, a module for each module, and links beside them what they read at run time.
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';

/** Where the builds are, one for each run, so that runs do not disturb each other. */
const folder = 'dist-test';

const compiled = ['src', 'test', 'bench'];
/** Not needed by any test, or not a part of the repository. */
const left = [folder, '.git', '.tap'];

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
