/**
 * Azure's load balancer health events: the diagnostic log category LoadBalancerHealthEvent.
 * https://learn.microsoft.com/azure/load-balancer/load-balancer-health-event-logs
 */
const minuteMs = 60_000;
/** Azure detects a condition that lasts only every so often anew. */
const quietMs = {
    DataPathAvailabilityWarning: 5 * minuteMs,
    DataPathAvailabilityCritical: 5 * minuteMs,
    NoHealthyBackends: 60 * minuteMs,
};
const keptEvents = 1000;
const criticalBelow = 25;
const warningBelow = 90;
// differs: the first text is Azure's as far as its troubleshooting page shows it; the others are put in our words.
const noHealthyBackends = ({ address, probedPorts }) => ({
    type: 'NoHealthyBackends',
    severity: 'Critical',
    description: `The frontend IP ${address} is completely unreachable because all backend instances configured to the following ` +
        `protocol:port {${probedPorts.join(', ')}} are not responding to health probes.`,
});
const availabilityBelow = ({ address }, { percent, critical }) => ({
    type: critical ? 'DataPathAvailabilityCritical' : 'DataPathAvailabilityWarning',
    severity: critical ? 'Critical' : 'Warning',
    description: `The data path availability of the frontend IP ${address} was ${Math.round(percent)}% in the last minute, below ${critical ? criticalBelow : warningBelow}%.`,
});
export class HealthEvents {
    #announce;
    #raisedMs = new Map();
    #events = [];
    constructor(announce) {
        this.#announce = announce;
    }
    /** Oldest first. */
    list() {
        return this.#events;
    }
    /** Takes the state of a frontend in, and raises what it gives rise to. */
    observe(frontend, nowMs) {
        if (frontend.withoutBackends)
            this.#raise(noHealthyBackends(frontend), frontend, nowMs);
        // Healthy again: the next failure is news.
        else
            this.#raisedMs.delete(placeOf(frontend, 'NoHealthyBackends'));
        const percent = frontend.availability;
        if (percent === undefined || percent >= warningBelow)
            return;
        this.#raise(availabilityBelow(frontend, { percent, critical: percent < criticalBelow }), frontend, nowMs);
    }
    clear() {
        this.#events = [];
        this.#raisedMs.clear();
    }
    #raise({ type, severity, description }, frontend, nowMs) {
        const place = placeOf(frontend, type);
        const raisedMs = this.#raisedMs.get(place);
        if (raisedMs !== undefined && nowMs - raisedMs < quietMs[type])
            return;
        this.#raisedMs.set(place, nowMs);
        const event = {
            TimeGenerated: new Date(nowMs).toISOString(),
            Category: 'LoadBalancerHealthEvent',
            OperationName: 'LoadBalancerHealthEvent',
            LoadBalancerResourceId: frontend.loadBalancerId,
            FrontendIP: frontend.address,
            HealthEventType: type,
            Severity: severity,
            Description: description,
        };
        this.#events.push(event);
        if (this.#events.length > keptEvents)
            this.#events.shift();
        this.#announce(event);
    }
}
const placeOf = ({ loadBalancerId, address }, type) => `${loadBalancerId.toLowerCase()}|${address}|${type}`;
//# sourceMappingURL=health-events.js.map