/**
 * Internal load balancers: at most one private frontend per deployment. Imitates "Add Load Balancer", "Update Load
 * Balancer" and "Delete Load Balancer".
 */
import { azureError } from '../../errors/index.js';
import { sameName } from './endpoints.js';
function addressFor(deployment, frontend, context) {
    const { SubnetName: subnet, StaticVirtualNetworkIPAddress: fixed } = frontend;
    const inVirtualNetwork = deployment.VirtualNetworkName !== undefined;
    const wrong = inVirtualNetwork ? subnet === undefined : subnet !== undefined || fixed !== undefined;
    if (wrong)
        throw azureError('ClassicLoadBalancerAddress');
    const place = { virtualNetwork: deployment.VirtualNetworkName, subnet };
    if (fixed === undefined)
        return context.addresses.privateAddress(place);
    context.addresses.claimPrivateAddress(fixed, place);
    return fixed;
}
/** The deployment with an internal load balancer; a second one is refused. */
export function addInternalLoadBalancer(deployment, request, context) {
    const [existing] = deployment.LoadBalancers;
    if (existing)
        throw azureError('ClassicLoadBalancerExists', { values: { existing: existing.Name } });
    const address = addressFor(deployment, request.FrontendIpConfiguration, context);
    return { ...deployment, LoadBalancers: [{ ...request, address }] };
}
function find(deployment, name) {
    const loadBalancer = deployment.LoadBalancers.find(({ Name }) => sameName(Name, name));
    if (!loadBalancer)
        throw azureError('ClassicLoadBalancerNotFound', { values: { name } });
    return loadBalancer;
}
/** The deployment with the load balancer's frontend replaced; its address stays unless the frontend says otherwise. */
export function updateInternalLoadBalancer(deployment, request, context) {
    const before = find(deployment, request.Name);
    const { FrontendIpConfiguration: frontend } = request;
    const same = sameName(frontend.SubnetName, before.FrontendIpConfiguration.SubnetName) &&
        (frontend.StaticVirtualNetworkIPAddress ?? before.address) === before.address;
    const address = same ? before.address : addressFor(deployment, frontend, context);
    return { ...deployment, LoadBalancers: [{ Name: before.Name, FrontendIpConfiguration: frontend, address }] };
}
/** The deployment without the load balancer; refused while an endpoint uses it. */
export function deleteInternalLoadBalancer(deployment, name) {
    const { Name } = find(deployment, name);
    for (const { role, endpoint, loadBalancer } of usersOf(deployment)) {
        if (sameName(loadBalancer, Name))
            throw azureError('ClassicLoadBalancerInUse', { values: { name: Name, endpoint, role } });
    }
    return { ...deployment, LoadBalancers: [] };
}
function usersOf(deployment) {
    if (deployment.kind === 'virtualMachines') {
        return deployment.roles.flatMap(({ RoleName: role, InputEndpoints }) => InputEndpoints.filter((endpoint) => endpoint.LoadBalancerName !== undefined).map((endpoint) => ({
            role,
            endpoint: endpoint.Name,
            loadBalancer: endpoint.LoadBalancerName,
        })));
    }
    return deployment.definition.roles.flatMap(({ name: role, inputEndpoints }) => inputEndpoints
        .filter((endpoint) => endpoint.loadBalancer !== undefined)
        .map((endpoint) => ({ role, endpoint: endpoint.name, loadBalancer: endpoint.loadBalancer })));
}
//# sourceMappingURL=internal-load-balancers.js.map