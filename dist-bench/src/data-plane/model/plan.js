/** `tcp/127.255.0.4/80`: the identity of a frontend across plans, by its mapped address. */
export const frontendKey = ({ transport, address, port, }) => `${transport}/${address}/${port}`;
/** `<probe resource id, lower case>|<mapped address>`: one probe of one backend address. */
export const probeKey = (probeId, address) => `${probeId.toLowerCase()}|${address}`;
/** `outbound/tcp/127.0.0.4`: protocol and mapped address of a backend that an outbound rule lends ports to. */
export const outboundKey = (transport, address) => `outbound/${transport}/${address}`;
/** `<frontend key>|<member key>`: the scope of the counters of one member behind one frontend. */
export const memberScope = (frontend, member) => `${frontend}|${member}`;
/** The keys of frontend and member in a counter's scope; no member in the scope of a frontend or an outbound entry. */
export function keysOfScope(scope) {
    const at = scope.indexOf('|');
    return at < 0 ? { key: scope, member: undefined } : { key: scope.slice(0, at), member: scope.slice(at + 1) };
}
/** The port of a member behind a rule; 0 keeps the port that the client used (HA ports). */
export const portOf = ({ backendPort }, { port }) => backendPort ?? port;
export const emptyPart = Object.freeze({
    frontends: Object.freeze([]),
    probes: Object.freeze([]),
    outbound: Object.freeze([]),
});
export const emptyPlan = Object.freeze({ version: 0, ...emptyPart });
/** One plan out of parts, in their order. */
export function mergePlan(parts, version) {
    return Object.freeze({
        version,
        frontends: Object.freeze(parts.flatMap(({ frontends }) => frontends)),
        probes: Object.freeze(parts.flatMap(({ probes }) => probes)),
        outbound: Object.freeze(parts.flatMap(({ outbound }) => outbound)),
    });
}
/** A plan indexed by key, the first of each. */
export class IndexedPlan {
    frontends = new Map();
    probes = new Map();
    outbound = new Map();
    collisions;
    constructor(plan) {
        const collisions = [];
        for (const frontend of plan.frontends) {
            const owner = this.frontends.get(frontend.key);
            if (owner)
                collisions.push({ frontend, owner });
            else
                this.frontends.set(frontend.key, frontend);
        }
        for (const probe of plan.probes)
            this.probes.set(probe.key, probe);
        for (const one of plan.outbound)
            if (!this.outbound.has(one.key))
                this.outbound.set(one.key, one);
        this.collisions = collisions;
    }
    /** What leads from `before` to this plan. */
    changesFrom(before) {
        return {
            frontends: changed(this.frontends, before.frontends),
            removedFrontends: missing(this.frontends, before.frontends),
            probes: changed(this.probes, before.probes),
            removedProbes: missing(this.probes, before.probes),
        };
    }
}
function changed(now, before) {
    const values = [];
    for (const [key, value] of now)
        if (value !== before.get(key))
            values.push(value);
    return values;
}
function missing(now, before) {
    const keys = [];
    for (const key of before.keys())
        if (!now.has(key))
            keys.push(key);
    return keys;
}
/** What is wrong with a part in itself; undefined when every key is what it says and every reference resolves. */
export function inconsistency({ frontends, probes, outbound }) {
    const probeKeys = new Set();
    for (const { key, id, address } of probes) {
        if (key !== probeKey(id, address))
            return `The probe ${key} has another key than its id and address make.`;
        if (probeKeys.has(key))
            return `The probe ${key} occurs twice.`;
        probeKeys.add(key);
    }
    const known = new Set();
    for (const frontend of frontends) {
        const { key, rule } = frontend;
        if (key !== frontendKey(frontend))
            return `The frontend ${key} has another key than its address and port make.`;
        if (known.has(rule.members))
            continue;
        known.add(rule.members);
        const memberKeys = new Set();
        for (const member of rule.members) {
            if (memberKeys.has(member.key))
                return `The member ${member.key} of ${rule.id} occurs twice.`;
            memberKeys.add(member.key);
            if (member.probe !== undefined && !probeKeys.has(member.probe))
                return `The member ${member.key} of ${rule.id} names the probe ${member.probe}, which is not in the plan.`;
        }
    }
    for (const { key, transport, address } of outbound)
        if (key !== outboundKey(transport, address))
            return `The outbound entry ${key} has another key than its address makes.`;
    return undefined;
}
//# sourceMappingURL=plan.js.map