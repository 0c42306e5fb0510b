/** Carries into the plan what was chosen where Azure's documentation is silent; engines know no choices. */

import { type Choices, defaultChoices } from '../config/undocumented.js';
import type { PlanMember, PlanPart, PlanProbe, PlanRule } from '../data-plane/model/plan.js';
import { alike } from '../support/plain-data.js';

const minuteMs = 60_000;

const withoutDrain = ({ drainPeriodMs: _, ...member }: PlanMember): PlanMember => member;

function chosenRule(rule: PlanRule, chosen: Choices): PlanRule {
  const resetOn = [
    ...(chosen['mode-switch'] === 'reset' ? (['modeSwitch'] as const) : []),
    ...(chosen['member-removal'] === 'reset' ? (['memberRemoval'] as const) : []),
    ...(chosen['rule-removal'] === 'reset' ? (['ruleRemoval'] as const) : []),
  ];
  const endsAlone = chosen['single-member-down'] === 'end' && rule.members.length === 1;
  return {
    ...rule,
    ...(resetOn.length > 0 && { resetOn }),
    ...(chosen['acl-deny'] === 'reset' && { aclDeny: 'reset' as const }),
    allProbedDown: endsAlone ? 'endEstablished' : rule.allProbedDown,
    halfOpenMs: chosen['half-open'] === 'idle-timeout' ? rule.idleTimeoutMs : rule.halfOpenMs,
    members: chosen['drain-period'] === 'ignore' ? rule.members.map(withoutDrain) : rule.members,
  };
}

const chosenProbe = (probe: PlanProbe, chosen: Choices): PlanProbe => ({
  ...probe,
  ...(chosen['first-success'] === 'once' && { firstThreshold: 1 }),
  ...(chosen['first-probe'] === 'after-interval' && { firstAfterMs: probe.intervalMs }),
  ...(chosen['probe-redirect'] === 'follow' && { followsRedirects: true }),
  ...(chosen['probe-user-agent'] === 'load-balancer-agent' && { userAgent: 'Load Balancer Agent' }),
});

/** Azure names no time for a handshake; this is ours. */
export const halfOpenMs = minuteMs;

/** The same part of a plan with what was chosen in it. */
export function withChoices(part: PlanPart, chosen: Choices): PlanPart {
  if (alike(chosen, defaultChoices)) return part;
  const rules = new Map<PlanRule, PlanRule>();
  const ruleOf = (rule: PlanRule): PlanRule => {
    const known = rules.get(rule) ?? chosenRule(rule, chosen);
    rules.set(rule, known);
    return known;
  };
  return {
    ...part,
    frontends: part.frontends.map((frontend) => ({ ...frontend, rule: ruleOf(frontend.rule) })),
    probes: part.probes.map((probe) => chosenProbe(probe, chosen)),
  };
}
