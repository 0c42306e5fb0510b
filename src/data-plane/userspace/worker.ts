/** Entry of the engine's own thread: a blocked API loop must not stall traffic, nor traffic the API. */
import { parentPort } from 'node:worker_threads';
import type { ThreadFailure } from '../model/faults.js';
import { Forwarder } from './forwarder.js';
import type { Ask, Report, Request, WorkerAnswer, WorkerSetup } from './messages.js';

const port = parentPort;
if (!port) throw new Error('userspace/worker.ts runs only as a worker thread');

const report = (message: Report): void => port.postMessage(message);

const forwarding = (setup: WorkerSetup): Forwarder =>
  new Forwarder(setup, {
    opened: (location) => report({ type: 'scope', location }),
    released: ({ scope, number }) => report({ type: 'scopeGone', scope, number }),
    health: (changes) => report({ type: 'health', changes }),
    frontend: (state) => report({ type: 'frontend', state }),
  });

/** An injected fault: throws where nothing catches it, or waits for what never comes. */
function fail(how: ThreadFailure): undefined {
  if (how === 'hang') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  setImmediate(() => {
    throw new Error('An injected fault ended the thread of the data plane.');
  });
}

async function carryOut(forwarder: Forwarder, request: Request): Promise<WorkerAnswer> {
  switch (request.type) {
    case 'apply':
      return forwarder.apply(request.changes);
    case 'advance':
      await forwarder.advance(request.azureMs);
      return undefined;
    case 'setFaults':
      await forwarder.setFaults(request.faults);
      return undefined;
    case 'flows':
      return forwarder.flows();
    case 'noted':
      return forwarder.noted(request.frontend, request.client);
    case 'ping':
      return undefined;
    case 'fail':
      return fail(request.how);
    case 'close':
      await forwarder.close(request.graceMs);
      return undefined;
  }
}

let forwarder: Forwarder | undefined;

port.on('message', (message: WorkerSetup | Ask) => {
  // The first message says how to begin.
  if (!forwarder) {
    forwarder = forwarding(message as WorkerSetup);
    return;
  }
  const { id, request } = message as Ask;
  carryOut(forwarder, request)
    .then(
      (answer) => report({ type: 'answer', id, answer }),
      (error: Error) => report({ type: 'error', id, error }),
    )
    .finally(() => {
      // Ends this thread only.
      if (request.type === 'close') process.exit(0);
    });
});
