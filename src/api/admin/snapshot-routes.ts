/** `/_lazurite/snapshot`: everything that is stored, to be kept in a file and put back. */
import type { FastifyInstance } from 'fastify';
import type { Snapshot } from '../../store/snapshot.js';
import { adminRoute, jsonBody } from './requests.js';

export interface SnapshotKeeper {
  readonly take: () => Snapshot;
  /** Replaces everything; resolves when the data plane follows. Throws, with nothing changed, what it cannot take. */
  readonly restore: (document: unknown) => Promise<void>;
}

/** A snapshot may be far larger than a resource. */
const bodyLimitBytes = 256 * 1024 * 1024;

/** Registers the routes of snapshots. */
export function addSnapshotRoutes(app: FastifyInstance, keeper: SnapshotKeeper): void {
  app.get('/_lazurite/snapshot', adminRoute('takeSnapshot'), () => keeper.take());
  app.put(
    '/_lazurite/snapshot',
    { ...adminRoute('restoreSnapshot'), bodyLimit: bodyLimitBytes },
    async (request, reply) => {
      await keeper.restore(jsonBody(request));
      return reply.code(204).send();
    },
  );
}
