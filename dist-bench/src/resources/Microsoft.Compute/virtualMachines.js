/**
 * Virtual machines (`Microsoft.Compute/virtualMachines`): they own network interfaces and can be switched off. No
 * machine runs; whatever listens on the interface's mapped address stands in for it.
 */
import { azureError } from '../../errors/index.js';
import { idKey, rootKey } from '../resource-id.js';
import { resourceType, } from '../resource-type.js';
import * as Schema from '../schema.js';
import { computeApiVersions } from './api-versions.js';
import { powerStatuses } from './power-state.js';
import { completeProfiles, osProfile, storageProfile } from './profiles.js';
/** A reference that says more than the id: whether the interface is the primary one. */
const networkInterface = () => {
    const target = Schema.reference('Microsoft.Network/networkInterfaces');
    const properties = Schema.object({ primary: Schema.anything(), deleteOption: Schema.string() });
    const given = target.properties;
    return Object.assign(target, { properties: { ...given, properties }, additionalProperties: false });
};
const schema = Schema.envelope('name id type location extendedLocation tags identity plan zones properties', {
    extendedLocation: Schema.extendedLocation({ since: '2020-12-01' }),
    identity: Schema.anything(),
    plan: Schema.anything(),
    zones: Schema.zones({ since: '2017-03-30' }),
    properties: Schema.object({
        vmId: Schema.string({ readOnly: true }),
        availabilitySet: Schema.reference('Microsoft.Compute/availabilitySets'),
        virtualMachineScaleSet: Schema.reference('Microsoft.Compute/virtualMachineScaleSets', { since: '2019-07-01' }),
        proximityPlacementGroup: Schema.reference('Microsoft.Compute/proximityPlacementGroups', { since: '2018-04-01' }),
        host: Schema.reference('Microsoft.Compute/hostGroups/hosts'),
        hostGroup: Schema.reference('Microsoft.Compute/hostGroups'),
        priority: Schema.string({ since: '2019-03-01' }),
        evictionPolicy: Schema.string({ since: '2019-03-01' }),
        billingProfile: Schema.anything({ since: '2019-03-01' }),
        hardwareProfile: Schema.anything(),
        scheduledEventsPolicy: Schema.anything(),
        storageProfile: storageProfile(),
        additionalCapabilities: Schema.anything(),
        osProfile: osProfile(),
        networkProfile: Schema.object({
            networkApiVersion: Schema.string(),
            networkInterfaceConfigurations: Schema.anything(),
            networkInterfaces: Schema.array(networkInterface()),
        }),
        securityProfile: Schema.anything(),
        diagnosticsProfile: Schema.anything(),
        licenseType: Schema.string(),
        extensionsTimeBudget: Schema.string(),
        platformFaultDomain: Schema.integer(),
        scheduledEventsProfile: Schema.anything(),
        userData: Schema.string(),
        capacityReservation: Schema.anything(),
        applicationProfile: Schema.anything(),
        provisioningState: Schema.provisioningState(),
        timeCreated: Schema.string({ readOnly: true }),
        instanceView: Schema.anything({ readOnly: true }),
    }),
});
function completeVirtualMachine(context) {
    const { document, existing } = context;
    const properties = document.properties;
    properties.vmId = existing?.document.properties.vmId ?? context.newGuid();
    // A machine keeps its power state when it is written, and starts when it is created.
    document.powerState = existing?.document.powerState ?? 'running';
    completeProfiles(properties);
    // Azure takes the password and never shows it again.
    if (properties.userData !== undefined)
        delete properties.userData;
}
/** A network interface belongs to one machine. */
function* checkVirtualMachine({ document, lookup, idText, }) {
    for (const { id } of document.properties.networkProfile?.networkInterfaces ?? []) {
        const other = lookup
            .linksInto(idKey(id))
            .find(({ path, sourceId }) => path === 'networkInterfaces' && rootKey(sourceId) !== idKey(idText));
        if (other)
            yield azureError('NicInUse', { values: { id, user: other.sourceId } });
    }
}
/** What `GET …/virtualMachines/{name}/instanceView` answers. */
export const virtualMachineInstanceView = ({ resource }) => ({
    computerName: resource.document.properties.osProfile?.computerName,
    disks: [],
    statuses: powerStatuses(resource.document),
});
/** `$expand=instanceView` shows the instance view among the properties. */
function showVirtualMachine({ expand, ...context }) {
    const { document } = context.resource;
    const wanted = expand?.split(',').some((part) => part.trim().toLowerCase() === 'instanceview');
    if (!wanted)
        return document;
    return { ...document, properties: { ...document.properties, instanceView: virtualMachineInstanceView(context) } };
}
const powerAction = (path, powerState) => ({
    path,
    since: '2015-06-15',
    answer: 'async',
    run: ({ resource }) => ({ writes: [{ key: resource.key, document: { ...resource.document, powerState } }] }),
});
export const virtualMachines = resourceType({
    type: 'Microsoft.Compute/virtualMachines',
    apiVersions: computeApiVersions,
    schema,
    defaults: completeVirtualMachine,
    check: checkVirtualMachine,
    view: showVirtualMachine,
    requests: {
        nameParameter: 'vmName',
        actions: [
            {
                path: 'instanceView',
                method: 'GET',
                since: '2015-06-15',
                answer: 'sync',
                run: (context) => ({ body: virtualMachineInstanceView(context) }),
            },
            powerAction('start', 'running'),
            powerAction('restart', 'running'),
            powerAction('redeploy', 'running'),
            powerAction('powerOff', 'stopped'),
            powerAction('deallocate', 'deallocated'),
        ],
    },
});
//# sourceMappingURL=virtualMachines.js.map