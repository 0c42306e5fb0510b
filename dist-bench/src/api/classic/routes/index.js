import { cloudServiceOperations } from './cloud-services.js';
import { deploymentOperations, dnsServerOperations, loadBalancerOperations, virtualIpOperations, } from './deployments.js';
import { hostedServiceOperations } from './hosted-services.js';
import { networkOperations, reservedIpOperations } from './networking.js';
import { roleOperations } from './roles.js';
import { stubOperations } from './stubs.js';
import { subscriptionOperations } from './subscription.js';
export const classicOperations = [
    ...subscriptionOperations,
    ...hostedServiceOperations,
    ...deploymentOperations,
    ...roleOperations,
    ...cloudServiceOperations,
    ...loadBalancerOperations,
    ...virtualIpOperations,
    ...dnsServerOperations,
    ...reservedIpOperations,
    ...networkOperations,
    ...stubOperations,
];
//# sourceMappingURL=index.js.map