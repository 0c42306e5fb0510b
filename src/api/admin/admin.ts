/** The admin API under `/_lazurite/`: what Azure does not show, and what only an emulator can do. */
import type { FastifyInstance, onRequestAsyncHookHandler } from 'fastify';
import { azureError } from '../../errors/index.js';
import { LateRoutes } from '../../http/late-routes.js';
import type { Monitor } from '../../metrics/monitor.js';
import type { Snapshot } from '../../store/snapshot.js';
import type { Clock } from '../../support/clock.js';
import { backendsOf, frontendsOf, outboundOf } from './data-plane-views.js';
import type { EventStreamSources } from './event-stream.js';
import { addExplainRoute, addSimulateRoute, type ExplainContext } from './explain-routes.js';
import { addFaultRoutes, type Faults } from './faults.js';
import { addJournalRoutes, type RequestJournal } from './journal.js';
import { addMetricRoutes } from './metric-routes.js';
import { adminRoute, badRequest, inPieces, jsonBody, listTexts } from './requests.js';
import { addStandInRoutes } from './stand-ins.js';
import type { ClockView, NodeView, StoreUpgradeView } from './views.js';

interface ClockContext {
  readonly clock: Clock;
  /** Moves emulator and engine forward by Azure milliseconds. */
  readonly advance: (azureMs: number) => Promise<void>;
}

const clockView = ({ clock }: ClockContext): ClockView => ({
  now: clock.timestamp(),
  timeScale: clock.scale,
  advancedSeconds: Math.round(clock.advancedMs / 100) / 10,
});

/** Ten years: more is a mistake, and dates would end. */
const longestSeconds = 10 * 365 * 24 * 3600;

/** Registers the routes of the clock. */
function addClockRoutes(app: FastifyInstance, context: ClockContext): void {
  app.get('/_lazurite/clock', adminRoute('clock', { summary: 'The time of Azure' }), () => clockView(context));
  app.post(
    '/_lazurite/clock',
    adminRoute('advanceClock', { summary: 'Move the time of Azure forward', body: { advanceSeconds: 240 } }),
    async (request) => {
      const { advanceSeconds: seconds } = jsonBody(request);
      if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= longestSeconds)) {
        throw badRequest("'advanceSeconds' must be a number of Azure seconds");
      }
      await context.advance(seconds * 1000);
      return clockView(context);
    },
  );
}

export interface SnapshotKeeper {
  readonly take: () => Snapshot;
  /** Replaces everything; resolves when the data plane follows. Throws, with nothing changed, what it cannot take. */
  readonly restore: (document: unknown) => Promise<void>;
}

/** A snapshot may be far larger than a resource. */
const bodyLimitBytes = 256 * 1024 * 1024;

/** Registers the routes of snapshots. */
function addSnapshotRoutes(app: FastifyInstance, keeper: SnapshotKeeper): void {
  app.get('/_lazurite/snapshot', adminRoute('takeSnapshot', { summary: 'Everything that is stored' }), () =>
    keeper.take(),
  );
  app.put(
    '/_lazurite/snapshot',
    {
      ...adminRoute('restoreSnapshot', { summary: 'Replace everything that is stored', body: {} }),
      bodyLimit: bodyLimitBytes,
    },
    async (request, reply) => {
      await keeper.restore(jsonBody(request));
      return reply.code(204).send();
    },
  );
}

export interface AdminContext extends ClockContext, ExplainContext, EventStreamSources {
  readonly caPem: string;
  /** Lets in who may see and control everything; absent where anyone may. */
  readonly authorize?: onRequestAsyncHookHandler | undefined;
  readonly journal: RequestJournal;
  readonly faults: Faults;
  readonly monitor: Monitor;
  readonly snapshots: SnapshotKeeper;
  /** Forgets every resource and ends every flow. */
  readonly reset: () => Promise<void>;
  /** The shared store with its nodes; absent where the store is not shared. */
  readonly nodes?: SharedStore | undefined;
  /** Ends the process; absent where that is the caller's own, and the route with it. */
  readonly stop?: (() => void) | undefined;
}

/** What the admin API shows of the store that several nodes share, and does with it. */
export interface SharedStore {
  /** Every node that lives. */
  readonly living: () => Promise<readonly NodeView[]>;
  /** From now on the store is written in the newest schema that this version knows. Refused while an older node lives. */
  readonly upgrade: () => Promise<StoreUpgradeView>;
}

/** Registers the admin routes on `app`: open to everyone is only what a client needs before it can have a token. */
export async function addAdminRoutes(app: FastifyInstance, context: AdminContext): Promise<void> {
  const { engine, authorize } = context;
  const auth = authorize ? 'token' : 'off';
  app.get(
    '/_lazurite/ready',
    adminRoute('ready', { summary: 'Whether it is ready, and its engine' }),
    (_request, reply) => {
      if (!engine.running) reply.code(503).header('retry-after', '1');
      return { status: engine.running ? 'ready' : 'restarting', engine: engine.name, auth };
    },
  );
  app.get('/_lazurite/ca.pem', adminRoute('ca', { summary: 'The CA that signed the certificate' }), (_request, reply) =>
    reply.type('application/x-pem-file').send(context.caPem),
  );
  await app.register(async (guarded) => {
    new LateRoutes({ below: ['/_lazurite'], register: (app) => addGuardedRoutes(app, context) }).addTo(guarded);
    if (authorize) guarded.addHook('onRequest', authorize);
    // A larger limit of bodies, and what ends with the server.
    addSnapshotRoutes(guarded, context.snapshots);
    addStandInRoutes(guarded, context);
    addMetricRoutes(guarded, context);
  });
}

function addGuardedRoutes(app: FastifyInstance, context: AdminContext): void {
  const { engine, plan } = context;
  app.get(
    '/_lazurite/frontends',
    adminRoute('frontends', { summary: 'Every frontend: where it is, its state and why' }),
    () => ({ value: frontendsOf(plan(), engine) }),
  );
  app.get(
    '/_lazurite/backends',
    adminRoute('backends', { summary: 'Every member of every rule, up or down, and why' }),
    (_request, reply) =>
      reply.type('application/json; charset=utf-8').send(inPieces(listTexts(backendsOf(plan(), engine)))),
  );
  app.get(
    '/_lazurite/outbound',
    adminRoute('outbound', { summary: 'What outbound rules lend to each backend' }),
    () => ({ value: outboundOf(plan(), engine) }),
  );
  app.get('/_lazurite/flows', adminRoute('flows', { summary: 'Who is connected to which backend' }), async () => ({
    value: await engine.flows(),
  }));
  app.get('/_lazurite/counters', adminRoute('counters', { summary: 'The counters of the data plane' }), () => ({
    value: engine.counters(),
  }));
  addExplainRoute(app, context);
  addSimulateRoute(app, context);
  addClockRoutes(app, context);
  addJournalRoutes(app, context.journal);
  addFaultRoutes(app, context.faults);
  app.post(
    '/_lazurite/reset',
    adminRoute('reset', { summary: 'Forget every resource and end every flow' }),
    async (_request, reply) => {
      await context.reset();
      return reply.code(204).send();
    },
  );
  const { nodes, stop } = context;
  app.get('/_lazurite/nodes', adminRoute('nodes', { summary: 'The nodes that share the store' }), async () => ({
    value: (await nodes?.living()) ?? [],
  }));
  app.post(
    '/_lazurite/store/upgrade',
    adminRoute('upgradeStore', { summary: 'Write the shared store in the newest schema' }),
    async () => {
      if (!nodes) throw azureError('StoreNotUpgraded', { values: { reason: 'it is not shared, see --store' } });
      return nodes.upgrade();
    },
  );
  if (stop === undefined) return;
  app.post('/_lazurite/stop', adminRoute('stop', { summary: 'End the process' }), (_request, reply) => {
    reply.raw.once('close', stop);
    return reply.code(202).send();
  });
}
