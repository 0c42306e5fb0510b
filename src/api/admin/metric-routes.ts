/** `/_lazurite/metrics` for Prometheus, and `/_lazurite/events`: the load balancers' health events. */
import type { FastifyInstance } from 'fastify';
import type { Monitor } from '../../metrics/monitor.js';
import { prometheusContentType, prometheusText } from '../../metrics/prometheus.js';
import { type PrometheusSources, prometheusMetrics } from './prometheus-metrics.js';
import { adminRoute } from './requests.js';

/** Registers the routes of metrics and health events. */
export function addMetricRoutes(
  app: FastifyInstance,
  context: PrometheusSources & { readonly monitor: Monitor },
): void {
  app.get('/_lazurite/metrics', adminRoute('metrics'), (_request, reply) =>
    reply.type(prometheusContentType).send(prometheusText(prometheusMetrics(context))),
  );
  app.get('/_lazurite/events', adminRoute('events'), () => ({ value: context.monitor.events.list() }));
}
