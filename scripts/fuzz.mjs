// `npm run fuzz -- [--requests N] [--seed S] [--from K]`: builds test/fuzz and runs it. See CONTRIBUTING.
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { buildTests } from './build-tests.mjs';

const outdir = await buildTests();
await import(resolve(outdir, 'test/fuzz/fuzz.js'));
rmSync(outdir, { recursive: true, force: true });
