/**
 * What applies to a network interface in the end: `effectiveRouteTable` and `effectiveNetworkSecurityGroups`. Azure
 * answers only for interfaces of a running virtual machine.
 */
import { azureError } from '../../../errors/index.js';
import { childrenIn, lookUpChild } from '../../children.js';
import { idKey, rootKey } from '../../resource-id.js';
import { defaultSecurityRules } from '../networkSecurityGroups/defaultSecurityRules.js';
/** The reference by which a virtual machine or scale set instance has the network interface. */
export const machineLink = (links) => links.find(({ path, sourceType }) => path === 'networkInterfaces' && sourceType.startsWith('Microsoft.Compute/'));
function isRunning({ resource, lookup }) {
    const link = machineLink(lookup.linksInto(resource.key));
    const machine = link && lookup.resource(rootKey(link.sourceId));
    const power = machine?.document.powerState ?? 'running';
    return machine !== undefined && power === 'running';
}
const subnetOf = (nic) => childrenIn(nic.document.properties, 'ipConfigurations')
    .map((one) => one.properties?.subnet?.id)
    .find((id) => id !== undefined);
const systemRoute = (addressPrefix, nextHopType) => ({
    disableBgpRoutePropagation: false,
    source: 'Default',
    state: 'Active',
    hasBgpOverride: false,
    addressPrefix,
    nextHopType,
    nextHopIpAddress: [],
    destinationServiceTags: [],
    tagMap: {},
});
/** Private ranges that Azure drops unless the virtual network has them. */
const droppedRanges = ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16'];
function effectiveRoutes(context) {
    const subnetId = subnetOf(context.resource);
    const found = subnetId === undefined ? undefined : lookUpChild(context.lookup, subnetId);
    const space = found?.parent.document.properties.addressSpace;
    const routeTable = found?.child.properties?.routeTable?.id;
    const table = routeTable === undefined ? undefined : context.lookup.resource(idKey(routeTable));
    const own = childrenIn(table?.document.properties, 'routes').map(({ name, properties = {} }) => ({
        name,
        ...systemRoute([String(properties.addressPrefix)], String(properties.nextHopType)),
        source: 'User',
        nextHopIpAddress: properties.nextHopIpAddress === undefined ? [] : [String(properties.nextHopIpAddress)],
    }));
    return [
        systemRoute(space?.addressPrefixes ?? [], 'VnetLocal'),
        systemRoute(['0.0.0.0/0'], 'Internet'),
        ...droppedRanges.map((range) => systemRoute([range], 'None')),
        ...own,
    ];
}
const effectiveRule = (collection, { name, properties = {} }) => ({
    name: `${collection}/${name}`,
    protocol: properties.protocol === '*' ? 'All' : properties.protocol,
    sourcePortRange: properties.sourcePortRange,
    destinationPortRange: properties.destinationPortRange,
    sourceAddressPrefix: properties.sourceAddressPrefix,
    destinationAddressPrefix: properties.destinationAddressPrefix,
    access: properties.access,
    priority: properties.priority,
    direction: properties.direction,
});
function effectiveSecurityGroups({ resource, lookup }) {
    const subnetId = subnetOf(resource);
    const subnet = subnetId === undefined ? undefined : lookUpChild(lookup, subnetId)?.child;
    const groups = [
        { on: { subnet: { id: subnetId } }, group: subnet?.properties?.networkSecurityGroup },
        { on: { networkInterface: { id: resource.id } }, group: resource.document.properties.networkSecurityGroup },
    ];
    return groups.flatMap(({ on, group }) => {
        const id = group?.id;
        const found = id === undefined ? undefined : lookup.resource(idKey(id));
        if (!found)
            return [];
        const rules = childrenIn(found.document.properties, 'securityRules');
        const effectiveSecurityRules = [
            ...rules.map((rule) => effectiveRule('securityRules', rule)),
            ...defaultSecurityRules.map((rule) => effectiveRule('defaultSecurityRules', rule)),
        ];
        return [{ networkSecurityGroup: { id: found.id }, association: on, effectiveSecurityRules }];
    });
}
export const effectiveActions = [
    {
        path: 'effectiveRouteTable',
        since: '2016-09-01',
        answer: 'async',
        run: (context) => {
            if (isRunning(context))
                return { body: { value: effectiveRoutes(context) } };
            const values = { id: context.resource.id };
            throw azureError('NicMustBeAttachedToRunningVmToGetEffectiveRoutes', { values });
        },
    },
    {
        path: 'effectiveNetworkSecurityGroups',
        since: '2016-09-01',
        answer: 'async',
        run: (context) => {
            if (isRunning(context))
                return { body: { value: effectiveSecurityGroups(context) } };
            const values = { id: context.resource.id };
            throw azureError('NicMustBeAttachedToRunningVmToGetEffectiveSecurityGroups', { values });
        },
    },
];
//# sourceMappingURL=effective.js.map