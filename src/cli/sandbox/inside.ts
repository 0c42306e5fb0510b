/** The process inside a sandbox: emulator, environment, command, and nobody left when it ends. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../config/config.js';
import { Emulator } from '../../emulator.js';
import { writeCaFiles } from '../ca-files.js';
import { variables } from '../env.js';

export interface InsideOptions {
  /** Options of `start`. */
  readonly options: readonly string[];
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly forwardSignals: (send: (signal: NodeJS.Signals) => void) => () => void;
  readonly exitCodeOf: (code: number | null, signal: NodeJS.Signals | null) => number;
}

/** A shell's exit codes for a command that cannot be run. */
const notFound = 127;
const notExecutable = 126;

/** Runs the command beside an emulator of its own; the number is its exit code. */
export async function runInside(inside: InsideOptions): Promise<number> {
  const config = parseConfig(['--in-memory', '--engine=nftables', ...inside.options], inside.env);
  const folder = await mkdtemp(join(tmpdir(), 'lazurite-sandbox-'));
  try {
    const emulator = await Emulator.start(config);
    try {
      const url = new URL(emulator.url);
      const files = await writeCaFiles({ url, dataFolder: folder, positionals: [], json: false }, inside.env);
      const env = { ...inside.env, ...variables({ url, files }, inside.env), LAZURITE_URL: url.origin };
      return await runCommand(inside, env);
    } finally {
      killOthers();
      await emulator.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runCommand(inside: InsideOptions, env: NodeJS.ProcessEnv): Promise<number> {
  const [file = '', ...argv] = inside.command;
  const child = spawn(file, argv, { env, stdio: 'inherit' });
  const stopForwarding = inside.forwardSignals((signal) => child.kill(signal));
  const stopWatching = whenCallerEnds(() => child.kill('SIGKILL'));
  try {
    return await new Promise<number>((resolve) => {
      child.on('error', ({ code, message }: NodeJS.ErrnoException) => {
        process.stderr.write(`lazurite: ${message}\n`);
        resolve(code === 'ENOENT' ? notFound : notExecutable);
      });
      child.on('exit', (code, signal) => resolve(inside.exitCodeOf(code, signal)));
    });
  } finally {
    stopForwarding();
    stopWatching();
  }
}

/** The pipe from the process outside ends with it, killed or not. */
function whenCallerEnds(then: () => void): () => void {
  const pipe = new Socket({ fd: 3 });
  pipe.on('error', () => {}).on('end', then);
  pipe.resume();
  return () => pipe.destroy();
}

/** Ends what the command has left running in this network namespace; nothing else but our own nft can be in it. */
function killOthers(): void {
  const ours = readlinkSync('/proc/self/ns/net');
  for (const pid of readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)) {
    try {
      // After the name in brackets: the state, the parent.
      const [, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      if (pid === process.pid || Number(parent) === process.pid) continue;
      if (readlinkSync(`/proc/${pid}/ns/net`) === ours) process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile, or belongs to somebody else.
    }
  }
}
