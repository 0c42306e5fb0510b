/** `lazurite run -- COMMAND`: an emulator for as long as one command runs, without privileges. */
import { optionsHelp, parseConfig, unknownVariables } from '../config/config.js';
import { runBesideEmulator, splitAtCommand } from './child.js';
import type { Command } from './command.js';

export const run: Command = {
  usage: 'run [OPTION of start…] -- COMMAND [ARGUMENT…]',
  summary: 'Starts an emulator, runs a command that finds it, and stops it. The exit code is that of the command.',
  details: () =>
    [
      'The emulator is in memory, on a free port, with the userspace engine. The variables of `lazurite env` are set for',
      'the command, with LAZURITE_URL. To have a network of its own as well: lazurite sandbox.',
      '',
      'Options:',
      optionsHelp(),
    ].join('\n'),
  async run(argv, { env, printError }) {
    const { options, command } = splitAtCommand(argv, 'run');
    const config = parseConfig(['--in-memory', '--port=0', ...options], { LAZURITE_LOG_LEVEL: 'warn', ...env });
    for (const sentence of unknownVariables(env)) printError(`lazurite: ${sentence}`);
    return runBesideEmulator({ config, command, env });
  },
};
