/**
 * Watches the data plane by Azure's clock: counters, health probes and pings become time series by the minute, and what
 * is wrong becomes a health event.
 */
import { HealthEvents } from './health-events.js';
import { CounterDeltas, ProbeMinutes } from './measurements.js';
import { joinPoints, MetricStore, minuteMs } from './metric-store.js';
import { minuteOf, WatchedPlan } from './watched-plan.js';
/** Azure pings every frontend port this often. */
const pingEveryMs = 25_000;
/** Old values are dropped this often. */
const pruneEveryMinutes = 60;
export class Monitor {
    store = new MetricStore();
    events;
    #clock;
    #counters = new CounterDeltas();
    #probes = new ProbeMinutes((key) => this.#watched?.engine.healthOf(key));
    #watched;
    #plan;
    /** The minute that is not closed yet. */
    #openMinute = 0;
    #collectedMs;
    constructor({ clock, log, events }) {
        this.#clock = clock;
        events.read('health', ({ changes }) => this.#healthChanged(changes));
        this.#collectedMs = clock.now();
        this.events = new HealthEvents((event) => announce(event, log));
    }
    /** Starts. Without a data plane there is nothing to see. */
    watch(watched) {
        if (watched.engine.name === 'none')
            return;
        this.#watched = watched;
        this.#plan = new WatchedPlan(watched.engine, { store: this.store, probes: this.#probes }, (address) => this.#observe(address, undefined));
        this.#openMinute = minuteOf(this.#clock.now());
        this.#pingLater();
        this.#closeMinuteLater();
    }
    /** Brings the time series up to now; call it before each read. */
    collect() {
        if (!this.#watched)
            return;
        const { engine, plan } = this.#watched;
        // What was counted since the last time belongs to the minute in which that time began.
        const minute = minuteOf(this.#collectedMs);
        this.#collectedMs = this.#clock.now();
        this.#follow()?.finish();
        for (const { loadBalancerId } of this.#plan?.addresses ?? [])
            this.store.seen(loadBalancerId, minute);
        for (const { amount, ...place } of this.#counters.take(engine.counters(), plan())) {
            this.store.series(place, minute).increase(minute, amount);
        }
    }
    /** Forgets everything seen so far. */
    reset() {
        this.store.clear();
        this.events.clear();
        this.#counters.clear();
        this.#probes.clear();
        this.#plan?.clear();
        this.#collectedMs = this.#clock.now();
    }
    #healthChanged(changes) {
        if (!this.#plan)
            return;
        for (const change of changes)
            this.#probes.changed(change);
        this.#follow()?.flipped(changes.map(({ key }) => key));
    }
    /** The index of the frontends, after it has followed the plan. */
    #follow() {
        if (this.#watched)
            this.#plan?.follow(this.#watched.plan());
        return this.#plan;
    }
    #pingLater() {
        this.#clock.setTimeout(() => {
            const plan = this.#follow();
            plan?.finish();
            this.#ping(plan?.frontends ?? [], minuteOf(this.#clock.now()));
            this.#pingLater();
        }, pingEveryMs);
    }
    #closeMinuteLater() {
        this.#clock.setTimeout(() => {
            this.#closeMinutes();
            this.#closeMinuteLater();
        }, (this.#openMinute + 1) * minuteMs - this.#clock.now());
    }
    // differs: Azure sends a TCP ping through each frontend port; this asks whether a member would get it.
    #ping(frontends, minute) {
        const unbound = this.#unboundFrontends();
        for (const frontend of frontends) {
            const through = frontend.hasBackend && !unbound.has(frontend.plan.key);
            frontend.vip(this.store, minute).add(minute, through ? 100 : 0);
        }
    }
    /** Closes every minute that has ended: the one that was open, and others if the process stood still for long. */
    #closeMinutes() {
        const plan = this.#follow();
        if (!plan)
            return;
        this.collect();
        for (const end = minuteOf(this.#clock.now()); this.#openMinute < end; this.#openMinute++) {
            const minute = this.#openMinute;
            plan.finish();
            // A frontend that came after the minute's last ping has one value in it too.
            const isUnpinged = (one) => one.settled && one.vip(this.store, minute).lastMinute < minute;
            this.#ping([...plan.frontends].filter(isUnpinged), minute);
            plan.record(minute);
            this.#recordSnatPorts(minute);
            for (const address of plan.addresses)
                this.#observe(address, minute);
            if (minute % pruneEveryMinutes === 0)
                this.store.prune(minute);
        }
    }
    #recordSnatPorts(minute) {
        for (const one of this.#watched.snatAllocations()) {
            const dimensions = {
                FrontendIPAddress: one.frontendAddress,
                BackendIPAddress: one.backendAddress,
                ProtocolType: one.protocol,
                IsAwaitingRemoval: 'False',
            };
            const place = { loadBalancerId: one.loadBalancerId, dimensions };
            this.store.series({ ...place, metric: 'AllocatedSnatPorts' }, minute).add(minute, one.ports);
            // Sockets see no outbound traffic of a backend, and nft does not list which ports are lent.
            this.store.series({ ...place, metric: 'UsedSnatPorts' }, minute).add(minute, 0);
        }
    }
    /** Looks for health events at an address; `minute` has just ended, if given. */
    #observe({ frontends, loadBalancerId, address }, minute) {
        const probed = [...frontends].filter(({ isProbed }) => isProbed);
        let pings;
        for (const frontend of minute === undefined ? [] : frontends) {
            if (frontend.plan.rule.members.length === 0 || !frontend.settled)
                continue;
            const point = frontend.vip(this.store, minute).between(minute, minute + 1);
            if (point)
                pings = pings ? joinPoints(pings, point) : point;
        }
        const health = {
            loadBalancerId,
            address,
            probedPorts: probed.map(({ plan }) => `${plan.transport.toUpperCase()}:${plan.port}`),
            withoutBackends: probed.length > 0 && probed.every(({ settled, hasBackend }) => settled && !hasBackend),
            availability: pings && pings.sum / pings.count,
        };
        this.events.observe(health, this.#clock.now());
    }
    #unboundFrontends() {
        const states = this.#watched.engine.frontends();
        return new Set(states.filter(({ state }) => state === 'Unbound').map(({ key }) => key));
    }
}
function announce({ HealthEventType, Severity, FrontendIP, LoadBalancerResourceId, Description }, log) {
    log.warn('LoadBalancerHealthEvent', { HealthEventType, Severity, FrontendIP, LoadBalancerResourceId, Description });
}
//# sourceMappingURL=monitor.js.map