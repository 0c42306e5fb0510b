/** `lazurite frontends`, `backends`, `flows` and `explain`: what the data plane of a running emulator does, and why. */
import type { BackendView, ExplainView } from '../api/admin/views.js';
import type { FlowInfo } from '../data-plane/model/engine.js';
import { UsageError } from '../support/usage-error.js';
import { ask, duration, readOptions, runningHelp, shortId, tell, textTable } from './ask.js';
import type { Command } from './command.js';
import { list, nodeFlags, nodesHelp, watchFlag, watchHelp } from './watch.js';

const listHelp = `${runningHelp}\n  --json        print what the admin API answers\n${watchHelp}`;

/** An entry of `GET /_lazurite/frontends`, as far as the table shows it. */
interface Frontend {
  readonly azureAddress: string;
  readonly transport: string;
  readonly port: number;
  readonly state: string;
  readonly boundAddress?: string | null;
  readonly boundPort?: number | null;
  readonly reason?: string | null;
  readonly rule?: string | null;
}

const endpoint = (address: string, port: number): string =>
  `${address.includes(':') ? `[${address}]` : address}:${port === 0 ? '*' : port}`;

const row = (frontend: Frontend): string[] => [
  endpoint(frontend.azureAddress, frontend.port),
  frontend.transport,
  frontend.boundAddress ? endpoint(frontend.boundAddress, frontend.boundPort ?? 0) : '–',
  frontend.state,
  shortId(frontend.rule ?? ''),
  frontend.reason ?? '',
];

/** The table of `frontends`. */
export function frontendsTable(list: readonly Frontend[]): string {
  if (list.length === 0)
    return 'There are no frontends: no load balancing rule or inbound NAT rule has an address yet.';
  return textTable(['Azure address', 'protocol', 'reached at', 'state', 'rule', 'reason'], list.map(row));
}

export const frontends: Command = {
  usage: 'frontends [--watch] [--all-nodes] [--json] [OPTION…]',
  summary: 'Lists every frontend of a running emulator: where it is bound, its state, and why it is not Bound.',
  details: () => `${listHelp}\n${nodesHelp}`,
  run: (argv, context) =>
    list<{ value: Frontend[] }>(
      { asked: readOptions(argv, { env: context.env, flags: nodeFlags }), context },
      { path: 'frontends', types: ['resource', 'frontend'], show: ({ value }) => frontendsTable(value) },
    ),
};

/** The table of `backends`. */
export function backendsTable({ value }: { readonly value: readonly BackendView[] }): string {
  if (value.length === 0) return 'There are no backends: no load balancing rule or inbound NAT rule has a member.';
  const rows = value.map((backend) => [
    shortId(backend.rule),
    backend.azureAddress,
    `${backend.address}:${backend.port === 0 ? '*' : backend.port}`,
    backend.adminState,
    backend.state,
    backend.reason,
    backend.since ?? '',
  ]);
  return textTable(['rule', 'Azure address', 'expected at', 'admin state', 'state', 'reason', 'since'], rows);
}

export const backends: Command = {
  usage: 'backends [--watch] [--all-nodes] [--json] [OPTION…]',
  summary: 'Lists the backends of every rule of a running emulator: where they are expected, up or down, and why.',
  details: () => `${listHelp}\n${nodesHelp}`,
  run: (argv, context) =>
    list<{ value: BackendView[] }>(
      { asked: readOptions(argv, { env: context.env, flags: nodeFlags }), context },
      { path: 'backends', types: ['resource', 'member', 'fault'], show: backendsTable },
    ),
};

/** The table of `flows`. */
export function flowsTable({ value }: { readonly value: readonly FlowInfo[] }): string {
  if (value.length === 0) return 'There are no flows.';
  const head = ['protocol', 'source', 'frontend', 'backend', 'rule', 'age', 'idle', 'bytes in', 'bytes out'];
  const rows = value.map((flow) => [
    flow.transport,
    flow.source,
    flow.frontend.split('/').slice(1).join(':'),
    flow.backend,
    shortId(flow.rule),
    duration(flow.ageMs),
    duration(flow.idleMs),
    String(flow.bytesIn),
    String(flow.bytesOut),
  ]);
  return textTable(head, rows);
}

export const flows: Command = {
  usage: 'flows [--watch] [--json] [OPTION…]',
  summary: 'Lists the flows of a running emulator: client, frontend, backend, age, bytes. Times are Azure times.',
  details: () => listHelp,
  run: (argv, context) =>
    list<{ value: FlowInfo[] }>(
      { asked: readOptions(argv, { env: context.env, flags: watchFlag }), context },
      { path: 'flows', types: ['resource', 'counters'], show: flowsTable },
    ),
};

const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address);

/** The answer as a page: what was asked, what went into the choice, who could be chosen, who was. */
export function explanation({ question, ...found }: ExplainView): string {
  const from = `${bracketed(question.sourceAddress)}:${question.sourcePort}`;
  const to = `${bracketed(question.destinationAddress)}:${question.destinationPort}`;
  const facts: [string, string | undefined][] = [
    ['flow', `${question.transport} ${from} → ${to}`],
    ['rule', found.rule && shortId(found.rule)],
    ['distribution', found.distribution && `${found.distribution} (${found.tuple.join(', ')})`],
    ['hash', found.hash === undefined ? undefined : `${found.hash} → slot ${found.slot}`],
    ['backend', found.choice && `${found.choice.key} at ${bracketed(found.choice.address)}:${found.choice.port}`],
    ['no backend', found.reason],
    ['unknown flow', found.unknownFlow],
  ];
  const lines = facts.flatMap(([name, value]) => (value ? [`${name.padEnd(14)}${value}`] : []));
  if (found.candidates.length === 0) return lines.join('\n');
  const rows = found.candidates.map(({ key, eligible, reason }) => [
    key,
    eligible ? 'yes' : 'no',
    reason,
    key === found.choice?.key ? (found.tracked ? 'tracked' : 'chosen') : '',
  ]);
  return [...lines, '', textTable(['member', 'eligible', 'reason', ''], rows)].join('\n');
}

export const explain: Command = {
  usage: 'explain --proto tcp|udp --from IP:PORT --to IP:PORT [--json] [OPTION…]',
  summary: 'Says which backend a connection would get, and why. Addresses may be those of Azure or of this machine.',
  details: () => `${runningHelp}\n  --json        print what the admin API answers`,
  async run(argv, { env, print }) {
    const text = { type: 'string' } as const;
    const asked = readOptions(argv, { env, flags: { proto: text, from: text, to: text } });
    const { proto = 'tcp', from, to } = asked.values;
    if (!from || !to) throw new UsageError('explain wants --from IP:PORT and --to IP:PORT');
    const query = new URLSearchParams({ proto: String(proto), from: String(from), to: String(to) });
    const answer = await ask<ExplainView>(asked.running, { path: `explain?${query}` });
    tell(answer, { print, asked, show: explanation });
    return answer.choice ? 0 : 1;
  },
};
