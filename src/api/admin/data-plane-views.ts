/** The data plane as people look at it: every frontend with its place and state, every backend with its health and why. */

import type { Engine } from '../../data-plane/model/engine.js';
import { type ForwardingPlan, portOf } from '../../data-plane/model/plan.js';
import { backendsOfRule } from '../../data-plane/selection/decision.js';
import type { BackendView, FrontendView, OutboundView } from './views.js';

/** Every frontend of the plan, collisions included. */
export function frontendsOf(plan: ForwardingPlan, engine: Engine): FrontendView[] {
  // A collision has a state of its own behind the one that holds the address, in the plan's order.
  const states = new Map<string, ReturnType<Engine['frontends']>[number][]>();
  for (const state of engine.frontends()) {
    const known = states.get(state.key);
    if (known) known.push(state);
    else states.set(state.key, [state]);
  }
  return plan.frontends.map(({ key, azureAddress, transport, port, rule }) => {
    const state = states.get(key)?.shift();
    return {
      key,
      azureAddress,
      transport,
      port,
      state: state?.state ?? 'Unbound',
      boundAddress: state?.boundAddress ?? null,
      boundPort: state?.boundPort ?? null,
      reason: state ? (state.reason ?? null) : 'not applied yet',
      rule: rule.id,
      distribution: rule.distribution,
      backends: rule.members.length,
    };
  });
}

/** Every block of ports that an outbound rule lends a backend, and whether the engine can do anything about it. */
export const outboundOf = (plan: ForwardingPlan, { whyNoOutbound }: Engine): OutboundView[] =>
  plan.outbound.map(({ key: _key, loadBalancerId: _id, idleTimeoutMs: _idle, ...shown }) => ({
    ...shown,
    state: whyNoOutbound === undefined ? 'CarriedOut' : 'Ignored',
    reason: whyNoOutbound ?? null,
  }));

/** Every backend of every rule, with what the prober or an administrator says about it when it is asked for. */
export function* backendsOf(plan: ForwardingPlan, engine: Engine): Generator<BackendView> {
  const seen = new Set<string>();
  for (const { rule } of plan.frontends) {
    for (const { member, eligible, reason, stopped } of backendsOfRule(rule, (key) => engine.healthOf(key))) {
      // A rule for All protocols has a frontend for each of them.
      const identity = `${rule.id}|${member.key}`;
      if (seen.has(identity)) continue;
      seen.add(identity);
      const probed = member.probe === undefined ? undefined : engine.healthOf(member.probe);
      yield {
        rule: rule.id,
        id: member.id,
        azureAddress: member.azureAddress,
        address: member.address,
        port: portOf(rule, member),
        adminState: member.adminState,
        state: eligible ? 'Up' : 'Down',
        reason: stopped ? 'Stopped' : member.probe === undefined ? 'NoProbe' : reason,
        since: probed ? new Date(probed.sinceMs).toISOString() : null,
      };
    }
  }
}
