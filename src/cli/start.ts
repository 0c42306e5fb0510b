/** `lazurite start`: the emulator, from the line that says it is ready to the signal that ends it. */
import { type Config, optionsHelp, parseConfig } from '../config/config.js';
import { aborted, type Command } from './command.js';

function readyLine({ url, httpUrl, config }: { url: string; httpUrl: string; config: Config }): string {
  const data = config.inMemory ? 'in memory' : `data in ${config.data}`;
  return `lazurite ready ${url} (and ${httpUrl}; engine ${config.engine}; ${data})`;
}

export const start: Command = {
  usage: '[start] [OPTION…]',
  summary: 'Runs the emulator until SIGINT or SIGTERM.',
  details: () => `Options:\n${optionsHelp()}`,
  async run(argv, { env, print, signal }) {
    const config = parseConfig(argv, env);
    const { Emulator } = await import('../emulator.js');
    const emulator = await Emulator.start(config);
    print(readyLine({ url: emulator.url, httpUrl: emulator.httpUrl, config }));
    await aborted(signal);
    await emulator.close();
    return 0;
  },
};
