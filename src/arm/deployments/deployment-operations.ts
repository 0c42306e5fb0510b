/** The operations of a deployment: one per resource, one for its outputs, as `deployment operation list` shows them. */
import { murmurHash64 } from './expressions/unique-strings.js';
import { type Failure, failureJson } from './failure.js';
import { compact, type JsonObject } from './json.js';
import { durationText, sevenDecimals } from './time-text.js';

export type OperationKind = 'Create' | 'Read' | 'Delete' | 'EvaluateDeploymentOutput';

interface Operation {
  readonly kind: OperationKind;
  readonly target: { readonly id: string; readonly type: string; readonly name: string } | undefined;
  readonly started: string;
  ended: string;
  state: 'Running' | 'Succeeded' | 'Failed' | 'Canceled';
  status: number | undefined;
  failure: Failure | undefined;
}

const statusNames: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'NoContent',
  400: 'BadRequest',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  412: 'PreconditionFailed',
  429: 'TooManyRequests',
  500: 'InternalServerError',
};

export class DeploymentOperations {
  readonly #deploymentId: string;
  readonly #trackingId: string;
  readonly #operations: Operation[] = [];

  constructor(deploymentId: string, trackingId: string) {
    this.#deploymentId = deploymentId;
    this.#trackingId = trackingId;
  }

  /** Notes that an operation began; the result tells how it ended. */
  begin(kind: OperationKind, target: Operation['target'], at: string) {
    const operation: Operation = {
      kind,
      target,
      started: at,
      ended: at,
      state: 'Running',
      status: undefined,
      failure: undefined,
    };
    this.#operations.push(operation);
    return (end: { at: string; status: number; failure?: Failure | undefined }): void => {
      operation.ended = end.at;
      operation.status = end.status;
      operation.failure = end.failure;
      operation.state = end.failure ? 'Failed' : 'Succeeded';
    };
  }

  /** All operations, as Azure shows them. */
  list(): JsonObject[] {
    return this.#operations.map((operation) => this.#shown(operation));
  }

  #shown({ kind, target, started, ended, state, status, failure }: Operation): JsonObject {
    const hash = murmurHash64(`${this.#deploymentId}|${kind}|${target?.id ?? ''}`.toLowerCase());
    const operationId = hash.toString(16).toUpperCase().padStart(16, '0');
    return {
      id: `${this.#deploymentId}/operations/${operationId}`,
      operationId,
      properties: compact({
        provisioningOperation: kind,
        provisioningState: state,
        timestamp: sevenDecimals(ended),
        duration: durationText(started, ended),
        trackingId: this.#trackingId,
        statusCode: status === undefined ? undefined : (statusNames[status] ?? String(status)),
        statusMessage: failure && { status: 'Failed', error: failureJson(failure) },
        targetResource: target && { id: target.id, resourceType: target.type, resourceName: target.name },
      }),
    };
  }
}
