/**
 * Network security groups (`Microsoft.Network/networkSecurityGroups`): stored and shown as
 * https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview describes them.
 */

import { type AzureError, azureError } from '../../errors/index.js';
import { type ResourceDocument, resourceType, type ViewContext, type WriteContext } from '../resource-type.js';
import * as Schema from '../schema.js';
import { fillIn, keepResourceGuid } from './common-members.js';
import { networkApiVersions, versions } from './member-versions.js';
import {
  checkPriorities,
  checkSecurityRule,
  completeSecurityRule,
  defaultSecurityRules,
  type SecurityRule,
  securityRule,
} from './networkSecurityGroups/securityRules.js';

interface NetworkSecurityGroupProperties extends Record<string, unknown> {
  securityRules?: SecurityRule[];
}

interface NetworkSecurityGroupDocument extends ResourceDocument {
  properties: NetworkSecurityGroupProperties;
}

const schema = Schema.envelope('name id etag type location tags properties', {
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      resourceGuid: Schema.resourceGuid(),
      flushConnection: Schema.boolean(versions.networkSecurityGroup.flushConnection),
      securityRules: Schema.children('securityRules', securityRule),
      defaultSecurityRules: Schema.children('defaultSecurityRules', securityRule, { readOnly: true }),
      networkInterfaces: Schema.backReferences('Microsoft.Network/networkInterfaces', 'networkSecurityGroup'),
      subnets: Schema.backReferences('Microsoft.Network/virtualNetworks/subnets', 'networkSecurityGroup'),
      flowLogs: Schema.anything({ readOnly: true, ...versions.networkSecurityGroup.flowLogs }),
    },
    { clrType: 'NetworkSecurityGroupProperties' },
  ),
});

function completeNetworkSecurityGroup(context: WriteContext<NetworkSecurityGroupDocument>): void {
  const properties = context.document.properties;
  keepResourceGuid(context);
  fillIn(properties, { securityRules: [] });
  for (const rule of properties.securityRules ?? []) completeSecurityRule(rule);
}

function* checkNetworkSecurityGroup(context: WriteContext<NetworkSecurityGroupDocument>): Generator<AzureError> {
  const rules = context.document.properties.securityRules ?? [];
  for (const rule of rules) yield* checkSecurityRule(rule, `${context.idText}/securityRules/${rule.name}`);
  yield* checkPriorities(rules);
}

const viewNetworkSecurityGroup = ({ resource: { document } }: ViewContext): ResourceDocument => ({
  ...document,
  properties: { ...document.properties, defaultSecurityRules },
});

export const networkSecurityGroups = resourceType<NetworkSecurityGroupDocument>({
  type: 'Microsoft.Network/networkSecurityGroups',
  apiVersions: networkApiVersions,
  schema,
  children: [
    { name: 'securityRules', methods: 'write' },
    { name: 'defaultSecurityRules', methods: 'read' },
  ],
  inUse: [
    {
      by: 'Microsoft.Compute/virtualMachineScaleSets*',
      path: 'networkSecurityGroup',
      refuse: ({ id, links }) =>
        azureError('NetworkSecurityGroupInUseByVirtualMachineScaleSet', {
          values: { id, scaleSet: links[0]?.sourceId ?? '' },
        }),
    },
    {
      by: 'Microsoft.Network/*',
      path: 'networkSecurityGroup',
      refuse: ({ id, links }) =>
        azureError('InUseNetworkSecurityGroupCannotBeDeleted', {
          values: { id, users: links.map(({ sourceId }) => sourceId).join(', ') },
        }),
    },
  ],
  defaults: completeNetworkSecurityGroup,
  check: checkNetworkSecurityGroup,
  view: viewNetworkSecurityGroup,
});
