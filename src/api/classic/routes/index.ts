/** Every operation of the classic API that Lazurite has: routes, documentation and OpenAPI are made from this table. */
import type { ClassicOperation } from '../call.js';
import { cloudServiceOperations } from './cloud-services.js';
import {
  deploymentOperations,
  dnsServerOperations,
  loadBalancerOperations,
  migrationOperations,
  virtualIpOperations,
} from './deployments.js';
import { hostedServiceOperations } from './hosted-services.js';
import { networkOperations, reservedIpOperations } from './networking.js';
import { roleOperations } from './roles.js';
import { serviceAssetOperations } from './service-assets.js';
import { stubOperations, subscriptionOperations } from './subscription.js';

export const classicOperations: readonly ClassicOperation[] = [
  ...subscriptionOperations,
  ...hostedServiceOperations,
  ...serviceAssetOperations,
  ...deploymentOperations,
  ...roleOperations,
  ...cloudServiceOperations,
  ...loadBalancerOperations,
  ...virtualIpOperations,
  ...dnsServerOperations,
  ...migrationOperations,
  ...reservedIpOperations,
  ...networkOperations,
  ...stubOperations,
];
