/** The plan that benches of engines carry out: one rule for TCP and UDP, with the members given. */
import type { ForwardingPlan, PlanMember, PlanRule } from '../src/forwarding/engine.js';

export function memberAt(address: string, port: number): PlanMember {
  return { key: address, id: address, azureAddress: address, address, port, adminState: 'None', probe: undefined };
}

export function planFor(at: { address: string; port: number }, members: readonly PlanMember[]): ForwardingPlan {
  const rule: PlanRule = {
    id: 'rule',
    frontendId: 'frontend',
    loadBalancerId: 'loadBalancer',
    distribution: 'Default',
    idleTimeoutMs: 240_000,
    tcpReset: false,
    floatingIp: false,
    allProbedDown: 'keepEstablished',
    noHealthyBackends: 'AllProbedDown',
    acl: [],
    halfOpenMs: 60_000,
    members,
  };
  const { address, port } = at;
  return {
    frontends: (['tcp', 'udp'] as const).map((transport) => ({
      key: `${transport}/${address}/${port}`,
      transport,
      azureAddress: address,
      address,
      port,
      rule,
    })),
    probes: [],
    outbound: [],
  };
}
