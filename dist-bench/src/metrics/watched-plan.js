/**
 * The frontends that have metrics, found by their probes, each with what its backends are like as long as no probe of
 * theirs flips. A flip costs what it concerns, and long work is done in slices.
 */
import { emptyPlan } from '../data-plane/model/plan.js';
import { administrated, candidatesOf, ProbeUsers } from '../data-plane/selection/decision.js';
import { hasMetrics } from './measurements.js';
import { minuteMs } from './metric-store.js';
/** Backends looked at between two pauses: a few milliseconds. */
const sliceBackends = 5000;
export class WatchedFrontend {
    plan;
    at;
    stale = false;
    /** Every member without an administrator's word has been probed. */
    settled = false;
    hasBackend = false;
    #vip;
    /** What is recorded of the members, in their order; filled with their first value. */
    #series = [];
    #watches = [];
    constructor(plan, at) {
        this.plan = plan;
        this.at = at;
    }
    get isProbed() {
        return this.plan.rule.members.some(({ probe }) => probe !== undefined);
    }
    refresh(engine) {
        const candidates = candidatesOf(this.plan.rule, (key) => engine.healthOf(key));
        this.settled = candidates.every(({ reason }) => reason !== 'NA');
        this.hasBackend = candidates.some(({ eligible }) => eligible);
    }
    /** The series of VipAvailability. */
    vip(store, minute) {
        const { rule, azureAddress, port } = this.plan;
        this.#vip ??= store.series({
            loadBalancerId: rule.loadBalancerId,
            metric: 'VipAvailability',
            dimensions: { FrontendIPAddress: azureAddress, FrontendPort: String(port) },
        }, minute);
        return this.#vip;
    }
    /** Writes DipAvailability of every member for a minute that has ended. */
    record(minute, { store, probes, ports }) {
        const { rule, transport, azureAddress, port } = this.plan;
        for (let index = 0; index < rule.members.length; index++) {
            const member = rule.members[index];
            if (member.probe === undefined)
                continue;
            const decided = administrated(member);
            let share = Number(decided);
            if (decided === undefined) {
                const watch = this.#watches[index] ?? probes.watch(member.probe, minute);
                if (watch === undefined)
                    continue;
                this.#watches[index] = watch;
                share = probes.shareOf(watch, minute);
                if (Number.isNaN(share))
                    continue;
            }
            let series = this.#series[index];
            if (!series) {
                const dimensions = {
                    ProtocolType: transport.toUpperCase(),
                    BackendPort: String(ports.get(member.probe) ?? 0),
                    FrontendIPAddress: azureAddress,
                    FrontendPort: String(port),
                    BackendIPAddress: member.azureAddress,
                };
                series = store.series({ loadBalancerId: rule.loadBalancerId, metric: 'DipAvailability', dimensions }, minute);
                this.#series[index] = series;
            }
            series.add(minute, Math.round(share * 10_000) / 100);
        }
    }
    /** The series of what `store` held are gone. */
    forgetSeries() {
        this.#vip = undefined;
        this.#series = [];
        this.#watches = [];
    }
}
export class WatchedPlan {
    #engine;
    #looked;
    #plan = emptyPlan;
    #frontends = new Map();
    #addresses = new Map();
    #byProbe = new ProbeUsers();
    #ports = new Map();
    #stale = new Set();
    #recordings = [];
    #scheduled = false;
    #recording;
    /** `looked` is called when all frontends at an address have been looked at again. */
    constructor(engine, recording, looked) {
        this.#engine = engine;
        this.#recording = recording;
        this.#looked = looked;
    }
    get frontends() {
        return this.#frontends.values();
    }
    get addresses() {
        return this.#addresses.values();
    }
    /** Follows the plan; what is the same object in it has not changed. */
    follow(plan) {
        if (plan === this.#plan)
            return;
        this.finish();
        this.#plan = plan;
        const before = this.#frontends;
        this.#frontends = new Map();
        for (const frontend of plan.frontends) {
            if (!hasMetrics(frontend))
                continue;
            const watched = before.get(frontend) ?? this.#add(frontend);
            before.delete(frontend);
            this.#frontends.set(frontend, watched);
            // The same members may have other probes behind their keys.
            this.#markStale(watched);
        }
        for (const gone of before.values())
            this.#remove(gone);
        this.#ports = new Map(plan.probes.map(({ key, port }) => [key, port]));
        this.#recording.probes.keepOnly(this.#ports);
    }
    /** These probes have flipped, or spoken for the first time. */
    flipped(keys) {
        for (const key of keys)
            for (const frontend of this.#byProbe.of(key))
                this.#markStale(frontend);
        this.work();
    }
    /** Writes the shares of a minute that has ended. */
    record(minute) {
        this.#recordings.push({ minute, left: [...this.#frontends.values()] });
        this.work();
    }
    /** Does a slice of what there is to do; the rest follows by itself. */
    work() {
        this.#work(sliceBackends);
        if (this.#scheduled || !this.#isBusy)
            return;
        this.#scheduled = true;
        setImmediate(() => {
            this.#scheduled = false;
            this.work();
        });
    }
    /** Does all of it now. */
    finish() {
        this.#work(Number.POSITIVE_INFINITY);
    }
    /** The store is empty again. */
    clear() {
        this.#recordings = [];
        for (const frontend of this.#frontends.values())
            frontend.forgetSeries();
    }
    get #isBusy() {
        return this.#stale.size > 0 || this.#recordings.length > 0;
    }
    #work(budget) {
        let left = budget;
        for (const frontend of this.#stale) {
            if (left <= 0)
                return;
            left -= 1 + frontend.plan.rule.members.length;
            this.#stale.delete(frontend);
            frontend.stale = false;
            frontend.refresh(this.#engine);
            frontend.at.stale--;
            if (frontend.at.stale === 0)
                this.#looked(frontend.at);
        }
        for (let next = this.#recordings[0]; next; next = this.#recordings[0]) {
            for (let frontend = next.left.pop(); frontend; frontend = next.left.pop()) {
                left -= 1 + frontend.plan.rule.members.length;
                frontend.record(next.minute, { ...this.#recording, ports: this.#ports });
                if (left <= 0)
                    return;
            }
            this.#recordings.shift();
        }
    }
    #markStale(frontend) {
        if (frontend.stale)
            return;
        frontend.stale = true;
        frontend.at.stale++;
        this.#stale.add(frontend);
    }
    #add(plan) {
        const { loadBalancerId } = plan.rule;
        const key = `${loadBalancerId}|${plan.azureAddress}`;
        const at = this.#addresses.get(key) ?? {
            loadBalancerId,
            address: plan.azureAddress,
            frontends: new Set(),
            stale: 0,
        };
        this.#addresses.set(key, at);
        const watched = new WatchedFrontend(plan, at);
        at.frontends.add(watched);
        this.#byProbe.add(watched, plan.rule.members);
        return watched;
    }
    #remove(watched) {
        const { at } = watched;
        at.frontends.delete(watched);
        if (at.frontends.size === 0)
            this.#addresses.delete(`${at.loadBalancerId}|${at.address}`);
        this.#byProbe.remove(watched, watched.plan.rule.members);
        if (this.#stale.delete(watched))
            at.stale--;
    }
}
/** The minute since the Unix epoch in which a time lies. */
export const minuteOf = (ms) => Math.floor(ms / minuteMs);
//# sourceMappingURL=watched-plan.js.map