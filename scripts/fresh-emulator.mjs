// A fresh emulator for a script: built code, in memory, on a free port, without a data plane.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Calls `work` with the emulator's plain HTTP URL and ends the emulator afterwards. */
export async function withFreshEmulator(work) {
  const argv = ['dist/main.js', 'start', '--in-memory', '--port', '0', '--engine', 'none'];
  const emulator = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(emulator, 'exit');
  try {
    return await work(await urlOf(emulator));
  } finally {
    emulator.kill('SIGTERM');
    await ended;
  }
}

const urlOf = (emulator) =>
  new Promise((resolve, reject) => {
    emulator.once('exit', (code) => reject(new Error(`the emulator ended with code ${code}`)));
    emulator.stdout.on('data', (data) => {
      const match = /(http:\/\/[^\s;)]+)/.exec(String(data));
      if (match) resolve(match[1]);
    });
  });
