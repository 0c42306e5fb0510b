/** The plan that benches of engines carry out: one rule for TCP and UDP, with the members given. */
import type { ForwardingPlan, PlanMember } from '../src/data-plane/model/plan.js';
import { frontend, plan, rule } from '../test/data-plane/plans.js';

export function planFor(
  { address, port }: { address: string; port: number },
  members: readonly PlanMember[],
): ForwardingPlan {
  const only = rule(members);
  return plan((['tcp', 'udp'] as const).map((transport) => frontend(transport, `${address}:${port}`, only)));
}
