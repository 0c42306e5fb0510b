/**
 * `lazurite requests` and `faults`: the journal of API calls, and faults injected into the API, the data plane and the health
 * probes.
 */
import { faultKinds, membersOf } from '../api/admin/fault-schema.js';
import type { RequestView } from '../api/admin/views.js';
import { UsageError } from '../support/usage-error.js';
import { type Asked, ask, duration, readOptions, runningHelp, tell, textTable } from './ask.js';
import type { Command } from './command.js';
import { list, watchFlag, watchHelp } from './watch.js';

type Fault = Readonly<Record<string, unknown>> & { readonly id: string; readonly kind: string };

const kinds = Object.entries(faultKinds).map(([kind, { command }]) => ({
  kind,
  command,
  members: membersOf(kind as keyof typeof faultKinds),
}));

/** Members by their option: an option means the same member in every kind. */
const memberOfOption = new Map(kinds.flatMap(({ members }) => members.map(([name, { option }]) => [option, name])));

/** `faults add KIND` and its options, in lines that a terminal shows whole. */
function usageOf({ command, members }: (typeof kinds)[number]): string {
  const indent = ' '.repeat(20);
  const lines = [`faults add ${command}`.padEnd(indent.length - 1)];
  for (const [, { option, value }] of members) {
    const word = ` [--${option} ${value}]`;
    if (`${lines.at(-1)}${word}`.length > 118) lines.push(indent.slice(1));
    lines.push(`${lines.pop()}${word}`);
  }
  return lines.join('\n');
}

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

async function add(asked: Asked, command: string | undefined): Promise<Fault> {
  const kind = kinds.find((one) => one.command === command)?.kind;
  if (kind === undefined) throw new UsageError('faults add wants api, traffic, probe or engine');
  const given = [...memberOfOption].flatMap(([option, name]) =>
    asked.values[option] === undefined ? [] : [[name, asked.values[option]]],
  );
  return ask<Fault>(asked.running, { method: 'POST', path: 'faults', body: { kind, ...Object.fromEntries(given) } });
}

export const faults: Command = {
  usage: 'faults [add api|traffic|probe|engine OPTION… | end ID | end all] [--json] [OPTION…]',
  summary: 'Lists, adds and ends the faults of a running emulator.',
  details: () => `${kinds.map(usageOf).join('\n')}\n\n${runningHelp}\n  --json        print what the admin API answers`,
  async run(argv, { env, print }) {
    const flags = Object.fromEntries([...memberOfOption.keys()].map((name) => [name, { type: 'string' } as const]));
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

/** A client's name without the libraries it is made of. */
const clientName = ({ userAgent, address }: RequestView['client']): string => userAgent?.split(' ')[0] ?? address ?? '';

/** The table of `requests`. */
export function requestsTable({ value }: { readonly value: readonly RequestView[] }): string {
  if (value.length === 0) return 'No calls match.';
  const head = ['id', 'time', 'method', 'path', 'api-version', 'status', 'error', 'took', 'client'];
  const rows = value.map((call) => [
    String(call.id),
    call.time.slice(11, 23),
    call.method,
    call.path,
    call.apiVersion ?? '',
    call.status === 0 ? 'reset' : String(call.status),
    call.errorCode ?? '',
    duration(call.durationMs),
    clientName(call.client),
  ]);
  return textTable(head, rows);
}

const filters = ['method', 'path', 'status', 'since', 'top'] as const;

export const requests: Command = {
  usage:
    'requests [--method M] [--path PATTERN] [--status 404|4xx] [--since TIME] [--top N] [--watch] [--json] [OPTION…] | requests clear',
  summary: 'Shows the journal of API calls of a running emulator: what came, what was answered, which client.',
  details: () =>
    [
      'A path pattern is the start of a path, or has * (within a segment) and ** (anything).',
      '--json shows the bodies too; clear empties the journal.',
      '',
      `${runningHelp}\n  --json        print what the admin API answers\n${watchHelp}`,
    ].join('\n'),
  async run(argv, context) {
    const text = { type: 'string' } as const;
    const flags = { ...Object.fromEntries(filters.map((name) => [name, text])), ...watchFlag };
    const asked = readOptions(argv, { env: context.env, flags });
    const [word, ...more] = asked.positionals;
    if (more.length > 0 || (word !== undefined && word !== 'clear'))
      throw new UsageError('requests knows one word: clear');
    if (word === 'clear') {
      await ask(asked.running, { method: 'DELETE', path: 'requests' });
      context.print('the journal is empty');
      return 0;
    }
    const query = new URLSearchParams();
    for (const name of filters) {
      const value = asked.values[name];
      if (value !== undefined) query.set(name, String(value));
    }
    return list<{ value: RequestView[] }>(
      { asked, context },
      { path: `requests?${query}`, types: ['request'], show: requestsTable },
    );
  },
};
