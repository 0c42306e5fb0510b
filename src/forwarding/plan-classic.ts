/** Compiles what classic deployments offer into the same plan as Resource Manager's balancers. */
import { type AddressMapping, mapAddress, mapNetwork } from '../address-map.js';
import type { ClassicPlanInputs, ClassicRule } from '../resources/Microsoft.ClassicCompute/plan-inputs.js';
import type { Choices } from '../undocumented.js';
import { frontendKey, type PlanMember, type PlanPart, type PlanProbe, type PlanRule, probeKey } from './plan.js';
import { halfOpenMs, withChoices } from './plan-choices.js';

export interface ClassicPlanOptions {
  readonly addressMap: readonly AddressMapping[];
  readonly choices: Choices;
}

/** The plan's part of every classic deployment. */
export function compileClassic(inputs: ClassicPlanInputs, { addressMap, choices }: ClassicPlanOptions): PlanPart {
  const map = (address: string): string => mapAddress(address, addressMap);
  const probes = inputs.probes.map(
    ({ key: _, id, azureAddress, ...probe }): PlanProbe => ({
      key: probeKey(id, map(azureAddress)),
      id,
      azureAddress,
      address: map(azureAddress),
      ...probe,
    }),
  );
  const planMember = ({ key, id, azureAddress, port, probe, started }: ClassicRule['members'][number]): PlanMember => ({
    key,
    id,
    azureAddress,
    address: map(azureAddress),
    port,
    adminState: 'None',
    probe: probe && started ? probeKey(probe.id, map(probe.azureAddress)) : undefined,
  });
  const rules = new Map<ClassicRule, PlanRule>();
  const planRule = (rule: ClassicRule): PlanRule => {
    const known = rules.get(rule);
    if (known) return known;
    const made: PlanRule = {
      id: rule.id,
      frontendId: rule.frontendId,
      loadBalancerId: rule.loadBalancerId,
      distribution: rule.distribution,
      idleTimeoutMs: rule.idleTimeoutMs,
      halfOpenMs,
      tcpReset: false,
      floatingIp: rule.floatingIp,
      // Classic deployments stand behind what later became the Basic balancer.
      allProbedDown: 'endEstablished',
      noHealthyBackends: 'AllProbedDown',
      acl: rule.acl.map(({ action, remoteSubnet }) => ({ action, remoteSubnet: mapNetwork(remoteSubnet, addressMap) })),
      members: rule.members.filter(({ started }) => started).map(planMember),
      ...(rule.members.some(({ started }) => !started) && {
        stopped: rule.members.filter(({ started }) => !started).map(planMember),
      }),
    };
    rules.set(rule, made);
    return made;
  };
  const frontends = inputs.frontends.map(({ rule, ...frontend }) => {
    const { azureAddress, transport, port } = frontend;
    const address = map(azureAddress);
    return { key: frontendKey({ transport, address, port }), ...frontend, address, rule: planRule(rule) };
  });
  return withChoices({ frontends, probes, outbound: [] }, choices);
}
