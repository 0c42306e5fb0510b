/**
 * `lazurite sandbox -- COMMAND`: a private Azure for one command, in a network namespace of its own.
 *
 * Two processes of this program: the one that was called makes the namespace and waits; the one inside is the emulator
 * with the kernel engine, runs the command, and clears up.
 */
import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { optionsHelp } from '../config/config.js';
import { exitCodeOf, forwardSignals, splitAtCommand } from './child.js';
import type { Command, CommandContext } from './command.js';
import { inNamespace, requireNamespaces } from './sandbox/namespace.js';

/** Set for the process inside, and for the command: whoever asks knows that it runs in a sandbox. */
const marker = 'LAZURITE_SANDBOX';

async function outside(argv: readonly string[], { env }: CommandContext): Promise<number> {
  const [entry = ''] = process.argv.slice(1);
  const [file, prefix] = inNamespace([process.execPath, ...process.execArgv, entry, 'sandbox', ...argv]);
  // The fourth pipe says nothing: it ends when this process does, however that happens.
  const child = spawn(file, prefix, {
    env: { ...env, [marker]: 'starting' },
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
  });
  (child.stdio[3] as Writable).on('error', () => {});
  const stopForwarding = forwardSignals(env, (signal) => child.kill(signal));
  const exitCode = await new Promise<number>((resolve) => {
    child.on('error', () => resolve(1));
    child.on('exit', (code, signal) => resolve(exitCodeOf(code, signal)));
  });
  stopForwarding();
  // Only a failure is worth the time to ask why.
  if (exitCode !== 0) requireNamespaces();
  return exitCode;
}

export const sandbox: Command = {
  usage: 'sandbox [OPTION of start…] -- COMMAND [ARGUMENT…]',
  summary: 'Runs a command with an Azure and a network of its own: no root, every port free, nothing left behind.',
  details: () =>
    [
      'The emulator listens on its usual port with the nftables engine, in memory; the variables of `lazurite env` are',
      'set, with LAZURITE_URL. Any number of sandboxes run side by side. The exit code is that of the command.',
      '',
      'Options:',
      optionsHelp(),
    ].join('\n'),
  async run(argv, context) {
    const { options, command } = splitAtCommand(argv, 'sandbox');
    if (context.env[marker] !== 'starting') return outside(argv, context);
    const { runInside } = await import('./sandbox/inside.js');
    return runInside({ options, command, env: { ...context.env, [marker]: '1' } });
  },
};
