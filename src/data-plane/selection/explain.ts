/** Answers "which backend, and why" from a plan and the probes' health, with the engines' own decision and no I/O. */
import type { Explanation, FlowTuple } from '../model/engine.js';
import { concernsFlow, type TrafficFault } from '../model/faults.js';
import {
  frontendKey,
  type IndexedPlan,
  type PlanFrontend,
  type PlanRule,
  portOf,
  type Transport,
} from '../model/plan.js';
import { AccessControl, type HealthOf, Selector, SlotTables } from './decision.js';
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
  tracked: false,
} as const;

interface ExplainContext {
  readonly healthOf: HealthOf;
  readonly whyUnbound?: (frontend: string) => string | undefined;
  /** Key of the member that connection tracking has noted for the flow. */
  readonly noted?: string | undefined;
  /** The injected ones that are in force. */
  readonly faults?: readonly TrafficFault[];
}

/** A plan made ready for questions. */
export class Explainer {
  readonly #frontends: IndexedPlan['frontends'];
  readonly #tables = new SlotTables();
  readonly #selectors = new Map<PlanFrontend, Selector>();
  readonly #acls = new Map<PlanRule, AccessControl>();

  constructor({ frontends }: Pick<IndexedPlan, 'frontends'>) {
    this.#frontends = frontends;
  }

  /** To be called when `healthOf` would answer differently. */
  healthChanged(): void {
    this.#selectors.clear();
  }

  /**
   * What would happen to a new flow with this tuple. `whyUnbound` says why a frontend (by its key) has no place on this
   * machine; undefined when it has one.
   */
  explain(tuple: FlowTuple, { healthOf, whyUnbound, noted, faults = [] }: ExplainContext): Explanation {
    const { transport, sourceAddress, sourcePort, destinationAddress, destinationPort } = tuple;
    const found = this.#frontendOf(tuple);
    if (!found)
      return { ...nothing, reason: `No rule answers on ${transport} ${destinationAddress}:${destinationPort}.` };
    const source = addressWords(sourceAddress);
    if (!source) return { ...nothing, reason: `${sourceAddress} is not an IP address.` };
    const { rule } = found;
    const selector = this.#selectorOf(found, destinationPort, healthOf);
    const hash = selector.hash.words(source, sourcePort);
    const kept = noted === undefined ? undefined : selector.members.find(({ key }) => key === noted);
    const chosen = kept ?? selector.member(hash);
    const refusal =
      whyUnbound?.(found.key) ??
      (this.#aclOf(rule).permits(source) ? undefined : denied(tuple, rule)) ??
      (chosen === undefined ? whyNone(selector, transport) : undefined) ??
      (found.internal === true && chosen?.address === sourceAddress ? hairpin : undefined) ??
      (chosen &&
        faulty(
          transport,
          faults.filter((fault) => concernsFlow(fault, found, chosen)),
        ));
    const member = refusal === undefined ? chosen : undefined;
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
        port: portOf(rule, member) || destinationPort,
      },
      tracked: member !== undefined && member === kept,
      reason: refusal,
    };
  }

  /** The frontend of a flow whose member connection tracking may have noted: then `noted` is to be given. */
  tracking(tuple: FlowTuple): PlanFrontend | undefined {
    const found = this.#frontendOf(tuple);
    return tuple.transport === 'udp' && found?.rule.connectionTracking ? found : undefined;
  }

  #frontendOf({ transport, destinationAddress: address, destinationPort: port }: FlowTuple): PlanFrontend | undefined {
    return (
      this.#frontends.get(frontendKey({ transport, address, port })) ??
      this.#frontends.get(frontendKey({ transport, address, port: 0 }))
    );
  }

  #aclOf(rule: PlanRule): AccessControl {
    const known = this.#acls.get(rule) ?? new AccessControl(rule.acl);
    this.#acls.set(rule, known);
    return known;
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

const denied = ({ transport, sourceAddress }: FlowTuple, { aclDeny }: PlanRule): string => {
  const happens = transport === 'tcp' && aclDeny === 'reset' ? 'the connection is reset' : 'packets get no answer';
  return `The access control list of the endpoint denies ${sourceAddress}: ${happens}.`;
};

function faulty(transport: Transport, faults: readonly TrafficFault[]): string | undefined {
  const has = (effect: TrafficFault['effect']): boolean => faults.some((fault) => fault.effect === effect);
  // UDP has no reset: its datagrams are dropped.
  if (has('drop') || (has('reset') && transport === 'udp')) return 'An injected fault drops its packets.';
  return has('reset') ? 'An injected fault resets the connection.' : undefined;
}

function whyNone({ candidates }: Selector, transport: Transport): string {
  const why =
    candidates.length === 0 ? 'The backend pool has no members.' : 'No member of the backend pool is eligible.';
  return `${why} ${transport === 'tcp' ? 'A client waits without an answer.' : 'Datagrams are dropped.'}`;
}
