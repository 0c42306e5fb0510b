/** The commands by name. Each is loaded when it is called, so that a small one does not pay for a large one. */
import { didYouMean, UsageError } from '../support/usage-error.js';
import type { Command, CommandContext } from './command.js';

interface Entry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** In the order in which help lists them; `start` is also what happens without a name. */
export const commands: Readonly<Record<string, Entry>> = {
  start: {
    summary: 'run the emulator until it is stopped (the default command)',
    load: async () => (await import('./start.js')).start,
  },
  run: {
    summary: 'run a command beside an emulator of its own, in memory on a free port; its exit code is the result',
    load: async () => (await import('./child.js')).run,
  },
  wait: {
    summary: 'wait until the emulator is ready',
    load: async () => (await import('./control-commands.js')).wait,
  },
  stop: {
    summary: 'end a running emulator',
    load: async () => (await import('./control-commands.js')).stop,
  },
  demo: {
    summary: 'a load balancer under real traffic in every distribution mode, measured, in a few seconds',
    load: async () => (await import('./demo.js')).demo,
  },
  env: {
    summary: 'print the variables and the az command that point tools here',
    load: async () => (await import('./env.js')).env,
  },
  frontends: {
    summary: 'list every frontend: where it is bound, or why it is not',
    load: async () => (await import('./data-plane-commands.js')).frontends,
  },
  explain: {
    summary: 'say which backend a connection gets, and why',
    load: async () => (await import('./data-plane-commands.js')).explain,
  },
  backends: {
    summary: 'list every backend: up or down, and why',
    load: async () => (await import('./data-plane-commands.js')).backends,
  },
  flows: {
    summary: 'list who is connected to which backend',
    load: async () => (await import('./data-plane-commands.js')).flows,
  },
  top: {
    summary: 'show health, flows per second and distribution of every member, live',
    load: async () => (await import('./top.js')).top,
  },
  clock: {
    summary: "print Azure's time, or move it forward",
    load: async () => (await import('./control-commands.js')).clock,
  },
  requests: {
    summary: 'show the journal of API calls',
    load: async () => (await import('./call-commands.js')).requests,
  },
  faults: {
    summary: 'inject faults: refused calls, lost packets, false probe results',
    load: async () => (await import('./call-commands.js')).faults,
  },
  snapshot: {
    summary: 'save all resources to a file, or load them from one',
    load: async () => (await import('./control-commands.js')).snapshot,
  },
  reset: {
    summary: 'delete every resource of a running emulator',
    load: async () => (await import('./control-commands.js')).reset,
  },
  store: {
    summary: 'let the nodes of a shared store write it in the newest schema',
    load: async () => (await import('./control-commands.js')).store,
  },
  sandbox: {
    summary: 'run a command with an Azure and a network of its own; no root, every port free, nothing left behind',
    load: async () => (await import('./sandbox.js')).sandbox,
  },
  backend: {
    summary: 'run tiny servers that stand in for virtual machines: HTTP, TCP and UDP on one port',
    load: async () => (await import('./backend.js')).backend,
  },
};

/** What `lazurite --help` prints above the options of `start`. */
export function overview(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length)) + 2;
  const list = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}${summary}`);
  return [
    "Azure's Load Balancer on your own machine: its REST API in front, real packets behind.",
    '',
    'Usage: lazurite [COMMAND] [OPTION…]',
    '',
    'Commands (lazurite COMMAND --help says more):',
    ...list,
    '',
    'Options of start:',
  ].join('\n');
}

const asksForHelp = (argv: readonly string[]): boolean => {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).some((argument) => argument === '--help' || argument === '-h');
};

async function printHelp(name: string, { print }: CommandContext): Promise<void> {
  const command = await (commands[name] as Entry).load();
  const details = command.details?.();
  print([`Usage: lazurite ${command.usage}`, '', command.summary, ...(details ? ['', details] : [])].join('\n'));
}

/** Runs the command that `argv` (without node and script) names; the number is the exit code. */
export async function runCommand(argv: readonly string[], context: CommandContext): Promise<number> {
  const [first = 'start', ...others] = argv;
  if (first === 'help') return runCommand([...others.slice(0, 1), '--help'], context);
  const named = !first.startsWith('-');
  const [name, rest] = named ? [first, others] : ['start', argv];
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!entry)
    throw new UsageError(
      `there is no command '${name}'${didYouMean(name, Object.keys(commands))} (lazurite --help lists them)`,
    );
  if (!asksForHelp(rest)) return (await entry.load()).run(rest, context);
  if (named) await printHelp(name, context);
  else {
    const { optionsHelp } = await import('../config/config.js');
    context.print(`${overview()}\n${optionsHelp()}`);
  }
  return 0;
}
