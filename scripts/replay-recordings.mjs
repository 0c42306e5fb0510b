// Replays recorded exchanges with Azure against a fresh emulator and fails below the bar: `replay-recordings.mjs FOLDER`.
import { execFile, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const bars = { interactions: 0.98, fields: 0.995 };
const folder = process.argv[2];
const files = readdirSync(folder).filter((file) => file.endsWith('.jsonl'));

const emulator = spawn(process.execPath, ['dist/main.js', 'start', '--in-memory', '--port', '0', '--engine', 'none'], {
  stdio: ['ignore', 'pipe', 'ignore'],
});
const url = await new Promise((resolve, reject) => {
  emulator.once('exit', (code) => reject(new Error(`the emulator ended with code ${code}`)));
  emulator.stdout.on('data', (data) => {
    const match = /(http:\/\/[^\s;)]+)/.exec(String(data));
    if (match) resolve(match[1]);
  });
});

try {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['replay.mjs', '--base', url, '--quiet', '--cleanup', ...files],
    { cwd: folder, maxBuffer: 64 * 1024 * 1024 },
  );
  const total = stdout.split('\n').find((line) => line.startsWith('TOTAL')) ?? '';
  console.log(total || stdout.slice(-2000));
  const share = (pattern) => {
    const [, equal, all] = pattern.exec(total) ?? [];
    return Number(equal) / Number(all);
  };
  const interactions = share(/(\d+)\/(\d+) interactions match/);
  const fields = share(/(\d+)\/(\d+) fields equal/);
  const shown = (value) => `${(value * 100).toFixed(2)} %`;
  console.log(
    `interactions ${shown(interactions)} (bar ${shown(bars.interactions)}), fields ${shown(fields)} (bar ${shown(bars.fields)})`,
  );
  process.exitCode = interactions >= bars.interactions && fields >= bars.fields ? 0 : 1;
} finally {
  emulator.kill('SIGTERM');
}
