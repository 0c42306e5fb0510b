// Replays recorded exchanges with Azure against a fresh emulator: `replay-recordings.mjs FOLDER`. Prints the total and
// what differs by reason; fails when anything beyond the known reasons falls below the bar.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withFreshEmulator } from './fresh-emulator.mjs';

/** Of all interactions, and of those that no known reason excuses. */
const bars = { all: 0.96, comparable: 0.99, errorCodes: 0.99 };
const folder = process.argv[2];
const files = readdirSync(folder).filter((file) => file.endsWith('.jsonl'));
const known = JSON.parse(readFileSync(new URL('./recording-differences.json', import.meta.url), 'utf8')).map(
  (entry) => ({
    ...entry,
    count: 0,
    matches: ({ scenario, path, differences }) =>
      (entry.scenario === undefined || new RegExp(entry.scenario).test(scenario)) &&
      (entry.path === undefined || new RegExp(entry.path, 'i').test(path)) &&
      (entry.difference === undefined || differences.every((one) => new RegExp(entry.difference).test(one))),
  }),
);

const results = mkdtempSync(join(tmpdir(), 'lazurite-replay-'));
try {
  const json = join(results, 'results.json');
  const { stdout } = await withFreshEmulator((url) =>
    promisify(execFile)(
      process.execPath,
      ['replay.mjs', '--base', url, '--quiet', '--cleanup', '--json', json, ...files],
      { cwd: folder, maxBuffer: 64 * 1024 * 1024 },
    ),
  );
  console.log(stdout.split('\n').find((line) => line.startsWith('TOTAL')) ?? stdout.slice(-2000));
  report(JSON.parse(readFileSync(json, 'utf8')));
} finally {
  rmSync(results, { recursive: true });
}

function report(scenarios) {
  const totals = { counted: 0, matched: 0, excused: 0, errorCodes: 0, errorCodesEqual: 0 };
  const unexplained = [];
  for (const { scenario, counted, matched, errT, errE, interactions } of scenarios) {
    totals.counted += counted;
    totals.matched += matched;
    totals.errorCodes += errT;
    totals.errorCodesEqual += errE;
    for (const one of interactions.filter(({ verdict }) => verdict === 'diff')) {
      const differences = [...one.lostHeaders, ...one.missing, ...one.type, ...one.diff];
      const path = one.url.split('?')[0];
      const reason = known.find((entry) => entry.matches({ scenario, path, differences }));
      if (reason) {
        reason.count++;
        totals.excused++;
      } else
        unexplained.push(
          `${scenario} #${one.seq} ${one.method} ${path} ${one.recorded} → ${one.got} ${differences[0] ?? ''}`,
        );
    }
  }
  for (const { count, reason } of known) console.log(`${String(count).padStart(5)}  ${reason}`);
  for (const line of unexplained) console.log(`    ?  ${line.slice(0, 220)}`);
  const shares = {
    all: totals.matched / totals.counted,
    comparable: totals.matched / (totals.counted - totals.excused),
    errorCodes: totals.errorCodesEqual / totals.errorCodes,
  };
  for (const [name, bar] of Object.entries(bars)) {
    console.log(`${name}: ${(shares[name] * 100).toFixed(2)} % (bar ${(bar * 100).toFixed(2)} %)`);
    if (!(shares[name] >= bar)) process.exitCode = 1;
  }
}
