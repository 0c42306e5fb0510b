// Fails when the tests reach less than 95 % of the lines of the folders that are Lazurite's own business.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const folders = ['src/resources', 'src/forwarding', 'src/arm', 'src/classic'];
const bar = 95;

execFileSync('npx', ['tap', 'report', 'json-summary', '--allow-incomplete-coverage', '--allow-empty-coverage'], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
const summary = JSON.parse(readFileSync('.tap/report/coverage-summary.json', 'utf8'));
let low = false;
for (const folder of folders) {
  const files = Object.entries(summary).filter(([file]) => relative('.', file).startsWith(`${folder}/`));
  const total = files.reduce((sum, [, { lines }]) => sum + lines.total, 0);
  const covered = files.reduce((sum, [, { lines }]) => sum + lines.covered, 0);
  const percent = total === 0 ? 0 : (100 * covered) / total;
  console.log(`${folder}: ${percent.toFixed(1)} % of ${total} lines in ${files.length} files`);
  if (percent < bar) {
    low = true;
    const worst = files.sort(([, a], [, b]) => b.lines.total - b.lines.covered - (a.lines.total - a.lines.covered));
    for (const [file, { lines }] of worst.slice(0, 5)) console.log(`  ${relative('.', file)}: ${lines.pct} %`);
  }
}
process.exitCode = low ? 1 : 0;
