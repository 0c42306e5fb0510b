/**
 * Azure Monitor's metrics of a load balancer: names, units, dimensions.
 * https://learn.microsoft.com/azure/load-balancer/monitor-load-balancer-reference
 */
export const metricNamespace = 'Microsoft.Network/loadBalancers';
const perFrontend = ['FrontendIPAddress', 'FrontendPort', 'Direction'];
const perSnatPorts = ['FrontendIPAddress', 'BackendIPAddress', 'ProtocolType', 'IsAwaitingRemoval'];
export const metricDefinitions = [
    {
        name: 'SnatConnectionCount',
        localized: 'SNAT Connection Count',
        unit: 'Count',
        primary: 'Total',
        dimensions: ['FrontendIPAddress', 'BackendIPAddress', 'ConnectionState'],
        description: 'Total number of new SNAT connections created within time period',
    },
    {
        name: 'AllocatedSnatPorts',
        localized: 'Allocated SNAT Ports',
        unit: 'Count',
        primary: 'Average',
        dimensions: perSnatPorts,
        description: 'Total number of SNAT ports allocated within time period',
    },
    {
        name: 'UsedSnatPorts',
        localized: 'Used SNAT Ports',
        unit: 'Count',
        primary: 'Average',
        dimensions: perSnatPorts,
        description: 'Total number of SNAT ports used within time period',
    },
    {
        name: 'VipAvailability',
        localized: 'Data Path Availability',
        unit: 'Count',
        primary: 'Average',
        dimensions: ['FrontendIPAddress', 'FrontendPort'],
        description: 'Average Load Balancer data path availability per time duration',
    },
    {
        name: 'DipAvailability',
        localized: 'Health Probe Status',
        unit: 'Count',
        primary: 'Average',
        dimensions: ['ProtocolType', 'BackendPort', 'FrontendIPAddress', 'FrontendPort', 'BackendIPAddress'],
        description: 'Average Load Balancer health probe status per time duration',
    },
    {
        name: 'ByteCount',
        localized: 'Byte Count',
        unit: 'Bytes',
        primary: 'Total',
        dimensions: perFrontend,
        description: 'Total number of Bytes transmitted within time period',
    },
    {
        name: 'PacketCount',
        localized: 'Packet Count',
        unit: 'Count',
        primary: 'Total',
        dimensions: perFrontend,
        description: 'Total number of Packets transmitted within time period',
    },
    {
        name: 'SYNCount',
        localized: 'SYN Count',
        unit: 'Count',
        primary: 'Total',
        dimensions: perFrontend,
        description: 'Total number of SYN Packets transmitted within time period',
    },
    {
        name: 'GlobalBackendAvailability',
        localized: 'Health Probe Status',
        unit: 'Count',
        primary: 'Average',
        dimensions: [
            'FrontendIPAddress',
            'FrontendPort',
            'BackendIPAddress',
            'ProtocolType',
            'FrontendRegion',
            'BackendRegion',
        ],
        description: 'Azure Cross-region Load Balancer backend health and status per time duration',
    },
];
/** The definition of a metric, in any casing. */
export const metricNamed = (name) => metricDefinitions.find((one) => one.name.toLowerCase() === name.toLowerCase());
/** Time grains of every metric, as ISO 8601 durations, and their minutes. */
export const timeGrains = {
    PT1M: 1,
    PT5M: 5,
    PT15M: 15,
    PT30M: 30,
    PT1H: 60,
    PT6H: 360,
    PT12H: 720,
    P1D: 1440,
};
/** What a metric can be aggregated to. */
export const supportedAggregations = ['Average', 'Minimum', 'Maximum', 'Total', 'Count'];
/** An entry of `metricDefinitions` as Azure Monitor writes it. */
export function showDefinition(definition, resourceId) {
    const { name, localized, unit, primary, dimensions, description } = definition;
    return {
        id: `${resourceId}/providers/microsoft.insights/metricdefinitions/${name}`,
        resourceId,
        namespace: metricNamespace,
        name: { value: name, localizedValue: localized },
        displayDescription: description,
        isDimensionRequired: false,
        unit,
        primaryAggregationType: primary,
        supportedAggregationTypes: supportedAggregations,
        metricAvailabilities: Object.keys(timeGrains).map((timeGrain) => ({ timeGrain, retention: 'P93D' })),
        dimensions: dimensions.map((value) => ({ value, localizedValue: value })),
    };
}
//# sourceMappingURL=metric-definitions.js.map