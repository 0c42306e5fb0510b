/** A frontend's protocol and port belong to one rule only, whether it balances or translates. */
import { type AzureError, azureError } from '../../../errors.js';
import { idKey } from '../../resource-id.js';
import type { WriteContext } from '../../resource-type.js';
import { loadBalancerChild } from './child.js';
import type { LoadBalancerDocument } from './document.js';

interface Claim {
  readonly id: string;
  readonly frontend: string;
  readonly protocol: string;
  readonly first: number;
  readonly last: number;
}

function* claimsOf({ document, idText }: WriteContext<LoadBalancerDocument>): Generator<Claim> {
  for (const collection of ['loadBalancingRules', 'inboundNatRules'] as const) {
    for (const rule of document.properties[collection] ?? []) {
      const { frontendIPConfiguration: frontend, protocol = 'Tcp', frontendPort = 0 } = rule.properties ?? {};
      if (!frontend) continue;
      const range = rule.properties as { frontendPortRangeStart?: number; frontendPortRangeEnd?: number };
      const first = range.frontendPortRangeStart ?? frontendPort;
      const last = range.frontendPortRangeEnd ?? first;
      yield { id: loadBalancerChild(idText, collection, rule.name), frontend: frontend.id, protocol, first, last };
    }
  }
}

/** Refuses two rules that would answer on the same frontend, protocol and port. */
export function* checkFrontendPorts(context: WriteContext<LoadBalancerDocument>): Generator<AzureError> {
  const byFrontend = new Map<string, Claim[]>();
  for (const claim of claimsOf(context)) {
    const key = `${idKey(claim.frontend)}|${claim.protocol}`;
    const earlier = byFrontend.get(key) ?? [];
    const other = earlier.find((one) => claim.first <= one.last && one.first <= claim.last);
    if (other) {
      const { frontend, protocol, first: port } = claim;
      const values = { first: other.id, second: claim.id, frontend, protocol, port };
      yield azureError('RulesUseSameFrontendPortProtocolAndIPConfig', { values });
    }
    earlier.push(claim);
    byFrontend.set(key, earlier);
  }
}
