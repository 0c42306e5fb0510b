/**
 * Garbage collection for the ruleset: finds chains of removed or replaced frontends, and members that have left, which no
 * element of the flow tables refers to any more.
 */

import type { PlanOutbound } from '../model/plan.js';
import type { ChainSets, OpenSet } from './chain-sets.js';
import { type Family, ipv4 } from './family.js';
import { placesOf } from './flows.js';
import { listElements, visitElements } from './listing.js';
import type { Loader } from './loader.js';
import { chainBits, hex, markOf, memberBits, readMark } from './marks.js';
import { outboundCounts } from './outbound.js';

/** Maps whose elements name the chains and the member of a flow. */
const referencingMaps = [
  ['map', 'tcp_flows'],
  ['set', 'udp_flows'],
  ['map', 'udp_tracked'],
  ['map', 'tcp_replies'],
  ['map', 'udp_replies'],
  ['map', 'tcp_done'],
] as const;
/** Flows that were reset: their late packets arrive at their frontend's entry chain. */
const ended = ['set', 'tcp_ended'] as const;
const elementsPerTransaction = 1000;

/** Unreferenced sets and members, by their numbers in the mark. */
export interface Unreferenced {
  readonly sets: ReadonlySet<number>;
  /** Of sets that stay. */
  readonly members: ReadonlyMap<number, ReadonlySet<number>>;
}

export const isNothing = ({ sets, members }: Unreferenced): boolean => sets.size === 0 && members.size === 0;

/** Whether a mark names something unreferenced. */
export function isUnreferenced({ sets, members }: Unreferenced, mark: number): boolean {
  const { chains, member } = readMark(mark);
  return sets.has(chains) || (members.get(chains)?.has(member) ?? false);
}

/** How many sets and members may be unreferenced. */
export function countCandidates(sets: ChainSets): number {
  let count = 0;
  for (const { state, left } of sets.all()) {
    count += state === 'open' ? left.size : 1;
  }
  return count;
}

export interface KernelReferences {
  readonly sets: Set<number>;
  /** Marks without the bits of ending flows. */
  readonly marks: Set<number>;
  /** `address port` of frontends. */
  readonly places: Set<string>;
}

/** Everything that elements of flows refer to now. */
export async function collectReferences(families: readonly Family[]): Promise<KernelReferences> {
  const references: KernelReferences = { sets: new Set(), marks: new Set(), places: new Set() };
  for (const { table } of families) {
    // What a failed attempt has found is kept: it was referred to a moment ago.
    await visitElements(table, [...referencingMaps, ended], () => (name, element) => {
      if (name === ended[1]) {
        const { frontend, frontendPort } = placesOf(element);
        references.places.add(`${frontend} ${frontendPort}`).add(`${frontend} 0`);
        return;
      }
      references.sets.add(readMark(element.mark).chains);
      references.marks.add((element.mark & (chainBits | memberBits)) >>> 0);
    });
  }
  return references;
}

const isNeeded = ({ set: { number, frontend } }: OpenSet, { sets, places }: KernelReferences): boolean =>
  sets.has(number) || (frontend.transport === 'tcp' && places.has(`${frontend.address} ${frontend.port}`));

/**
 * Finds everything unreferenced. The references may have been read while the plan changed: what the kernel has stopped
 * using only after change number `carriedOut` may have got flows since.
 */
export function findUnreferenced(
  references: KernelReferences,
  { sets, carriedOut }: { readonly sets: ChainSets; readonly carriedOut: number },
): Unreferenced {
  const goneSets = new Set<number>();
  const goneMembers = new Map<number, ReadonlySet<number>>();
  for (const one of sets.all()) {
    const { number } = one.set;
    if (one.state !== 'open') {
      if (one.endedBy <= carriedOut && !isNeeded(one, references)) goneSets.add(number);
      continue;
    }
    const left = [...one.left].filter(
      ([member, by]) => by <= carriedOut && !references.marks.has(markOf(number, member)),
    );
    if (left.length > 0) goneMembers.set(number, new Set(left.map(([member]) => member)));
  }
  return { sets: goneSets, members: goneMembers };
}

/** Deletes the counts of backends that have left all outbound rules. */
export async function deleteOutboundCounts(
  loader: Loader,
  { left, outbound }: { readonly left: ReadonlySet<string>; readonly outbound: ReadonlyMap<string, PlanOutbound> },
): Promise<void> {
  // The sets are deleted with the last outbound rule.
  if (left.size === 0 || outbound.size === 0) return;
  const listing = await listElements(ipv4.table, outboundCounts);
  for (const [, set] of outboundCounts) {
    const keys = (listing.get(set) ?? []).map(({ key }) => key).filter((key) => left.has(key));
    await deleteCounts(loader, { table: ipv4.table, set, keys });
  }
}

/** Deletes elements that packets have added to a set; a later user of the key must not inherit its counts. */
export async function deleteCounts(
  loader: Loader,
  { table, set, keys }: { readonly table: string; readonly set: string; readonly keys: readonly string[] },
): Promise<void> {
  for (let at = 0; at < keys.length; at += elementsPerTransaction) {
    await loader.transaction(
      `delete element ${table} ${set} { ${keys.slice(at, at + elementsPerTransaction).join(', ')} }`,
    );
  }
}

/** Marks as nft writes element keys. */
export const markKeys = (marks: Iterable<number>): string[] => [...marks].map(hex);
