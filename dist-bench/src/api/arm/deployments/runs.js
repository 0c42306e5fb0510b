/** Deployments that run: started, kept in the store as they go on, polled, cancelled, and taken up after a restart. */
import { azureError } from '../../../errors/index.js';
import { untilStored } from '../resources/operations.js';
import { runDeployment } from './run.js';
import { keptUnder } from './scopes.js';
import { withoutSecureDefaults } from './secrets.js';
const largestOperationId = 2n ** 63n - 1n;
const ticksPerMs = 10000n;
/** Azure counts in steps of 100 ns from the year 1. */
const unixEpochTicks = 621355968000000000n;
const isActive = (state) => state === 'Accepted' || state === 'Running';
const propertiesOf = (document) => (document.properties ?? {});
export class DeploymentRuns {
    #context;
    #running = new Map();
    constructor(context) {
        this.#context = context;
    }
    /** Refuses to touch a deployment that has not come to its end. */
    checkNotActive(stored) {
        if (!stored || !isActive(stored.state))
            return;
        const started = Date.parse(stored.started);
        const values = { name: stored.name, started: shortDate(started), expires: shortDate(started + 7 * 86_400_000) };
        throw azureError('DeploymentActive', { values });
    }
    /** Starts to carry `plan` out. */
    async start(plan, { host, environment, correlationId }) {
        const { store } = this.#context;
        const key = plan.id.toLowerCase();
        const operationId = this.#newOperationId();
        let saved = Promise.resolve();
        const onChange = (run) => {
            saved = untilStored(this.#context, () => this.#follow(run, { key, operationId }));
        };
        const run = runDeployment(plan, { host, environment, correlationId, onChange });
        const document = run.document();
        await store.write(() => {
            this.#save(document, { operations: [], template: plan.request.template });
            store.deployments.beginRun(operationId, key, run.state);
        });
        this.#running.set(key, run);
        const ended = run
            .start()
            .then(() => saved)
            .then(() => this.#end(key, run), (error) => this.#end(key, run, error));
        return { operationId, document, ended };
    }
    /** Keeps a deployment inside another one. */
    saveNested = ({ document, operations, template }) => {
        const { store } = this.#context;
        void untilStored(this.#context, () => store.write(() => this.#save(document, { operations, template })));
    };
    #save(document, { operations, template }) {
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
            template: withoutSecureDefaults(template),
        });
    }
    async #follow(run, { key, operationId }) {
        const { store } = this.#context;
        // The process may end, or the group be deleted, before the deployment does.
        if (!store.connection.open)
            return;
        const document = run.document();
        const { provisioningState, timestamp, error } = propertiesOf(document);
        const state = String(provisioningState);
        const progress = { key, state, changed: String(timestamp), document, operations: run.operations() };
        const isThere = await store.write(() => {
            store.deployments.saveRun({ id: operationId, status: state, error });
            return store.deployments.saveProgress(progress);
        });
        this.#context.events.emit('deployment', { id: String(document.id), state });
        // A reset, too, ends what is running.
        if (!isThere)
            run.cancel();
    }
    #end(key, run, error) {
        if (this.#running.get(key) === run)
            this.#running.delete(key);
        if (error !== undefined)
            this.#context.note(`deployment ${run.plan.request.name} came to no end: ${String(error)}`);
    }
    /** Lets a running deployment start nothing further. */
    cancel(stored) {
        if (!isActive(stored.state)) {
            throw azureError('DeploymentNotRunning', { values: { name: stored.name, state: stored.state } });
        }
        this.#running.get(stored.key)?.cancel();
    }
    /** Forgets the deployments of a resource group that is deleted; what is running there starts nothing further. */
    removeGroup(subscriptionId, resourceGroup) {
        const { deployments } = this.#context.store;
        for (const { key } of deployments.list(subscriptionId, resourceGroup))
            this.#running.get(key)?.cancel();
        deployments.removeGroup(subscriptionId, resourceGroup);
    }
    /** Fails what was running when the process ended: it is not resumed. */
    endInterrupted() {
        const { store } = this.#context;
        const { deployments } = store;
        const endAll = () => {
            for (const stored of deployments.active()) {
                const { code, message } = azureError('DeploymentInterrupted', { values: { name: stored.name } });
                const error = { code, message };
                const properties = { ...propertiesOf(stored.document), provisioningState: 'Failed', error };
                const document = { ...stored.document, properties };
                deployments.saveProgress({ ...stored, state: 'Failed', document });
                deployments.endRuns(stored.key, { status: 'Failed', error });
            }
        };
        void untilStored(this.#context, () => store.write(endAll));
    }
    /** Azure's: what is left of a 64-bit number after the time, as twenty digits. */
    #newOperationId() {
        let ticks = unixEpochTicks + BigInt(Math.floor(this.#context.clock.now())) * ticksPerMs;
        for (;;) {
            const id = String(largestOperationId - ticks).padStart(20, '0');
            if (!this.#context.store.deployments.isRun(id))
                return id;
            ticks += 1n;
        }
    }
}
/** `8/5/2021 9:33:30 PM`. */
const shortDate = (ms) => new Date(ms)
    .toLocaleString('en-US', { timeZone: 'UTC', hour12: true })
    .replace(',', '')
    .replaceAll(/[\u202f\u00a0]/g, ' ');
//# sourceMappingURL=runs.js.map