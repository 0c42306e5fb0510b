/**
 * The record of operations on resources: what Azure calls them, what a new one ends, and what has to wait for one that
 * is still running. Only `--operation-delay` lets operations run for a while.
 */
import { azureError } from '../errors.js';
import { newGuid } from '../ids.js';
import type { Resource } from '../resources/resource-type.js';
import type { Operation } from '../store/operation-store.js';
import type { ArmContext } from './arm-context.js';

/** As Azure's texts call writes to a type: `PutLoadBalancerOperation`, `DeletePublicIpAddressOperation`. */
export function operationName(method: 'Put' | 'Delete', type: string): string {
  const collection = type.slice(type.lastIndexOf('/') + 1);
  const one = collection
    .replace(/^./, (first) => first.toUpperCase())
    .replace('IP', 'Ip')
    .replace(/sses$/, 'ss')
    .replace(/(?<!s)s$/, '');
  return `${method}${one}Operation`;
}

interface Intent {
  readonly existing: Resource | undefined;
  /** The write is one to a child, on its own path. */
  readonly child: boolean;
  /** Where a client polls an operation on `existing`. */
  readonly pollUrl: (existing: Resource, operationId: string) => string;
  readonly childId: string;
}

/** The operation creates, changes or deletes its resource. */
export const isWriteOperation = ({ name }: Operation): boolean => /^(Put|Delete)/.test(name);

export class OperationRecords {
  constructor(readonly context: ArmContext) {}

  /** Remembers an operation on `resource`: finished already, or running while `--operation-delay` lasts. */
  record(resource: Pick<Resource, 'key' | 'subscriptionId'>, name: string, result?: unknown): string {
    const id = newGuid();
    this.context.store.operations.save({
      id,
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
  checkFree({ existing, child, pollUrl, childId }: Intent): void {
    if (!existing || existing.provisioningState === 'Succeeded') return;
    const [last] = this.#writes(existing);
    if (!last) return;
    if (existing.provisioningState === 'Deleting') {
      throw azureError('AnotherOperationInProgress', { values: { uri: pollUrl(existing, last.id) } });
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

  /** Writes to `resource`, the last one first. */
  #writes(resource: Resource): Operation[] {
    return this.context.store.operations.ofResource(resource.key).filter(isWriteOperation);
  }
}
