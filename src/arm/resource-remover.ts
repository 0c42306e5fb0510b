/** Deletes resources: refused while others use them, and without a trace in those that may lose them. */
import { rootKey } from '../resources/resource-id.js';
import type { Resource } from '../resources/resource-type.js';
import type { ArmContext } from './arm-context.js';
import { refusalToDelete } from './in-use.js';
import { type OperationRecords, operationName } from './operation-records.js';
import { checkPreconditions, type Preconditions } from './preconditions.js';
import type { ResourceLinks } from './resource-links.js';
import type { Write } from './resource-writer.js';

export class ResourceRemover {
  constructor(
    readonly context: ArmContext,
    readonly parts: { readonly links: ResourceLinks; readonly operations: OperationRecords },
  ) {}

  /** Deletes a top-level resource, or refuses because it is in use. `undefined` when there is none. */
  delete(key: string, conditions: Preconditions): Write | undefined {
    const { resources } = this.context.store;
    return resources.transaction(() => {
      const existing = resources.resource(key);
      if (!existing) return undefined;
      checkPreconditions(existing.id, existing, conditions);
      const refusal = refusalToDelete(resources, existing);
      if (refusal) throw refusal;
      const { operations } = this.parts;
      const name = operationName('Delete', existing.type);
      const operationId = operations.record(existing, name);
      operations.supersede(existing, { name, id: operationId });
      if (this.context.operationDelayMs > 0) {
        resources.save({ ...existing, provisioningState: 'Deleting' });
        return { resource: existing, created: false, operationId, touched: [key] };
      }
      return { resource: existing, created: false, operationId, touched: this.remove(existing) };
    });
  }

  /** Removes a resource, whatever uses it; what refers to it loses the reference. Inside a transaction. */
  remove(resource: Resource): string[] {
    const { resources, addresses } = this.context.store;
    const targets = [...new Set(resources.linksFrom(resource.key).map(({ target }) => rootKey(target)))];
    const sources = [...new Set(resources.linksInto(resource.key).map(({ sourceId }) => rootKey(sourceId)))];
    resources.remove(resource.key);
    for (const { key } of resources.below(resource.key)) resources.remove(key);
    addresses.release(resource.key);
    for (const key of targets) this.parts.links.follow(key);
    for (const key of sources) this.parts.links.drop(key, resource.key);
    return [resource.key, ...targets, ...sources];
  }
}
