import { UsageError } from '../support/usage-error.js';
import { ask, duration, readOptions, runningHelp, textTable } from './ask.js';
import { list, watchFlag, watchHelp } from './watch.js';
/** A client's name without the libraries it is made of. */
const clientName = ({ userAgent, address }) => userAgent?.split(' ')[0] ?? address ?? '';
/** The table of `requests`. */
export function requestsTable({ value }) {
    if (value.length === 0)
        return 'No calls match.';
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
const filters = ['method', 'path', 'status', 'since', 'top'];
export const requests = {
    usage: 'requests [--method M] [--path PATTERN] [--status 404|4xx] [--since TIME] [--top N] [--watch] [--json] [OPTION…] | requests clear',
    summary: 'Shows the journal of API calls of a running emulator: what came, what was answered, which client.',
    details: () => [
        'A path pattern is the start of a path, or has * (within a segment) and ** (anything).',
        '--json shows the bodies too; clear empties the journal.',
        '',
        `${runningHelp}\n  --json        print what the admin API answers\n${watchHelp}`,
    ].join('\n'),
    async run(argv, context) {
        const text = { type: 'string' };
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
            if (value !== undefined)
                query.set(name, String(value));
        }
        return list({ asked, context }, { path: `requests?${query}`, types: ['request'], show: requestsTable });
    },
};
//# sourceMappingURL=requests.js.map