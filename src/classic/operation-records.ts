/**
 * Records of operations, for those who ask how one went. Azure keeps them for weeks; here the latest thousand are kept,
 * so that neither the file nor a look into it grows with the number of requests.
 */
import type { Clock } from '../clock.js';
import type { ClassicTransaction, OperationRecord } from './store.js';

const kept = 1000;
const savesBetweenPrunings = 100;

export class OperationRecords {
  /** Request ids of operations that the data plane does not carry yet. */
  readonly #applying = new Set<string>();
  readonly #clock: Clock;
  #saves = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether an operation is still InProgress. */
  isRunning({ id, finishMs }: OperationRecord): boolean {
    return this.#applying.has(id) || this.#clock.now() < finishMs;
  }

  /** Saves a record, and from time to time removes those that are done and nobody's concern any more. */
  save(transaction: ClassicTransaction, record: OperationRecord): void {
    transaction.put({ kind: 'operation', subscriptionId: record.subscriptionId, name: record.id }, record);
    if (++this.#saves % savesBetweenPrunings > 0) return;
    for (const old of transaction.list('operation').slice(0, -kept)) {
      if (this.isRunning(old)) continue;
      transaction.delete({ kind: 'operation', subscriptionId: old.subscriptionId, name: old.id });
    }
  }

  /** The operation is InProgress until `apply` is through. */
  async during(id: string, apply: () => Promise<void>): Promise<void> {
    this.#applying.add(id);
    try {
      await apply();
    } finally {
      this.#applying.delete(id);
    }
  }
}
