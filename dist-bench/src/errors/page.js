/** Writes the table of errors as the Markdown page `docs/errors.md`. */
import { errors } from './index.js';
const answeredBy = {
    gateway: 'Azure Resource Manager’s front door (no `details`)',
    network: 'the network resource provider (`details` always)',
    classic: 'the classic Service Management API',
    lazurite: 'Lazurite itself',
};
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ');
/** Every error, by who answers it; `differs` says where the wording may not be Azure's own. */
export function errorsPage() {
    const all = Object.entries(errors);
    const sections = Object.entries(answeredBy).map(([origin, who]) => {
        const rows = all
            .filter(([, definition]) => definition.origin === origin)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, { code = key, status, message, differs }]) => {
            const shown = code === key ? '' : `\`${code}\``;
            return `| \`${key}\` | ${shown} | ${status} | ${cell(message)} | ${cell(differs ?? '')} |`;
        });
        const head = ['| error | code, if another | status | message | differs |', '| --- | --- | --- | --- | --- |'];
        return [`## Answered by ${who}`, '', ...head, ...rows, ''].join('\n');
    });
    return [
        '# Errors',
        '',
        'Every error that Lazurite answers with, printed from `src/errors/index.ts`. Words in braces are filled in. An empty last',
        'column means that status, code and text are Azure’s as observed; otherwise it says what may not be.',
        '',
        ...sections,
    ].join('\n');
}
//# sourceMappingURL=page.js.map