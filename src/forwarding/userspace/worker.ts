/** Entry of the engine's own thread: a blocked API loop must not stall traffic, nor traffic the API. */
import { parentPort, workerData } from 'node:worker_threads';
import { DataPlane } from './data-plane.js';
import type { Answer, Ask, Report, Request, WorkerSetup } from './messages.js';

const port = parentPort;
if (!port) throw new Error('userspace/worker.ts runs only as a worker thread');

const report = (message: Report): void => port.postMessage(message);

const dataPlane = new DataPlane(workerData as WorkerSetup, {
  opened: (location) => report({ type: 'scope', location }),
  released: (scope) => report({ type: 'scopeGone', scope }),
  health: (health) => report({ type: 'health', health }),
  frontend: (state) => report({ type: 'frontend', state }),
});

async function carryOut(request: Request): Promise<Answer> {
  switch (request.type) {
    case 'apply':
      return dataPlane.apply(request.changes);
    case 'advance':
      await dataPlane.advance(request.azureMs);
      return undefined;
    case 'setFaults':
      await dataPlane.setFaults(request.faults);
      return undefined;
    case 'flows':
      return dataPlane.flows();
    case 'close':
      await dataPlane.close(request.graceMs);
      return undefined;
  }
}

port.on('message', ({ id, request }: Ask) => {
  carryOut(request)
    .then(
      (answer) => report({ type: 'answer', id, answer }),
      (error: Error) => report({ type: 'refusal', id, error }),
    )
    .finally(() => {
      // Ends this thread only.
      if (request.type === 'close') process.exit(0);
    });
});
