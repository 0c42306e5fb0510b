/** `setLoadBalancerFrontendPublicIpAddresses`: exchanges the public IP addresses of two frontends without a gap. */
import { azureError } from '../../../errors/index.js';
import { childNamed } from '../../children.js';
import { idKey, parseResourceId, rootKey } from '../../resource-id.js';
import * as Schema from '../../schema.js';
const publicIPAddress = Schema.reference('Microsoft.Network/publicIPAddresses');
export const swapSchema = Schema.object({
    frontendIPConfigurations: Schema.array(Schema.object({ id: Schema.string(), properties: Schema.object({ publicIPAddress }) })),
});
/** The documents of the load balancers concerned, with their frontends' addresses exchanged. */
export function swapPublicIPAddresses(body, lookup) {
    const documents = new Map();
    const changing = new Set((body.frontendIPConfigurations ?? []).map(({ id = '' }) => idKey(id)));
    const users = new Map();
    for (const wanted of body.frontendIPConfigurations ?? []) {
        const id = wanted.id ?? '';
        const notFound = azureError('NotFound', { values: { id } });
        const key = rootKey(id);
        const name = parseResourceId(id)?.names[1];
        const document = documents.get(key) ?? lookup.resource(key)?.document;
        const address = wanted.properties?.publicIPAddress;
        if (!document || !address)
            throw notFound;
        const publicIP = lookup.resource(idKey(address.id));
        if (!publicIP)
            throw azureError('InvalidResourceReference', { values: { referenced: address.id, id } });
        const holders = lookup.linksInto(publicIP.key).filter(({ path }) => path === 'publicIPAddress');
        const staying = holders.find(({ sourceId }) => !changing.has(idKey(sourceId)))?.sourceId;
        const user = users.get(publicIP.key) ?? staying;
        if (user)
            throw azureError('PublicIPAddressInUse', { values: { id, publicIP: publicIP.id, user } });
        users.set(publicIP.key, id);
        const frontends = document.properties.frontendIPConfigurations ?? [];
        const frontend = childNamed(frontends, name);
        if (!frontend)
            throw notFound;
        const frontendIPConfigurations = frontends.map((one) => one === frontend ? { ...one, properties: { ...one.properties, publicIPAddress: { id: publicIP.id } } } : one);
        documents.set(key, { ...document, properties: { ...document.properties, frontendIPConfigurations } });
    }
    return [...documents].map(([key, document]) => ({ key, document }));
}
//# sourceMappingURL=swap-public-ip-addresses.js.map