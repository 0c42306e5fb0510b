/** Resources as every API of Azure Resource Manager reads and writes them. */
import type { ResourceStore } from '../store/resource-store.js';
import type { ArmContext } from './arm-context.js';
import { OperationRunner } from './async-operations.js';
import { ResourceReader } from './resource-reader.js';
import { ResourceWriter } from './resource-writer.js';

export class ResourceService {
  readonly store: ResourceStore;
  readonly reader: ResourceReader;
  readonly writer: ResourceWriter;
  readonly operations: OperationRunner;

  constructor(readonly context: ArmContext) {
    this.store = context.store.resources;
    this.reader = new ResourceReader(this.store);
    this.writer = new ResourceWriter(context);
    this.operations = new OperationRunner(context, this.writer);
  }
}
