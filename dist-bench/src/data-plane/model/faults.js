/** The whole id in any casing, or its last segment. */
function named(id, wanted) {
    const folded = wanted.toLowerCase();
    return id.toLowerCase() === folded || id.slice(id.lastIndexOf('/') + 1).toLowerCase() === folded;
}
const isAddress = (wanted, place) => wanted === place.azureAddress || wanted === place.address;
function isFrontend(wanted, { azureAddress, address, port }) {
    const text = (of) => `${of.includes(':') ? `[${of}]` : of}:${port}`;
    return isAddress(wanted, { azureAddress, address }) || wanted === text(azureAddress) || wanted === text(address);
}
/** Whether a fault concerns a flow of this frontend to this member. */
export const concernsFlow = (fault, frontend, member) => (fault.frontend === undefined || isFrontend(fault.frontend, frontend)) &&
    (fault.rule === undefined || named(frontend.rule.id, fault.rule)) &&
    (fault.backend === undefined || isAddress(fault.backend, member));
/** Whether a fault concerns this probe of this backend. */
export const concernsProbe = (fault, probe) => (fault.probe === undefined || named(probe.id, fault.probe)) &&
    (fault.backend === undefined || isAddress(fault.backend, probe));
/** The traffic faults and the probe faults among `faults`. */
export function sortFaults(faults) {
    const traffic = [];
    const probes = [];
    for (const fault of faults) {
        if (fault.effect === 'probe')
            probes.push(fault);
        else
            traffic.push(fault);
    }
    return { traffic, probes };
}
//# sourceMappingURL=faults.js.map