/** Flows over three kernel nodes of which one ends, in a network of their own: see `flows-site.ts`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { inNamespace, whyNoNamespace } from '../../src/cli/sandbox.js';
import { Postgres, withoutPostgres } from '../postgres.js';
import { inTime } from '../turns.js';

interface FlowsOptions {
  /** How many flows are open while a node ends. */
  readonly flows: number;
  /** How many new flows are begun on each node. */
  readonly tuples: number;
  /** What `lazurite` is, as arguments of Node. */
  readonly command: readonly string[];
  readonly say: (sentence: string) => void;
}

/** Why it cannot be tried here; `false` when it can. */
export const withoutFlows = (): string | false => withoutPostgres || (whyNoNamespace() ?? false);

const fault = 'NOT SO: ';
/** Of all that is tried in it, on a busy machine. */
const longestMs = 600_000;

/** Answers what is not as it should be. */
export async function keepFlows({ flows, tuples, command, say }: FlowsOptions): Promise<string[]> {
  const postgres = new Postgres();
  const faults: string[] = [];
  try {
    await postgres.start();
    // The network is one of another user.
    chmodSync(postgres.folder, 0o755);
    const file = fileURLToPath(new URL('flows-site.js', import.meta.url));
    const site = [process.execPath, ...process.execArgv, file, postgres.url, String(flows), String(tuples)];
    const [program, argv] = inNamespace([...site, ...command]);
    const child = spawn(program, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith(fault)) faults.push(line.slice(fault.length));
      else say(line);
    });
    try {
      const [code] = await inTime('the end of the network of flows', once(child, 'close'), longestMs);
      if (code !== 0) faults.push(`the network of flows ended with exit code ${code}`);
    } finally {
      child.kill('SIGKILL');
    }
  } finally {
    await postgres.remove();
  }
  return faults;
}
