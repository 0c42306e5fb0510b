/**
 * Long-running operations, as Azure's clients poll them: `Azure-AsyncOperation` and `Location` with absolute URLs made
 * from the request's own scheme and host, `Retry-After`, and the two polling endpoints.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { requestBaseUrl } from '../base-url.js';
import { azureError } from '../errors.js';
import { newEtag } from '../ids.js';
import type { Operation } from '../store/operation-store.js';
import type { ApplyOutcome, ArmContext } from './arm-context.js';
import { isWriteOperation } from './operation-records.js';
import type { ResourceWriter, Write } from './resource-writer.js';

interface PollPlace {
  readonly subscriptionId: string;
  readonly location: string;
  readonly operationId: string;
  readonly apiVersion: string;
}

const pollUrl = (request: FastifyRequest, endpoint: 'operations' | 'operationResults', place: PollPlace): string =>
  `${requestBaseUrl(request)}/subscriptions/${place.subscriptionId}/providers/Microsoft.Network/locations/` +
  `${place.location}/${endpoint}/${place.operationId}?api-version=${place.apiVersion}`;

/** Where an operation is polled. */
export const operationUrl = (request: FastifyRequest, place: PollPlace): string =>
  pollUrl(request, 'operations', place);

/** Headers of an accepted PUT: the operation, and that the first poll need not wait. */
export function putHeaders(request: FastifyRequest, reply: FastifyReply, place: PollPlace): void {
  reply.headers({
    'azure-asyncoperation': pollUrl(request, 'operations', place),
    'azure-asyncnotification': 'Enabled',
    'x-ms-arm-service-request-id': place.operationId,
    'retry-after': '0',
  });
}

/** Headers of an accepted DELETE or action. */
export function acceptedHeaders(request: FastifyRequest, reply: FastifyReply, place: PollPlace): void {
  putHeaders(request, reply, place);
  reply.header('location', pollUrl(request, 'operationResults', place));
}

/** Answers `GET …/locations/{location}/operations/{id}`: `{"status"}`, with the error of a failed one. */
export function answerOperation(operation: Operation | undefined, id: string, reply: FastifyReply): object {
  if (!operation) throw azureError('OperationIdNotFound', { values: { operationId: id } });
  if (operation.status === 'InProgress') reply.header('retry-after', '1');
  const { status, error } = operation;
  return error === undefined ? { status } : { status, error };
}

/** Answers `GET …/operationResults/{id}`: 202 while it runs, then its result, or 204 when it has none. */
export function answerOperationResult(
  operation: Operation | undefined,
  { id, request, reply }: { id: string; request: FastifyRequest; reply: FastifyReply },
): unknown {
  if (!operation) throw azureError('OperationIdNotFound', { values: { operationId: id } });
  const location = `${requestBaseUrl(request)}${request.url}`;
  reply.headers({
    location,
    'azure-asyncoperation': location.replace(/\/operationresults\//i, '/operations/'),
  });
  if (operation.status === 'InProgress') {
    reply.code(202).header('retry-after', '1');
    return reply.send();
  }
  if (operation.status === 'Failed') return reply.send({ error: operation.error });
  if (operation.result === undefined) return reply.code(204).send();
  return reply.send(operation.result);
}

/** An accepted operation, and what the data plane has to follow. */
type Settling = Pick<Write, 'operationId' | 'touched'> & { readonly resource: { readonly key: string } };

/** An operation that runs for a while, and what the data plane has said about it so far. */
interface Pending {
  readonly operationId: string;
  readonly key: string;
  readonly heard: { outcome: ApplyOutcome };
}

/** Brings operations to their end: at once, or when `--operation-delay` has passed. */
export class OperationRunner {
  constructor(
    readonly context: ArmContext,
    readonly writer: ResourceWriter,
  ) {}

  /** Waits until the data plane follows a write; without a delay the operation is finished then. */
  async settle(write: Settling): Promise<ApplyOutcome> {
    if (this.context.operationDelayMs > 0) {
      const heard: { outcome: ApplyOutcome } = { outcome: {} };
      this.#finishLater({ operationId: write.operationId, key: write.resource.key, heard });
      const listen = (outcome: ApplyOutcome): void => {
        heard.outcome = outcome;
      };
      void this.context.changed(write.touched).then(listen, () => {});
      return {};
    }
    const outcome = await this.context.changed(write.touched);
    if (outcome.failure) this.#fail(write.operationId, write.resource.key, outcome.failure);
    return outcome;
  }

  /** Takes up what was running when the process ended. */
  resume(): void {
    for (const operation of this.context.store.operations.running()) {
      const { id: operationId, resourceKey: key, startedMs } = operation;
      this.#finishLater({ operationId, key, heard: { outcome: {} } }, startedMs);
    }
  }

  #finishLater(pending: Pending, startedMs = this.context.clock.now()): void {
    const remainingMs = startedMs + this.context.operationDelayMs - this.context.clock.now();
    this.context.clock.setTimeout(() => this.#finish(pending), remainingMs);
  }

  #finish({ operationId, key, heard }: Pending): void {
    const { operations, resources } = this.context.store;
    const operation = operations.operation(operationId);
    if (operation?.status !== 'InProgress') return;
    if (heard.outcome.failure) {
      this.#fail(operationId, key, heard.outcome.failure);
      return;
    }
    let touched: string[] = [];
    resources.transaction(() => {
      // Actions leave the resource alone: it may be in the middle of another operation.
      const resource = isWriteOperation(operation) ? resources.resource(key) : undefined;
      if (resource?.provisioningState === 'Deleting') touched = this.writer.remove(resource);
      else if (resource?.provisioningState === 'Updating') {
        resources.save({ ...resource, provisioningState: 'Succeeded', etag: newEtag() });
      }
      const { status, result } = { status: 'Succeeded' as const, result: operation.result };
      operations.finish({ id: operationId, status, result });
    });
    if (touched.length > 0) void this.context.changed(touched).catch(() => {});
  }

  #fail(operationId: string, key: string, { code, message }: { code: string; message: string }): void {
    const { operations, resources } = this.context.store;
    resources.transaction(() => {
      const resource = resources.resource(key);
      if (resource) resources.save({ ...resource, provisioningState: 'Failed', etag: newEtag() });
      operations.finish({ id: operationId, status: 'Failed', error: { code, message, details: [] } });
    });
  }
}
