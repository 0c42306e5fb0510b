/** The load balancer that the portal's tests look at: a rule on port 8080 with a TCP probe, members by IP address. */
import type { Cloud } from '../emulator/cloud.js';
import { loadBalancer } from '../emulator/load-balancer.js';

export const balancer = (cloud: Cloud, members: readonly number[]): Record<string, unknown> =>
  loadBalancer({
    rules: [{ name: 'http', protocol: 'Tcp', frontendPort: 8080, backendPort: 8080 }],
    probePort: 8080,
    addresses: members.map(cloud.azureAddress),
  });
