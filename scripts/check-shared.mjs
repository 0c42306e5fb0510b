// `check-shared.mjs FOLDER [URL]`: holds Lazurite against what is known of Azure (recorded exchanges, cases, real templates), each
// set against a fresh emulator, or against the one at URL, reset before. Fails when a set reaches less than its bar: what it reached when the bar was last raised.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { withFreshEmulator } from './fresh-emulator.mjs';

const types =
  'loadbalancers,publicipaddresses,publicipprefixes,networkinterfaces,virtualnetworks,networksecuritygroups,natgateways,routetables,privatelinkservices,applicationsecuritygroups';

/**
 * The classic recordings of the first set are replayed by test/api/classic/recordings.test.ts.
 *
 * `bar` of what `score` captures; later work raises it. `files` are given to `program` after `options`.
 */
const sets = [
  {
    name: 'recordings',
    program: 'replay.mjs',
    options: ['--quiet', '--cleanup', '--exclude', 'exclude.json'],
    files: /\.jsonl$/,
    score: /^TOTAL .*: (\d+\/\d+) interactions match/m,
    bar: 4593,
  },
  {
    name: 'recordings-2',
    program: '../recordings/replay.mjs',
    options: ['--quiet', '--cleanup', '--carry', '--exclude', 'exclude.json', '--types', types],
    files: /\.jsonl$/,
    score: /^TOTAL .*: (\d+\/\d+) interactions match/m,
    bar: 7011,
  },
  { name: 'classic-recordings-2', program: 'replay.mjs', files: /\.json$/, score: /^TOTAL (\d+ \d+)$/m, bar: 911 },
  { name: 'cases/arm', program: 'check.mjs', options: ['given'], score: /^(\d+ of \d+) cases/m, bar: 68 },
  { name: 'templates', program: 'deploy.mjs', options: ['given'], score: /^(\d+ of \d+) templates/m, bar: 72 },
];

const [, , shared, base] = process.argv;

/** Calls `work` with the URL of an emulator that has nothing. */
async function withEmptyEmulator(work) {
  if (base === undefined) return withFreshEmulator(work);
  const { status } = await fetch(`${base}/_lazurite/reset`, { method: 'POST' });
  if (status !== 204) throw new Error(`${base} was not reset: ${status}`);
  return work(base);
}

/** What the program prints; that it ends with an error says only that its own bar, 100 %, was missed. */
const output = (argv, cwd) =>
  new Promise((resolve) => {
    execFile(process.execPath, argv, { cwd, maxBuffer: 2 ** 28 }, (_error, stdout, stderr) => resolve(stdout + stderr));
  });

for (const { name, program, options = [], files, score, bar } of sets) {
  const folder = join(shared, name);
  if (!existsSync(join(folder, program))) {
    console.log(`${name}: not here, not checked`);
    continue;
  }
  const names =
    files === undefined ? [] : readdirSync(folder).filter((file) => files.test(file) && file !== 'exclude.json');
  const startedMs = performance.now();
  const printed = await withEmptyEmulator((url) => output([program, '--base', url, ...options, ...names], folder));
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  const reached = score.exec(printed)?.[1];
  console.log(`${name}: ${reached ?? 'no score'} (bar ${bar}), ${seconds} s`);
  if (reached === undefined) console.log(printed.slice(-2000));
  if (!(Number.parseInt(reached, 10) >= bar)) process.exitCode = 1;
}
