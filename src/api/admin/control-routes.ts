/**
 * `/_lazurite/clock` reads Azure's time and moves it forward; `/_lazurite/snapshot` takes and restores everything that is
 * stored.
 */
import type { FastifyInstance } from 'fastify';
import type { Snapshot } from '../../store/snapshot.js';
import type { Clock } from '../../support/clock.js';
import { adminRoute, badRequest, jsonBody } from './requests.js';
import type { ClockView } from './views.js';

export interface ClockContext {
  readonly clock: Clock;
  /** Moves emulator and engine forward by Azure milliseconds. */
  readonly advance: (azureMs: number) => Promise<void>;
}

const view = ({ clock }: ClockContext): ClockView => ({
  now: clock.timestamp(),
  timeScale: clock.scale,
  advancedSeconds: Math.round(clock.advancedMs / 100) / 10,
});

/** Ten years: more is a mistake, and dates would end. */
const longestSeconds = 10 * 365 * 24 * 3600;

/** Registers the routes of the clock. */
export function addClockRoutes(app: FastifyInstance, context: ClockContext): void {
  app.get('/_lazurite/clock', adminRoute('clock', { summary: 'The time of Azure' }), () => view(context));
  app.post(
    '/_lazurite/clock',
    adminRoute('advanceClock', { summary: 'Move the time of Azure forward', body: { advanceSeconds: 240 } }),
    async (request) => {
      const { advanceSeconds: seconds } = jsonBody(request);
      if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= longestSeconds)) {
        throw badRequest("'advanceSeconds' must be a number of Azure seconds");
      }
      await context.advance(seconds * 1000);
      return view(context);
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
export function addSnapshotRoutes(app: FastifyInstance, keeper: SnapshotKeeper): void {
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
