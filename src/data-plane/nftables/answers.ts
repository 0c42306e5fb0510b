/**
 * Answers of members that come by another node than the one that has carried the request: where a member and port belong
 * to one frontend, they become answers of the frontend again, by a map and without memory.
 */
import { type PlanFrontend, portOf } from '../model/plan.js';
import type { Fragment } from './fragment.js';
import { type ChainSet, finish, fromFrontend, type NodeOptions } from './frontend.js';
import { adoptionKey } from './tcp-chains.js';

/** By members, as the rule's other properties are few. */
const keysOf = new WeakMap<PlanFrontend, readonly string[]>();

/** Where a frontend's answers come from, as keys of `answers`; undefined when they come from all ports. */
function placesOf(frontend: PlanFrontend): readonly string[] | undefined {
  const { port, rule, transport } = frontend;
  if (port === 0) return undefined;
  const known =
    keysOf.get(frontend) ??
    rule.members.map((member) => `${member.address} . ${transport} . ${portOf(rule, member) || port}`);
  keysOf.set(frontend, known);
  return known;
}

/**
 * Frontends whose answers cannot be told from those of others, by their keys, each with the reason. Of several that share
 * a member and port, the first one has its answers.
 */
export function indistinct(frontends: readonly PlanFrontend[]): ReadonlyMap<string, string> {
  const owners = new Map<string, PlanFrontend>();
  const reasons = new Map<string, string>();
  for (const frontend of frontends) {
    const places = placesOf(frontend);
    const shared = places?.find((place) => owners.has(place));
    const owner = shared === undefined ? undefined : owners.get(shared);
    if (places === undefined) {
      reasons.set(
        frontend.key,
        'Answers: with all ports they may come by any node, which knows nothing of them. Where the site returns a flow the way it came, start with --symmetric.',
      );
    } else if (shared !== undefined && owner) {
      const [address, , port] = shared.split(' . ');
      reasons.set(
        frontend.key,
        `Answers: those of ${address}:${port} belong to ${owner.rule.id} at ${owner.address}:${owner.port}. Where the site returns a flow the way it came, start with --symmetric.`,
      );
    } else for (const place of places) owners.set(place, frontend);
  }
  return reasons;
}

/** The fragments of all frontends; the same text gives the same object. */
export class Answers {
  readonly #options: NodeOptions;
  #fragments = new Map<string, Fragment>();

  constructor(options: NodeOptions) {
    this.#options = options;
  }

  /** By their ids. */
  compile(sets: readonly ChainSet[]): ReadonlyMap<string, Fragment> {
    const owners = new Map<string, number>();
    const shared = new Set<string>();
    for (const { number, frontend } of sets) {
      for (const place of placesOf(frontend) ?? []) {
        if (owners.has(place)) shared.add(place);
        else owners.set(place, number);
      }
    }
    const fragments = new Map<string, Fragment>();
    const known = this.#fragments;
    this.#fragments = new Map();
    for (const set of sets) {
      const own = [...new Set(placesOf(set.frontend))].filter((place) => owners.get(place) === set.number);
      const verdicts = own.map(
        (place) => [place, `goto ${shared.has(place) ? 'hold' : 'turn'}_${set.number}`] as const,
      );
      const text = `${set.number} ${verdicts.join()}`;
      const fragment = known.get(text) ?? this.#fragmentOf(set, verdicts);
      this.#fragments.set(text, fragment);
      fragments.set(`answers ${set.number}`, fragment);
    }
    return fragments;
  }

  #fragmentOf(set: ChainSet, verdicts: readonly (readonly [string, string])[]): Fragment {
    const { number, idleMs, family } = set;
    const { adopt, symmetric } = this.#options;
    // Later they come to the node that carries their flow, and what it does not know is no answer.
    const whileAdopting =
      symmetric && adopt === 'after-change'
        ? [`meta mark set ${adoptionKey(idleMs)}`, 'meta mark != @adopting goto no_answer']
        : [];
    return {
      table: family.table,
      sets: [],
      chains: [
        { name: `turn_${number}`, rules: [...whileAdopting, ...fromFrontend(set), finish] },
        // It is sent again, and until then the client may have made the flow known here.
        ...(symmetric ? [{ name: `hold_${number}`, rules: [...whileAdopting, 'meta mark set 0 drop'] }] : []),
      ],
      shared: verdicts.map(([key, value]) => ({ map: 'answers', key, value })),
    };
  }
}
