/** Answers "which backend, and why" from a plan and the probes' health, with the engines' own decision and no I/O. */

import type { Explanation, FlowTuple } from '../model/engine.js';
import { frontendKey, type IndexedPlan, type PlanFrontend } from '../model/plan.js';
import { type HealthOf, Selector, SlotTables } from './decision.js';
import { slotOf } from './distribution.js';
import { addressWords } from './ip-address.js';

const nothing = {
  frontend: undefined,
  rule: undefined,
  distribution: undefined,
  tuple: [],
  hash: undefined,
  slot: undefined,
  candidates: [],
  choice: undefined,
} as const;

/** A plan made ready for questions. */
export class Explainer {
  readonly #frontends: IndexedPlan['frontends'];
  readonly #tables = new SlotTables();
  readonly #selectors = new Map<PlanFrontend, Selector>();

  constructor({ frontends }: Pick<IndexedPlan, 'frontends'>) {
    this.#frontends = frontends;
  }

  /** To be called when `healthOf` would answer differently. */
  healthChanged(): void {
    this.#selectors.clear();
  }

  /** What would happen to a new flow with this tuple. */
  explain(tuple: FlowTuple, healthOf: HealthOf): Explanation {
    const { transport, sourceAddress, sourcePort, destinationAddress, destinationPort } = tuple;
    const found =
      this.#frontends.get(frontendKey({ transport, address: destinationAddress, port: destinationPort })) ??
      this.#frontends.get(frontendKey({ transport, address: destinationAddress, port: 0 }));
    if (!found)
      return { ...nothing, reason: `No rule answers on ${transport} ${destinationAddress}:${destinationPort}.` };
    const source = addressWords(sourceAddress);
    if (!source) return { ...nothing, reason: `${sourceAddress} is not an IP address.` };
    const { rule } = found;
    const selector = this.#selectorOf(found, destinationPort, healthOf);
    const hash = selector.hash.words(source, sourcePort);
    const chosen = selector.member(hash);
    const isHairpin = found.internal === true && chosen?.address === sourceAddress;
    const member = isHairpin ? undefined : chosen;
    return {
      frontend: found.key,
      rule: rule.id,
      distribution: rule.distribution,
      tuple: tupleOf(tuple, rule.distribution),
      hash,
      slot: slotOf(hash, selector.table.length),
      candidates: selector.candidates.map(({ member: { key, id }, eligible, reason }) => ({
        key,
        id,
        eligible,
        reason,
      })),
      choice: member && {
        key: member.key,
        id: member.id,
        address: member.address,
        port: member.port === 0 ? destinationPort : member.port,
      },
      reason: member ? undefined : isHairpin ? hairpin : whyNone(selector),
    };
  }

  #selectorOf(frontend: PlanFrontend, port: number, healthOf: HealthOf): Selector {
    const context = { healthOf, tables: this.#tables };
    // Under HA ports the port is the one that the client used.
    if (frontend.port === 0) return new Selector({ ...frontend, port }, context);
    const known = this.#selectors.get(frontend) ?? new Selector(frontend, context);
    this.#selectors.set(frontend, known);
    return known;
  }
}

function tupleOf(tuple: FlowTuple, distribution: string): readonly string[] {
  const { transport, sourceAddress, sourcePort, destinationAddress, destinationPort } = tuple;
  if (distribution === 'SourceIP') return [sourceAddress, destinationAddress];
  if (distribution === 'SourceIPProtocol') return [sourceAddress, destinationAddress, transport];
  return [sourceAddress, String(sourcePort), destinationAddress, String(destinationPort), transport];
}

/** As in Azure: the answer would not pass the load balancer on its way back. */
const hairpin = 'The member was chosen for a flow of its own, which an internal load balancer does not answer.';

const whyNone = (selector: Selector): string =>
  selector.candidates.length === 0 ? 'The backend pool has no members.' : 'No member of the backend pool is eligible.';
