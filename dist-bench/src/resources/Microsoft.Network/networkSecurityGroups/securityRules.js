/**
 * Security rules (`networkSecurityGroups/securityRules`), as
 * https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview describes them.
 */
import { azureError } from '../../../errors/index.js';
import { parseIpAddress, parseIpPrefix } from '../../../support/ip-address.js';
import * as Schema from '../../schema.js';
import { fillIn } from '../common-members.js';
import { versions } from '../member-versions.js';
const applicationSecurityGroups = () => Schema.array(Schema.reference('Microsoft.Network/applicationSecurityGroups'), versions.securityRule.applicationSecurityGroups);
export const securityRule = Schema.envelope('name id etag type properties', {
    properties: Schema.object({
        provisioningState: Schema.provisioningState(),
        description: Schema.string(),
        // Any casing is kept: Azure shows `tcp` and `TCP` as they were sent.
        protocol: Schema.string(),
        sourcePortRange: Schema.string(),
        destinationPortRange: Schema.string(),
        sourceAddressPrefix: Schema.string(),
        destinationAddressPrefix: Schema.string(),
        access: Schema.oneOf(['Allow', 'Deny'], { clrType: 'SecurityRuleAccess' }),
        priority: Schema.integer(),
        direction: Schema.oneOf(['Inbound', 'Outbound'], { clrType: 'SecurityRuleDirection' }),
        sourcePortRanges: Schema.array(Schema.string(), versions.securityRule.sourcePortRanges),
        destinationPortRanges: Schema.array(Schema.string(), versions.securityRule.destinationPortRanges),
        sourceAddressPrefixes: Schema.array(Schema.string(), versions.securityRule.sourceAddressPrefixes),
        destinationAddressPrefixes: Schema.array(Schema.string(), versions.securityRule.destinationAddressPrefixes),
        sourceApplicationSecurityGroups: applicationSecurityGroups(),
        destinationApplicationSecurityGroups: applicationSecurityGroups(),
    }, { clrType: 'SecurityRuleProperties' }),
});
const twins = [
    ['sourcePortRange', 'sourcePortRanges'],
    ['destinationPortRange', 'destinationPortRanges'],
    ['sourceAddressPrefix', 'sourceAddressPrefixes'],
    ['destinationAddressPrefix', 'destinationAddressPrefixes'],
];
/** Fills in what Azure fills in. */
export function completeSecurityRule(rule) {
    rule.properties ??= {};
    for (const [one, many] of twins) {
        // Beside the plural member an empty text says nothing.
        if (rule.properties[one]?.trim() === '' && rule.properties[many]?.length)
            delete rule.properties[one];
    }
    fillIn(rule.properties, {
        sourcePortRanges: [],
        destinationPortRanges: [],
        sourceAddressPrefixes: [],
        destinationAddressPrefixes: [],
    });
}
const protocols = ['tcp', 'udp', 'icmp', 'esp', 'ah', '*'];
function isPortRange(text) {
    const range = text.trim();
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range);
    if (!match)
        return range === '*';
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    return first <= last && last <= 65535;
}
/** Service tags are names, and Azure takes whatever looks like none of an address. */
const isAddressPrefix = (text) => !/[.:/]/.test(text) ||
    /^[a-z]\w*\.\w+$/i.test(text) ||
    parseIpAddress(text) !== undefined ||
    parseIpPrefix(text) !== undefined ||
    /^[\d.]+-[\d.]+$/.test(text);
/** What Azure refuses about one rule. */
export function* checkSecurityRule(rule, id) {
    const properties = rule.properties ?? {};
    const { priority = 0, protocol = '', description = '' } = properties;
    if (description.length > 140)
        yield azureError('SecurityRuleDescriptionTooLong');
    if (!protocols.includes(protocol.toLowerCase())) {
        yield azureError('SecurityRuleInvalidProtocol', { values: { value: protocol } });
    }
    const ports = [properties.sourcePortRange ?? [], properties.destinationPortRange ?? []].flat();
    for (const value of [...ports, ...(properties.sourcePortRanges ?? []), ...(properties.destinationPortRanges ?? [])]) {
        if (!isPortRange(value))
            yield azureError('SecurityRuleInvalidPortRange', { values: { value } });
    }
    const prefixes = [properties.sourceAddressPrefix ?? [], properties.destinationAddressPrefix ?? []].flat();
    const lists = [...(properties.sourceAddressPrefixes ?? []), ...(properties.destinationAddressPrefixes ?? [])];
    for (const value of [...prefixes, ...lists]) {
        if (!isAddressPrefix(value))
            yield azureError('SecurityRuleInvalidAddressPrefix', { values: { id, value } });
    }
    if (priority < 100 || priority > 4096) {
        yield azureError('SecurityRuleInvalidPriority', { values: { value: priority } });
    }
}
/** Two rules of one direction need different priorities. */
export function* checkPriorities(rules) {
    const seen = new Map();
    for (const { name = '', properties } of rules) {
        const key = `${properties?.direction}|${properties?.priority}`;
        const first = seen.get(key);
        if (first !== undefined)
            yield azureError('SecurityRuleConflict', { values: { first, second: name } });
        seen.set(key, name);
    }
}
//# sourceMappingURL=securityRules.js.map