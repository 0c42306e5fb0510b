/** `lazurite faults`: bad days to order, for the API, the packets and the probes. */
import { UsageError } from '../usage-error.js';
import { type Asked, ask, readOptions, tell } from './ask.js';
import type { Command } from './command.js';
import { runningHelp } from './running.js';
import { textTable } from './text-table.js';

type Fault = Readonly<Record<string, unknown>> & { readonly id: string; readonly kind: string };

/** Names on the command line, and the members of a fault they become. */
const members: Readonly<Record<string, string>> = {
  method: 'method',
  path: 'path',
  status: 'status',
  code: 'code',
  message: 'message',
  'retry-after': 'retryAfterSeconds',
  delay: 'delayMs',
  next: 'next',
  effect: 'effect',
  frontend: 'frontend',
  rule: 'rule',
  backend: 'backend',
  latency: 'latencyMs',
  bandwidth: 'bytesPerSecond',
  verdict: 'verdict',
  probe: 'probe',
  'flap-every': 'flapEverySeconds',
};

const kinds: Readonly<Record<string, string>> = { api: 'api', traffic: 'dataPlane', probe: 'probe' };

const detailsOf = ({ id: _id, kind: _kind, ...rest }: Fault): string =>
  Object.entries(rest)
    .filter(([, value]) => value !== undefined && value !== null && value !== 0)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');

/** The table of `faults`. */
export function faultsTable({ value }: { readonly value: readonly Fault[] }): string {
  if (value.length === 0) return 'There are no faults: all goes well.';
  const rows = value.map((fault) => [fault.id, fault.kind, detailsOf(fault)]);
  return textTable(['id', 'kind', 'what'], rows);
}

async function add(asked: Asked, kind: string | undefined): Promise<Fault> {
  const known = kinds[kind ?? ''];
  if (known === undefined) throw new UsageError('faults add wants api, traffic or probe');
  const given = Object.entries(members).flatMap(([name, member]) =>
    asked.values[name] === undefined ? [] : [[member, asked.values[name]]],
  );
  return ask<Fault>(asked.running, {
    method: 'POST',
    path: 'faults',
    body: { kind: known, ...Object.fromEntries(given) },
  });
}

export const faults: Command = {
  usage: 'faults [add api|traffic|probe OPTION… | end ID | end all] [--json] [OPTION…]',
  summary: 'Lists, adds and ends the faults of a running emulator.',
  details: () =>
    [
      'faults add api      [--method M] [--path PATTERN] [--status N] [--code C] [--message TEXT] [--retry-after S]',
      '                    [--delay MS] [--effect reset] [--next N]',
      'faults add traffic  --effect drop|reset, or [--latency MS] [--bandwidth BYTES/S];',
      '                    [--frontend IP[:PORT]] [--rule NAME] [--backend IP]',
      'faults add probe    --verdict up|down|flap [--flap-every S] [--probe NAME] [--backend IP]',
      '',
      `${runningHelp}\n  --json        print what the admin API answers`,
    ].join('\n'),
  async run(argv, { env, print }) {
    const flags = Object.fromEntries(Object.keys(members).map((name) => [name, { type: 'string' } as const]));
    const asked = readOptions(argv, { env, flags });
    const [action = 'list', what, ...more] = asked.positionals;
    if (more.length > 0) throw new UsageError(`faults does not understand '${more.join(' ')}'`);
    if (action === 'list') {
      tell(await ask<{ value: Fault[] }>(asked.running, { path: 'faults' }), { print, asked, show: faultsTable });
    } else if (action === 'add') {
      const fault = await add(asked, what);
      tell(fault, { print, asked, show: () => `${fault.id} is in force: ${fault.kind} ${detailsOf(fault)}` });
    } else if (action === 'end' && what !== undefined) {
      await ask(asked.running, {
        method: 'DELETE',
        path: what === 'all' ? 'faults' : `faults/${encodeURIComponent(what)}`,
      });
      print(what === 'all' ? 'all faults have ended' : `${what} has ended`);
    } else throw new UsageError('faults knows add, end ID and end all');
    return 0;
  },
};
