/** Deployments that run: started, kept in the store as they go on, polled, cancelled, and taken up after a restart. */
import { azureError } from '../../../errors/index.js';
import type { StoredDeployment } from '../../../store/deployment-store.js';
import type { ArmContext } from '../resources/arm-context.js';
import { untilStored } from '../resources/operations.js';
import type { DeploymentEnvironment } from '../template/context.js';
import type { JsonObject } from '../template/json.js';
import type { DeploymentHost, NestedDeployment } from './host.js';
import type { DeploymentPlan } from './plan.js';
import { type DeploymentRun, runDeployment } from './run.js';
import { keptUnder } from './scopes.js';
import { withoutSecureDefaults } from './secrets.js';

export interface StartOptions {
  readonly host: DeploymentHost;
  readonly environment: DeploymentEnvironment;
  readonly correlationId: string;
}

export interface StartedDeployment {
  /** Under which the run is polled. */
  readonly operationId: string;
  /** The deployment as it was accepted. */
  readonly document: JsonObject;
  /** There was none of this name before. */
  readonly created: boolean;
  /** Resolves when it has come to its end, whatever became of it. */
  readonly ended: Promise<void>;
}

const largestOperationId = 2n ** 63n - 1n;
const ticksPerMs = 10_000n;
/** Azure counts in steps of 100 ns from the year 1. */
const unixEpochTicks = 621_355_968_000_000_000n;

const isActive = (state: string): boolean => state === 'Accepted' || state === 'Running';

const propertiesOf = (document: JsonObject | Record<string, unknown>): JsonObject =>
  (document.properties ?? {}) as JsonObject;

export class DeploymentRuns {
  readonly #context: ArmContext;
  readonly #running = new Map<string, DeploymentRun>();

  constructor(context: ArmContext) {
    this.#context = context;
    // What is stored is no longer what they have made.
    context.events.read('reset', () => {
      for (const run of this.#running.values()) run.cancel();
    });
  }

  /** Refuses to touch a deployment that has not come to its end. To be called within the write that touches it. */
  checkNotActive(stored: StoredDeployment | undefined): void {
    if (!stored || !isActive(stored.state)) return;
    const started = Date.parse(stored.started);
    const values = { name: stored.name, started: shortDate(started), expires: shortDate(started + 7 * 86_400_000) };
    throw azureError('DeploymentActive', { values });
  }

  /** Starts to carry `plan` out. Throws `DeploymentActive` while an earlier run goes on. */
  async start(plan: DeploymentPlan, { host, environment, correlationId }: StartOptions): Promise<StartedDeployment> {
    const { store } = this.#context;
    const key = plan.id.toLowerCase();
    let saved = Promise.resolve();
    const onChange = (): void => {
      saved = untilStored(this.#context, () => this.#follow(run, { key, operationId }));
    };
    // Another process may have ended it, which knows nothing of what runs here.
    const check = (): void => {
      const { status = 'Failed' } = store.deployments.run(operationId, key) ?? {};
      if (!isActive(status)) throw azureError('DeploymentInterrupted', { values: { name: plan.request.name } });
    };
    const run = runDeployment(plan, { host, environment, correlationId, onChange, check });
    const document = run.document();
    const template = withoutSecureDefaults(plan.request.template);
    const { operationId, created } = await store.write(() => {
      const before = store.deployments.deployment(key);
      this.checkNotActive(before);
      const operationId = this.#newOperationId();
      this.#save(document, { operations: [], template });
      store.deployments.beginRun(operationId, key, run.state);
      return { operationId, created: !before };
    });
    this.#running.set(key, run);
    const ended = run
      .start()
      .then(() => saved)
      .then(
        () => this.#end(key, run),
        (error: unknown) => this.#end(key, run, error),
      );
    return { operationId, document, created, ended };
  }

  /** Keeps a deployment inside another one. */
  saveNested = ({ document, operations, template }: NestedDeployment): void => {
    const { store } = this.#context;
    void untilStored(this.#context, () => store.write(() => this.#save(document, { operations, template })));
  };

  #save(document: JsonObject, { operations, template }: Omit<NestedDeployment, 'document'>): void {
    const id = String(document.id);
    const { provisioningState, timestamp } = propertiesOf(document);
    const key = id.toLowerCase();
    const before = this.#context.store.deployments.deployment(key);
    this.#context.store.deployments.save({
      key,
      ...keptUnder(id),
      name: String(document.name),
      location: typeof document.location === 'string' ? document.location : undefined,
      state: String(provisioningState),
      changed: String(timestamp),
      started: before && isActive(before.state) ? before.started : String(timestamp),
      document,
      operations,
      template,
    });
  }

  async #follow(run: DeploymentRun, { key, operationId }: { key: string; operationId: string }): Promise<void> {
    const { store } = this.#context;
    // The process may end, or the group be deleted, before the deployment does.
    if (!store.connection.open) return;
    const done = await store.write(() => {
      const stored = store.deployments.run(operationId, key);
      if (!stored || !isActive(stored.status)) return undefined;
      const document = run.document();
      const { provisioningState, timestamp, error } = propertiesOf(document);
      const state = String(provisioningState);
      store.deployments.saveRun({ id: operationId, status: state, error });
      const progress = { key, state, changed: String(timestamp), document, operations: run.operations() };
      store.deployments.saveProgress(progress);
      return { id: String(document.id), state };
    });
    // It has been deleted, or ended by another hand.
    if (!done) run.cancel();
    else this.#context.events.emit('deployment', done);
  }

  #end(key: string, run: DeploymentRun, error?: unknown): void {
    if (this.#running.get(key) === run) this.#running.delete(key);
    if (error !== undefined) this.#context.note(`deployment ${run.plan.request.name} came to no end: ${String(error)}`);
  }

  /** Lets a running deployment start nothing further, also where another process goes on with what is stored. */
  async cancel({ key, name, state: shown }: StoredDeployment): Promise<void> {
    const { store } = this.#context;
    await store.write(() => {
      const { state } = store.deployments.deployment(key) ?? { state: shown };
      if (!isActive(state)) throw azureError('DeploymentNotRunning', { values: { name, state } });
      const { code, message } = azureError('DeploymentCanceled', { values: { name } });
      store.deployments.cancelRuns(key, { code, message });
    });
    this.#running.get(key)?.cancel();
  }

  /** What is running in a resource group that has been deleted starts nothing further. */
  groupRemoved(groupId: string): void {
    const within = `${groupId}/`.toLowerCase();
    for (const [key, run] of this.#running) if (key.startsWith(within)) run.cancel();
  }

  /** Ends what was running when the process ended, as cancelled or failed: it is not resumed. */
  endInterrupted(): void {
    const { store } = this.#context;
    const { deployments } = store;
    const endAll = (): void => {
      const active = deployments.active();
      const cancelled = active.filter(({ key }) => deployments.activeRun(key)?.isCancelled);
      // Those inside one have no run of their own, and its correlation id.
      const inside = new Set(cancelled.map(({ document }) => propertiesOf(document).correlationId));
      for (const { key, name, changed, operations, document: before } of active) {
        const run = deployments.activeRun(key);
        const isCancelled = run ? run.isCancelled : inside.has(propertiesOf(before).correlationId);
        const [state, why] = isCancelled
          ? (['Canceled', 'DeploymentCanceled'] as const)
          : (['Failed', 'DeploymentInterrupted'] as const);
        const { code, message } = azureError(why, { values: { name } });
        const error = { code, message };
        const document = { ...before, properties: { ...propertiesOf(before), provisioningState: state, error } };
        deployments.saveProgress({ key, changed, operations, state, document });
        deployments.endRuns(key, { status: state, error });
      }
    };
    void untilStored(this.#context, () => store.write(endAll));
  }

  /** Azure's: what is left of a 64-bit number after the time, as twenty digits. */
  #newOperationId(): string {
    let ticks = unixEpochTicks + BigInt(Math.floor(this.#context.clock.now())) * ticksPerMs;
    for (;;) {
      const id = String(largestOperationId - ticks).padStart(20, '0');
      if (!this.#context.store.deployments.isRun(id)) return id;
      ticks += 1n;
    }
  }
}

/** `8/5/2021 9:33:30 PM`. */
const shortDate = (ms: number): string =>
  new Date(ms)
    .toLocaleString('en-US', { timeZone: 'UTC', hour12: true })
    .replace(',', '')
    .replaceAll(/[\u202f\u00a0]/g, ' ');
