/** Starts a server as a process of its own and waits for the line in which it names its address. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The built product, seen from the built bench. */
export const lazurite = fileURLToPath(new URL('../dist/main.js', import.meta.url));

export interface Started {
  readonly process: ChildProcess;
  /** Its plain HTTP address. */
  readonly url: string;
  readonly startedMs: number;
}

/** Resolves with the first line on stdout that names an `http://` address. What follows on stdout is read and dropped. */
export async function startCommand(command: string, args: readonly string[]): Promise<Started> {
  const before = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const [url] = /http:\/\/[^\s;)]+/.exec(line) ?? [];
    if (!url) continue;
    child.stdout.resume();
    return { process: child, url, startedMs: performance.now() - before };
  }
  throw new Error(`${command} ${args.join(' ')} ended without saying where it is`);
}

/** The same for a script that Node runs. */
export const start = (script: string, args: readonly string[]): Promise<Started> =>
  startCommand(process.execPath, [script, ...args]);

export async function stop({ process: child }: Started): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
};

/** Resident memory in MiB; Linux only. */
export function residentMiB({ process: { pid } }: Started): number {
  try {
    const [, kilobytes = 0] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) / 1024;
  } catch {
    return Number.NaN;
  }
}

/** CPU seconds that a process and its threads have used; Linux only. */
export function cpuSeconds({ process: child }: Started): number {
  try {
    // Fields 14 and 15, in hundredths of a second; the name in field 2 may hold anything, so it is cut off first.
    const [, rest = ''] = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ');
    const fields = rest.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return Number.NaN;
  }
}

/** What `data-plane-load.c` prints. */
export interface LoadResult {
  readonly seconds: number;
  readonly bytes: number;
  readonly done: number;
  readonly failed: number;
  readonly p50us: number;
  readonly p99us: number;
  /** CPU seconds: of the generator and its backend, or of the proxy where a bench puts those in their place. */
  readonly cpu: number;
}
