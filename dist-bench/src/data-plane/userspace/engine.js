/**
 * The userspace engine: Azure's load balancer on plain sockets, on any system and without privilege.
 *
 * This side keeps the plan, mirrors what the worker reports and answers questions from that; the worker thread does
 * all socket work. A thread that throws or hangs is started anew with the current plan; its flows are lost.
 */
import { Clock } from '../../support/clock.js';
import { modulesFolder } from '../../support/package-folder.js';
import { CounterScope } from '../model/counters.js';
import { emptyPlan, IndexedPlan, keysOfScope } from '../model/plan.js';
import { Explainer } from '../selection/explain.js';
import { collisionReason, noOutboundReason } from './frontend-binder.js';
import { defaultDescriptorLimit } from './socket-limits.js';
import { ThreadEnded, WorkerThread } from './worker-thread.js';
/** Real time before the first and the second restart within a minute; there is no third. */
const restartsAfterMs = [250, 1000];
const failuresCountMs = 60_000;
/** Real time that the thread gets to end, beyond the time for its flows. */
const closeWithinMs = 1000;
function newRecovery() {
    let resolve = () => { };
    let reject = () => { };
    const done = new Promise((succeed, fail) => {
        resolve = succeed;
        reject = fail;
    });
    // Perhaps nobody waits for it.
    done.catch(() => { });
    return { done, resolve, reject };
}
export class UserspaceEngine {
    name = 'userspace';
    whyNoOutbound = noOutboundReason;
    #options;
    #events;
    #thread;
    #scopes = new Map();
    /** By scope, what threads that have failed had counted. */
    #countedBefore = new Map();
    #health = new Map();
    #states = new Map();
    #collisions = [];
    #plan = new IndexedPlan(emptyPlan);
    #explainer = new Explainer(this.#plan);
    #faults = [];
    #advancedMs;
    #restarts = 0;
    /** Real times of the last failures. */
    #failures = [];
    /** While the thread is started anew, and from when that was given up. */
    #recovery;
    #closing = false;
    constructor({ clock, events = {}, descriptorLimit = defaultDescriptorLimit(), worker = new URL('data-plane/userspace/worker.js', modulesFolder), realClock = new Clock(), }) {
        this.#options = { clock, descriptorLimit, worker, realClock };
        this.#events = events;
        this.#advancedMs = clock.origin.advancedMs;
        this.#thread = this.#startThread();
    }
    get running() {
        return this.#recovery === undefined;
    }
    async apply(plan) {
        const next = new IndexedPlan(plan);
        const changes = next.changesFrom(this.#plan);
        this.#plan = next;
        this.#explainer = new Explainer(this.#plan);
        for (const key of changes.removedFrontends)
            this.#states.delete(key);
        for (const key of changes.removedProbes)
            this.#health.delete(key);
        const applied = (await this.#ask({ type: 'apply', changes }));
        if (applied)
            this.#take(applied);
        this.#announceCollisions(next.collisions);
    }
    /** Frontends that collide are listed too, after the one that has the address. */
    frontends() {
        const states = [...this.#states.keys()].flatMap((key) => this.#stateOf(key) ?? []);
        return [...states, ...this.#collisions.map(collisionState)];
    }
    health() {
        return [...this.#health.values()];
    }
    healthOf(key) {
        return this.#health.get(key);
    }
    async explain(tuple) {
        const { sourceAddress: address, sourcePort: port } = tuple;
        const tracking = this.#explainer.tracking(tuple);
        const noted = tracking && (await this.#ask({ type: 'noted', frontend: tracking.key, client: { address, port } }));
        return this.#explainer.explain(tuple, {
            noted: noted,
            healthOf: (key) => this.#health.get(key),
            whyUnbound: (key) => {
                const state = this.#stateOf(key);
                return state?.state === 'Unbound'
                    ? `The frontend has no place here. ${state.reason ?? ''}`.trimEnd()
                    : undefined;
            },
        });
    }
    async flows() {
        // A thread that has failed has no flows any more.
        return (await this.#ask({ type: 'flows' })) ?? [];
    }
    counters() {
        const samples = [];
        for (const scope of new Set([...this.#countedBefore.keys(), ...this.#scopes.keys()])) {
            for (const [name, value] of this.#countsOf(scope))
                samples.push({ name, scope, value });
        }
        if (this.#restarts > 0)
            samples.push({ name: 'threadRestarts', scope: '', value: this.#restarts });
        return samples;
    }
    async setFaults(faults) {
        this.#faults = faults;
        await this.#ask({ type: 'setFaults', faults });
    }
    failThread(how) {
        this.#thread.ask({ type: 'fail', how }).catch(() => { });
    }
    async advanceClock(azureMs) {
        this.#advancedMs += azureMs;
        await this.#ask({ type: 'advance', azureMs });
    }
    async close(graceMs) {
        if (this.#closing)
            return;
        this.#closing = true;
        this.#recovery?.reject(new Error('The data plane is closed.'));
        // Requests that are still pending are rejected when the thread ends.
        this.#thread.ask({ type: 'close', graceMs }).catch(() => { });
        await this.#thread.end(this.running ? graceMs + closeWithinMs : 0);
        this.#options.realClock.close();
    }
    #startThread() {
        const { clock, descriptorLimit, worker, realClock } = this.#options;
        return new WorkerThread({
            entry: worker,
            setup: {
                origin: { ...clock.origin, advancedMs: this.#advancedMs },
                descriptorLimit,
                health: [...this.#health.values()],
            },
            realClock,
            receive: (report) => this.#receive(report),
            failed: (error) => this.#threadFailed(error),
        });
    }
    /** The thread's answer; undefined when it failed meanwhile and the next one has taken over. */
    async #ask(request) {
        if (!this.#recovery) {
            try {
                return await this.#thread.ask(request);
            }
            catch (error) {
                if (this.#closing || !(error instanceof ThreadEnded))
                    throw error;
            }
        }
        await this.#recovery?.done;
        return undefined;
    }
    #take({ frontends, health }) {
        for (const state of frontends)
            if (this.#plan.frontends.has(state.key))
                this.#states.set(state.key, state);
        for (const each of health)
            if (this.#plan.probes.has(each.key))
                this.#health.set(each.key, each);
        this.#explainer.healthChanged();
    }
    #stateOf(key) {
        const state = this.#states.get(key);
        if (!state || this.running)
            return state;
        const reason = 'The thread of the data plane has failed and is started anew.';
        return { key, state: 'Unbound', boundAddress: undefined, boundPort: undefined, reason };
    }
    #receive(report) {
        switch (report.type) {
            case 'health':
                this.#receiveHealth(report.changes);
                return;
            case 'frontend':
                if (!this.#plan.frontends.has(report.state.key))
                    return;
                this.#states.set(report.state.key, report.state);
                this.#events.onFrontendState?.(report.state);
                return;
            case 'scope':
                this.#scopes.set(report.location.scope, new CounterScope(report.location));
                return;
            case 'scopeGone':
                if (this.#scopes.get(report.scope)?.location.number !== report.number)
                    return;
                this.#scopes.delete(report.scope);
                this.#countedBefore.delete(report.scope);
        }
    }
    #receiveHealth(changes) {
        const transitions = changes.filter((health) => {
            if (!this.#plan.probes.has(health.key))
                return false;
            const before = this.#health.get(health.key);
            this.#health.set(health.key, health);
            // The first answer of a probe is a transition out of NA.
            return !before || before.up !== health.up || before.reason === 'NA';
        });
        this.#explainer.healthChanged();
        if (transitions.length > 0)
            this.#events.onHealth?.(transitions);
    }
    #announceCollisions(collisions) {
        const known = new Set(this.#collisions.map(({ frontend }) => frontend.rule.id));
        this.#collisions = collisions;
        for (const collision of collisions)
            if (!known.has(collision.frontend.rule.id))
                this.#events.onFrontendState?.(collisionState(collision));
    }
    #threadFailed(error) {
        if (this.#closing)
            return;
        this.#recovery ??= newRecovery();
        const nowMs = this.#options.realClock.now();
        this.#failures = [...this.#failures.filter((atMs) => nowMs - atMs < failuresCountMs), nowMs];
        const lostFlows = this.#keepCounts();
        const restartsInMs = restartsAfterMs[this.#failures.length - 1];
        if (restartsInMs === undefined) {
            this.#recovery.reject(error);
            this.#events.onFailure?.(error);
            return;
        }
        this.#events.onInterrupted?.({ error, lostFlows, restartsInMs });
        void this.#restart(restartsInMs);
    }
    async #restart(afterMs) {
        await Promise.all([this.#thread.end(), this.#options.realClock.wait(afterMs)]);
        if (this.#closing)
            return;
        this.#restarts++;
        const startedAtMs = this.#advancedMs;
        this.#thread = this.#startThread();
        try {
            await this.#catchUp(this.#thread, startedAtMs);
        }
        catch (error) {
            // A thread that has ended has begun the next restart already.
            if (!(error instanceof ThreadEnded))
                this.#threadFailed(error);
            return;
        }
        for (const scope of this.#countedBefore.keys())
            if (!this.#scopes.has(scope))
                this.#countedBefore.delete(scope);
        this.#recovery?.resolve();
        this.#recovery = undefined;
        this.#events.onRestarted?.();
    }
    /** Brings a new thread, whose clock has been moved by `advancedMs`, to faults, plan and time as they are now. */
    async #catchUp(thread, advancedMs) {
        let carried = new IndexedPlan(emptyPlan);
        let faults = [];
        // Everything may change once more while the thread is being told.
        while (carried !== this.#plan || faults !== this.#faults || advancedMs !== this.#advancedMs) {
            const [next, nextFaults, nextMs] = [this.#plan, this.#faults, this.#advancedMs];
            if (nextMs > advancedMs)
                await thread.ask({ type: 'advance', azureMs: nextMs - advancedMs });
            if (nextFaults.length + faults.length > 0)
                await thread.ask({ type: 'setFaults', faults: nextFaults });
            this.#take((await thread.ask({ type: 'apply', changes: next.changesFrom(carried) })));
            [carried, faults, advancedMs] = [next, nextFaults, nextMs];
        }
    }
    /** Adds what a failed thread has counted to what those before it had; returns how many flows it had. */
    #keepCounts() {
        let lostFlows = 0;
        for (const scope of this.#scopes.keys()) {
            const counts = this.#countsOf(scope);
            const arrived = counts.get('connections') ?? 0;
            const lost = arrived - (counts.get('connectionsClosed') ?? 0);
            this.#countedBefore.set(scope, counts);
            if (lost === 0)
                continue;
            counts.set('connectionsClosed', arrived);
            counts.set('endedByFailure', (counts.get('endedByFailure') ?? 0) + lost);
            if (keysOfScope(scope).member === undefined)
                lostFlows += lost;
        }
        this.#scopes.clear();
        return lostFlows;
    }
    #countsOf(scope) {
        const counts = new Map(this.#countedBefore.get(scope));
        for (const { name, value } of this.#scopes.get(scope)?.samples() ?? [])
            counts.set(name, (counts.get(name) ?? 0) + value);
        return counts;
    }
}
/** The state of a frontend whose address and port belong to another rule. */
export const collisionState = ({ frontend, owner }) => ({
    key: frontend.key,
    state: 'Unbound',
    boundAddress: undefined,
    boundPort: undefined,
    reason: collisionReason(owner),
});
//# sourceMappingURL=engine.js.map