/** How long `lazurite start` takes until it is ready, against Node doing nothing, and what it occupies and uses while idle. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { cpuSeconds, lazurite, median, residentMiB, start, stop } from './process.js';

const rounds = 7;

function nodeMs(): number {
  const before = performance.now();
  execFileSync(process.execPath, ['-e', '0']);
  return performance.now() - before;
}

const folder = mkdtempSync(join(tmpdir(), 'lazurite-bench-'));
const cases: Record<string, (round: number) => readonly string[]> = {
  'new data folder': (round) => ['--data', join(folder, String(round))],
  'its data folder': () => ['--data', join(folder, 'kept')],
  'in memory, engine none': () => ['--in-memory', '--engine', 'none'],
};
const begin = (args: readonly string[]) => start(lazurite, ['start', '--port', '0', ...args]);

/** Starts once for the kept folder, until what V8 compiled is kept too. */
async function warmUp(): Promise<void> {
  const first = await begin(cases['its data folder']?.(0) ?? []);
  await wait(6000);
  await stop(first);
}

async function measureIdle(seconds: number): Promise<string> {
  const idle = await begin(cases['its data folder']?.(0) ?? []);
  await wait(3000);
  const before = cpuSeconds(idle);
  await wait(seconds * 1000);
  const used = (100 * (cpuSeconds(idle) - before)) / seconds;
  const memory = residentMiB(idle);
  await stop(idle);
  return `idle: ${memory.toFixed(0)} MiB resident, ${used.toFixed(2)} % of a core over ${seconds} s`;
}

try {
  await warmUp();
  const alone: number[] = [];
  const times = new Map<string, number[]>(Object.keys(cases).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    alone.push(nodeMs());
    for (const [name, args] of Object.entries(cases)) {
      const started = await begin(args(round));
      times.get(name)?.push(started.startedMs);
      await stop(started);
    }
  }
  console.log(`Node ${process.version} alone: ${median(alone).toFixed(0)} ms`);
  for (const [name, measured] of times) {
    const ratio = median(measured) / median(alone);
    console.log(`${name.padEnd(24)}ready after ${median(measured).toFixed(0)} ms, ${ratio.toFixed(1)}x of Node alone`);
  }
  console.log(await measureIdle(20));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
