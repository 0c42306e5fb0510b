import { UsageError } from '../support/usage-error.js';
import { ask, duration, readOptions, runningHelp, shortId, tell, textTable } from './ask.js';
import { list, watchFlag, watchHelp } from './watch.js';
const listHelp = `${runningHelp}\n  --json        print what the admin API answers\n${watchHelp}`;
const endpoint = (address, port) => `${address.includes(':') ? `[${address}]` : address}:${port === 0 ? '*' : port}`;
const row = (frontend) => [
    endpoint(frontend.azureAddress, frontend.port),
    frontend.transport,
    frontend.boundAddress ? endpoint(frontend.boundAddress, frontend.boundPort ?? 0) : '–',
    frontend.state,
    shortId(frontend.rule ?? ''),
    frontend.reason ?? '',
];
/** The table of `frontends`. */
export function frontendsTable(list) {
    if (list.length === 0)
        return 'There are no frontends: no load balancing rule or inbound NAT rule has an address yet.';
    return textTable(['Azure address', 'protocol', 'reached at', 'state', 'rule', 'reason'], list.map(row));
}
export const frontends = {
    usage: 'frontends [--watch] [--json] [OPTION…]',
    summary: 'Lists every frontend of a running emulator: where it is bound, its state, and why it is not Bound.',
    details: () => listHelp,
    run: (argv, context) => list({ asked: readOptions(argv, { env: context.env, flags: watchFlag }), context }, { path: 'frontends', types: ['resource', 'frontend'], show: ({ value }) => frontendsTable(value) }),
};
/** The table of `backends`. */
export function backendsTable({ value }) {
    if (value.length === 0)
        return 'There are no backends: no load balancing rule or inbound NAT rule has a member.';
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
export const backends = {
    usage: 'backends [--watch] [--json] [OPTION…]',
    summary: 'Lists the backends of every rule of a running emulator: where they are expected, up or down, and why.',
    details: () => listHelp,
    run: (argv, context) => list({ asked: readOptions(argv, { env: context.env, flags: watchFlag }), context }, { path: 'backends', types: ['resource', 'member', 'fault'], show: backendsTable }),
};
/** The table of `flows`. */
export function flowsTable({ value }) {
    if (value.length === 0)
        return 'There are no flows.';
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
export const flows = {
    usage: 'flows [--watch] [--json] [OPTION…]',
    summary: 'Lists the flows of a running emulator: client, frontend, backend, age, bytes. Times are Azure times.',
    details: () => listHelp,
    run: (argv, context) => list({ asked: readOptions(argv, { env: context.env, flags: watchFlag }), context }, { path: 'flows', types: ['resource', 'counters'], show: flowsTable }),
};
const bracketed = (address) => (address.includes(':') ? `[${address}]` : address);
/** The answer as a page: what was asked, what went into the choice, who could be chosen, who was. */
export function explanation({ question, ...found }) {
    const from = `${bracketed(question.sourceAddress)}:${question.sourcePort}`;
    const to = `${bracketed(question.destinationAddress)}:${question.destinationPort}`;
    const facts = [
        ['flow', `${question.transport} ${from} → ${to}`],
        ['rule', found.rule && shortId(found.rule)],
        ['distribution', found.distribution && `${found.distribution} (${found.tuple.join(', ')})`],
        ['hash', found.hash === undefined ? undefined : `${found.hash} → slot ${found.slot}`],
        ['backend', found.choice && `${found.choice.key} at ${bracketed(found.choice.address)}:${found.choice.port}`],
        ['no backend', found.reason],
    ];
    const lines = facts.flatMap(([name, value]) => (value ? [`${name.padEnd(14)}${value}`] : []));
    if (found.candidates.length === 0)
        return lines.join('\n');
    const rows = found.candidates.map(({ key, eligible, reason }) => [
        key,
        eligible ? 'yes' : 'no',
        reason,
        key === found.choice?.key ? (found.tracked ? 'tracked' : 'chosen') : '',
    ]);
    return [...lines, '', textTable(['member', 'eligible', 'reason', ''], rows)].join('\n');
}
export const explain = {
    usage: 'explain --proto tcp|udp --from IP:PORT --to IP:PORT [--json] [OPTION…]',
    summary: 'Says which backend a connection would get, and why. Addresses may be those of Azure or of this machine.',
    details: () => `${runningHelp}\n  --json        print what the admin API answers`,
    async run(argv, { env, print }) {
        const text = { type: 'string' };
        const asked = readOptions(argv, { env, flags: { proto: text, from: text, to: text } });
        const { proto = 'tcp', from, to } = asked.values;
        if (!from || !to)
            throw new UsageError('explain wants --from IP:PORT and --to IP:PORT');
        const query = new URLSearchParams({ proto: String(proto), from: String(from), to: String(to) });
        const answer = await ask(asked.running, { path: `explain?${query}` });
        tell(answer, { print, asked, show: explanation });
        return answer.choice ? 0 : 1;
    },
};
//# sourceMappingURL=data-plane-commands.js.map