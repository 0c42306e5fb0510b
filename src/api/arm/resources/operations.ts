/**
 * Long-running operations on resources: what Azure calls them, where they are polled, what a new one ends, what has to
 * wait for one that is still running, and how they come to their end. Only `--operation-delay` lets them run for a while.
 */
import { AzureError, azureError } from '../../../errors/index.js';
import { lastSegment } from '../../../resources/resource-id.js';
import type { ApplyOutcome, Resource } from '../../../resources/resource-type.js';
import { normalizeLocation } from '../../../resources/validation.js';
import type { Operation } from '../../../store/operation-store.js';
import type { EventShapes } from '../../../support/events.js';
import { newEtag, newGuid } from '../../../support/ids.js';
import type { ArmContext } from './arm-context.js';

/** Where an operation is polled. */
export interface PollPlace {
  readonly subscriptionId: string;
  readonly location: string;
  readonly operationId: string;
  readonly apiVersion: string;
}

/** Where an operation on a resource is polled. */
export const pollPlaceOf = (
  resource: Resource,
  { operationId, apiVersion }: { operationId: string; apiVersion: string },
): PollPlace => ({
  subscriptionId: resource.subscriptionId,
  location: normalizeLocation(resource.document.location ?? 'global'),
  operationId,
  apiVersion,
});

/** The absolute URL of an operation, or of its result, for a client that reached us at `baseUrl`. */
export const pollUrl = (
  baseUrl: string,
  endpoint: 'operations' | 'operationResults',
  { subscriptionId, location, operationId, apiVersion }: PollPlace,
): string =>
  `${baseUrl}/subscriptions/${subscriptionId}/providers/Microsoft.Network/locations/${location}/${endpoint}/` +
  `${operationId}?api-version=${apiVersion}`;

/** As Azure's texts call writes to a type: `PutLoadBalancerOperation`, `DeletePublicIpAddressOperation`. */
export function operationName(method: 'Put' | 'Delete', type: string): string {
  const last = lastSegment(type);
  const all = `${last.charAt(0).toUpperCase()}${last.slice(1)}`.replace('IP', 'Ip');
  const endLength = all.endsWith('sses') ? 2 : all.endsWith('s') && !all.endsWith('ss') ? 1 : 0;
  return `${method}${all.slice(0, all.length - endLength)}Operation`;
}

interface Intent {
  readonly existing: Resource | undefined;
  /** The write is one to a child, on its own path. */
  readonly child: boolean;
  readonly childId: string;
  /** Where the client reached us, and the api-version of its request. */
  readonly baseUrl: string;
  readonly apiVersion: string;
}

/** The operation creates, changes or deletes its resource. */
const isWriteOperation = ({ name }: Operation): boolean => /^(Put|Delete)/.test(name);

export class OperationRecords {
  constructor(readonly context: ArmContext) {}

  /** Remembers an operation on `resource`: finished already, or running while `--operation-delay` lasts. */
  record(resource: Pick<Resource, 'key' | 'subscriptionId'>, name: string, result?: unknown): string {
    const id = newGuid();
    this.context.store.operations.save({
      id,
      api: 'arm',
      subscriptionId: resource.subscriptionId,
      name,
      resourceKey: resource.key,
      status: this.context.operationDelayMs > 0 ? 'InProgress' : 'Succeeded',
      startedMs: this.context.clock.now(),
      result,
      error: undefined,
    });
    return id;
  }

  /** Ends the writes to `resource` that are still running: the new operation takes their place. */
  supersede(resource: Resource | undefined, by: { readonly name: string; readonly id: string }): void {
    if (resource?.provisioningState !== 'Updating') return;
    for (const running of this.#writes(resource)) {
      if (running.status !== 'InProgress' || running.id === by.id) continue;
      const message = `Operation ${running.name} (${running.id}) was canceled and superseded by operation ${by.name} (${by.id}).`;
      const details = [{ code: 'CanceledAndSupersededDueToAnotherOperation', message }];
      const { error } = azureError('Canceled', { details }).toBody();
      this.context.store.operations.finish({ id: running.id, status: 'Canceled', error });
    }
  }

  /** Refuses a write to what is being deleted, and one to a child whose parent is being written or has failed. */
  checkFree({ existing, child, childId, baseUrl, apiVersion }: Intent): void {
    if (!existing || existing.provisioningState === 'Succeeded') return;
    const [last] = this.#writes(existing);
    if (!last) return;
    if (existing.provisioningState === 'Deleting') {
      const uri = pollUrl(baseUrl, 'operations', pollPlaceOf(existing, { operationId: last.id, apiVersion }));
      throw azureError('AnotherOperationInProgress', { values: { uri } });
    }
    if (!child) return;
    if (existing.provisioningState === 'Updating') {
      const remainingMs = last.startedMs + this.context.operationDelayMs - this.context.clock.now();
      const seconds = Math.max(1, Math.ceil(remainingMs / 1000));
      const message = `Operation ${last.name} (${last.id}) is updating resource ${existing.id}. The call can be retried in ${seconds} seconds.`;
      throw azureError('RetryableError', {
        details: [{ code: 'RetryableErrorDueToAnotherOperation', message }],
        headers: { 'retry-after': String(seconds) },
      });
    }
    throw azureError('ParentResourceIsInFailedState', { values: { id: childId, operationId: last.id } });
  }

  /** Writes to `resource` that run or have not succeeded, the last one first. */
  #writes(resource: Resource): Operation[] {
    return this.context.store.operations.notSucceeded(resource.key).filter(isWriteOperation);
  }
}

/** An accepted operation, and what the data plane has to follow. */
export interface Settling {
  readonly operationId: string;
  /** Folded ids of every top-level resource that the data plane may have to follow. */
  readonly touched: readonly string[];
  readonly resource: { readonly key: string };
}

/** An operation that runs for a while, and what the data plane has said about it so far. */
interface Pending {
  readonly operationId: string;
  readonly key: string;
  readonly heard: { outcome: ApplyOutcome };
}

interface Failed {
  readonly operationId: string;
  readonly key: string;
  readonly failure: NonNullable<ApplyOutcome['failure']>;
}

/** Azure milliseconds between two tries to store what no request waits for. */
const storeAgainMs = 1000;

/** Runs `work`, which no request waits for: again while the data cannot be written, and never with a rejection. */
export async function untilStored({ clock, note, store }: ArmContext, work: () => Promise<void>): Promise<void> {
  while (store.connection.open) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof AzureError) || !/^Storage/.test(error.key)) {
        note(`something was not brought to its end: ${(error as Error).message}`);
        return;
      }
      await clock.wait(storeAgainMs);
    }
  }
}

/** Brings operations to their end: at once, or when `--operation-delay` has passed. */
export class OperationRunner {
  constructor(
    readonly context: ArmContext,
    /** Removes a resource whose deletion has come to its end, inside a transaction; answers what the data plane follows. */
    readonly remove: (resource: Resource) => string[],
  ) {}

  /**
   * Waits until the data plane follows a write; without a delay the operation is finished then. Resolves with what
   * `onFailure` makes, within the work that stores the failure, of the resource as it is stored then; undefined when nothing
   * failed, or where the outcome is known only later.
   */
  async settle<T>(write: Settling, onFailure: (failed: Resource) => T): Promise<T | undefined> {
    if (this.context.operationDelayMs > 0) {
      const heard: { outcome: ApplyOutcome } = { outcome: {} };
      this.#finishLater({ operationId: write.operationId, key: write.resource.key, heard });
      const listen = (outcome: ApplyOutcome): void => {
        heard.outcome = outcome;
      };
      void this.context.changed(write.touched).then(listen, () => {});
      this.#announce(write.operationId, write.resource.key, 'InProgress');
      return undefined;
    }
    const { failure } = await this.context.changed(write.touched);
    if (failure) return this.#fail({ operationId: write.operationId, key: write.resource.key, failure }, onFailure);
    this.#announce(write.operationId, write.resource.key, 'Succeeded');
    return undefined;
  }

  /** Takes up what was running when the process ended, perhaps by another clock. */
  async resume(): Promise<void> {
    const { store, clock, operationDelayMs } = this.context;
    await store.write(() => store.operations.bringToNow({ nowMs: clock.now(), operationDelayMs }));
    for (const operation of store.operations.running()) {
      const { id: operationId, resourceKey: key, startedMs } = operation;
      this.#finishLater({ operationId, key, heard: { outcome: {} } }, startedMs);
    }
  }

  #finishLater(pending: Pending, startedMs = this.context.clock.now()): void {
    const remainingMs = startedMs + this.context.operationDelayMs - this.context.clock.now();
    this.context.clock.setTimeout(() => void untilStored(this.context, () => this.#finish(pending)), remainingMs);
  }

  async #finish({ operationId, key, heard }: Pending): Promise<void> {
    const { store } = this.context;
    const { failure } = heard.outcome;
    if (failure) {
      await this.#fail({ operationId, key, failure }, () => undefined);
      return;
    }
    const touched = await store.write(() => {
      const operation = store.operations.operation(operationId);
      // Another one may have taken its place.
      if (operation?.status !== 'InProgress') return undefined;
      // Actions leave the resource alone: it may be in the middle of another operation.
      const resource = isWriteOperation(operation) ? store.resources.resource(key) : undefined;
      const { provisioningState } = resource ?? {};
      if (resource && provisioningState === 'Updating') {
        store.resources.save({ ...resource, provisioningState: 'Succeeded', etag: newEtag() });
      }
      store.operations.finish({ id: operationId, status: 'Succeeded', result: operation.result });
      return resource && provisioningState === 'Deleting' ? this.remove(resource) : [];
    });
    if (!touched) return;
    if (touched.length > 0) void this.context.changed(touched).catch(() => {});
    this.#announce(operationId, key, 'Succeeded');
  }

  #announce(operationId: string, resourceId: string, status: EventShapes['operation']['status']): void {
    this.context.events.emit('operation', { operationId, resourceId, status });
  }

  /** Fails an operation, and the resource with it unless a later one has it; resolves with what `then` makes of it. */
  async #fail<T>({ operationId, key, failure }: Failed, then: (failed: Resource) => T): Promise<T | undefined> {
    const { store, operationDelayMs } = this.context;
    const done = await store.write(() => {
      const operation = store.operations.operation(operationId);
      if (!operation || (operationDelayMs > 0 && operation.status !== 'InProgress')) return undefined;
      const { code, message } = failure;
      const isLast = isWriteOperation(operation) && !store.operations.laterThan(operation).some(isWriteOperation);
      const resource = isLast ? store.resources.resource(key) : undefined;
      const failed = resource && { ...resource, provisioningState: 'Failed', etag: newEtag() };
      if (failed) store.resources.save(failed);
      store.operations.finish({ id: operationId, status: 'Failed', error: { code, message, details: [] } });
      return { result: failed && then(failed) };
    });
    if (done) this.#announce(operationId, key, 'Failed');
    return done?.result;
  }
}

const prefix = 'DEPLOYMENTDELETIONJOB-';

/** The job that deletes the deployment `name`, as it stands at the end of `…/operationresults/{job}`. */
export const deploymentDeletionJob = (name: string): string =>
  Buffer.from(JSON.stringify({ jobId: `${prefix}${name.toUpperCase()}` })).toString('base64url');

/** Whether `job` deletes a deployment; such a job is done as soon as it is accepted. */
export const isDeploymentDeletionJob = (job: string): boolean =>
  Buffer.from(job, 'base64url').toString().startsWith(`{"jobId":"${prefix}`);
