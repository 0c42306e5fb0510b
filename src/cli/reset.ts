/** `lazurite reset`: an emulator as new, without a restart. */
import { UsageError } from '../support/usage-error.js';
import type { Command } from './command.js';
import { connect, readRunningOptions, runningHelp } from './running.js';

export const reset: Command = {
  usage: 'reset [OPTION…]',
  summary: 'Deletes every resource of a running emulator and ends its flows. Certificates and tokens stay.',
  details: () => runningHelp,
  async run(argv, { env, print }) {
    const client = connect(readRunningOptions(argv, env));
    const { status, body } = await client.send('POST', '/_lazurite/reset');
    client.close();
    if (status >= 400) throw new UsageError(`${client.url} refused to reset: ${JSON.stringify(body)}`);
    print(`${client.url} is as new`);
    return 0;
  },
};
