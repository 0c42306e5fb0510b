// Fails when the tests (`npm test -- --coverage`) reach less than 95 % of the lines of the folders that are Lazurite's own
// business, or when one of these folders has no files any more.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const folders = ['src/resources', 'src/compiler', 'src/data-plane', 'src/api/arm', 'src/api/classic', 'src/store'];
const bar = 95;

const report = '.tap/report';
const options = {
  'temp-directory': '.tap/coverage',
  'reports-dir': report,
  reporter: 'json-summary',
  include: 'src/**',
};
const argv = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
execFileSync('npx', ['c8', 'report', ...argv, '--exclude-after-remap', '--merge-async'], { stdio: 'inherit' });
const summary = JSON.parse(readFileSync(`${report}/coverage-summary.json`, 'utf8'));

for (const folder of folders) {
  const files = Object.entries(summary).filter(([file]) => relative('.', file).startsWith(`${folder}/`));
  const total = files.reduce((sum, [, { lines }]) => sum + lines.total, 0);
  const covered = files.reduce((sum, [, { lines }]) => sum + lines.covered, 0);
  const percent = total === 0 ? 0 : (100 * covered) / total;
  console.log(`${folder}: ${percent.toFixed(1)} % of ${total} lines in ${files.length} files`);
  if (percent < bar) {
    process.exitCode = 1;
    const worst = files.sort(([, a], [, b]) => b.lines.total - b.lines.covered - (a.lines.total - a.lines.covered));
    for (const [file, { lines }] of worst.slice(0, 5)) console.log(`  ${relative('.', file)}: ${lines.pct} %`);
  }
}
