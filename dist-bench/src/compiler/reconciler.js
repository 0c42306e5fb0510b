import { emptyPart, emptyPlan, inconsistency, mergePlan, } from '../data-plane/model/plan.js';
import { backendsOfRule } from '../data-plane/selection/decision.js';
import { azureError } from '../errors/index.js';
import { idKey, rootKey } from '../resources/resource-id.js';
import { alike } from '../support/plain-data.js';
import { compileHostedService } from './classic-plan.js';
import { compileLoadBalancer } from './load-balancer-plan.js';
import { snatAllocationsOf } from './outbound-plan.js';
const loadBalancerType = 'Microsoft.Network/loadBalancers';
export class Reconciler {
    options;
    /** By the folded id of the load balancer. */
    #compiled = new Map();
    /** Load balancers by what their last compilation has read. */
    #readers = new Map();
    #changed = new Set();
    /** By the key of the hosted service, in the order of creation. */
    #classic = new Map();
    #classicChanged = new Set();
    #plan = emptyPlan;
    #partsChanged = false;
    #running = Promise.resolve();
    #next;
    constructor(options) {
        this.options = options;
    }
    /** What the engine was last told. */
    get plan() {
        return this.#plan;
    }
    /** Compiles everything anew: at start, after a reset, after a snapshot. */
    async loadAll() {
        for (const key of this.#compiled.keys())
            this.#changed.add(key);
        for (const { key } of this.options.store.everyOfType(loadBalancerType))
            this.#changed.add(key);
        const before = new Map(this.#classic);
        this.#classic.clear();
        for (const key of this.options.hostedServices.hostedServiceKeys()) {
            this.#classic.set(key, before.get(key) ?? emptyPart);
            this.#classicChanged.add(key);
        }
        this.#partsChanged = true;
        await this.#schedule();
    }
    /** Gives the engine the plan once more: what `adapt` makes of it has changed. */
    async again() {
        this.#partsChanged = true;
        await this.#schedule();
    }
    /** Follows changes of these top-level resources (folded ids); resolves when the engine has them. */
    changed = async (keys) => {
        const concerned = this.#loadBalancersConcernedBy(keys);
        if (concerned.size === 0)
            return {};
        for (const key of concerned)
            this.#changed.add(key);
        await this.#schedule();
        return this.options.strictBind ? this.#strictOutcome(concerned) : {};
    };
    /** Follows changes of these hosted services; resolves when the engine has them. */
    async classicChanged(keys) {
        if (keys.length === 0)
            return;
        for (const key of keys)
            this.#classicChanged.add(key);
        await this.#schedule();
    }
    /**
     * Balancers among the keys, balancers whose last compilation has read one of them, and balancers whose compilation
     * would find a reference that one of them holds now.
     */
    #loadBalancersConcernedBy(keys) {
        const { store } = this.options;
        const concerned = new Set();
        for (const key of new Set(keys)) {
            if (store.resource(key)?.type === loadBalancerType)
                concerned.add(key);
            const targets = store.linksFrom(key).map(({ target }) => rootKey(target));
            for (const read of [key, ...targets])
                for (const balancer of this.#readers.get(read) ?? [])
                    concerned.add(balancer);
        }
        return concerned;
    }
    #compile(key) {
        const { store, addressMap, choices } = this.options;
        const before = this.#compiled.get(key);
        const loadBalancer = store.resource(key);
        for (const read of before?.read ?? []) {
            const readers = this.#readers.get(read);
            readers?.delete(key);
            if (readers?.size === 0)
                this.#readers.delete(read);
        }
        if (!loadBalancer) {
            if (this.#compiled.delete(key))
                this.#partsChanged = true;
            return;
        }
        const lookup = new RecordingLookup(store, key);
        const compiled = compileLoadBalancer(loadBalancer, { lookup, addressMap, choices });
        const part = unchangedOf(before?.part, this.#checked(compiled));
        const snat = snatAllocationsOf(loadBalancer, lookup);
        for (const read of lookup.read) {
            const readers = this.#readers.get(read);
            if (readers)
                readers.add(key);
            else
                this.#readers.set(read, new Set([key]));
        }
        const { createdTime } = loadBalancer;
        this.#compiled.set(key, { part, snat, createdTime, read: lookup.read });
        this.#partsChanged ||= part !== before?.part || createdTime !== before.createdTime;
    }
    /** One application at a time; everything that changes meanwhile goes into the next one together. */
    #schedule() {
        // What failed has been told to those who waited for it; the next change gets its own chance.
        this.#next ??= this.#running
            .catch(() => { })
            .then(() => {
            this.#next = undefined;
            this.#running = this.#apply();
            return this.#running;
        });
        return this.#next;
    }
    async #apply() {
        const failures = [];
        const attempt = (compile) => {
            try {
                compile();
            }
            catch (error) {
                failures.push(error);
            }
        };
        for (const key of this.#changed)
            attempt(() => this.#compile(key));
        this.#changed.clear();
        for (const key of this.#classicChanged)
            attempt(() => this.#compileHostedService(key));
        this.#classicChanged.clear();
        if (this.#partsChanged)
            await this.#tellEngine();
        // One load balancer that cannot be compiled keeps no other from being carried out.
        if (failures.length > 0)
            throw failures[0];
    }
    #compileHostedService(key) {
        const { hostedServices, addressMap, choices } = this.options;
        const before = this.#classic.get(key);
        const service = hostedServices.hostedService(key);
        if (!service) {
            if (this.#classic.delete(key))
                this.#partsChanged = true;
            return;
        }
        const part = unchangedOf(before, this.#checked(compileHostedService(service, { addressMap, choices })));
        this.#classic.set(key, part);
        this.#partsChanged ||= part !== before;
    }
    /** Frontends whose addresses another Lazurite has leased are marked. */
    #checked(part) {
        const problem = inconsistency(part);
        if (problem !== undefined)
            throw new Error(`The plan is inconsistent: ${problem}`);
        const frontends = part.frontends.map((frontend) => {
            const leasedElsewhere = this.options.leasedElsewhere?.(frontend.address);
            return leasedElsewhere === undefined ? frontend : Object.freeze({ ...frontend, leasedElsewhere });
        });
        return Object.freeze({ ...part, frontends: Object.freeze(frontends) });
    }
    async #tellEngine() {
        this.#partsChanged = false;
        const inOrder = [...this.#compiled].sort(byCreation).map(([, { part }]) => part);
        this.#plan = mergePlan([...inOrder, ...this.#classic.values()], this.#plan.version + 1);
        const { engine, adapt } = this.options;
        await engine.apply(adapt ? await adapt(this.#plan) : this.#plan);
    }
    #strictOutcome(loadBalancers) {
        const states = new Map(this.options.engine.frontends().map((state) => [state.key, state]));
        for (const key of loadBalancers) {
            for (const frontend of this.#compiled.get(key)?.part.frontends ?? []) {
                const state = states.get(frontend.key);
                if (state === undefined || state.state === 'Bound')
                    continue;
                const place = `${frontend.azureAddress}:${frontend.port}/${frontend.transport}`;
                const values = { frontend: place, state: state.state, reason: state.reason ?? 'no reason known' };
                return { failure: azureError('FrontendBindFailed', { values }) };
            }
        }
        return {};
    }
    /** The SNAT ports of all load balancers. */
    snatAllocations() {
        return [...this.#compiled.values()].flatMap(({ snat }) => snat);
    }
    rule(ruleId) {
        const { engine } = this.options;
        const wanted = idKey(ruleId);
        const frontends = this.#compiled.get(rootKey(ruleId))?.part.frontends;
        const rule = frontends?.find((frontend) => idKey(frontend.rule.id) === wanted)?.rule;
        const backends = rule ? backendsOfRule(rule, (key) => engine.healthOf(key)) : [];
        return new Map(backends.map(({ member, eligible, reason, stopped }) => [
            member.azureAddress,
            // Azure answers empty values for a machine that is off.
            stopped ? { state: '', reason: '' } : { state: eligible ? 'Up' : 'Down', reason },
        ]));
    }
}
/** A lookup that notes what is read through it. */
class RecordingLookup {
    read;
    #of;
    /** `own` is read in any case. */
    constructor(of, own) {
        this.#of = of;
        this.read = new Set([own]);
    }
    resource(key) {
        this.read.add(key);
        return this.#of.resource(key);
    }
    linksInto(key) {
        this.read.add(key);
        return this.#of.linksInto(key);
    }
    everyOfType(type) {
        return this.#of.everyOfType(type);
    }
}
/** `now` with everything out of `before` that has not changed; `before` itself when nothing has. */
function unchangedOf(before, now) {
    if (!before)
        return now;
    const part = {
        frontends: unchangedAmong(before.frontends, now.frontends),
        probes: unchangedAmong(before.probes, now.probes),
        outbound: unchangedAmong(before.outbound, now.outbound),
    };
    const same = part.frontends === before.frontends && part.probes === before.probes && part.outbound === before.outbound;
    return same ? before : Object.freeze(part);
}
function unchangedAmong(before, now) {
    const known = new Map(before.map((one) => [one.key, one]));
    const merged = now.map((one) => {
        const old = known.get(one.key);
        return old !== undefined && alike(old, one) ? old : one;
    });
    const same = merged.length === before.length && merged.every((one, index) => one === before[index]);
    return same ? before : Object.freeze(merged);
}
const compareText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const byCreation = ([keyA, a], [keyB, b]) => compareText(a.createdTime, b.createdTime) || compareText(keyA, keyB);
//# sourceMappingURL=reconciler.js.map