/**
 * Types without a model whose parts lie in subnets and have public IP addresses: gateways, firewalls, bastions. Only these
 * references are read; everything else in their documents is stored and echoed.
 */
import * as Schema from '../schema.js';

/** A type without a model, and where its references are. */
export interface AddressHolder {
  readonly type: string;
  readonly schema: Schema.SchemaNode;
}

const open = (members: Record<string, Schema.TSchema>) => ({ ...Schema.object(members), additionalProperties: true });

const configuration = open({
  name: Schema.string(),
  properties: open({
    subnet: Schema.reference('Microsoft.Network/virtualNetworks/subnets'),
    publicIPAddress: Schema.reference('Microsoft.Network/publicIPAddresses'),
  }),
});

const configurations = (segment: string) => Schema.children(segment, configuration);

const holder = (type: string, members: Record<string, Schema.TSchema>): AddressHolder => ({
  type: `Microsoft.Network/${type}`,
  schema: open({ properties: open(members) }) as object as Schema.SchemaNode,
});

/** As the ids of their parts are recorded. */
const holders: readonly AddressHolder[] = [
  holder('virtualNetworkGateways', { ipConfigurations: configurations('ipConfigurations') }),
  holder('applicationGateways', {
    gatewayIPConfigurations: configurations('gatewayIPConfigurations'),
    frontendIPConfigurations: configurations('frontendIPConfigurations'),
  }),
  holder('azureFirewalls', { ipConfigurations: configurations('azureFirewallIpConfigurations') }),
  holder('bastionHosts', { ipConfigurations: configurations('bastionHostIpConfigurations') }),
];

const byType = new Map(holders.map((one) => [one.type.toLowerCase(), one]));

/** The type called so in any casing; undefined for types with a model, and those that hold no addresses. */
export const findAddressHolder = (type: string): AddressHolder | undefined => byType.get(type.toLowerCase());

/** Where a subnet has a member for application gateways alone. */
export const gatewayIPConfigurations = 'Microsoft.Network/applicationGateways/gatewayIPConfigurations';

/** The types of all other parts: subnets and public IP addresses show those that name them. */
export const partsWithAddresses: readonly string[] = holders
  .flatMap(({ type, schema }) =>
    Object.values(schema.properties?.properties?.properties ?? {}).map(({ child }) => `${type}/${child}`),
  )
  .filter((part) => part !== gatewayIPConfigurations);

/** The last type segment of the parts in a member of a type without a model: that of the member, unless it is known better. */
export const segmentOfParts = (type: string, member: string): string =>
  findAddressHolder(type)?.schema.properties?.properties?.properties?.[member]?.child ?? member;
