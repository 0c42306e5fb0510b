/** `/_lazurite/metrics` for Prometheus, and `/_lazurite/events`: health events, or the live stream of all events. */
import type { FastifyInstance } from 'fastify';
import { type CounterName, counterNames } from '../../data-plane/model/counters.js';
import type { Engine } from '../../data-plane/model/engine.js';
import { type ForwardingPlan, keysOfScope, type PlanFrontend, type PlanOutbound } from '../../data-plane/model/plan.js';
import type { Monitor } from '../../metrics/monitor.js';
import { lastSegment } from '../../resources/resource-id.js';
import { backendsOf } from './data-plane-views.js';
import { EventStream, type EventStreamSources } from './event-stream.js';
import type { RequestJournal } from './journal.js';
import { adminRoute, inPieces } from './requests.js';

export interface PrometheusSources {
  readonly engine: Engine;
  readonly plan: () => ForwardingPlan;
  readonly journal: RequestJournal;
}

type Labels = Readonly<Record<string, string | number>>;

const labelsOf = ({ azureAddress, port, transport, rule }: PlanFrontend): Labels => ({
  load_balancer: lastSegment(rule.loadBalancerId),
  rule: lastSegment(rule.id),
  frontend: azureAddress,
  port,
  protocol: transport,
});

const outboundLabels = (of: PlanOutbound): Labels => ({
  load_balancer: lastSegment(of.loadBalancerId),
  rule: lastSegment(of.rule),
  frontend: of.frontendAzureAddress,
  backend: of.azureAddress,
  protocol: of.transport,
});

/** Engine counters, one metric per name; a scope with `|` is a member within a frontend. */
function counterMetrics({ engine, plan }: PrometheusSources): PrometheusMetric[] {
  const frontends = new Map(plan().frontends.map((frontend) => [frontend.key, frontend]));
  const outbound = new Map(plan().outbound.map((one) => [one.key, one]));
  const byName = new Map<string, Record<'frontend' | 'backend' | 'outbound' | 'engine', PrometheusSample[]>>();
  for (const { name, scope, value } of engine.counters()) {
    const { key, member } = keysOfScope(scope);
    const samples = byName.get(name) ?? { frontend: [], backend: [], outbound: [], engine: [] };
    byName.set(name, samples);
    if (scope === '') samples.engine.push({ labels: {}, value });
    const leaving = outbound.get(key);
    if (leaving) samples.outbound.push({ labels: outboundLabels(leaving), value });
    const frontend = frontends.get(key);
    if (!frontend) continue;
    const labels = labelsOf(frontend);
    if (member === undefined) samples.frontend.push({ labels, value });
    else samples.backend.push({ labels: { ...labels, backend: member }, value });
  }
  return counterNames.flatMap((name: CounterName): PrometheusMetric[] => {
    const samples = byName.get(name);
    const counter = (scope: 'frontend' | 'backend' | 'outbound' | 'engine') => ({
      name: `lazurite_${scope}_${snakeCase(name)}_total`,
      type: 'counter' as const,
      help: `The data plane's counter ${name} by ${scope}.`,
      samples: samples?.[scope] ?? [],
    });
    return [counter('frontend'), counter('backend'), counter('outbound'), counter('engine')];
  });
}

function* backendSamples(plan: ForwardingPlan, engine: Engine): Generator<PrometheusSample> {
  for (const { rule, azureAddress, state, reason } of backendsOf(plan, engine)) {
    const labels = {
      load_balancer: rule.split('/').at(-3) ?? '',
      rule: lastSegment(rule),
      backend: azureAddress,
      reason,
    };
    yield { labels, value: state === 'Up' ? 1 : 0 };
  }
}

function stateMetrics({ engine, plan }: PrometheusSources): PrometheusMetric[] {
  const states = new Map(engine.frontends().map(({ key, state }) => [key, state]));
  const frontends = plan().frontends.map((frontend) => ({
    labels: { ...labelsOf(frontend), state: states.get(frontend.key) ?? 'Unbound' },
    value: states.get(frontend.key) === 'Bound' ? 1 : 0,
  }));
  return [
    {
      name: 'lazurite_frontend_bound',
      type: 'gauge',
      help: '1 when the frontend is exactly where Azure would have it.',
      samples: frontends,
    },
    {
      name: 'lazurite_backend_up',
      type: 'gauge',
      help: '1 when new flows may go to the backend.',
      samples: backendSamples(plan(), engine),
    },
  ];
}

const apiMetric = ({ journal }: PrometheusSources): PrometheusMetric => ({
  name: 'lazurite_api_requests_total',
  type: 'counter',
  help: 'Answered requests to the Azure APIs; status 0 is a connection that a fault has cut.',
  samples: [...journal.answered].map(([answer, value]) => {
    const [method = '', status = ''] = answer.split(' ');
    return { labels: { method, status }, value };
  }),
});

/** Everything, collected now. */
export const prometheusMetrics = (sources: PrometheusSources): PrometheusMetric[] => [
  ...counterMetrics(sources),
  ...stateMetrics(sources),
  apiMetric(sources),
];

/** Registers the routes of metrics and health events. */
export function addMetricRoutes(
  app: FastifyInstance,
  context: PrometheusSources & EventStreamSources & { readonly monitor: Monitor },
): void {
  app.get(
    '/_lazurite/metrics',
    adminRoute('metrics', { summary: 'Counters and metrics, as Prometheus reads them' }),
    (_request, reply) => reply.type(prometheusContentType).send(inPieces(prometheusTexts(prometheusMetrics(context)))),
  );
  const stream = new EventStream(context);
  app.addHook('onClose', async () => stream.close());
  app.get(
    '/_lazurite/events',
    adminRoute('events', { summary: 'Health events; with Accept: text/event-stream everything that happens' }),
    (request, reply) => {
      if (!/\btext\/event-stream\b/.test(request.headers.accept ?? '')) return { value: context.monitor.events.list() };
      return stream.serve(request, reply);
    },
  );
}

export interface PrometheusSample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export interface PrometheusMetric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** Made when they are asked for. */
  readonly samples: Iterable<PrometheusSample>;
}

export const prometheusContentType = 'text/plain; version=0.0.4; charset=utf-8';

const escapeLabel = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

function line(name: string, { labels, value }: PrometheusSample): string {
  const list = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(String(text))}"`);
  return `${name}${list.length > 0 ? `{${list.join(',')}}` : ''} ${value}`;
}

/** The lines of one page; metrics without samples are left out. */
function* prometheusTexts(metrics: readonly PrometheusMetric[]): Generator<string> {
  for (const { name, type, help, samples } of metrics) {
    let head = `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
    for (const sample of samples) {
      yield `${head}${line(name, sample)}\n`;
      head = '';
    }
  }
}

/** `bytesIn` → `bytes_in`. */
export const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
