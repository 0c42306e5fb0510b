// `run-built.mjs PROGRAM [ARGUMENT…]`: builds the tests and runs a program among them, such as test/fuzz/fuzz.ts.
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { buildTests } from './build-tests.mjs';

const [program] = process.argv.splice(2, 1);
const outdir = await buildTests();
process.once('exit', () => rmSync(outdir, { recursive: true, force: true }));
// The program sees itself there: one that needs a network namespace starts itself again in it.
process.argv[1] = resolve(outdir, program.replace(/\.ts$/, '.js'));
await import(process.argv[1]);
