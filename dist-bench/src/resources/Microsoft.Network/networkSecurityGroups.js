/**
 * Network security groups (`Microsoft.Network/networkSecurityGroups`): stored and shown as
 * https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview describes them.
 */
import { azureError } from '../../errors/index.js';
import { resourceType } from '../resource-type.js';
import * as Schema from '../schema.js';
import { networkApiVersions } from './api-versions.js';
import { fillIn, keepResourceGuid } from './common-members.js';
import { versions } from './member-versions.js';
import { defaultSecurityRules } from './networkSecurityGroups/defaultSecurityRules.js';
import { checkPriorities, checkSecurityRule, completeSecurityRule, securityRule, } from './networkSecurityGroups/securityRules.js';
const schema = Schema.envelope('name id etag type location tags properties', {
    properties: Schema.object({
        provisioningState: Schema.provisioningState(),
        resourceGuid: Schema.resourceGuid(),
        flushConnection: Schema.boolean(versions.networkSecurityGroup.flushConnection),
        securityRules: Schema.children('securityRules', securityRule),
        defaultSecurityRules: Schema.children('defaultSecurityRules', securityRule, { readOnly: true }),
        networkInterfaces: Schema.backReferences('Microsoft.Network/networkInterfaces', 'networkSecurityGroup'),
        subnets: Schema.backReferences('Microsoft.Network/virtualNetworks/subnets', 'networkSecurityGroup'),
        flowLogs: Schema.anything({ readOnly: true, ...versions.networkSecurityGroup.flowLogs }),
    }, { clrType: 'NetworkSecurityGroupProperties' }),
});
function completeNetworkSecurityGroup(context) {
    const properties = context.document.properties;
    keepResourceGuid(context);
    fillIn(properties, { securityRules: [] });
    for (const rule of properties.securityRules ?? [])
        completeSecurityRule(rule);
}
function* checkNetworkSecurityGroup(context) {
    const rules = context.document.properties.securityRules ?? [];
    for (const rule of rules)
        yield* checkSecurityRule(rule, `${context.idText}/securityRules/${rule.name}`);
    yield* checkPriorities(rules);
}
const viewNetworkSecurityGroup = ({ resource: { document } }) => ({
    ...document,
    properties: { ...document.properties, defaultSecurityRules },
});
export const networkSecurityGroups = resourceType({
    type: 'Microsoft.Network/networkSecurityGroups',
    apiVersions: networkApiVersions,
    schema,
    children: [
        { name: 'securityRules', methods: 'write' },
        { name: 'defaultSecurityRules', methods: 'read' },
    ],
    inUse: [
        {
            by: 'Microsoft.Network/*',
            path: 'networkSecurityGroup',
            refuse: ({ id, links }) => azureError('InUseNetworkSecurityGroupCannotBeDeleted', {
                values: { id, users: links.map(({ sourceId }) => sourceId).join(', ') },
            }),
        },
    ],
    defaults: completeNetworkSecurityGroup,
    check: checkNetworkSecurityGroup,
    view: viewNetworkSecurityGroup,
});
//# sourceMappingURL=networkSecurityGroups.js.map