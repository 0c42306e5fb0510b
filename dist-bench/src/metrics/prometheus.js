/** The text format that Prometheus scrapes: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export const prometheusContentType = 'text/plain; version=0.0.4; charset=utf-8';
const escapeLabel = (text) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
const escapeHelp = (text) => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
function line(name, { labels, value }) {
    const list = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(String(text))}"`);
    return `${name}${list.length > 0 ? `{${list.join(',')}}` : ''} ${value}`;
}
/** One page; metrics without samples are left out. */
export function prometheusText(metrics) {
    const pages = metrics
        .filter(({ samples }) => samples.length > 0)
        .map(({ name, type, help, samples }) => [`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`, ...samples.map((one) => line(name, one))].join('\n'));
    return pages.length === 0 ? '' : `${pages.join('\n')}\n`;
}
/** `bytesIn` → `bytes_in`. */
export const snakeCase = (name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
//# sourceMappingURL=prometheus.js.map