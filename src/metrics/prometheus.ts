/** The text format that Prometheus scrapes: https://prometheus.io/docs/instrumenting/exposition_formats/ */

export interface PrometheusSample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export interface PrometheusMetric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: readonly PrometheusSample[];
}

export const prometheusContentType = 'text/plain; version=0.0.4; charset=utf-8';

const escapeLabel = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

function line(name: string, { labels, value }: PrometheusSample): string {
  const list = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(String(text))}"`);
  return `${name}${list.length > 0 ? `{${list.join(',')}}` : ''} ${value}`;
}

/** One page; metrics without samples are left out. */
export function prometheusText(metrics: readonly PrometheusMetric[]): string {
  const pages = metrics
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, type, help, samples }) =>
      [`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`, ...samples.map((one) => line(name, one))].join(
        '\n',
      ),
    );
  return pages.length === 0 ? '' : `${pages.join('\n')}\n`;
}

/** `bytesIn` → `bytes_in`. */
export const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
