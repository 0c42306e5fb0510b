/** `lazurite faults`: faults injected into the API, the data plane and the health probes. */
import { faultKinds, membersOf } from '../api/admin/fault-schema.js';
import { UsageError } from '../support/usage-error.js';
import { ask, readOptions, runningHelp, tell, textTable } from './ask.js';
const kinds = Object.entries(faultKinds).map(([kind, { command }]) => ({
    kind,
    command,
    members: membersOf(kind),
}));
/** Members by their option: an option means the same member in every kind. */
const memberOfOption = new Map(kinds.flatMap(({ members }) => members.map(([name, { option }]) => [option, name])));
/** `faults add KIND` and its options, in lines that a terminal shows whole. */
function usageOf({ command, members }) {
    const indent = ' '.repeat(20);
    const lines = [`faults add ${command}`.padEnd(indent.length - 1)];
    for (const [, { option, value }] of members) {
        const word = ` [--${option} ${value}]`;
        if (`${lines.at(-1)}${word}`.length > 118)
            lines.push(indent.slice(1));
        lines.push(`${lines.pop()}${word}`);
    }
    return lines.join('\n');
}
const detailsOf = ({ id: _id, kind: _kind, ...rest }) => Object.entries(rest)
    .filter(([, value]) => value !== undefined && value !== null && value !== 0)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
/** The table of `faults`. */
export function faultsTable({ value }) {
    if (value.length === 0)
        return 'There are no faults: all goes well.';
    const rows = value.map((fault) => [fault.id, fault.kind, detailsOf(fault)]);
    return textTable(['id', 'kind', 'what'], rows);
}
async function add(asked, command) {
    const kind = kinds.find((one) => one.command === command)?.kind;
    if (kind === undefined)
        throw new UsageError('faults add wants api, traffic, probe or engine');
    const given = [...memberOfOption].flatMap(([option, name]) => asked.values[option] === undefined ? [] : [[name, asked.values[option]]]);
    return ask(asked.running, { method: 'POST', path: 'faults', body: { kind, ...Object.fromEntries(given) } });
}
export const faults = {
    usage: 'faults [add api|traffic|probe|engine OPTION… | end ID | end all] [--json] [OPTION…]',
    summary: 'Lists, adds and ends the faults of a running emulator.',
    details: () => `${kinds.map(usageOf).join('\n')}\n\n${runningHelp}\n  --json        print what the admin API answers`,
    async run(argv, { env, print }) {
        const flags = Object.fromEntries([...memberOfOption.keys()].map((name) => [name, { type: 'string' }]));
        const asked = readOptions(argv, { env, flags });
        const [action = 'list', what, ...more] = asked.positionals;
        if (more.length > 0)
            throw new UsageError(`faults does not understand '${more.join(' ')}'`);
        if (action === 'list') {
            tell(await ask(asked.running, { path: 'faults' }), { print, asked, show: faultsTable });
        }
        else if (action === 'add') {
            const fault = await add(asked, what);
            tell(fault, { print, asked, show: () => `${fault.id} is in force: ${fault.kind} ${detailsOf(fault)}` });
        }
        else if (action === 'end' && what !== undefined) {
            await ask(asked.running, {
                method: 'DELETE',
                path: what === 'all' ? 'faults' : `faults/${encodeURIComponent(what)}`,
            });
            print(what === 'all' ? 'all faults have ended' : `${what} has ended`);
        }
        else
            throw new UsageError('faults knows add, end ID and end all');
        return 0;
    },
};
//# sourceMappingURL=faults.js.map