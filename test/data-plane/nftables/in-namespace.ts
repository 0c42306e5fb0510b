/** Runs a test file again in a network namespace of its own, where it may load rules and every port is free. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { inNamespace, whyNoNamespace } from '../../../src/cli/sandbox.js';

const variable = 'LAZURITE_TEST_NAMESPACE';

/**
 * True in the namespace. Outside, runs the file there and reports what it reports; where that is impossible the file is
 * skipped with the reason, which is a failure when everything has to be tested.
 */
export function isInNamespace(t: Test, file: string): boolean {
  if (process.env[variable] === '1') return true;
  const reason = whyNoNamespace();
  if (reason === undefined) {
    const [command, argv] = inNamespace([process.execPath, ...process.execArgv, fileURLToPath(file)]);
    t.spawn(command, argv, { env: { ...process.env, [variable]: '1' } }, 'in a network namespace');
  } else if (process.env.LAZURITE_TEST_ALL) t.fail(reason);
  else t.pass('skipped', { skip: reason });
  return false;
}

/** What `nft` prints of this network. */
export const nft = (...command: string[]): string => execFileSync('nft', command, { encoding: 'utf8' });

/**
 * The engine with which a file's tests run: userspace here, and the kernel's when the file runs again in a namespace, as
 * this starts it.
 */
export const engineOfRun = (t: Test, file: string): 'userspace' | 'nftables' =>
  isInNamespace(t, file) ? 'nftables' : 'userspace';
