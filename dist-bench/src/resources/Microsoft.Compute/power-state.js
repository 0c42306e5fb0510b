/**
 * Power states of virtual machines, as https://learn.microsoft.com/azure/virtual-machines/states-billing describes them.
 * A stopped or deallocated machine answers no probe and gets no new flows.
 */
import { rootKey } from '../resource-id.js';
/** The machine's power state; kept beside what Azure shows, since only the instance view tells it. */
export const powerStateOf = (document) => document.powerState ?? 'running';
/** Power state of the machine that has the network interface with this folded id; undefined when none has. */
function powerStateOfNetworkInterface(lookup, nicKey) {
    const link = lookup
        .linksInto(nicKey)
        .find(({ path, sourceType }) => path === 'networkInterfaces' && sourceType.startsWith('Microsoft.Compute/'));
    const machine = link && lookup.resource(rootKey(link.sourceId));
    return machine && powerStateOf(machine.document);
}
/** Power state of the machine, or of the scale set's instance, that has the ipConfiguration with this id. */
export function powerStateOfIPConfiguration(lookup, id) {
    const [, instanceId] = /\/virtualMachineScaleSets\/[^/]+\/virtualMachines\/([^/]+)\//i.exec(id) ?? [];
    if (instanceId === undefined)
        return powerStateOfNetworkInterface(lookup, rootKey(id));
    const instances = lookup.resource(rootKey(id))?.document.properties.virtualMachines;
    return instances?.find(({ name }) => name === instanceId)?.properties.powerState;
}
/** What an instance view says about a machine: `statuses` of `GET …/instanceView`. */
export const powerStatuses = (document) => [
    { code: 'ProvisioningState/succeeded', level: 'Info', displayStatus: 'Provisioning succeeded' },
    { code: `PowerState/${powerStateOf(document)}`, level: 'Info', displayStatus: `VM ${powerStateOf(document)}` },
];
//# sourceMappingURL=power-state.js.map