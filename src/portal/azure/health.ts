/** Health in the words of Azure's portal, counted from what probes found. */
import type { LoadBalancer } from './arm.js';
import type { BackendView } from './emulator.js';

export interface HealthCount {
  readonly up: number;
  readonly all: number;
}

export type HealthWord = 'Healthy' | 'Degraded' | 'Unhealthy' | 'Unknown';

/** The backends of one rule, by its id in any casing. */
export const backendsOfRule = (backends: readonly BackendView[], ruleId: string): BackendView[] =>
  backends.filter(({ rule }) => rule.toLowerCase() === ruleId.toLowerCase());

export const countOf = (backends: readonly BackendView[]): HealthCount => ({
  up: backends.filter(({ state }) => state === 'Up').length,
  all: backends.length,
});

export function wordFor({ up, all }: HealthCount): HealthWord {
  if (all === 0) return 'Unknown';
  if (up === all) return 'Healthy';
  return up === 0 ? 'Unhealthy' : 'Degraded';
}

/** Health of a load balancer: of the members behind its load balancing rules. One that is down for a rule is not up. */
export function healthOf(loadBalancer: LoadBalancer, backends: readonly BackendView[]): HealthCount {
  const prefix = `${loadBalancer.id}/loadBalancingRules/`.toLowerCase();
  const upEverywhere = new Map<string, boolean>();
  for (const { rule, azureAddress, state } of backends) {
    if (!rule.toLowerCase().startsWith(prefix)) continue;
    upEverywhere.set(azureAddress, state === 'Up' && (upEverywhere.get(azureAddress) ?? true));
  }
  return { up: [...upEverywhere.values()].filter(Boolean).length, all: upEverywhere.size };
}

/** What Azure's reason codes, and Lazurite's own two, mean. */
const reasons: Readonly<Record<BackendView['reason'], string>> = {
  Up_Probe_Success: 'The probe succeeds.',
  Up_Probe_ApproachingUnhealthyThreshold: 'The last probes failed, but not yet enough of them in a row.',
  Up_Probe_AllDownIsUp: 'All instances are down, and the rule sends traffic to all of them then.',
  Up_Admin: 'The admin state is Up: probes are not looked at.',
  Up_Platform: 'The platform says that the instance is up.',
  Down_Probe_ApproachingHealthyThreshold: 'The last probes succeeded, but not yet enough of them in a row.',
  Down_Probe_TcpProbeTimeout: 'The instance does not answer the TCP handshake.',
  Down_Probe_HttpStatusCodeError: 'The instance answers the probe with a status other than 200.',
  Down_Probe_HttpEndpointUnreachable: 'The instance cannot be reached by the HTTP probe.',
  Down_Probe_HttpNoResponse: 'The instance does not answer the HTTP probe in time.',
  Down_Probe_NoHealthyBackend: 'No instance behind the frontend is healthy.',
  Down_Admin: 'The admin state is Down.',
  Down_Platform: 'The instance is stopped or deallocated.',
  NA: 'No probe is configured.',
  NoProbe: 'No probe is configured: the member always counts as healthy.',
  Stopped: 'The virtual machine is stopped or deallocated.',
};

export const explainReason = (reason: BackendView['reason']): string => reasons[reason];
