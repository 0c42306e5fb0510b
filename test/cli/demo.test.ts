import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { runLazurite, startCommand } from './harness.js';

test('the demo balances real traffic in all three modes of both APIs, switched live, without one failure', async (t) => {
  const { exitCode, out } = await runLazurite(['demo']);
  t.comment(out);
  t.equal(exitCode, 0);
  t.notMatch(out, 'CONTRADICTION');
  const rows = out.split('\n').filter((line) => / (TCP|UDP) +\d/.test(line));
  t.equal(rows.filter((row) => row.endsWith(' 0')).length, 12, 'nothing failed in any mode, over TCP and UDP');
  const modes = rows.map((row) => row.split(/\s+(?=TCP|UDP)/)[0]?.trim()).filter(Boolean);
  t.strictSame(
    modes.map((mode) => mode?.replace(/\s+/, ' ')),
    ['ARM Default', 'SourceIP', 'SourceIPProtocol', 'classic none', 'sourceIP', 'sourceIPProtocol'],
  );
  // Numbers differ from run to run, and with them the widths of columns.
  const shape = (text: string): string => text.replaceAll(/\d+/g, 'N').replaceAll(/[ -]{2,}/g, ' ');
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, shown = ''] = /```text\n(Lazurite runs at [\s\S]*?)```/.exec(readme) ?? [];
  t.equal(shape(out.trim()), shape(shown.trim()), 'README shows what it prints');
  t.match(out, /\n24 of 24 connections opened before the first switch are still with their backend\.\n/);
});

test('the demo leaves when it is told to', async (t) => {
  const { firstLine, stop, outcome } = startCommand(['demo']);
  await firstLine;
  stop();
  t.equal((await outcome).exitCode, 130);
});
