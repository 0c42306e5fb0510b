/**
 * Finds what the ruleset keeps for flows that are over: chains of frontends that are gone or were replaced, and members
 * that have left. Something is gone when no element that packets have made mentions it any more.
 */

import type { PlanOutbound } from '../engine.js';
import type { ChainSets, OpenSet } from './chain-sets.js';
import { type Family, ipv4 } from './family.js';
import { placesOf } from './flows.js';
import { list } from './listing.js';
import type { Loader } from './loader.js';
import { chainBits, hex, markOf, memberBits, readMark } from './marks.js';
import { outboundCounts } from './outbound.js';

/** Maps whose elements name the chains and the member of a flow. */
const mentioning = [
  ['map', 'tcp_flows'],
  ['map', 'udp_flows'],
  ['map', 'tcp_replies'],
  ['map', 'udp_replies'],
  ['map', 'tcp_done'],
] as const;
/** Flows that were reset: their late packets come to the door of the frontend that they had. */
const ended = ['set', 'tcp_ended'] as const;
const elementsPerTransaction = 1000;

/** By the numbers in the mark. */
export interface Gone {
  readonly sets: ReadonlySet<number>;
  /** Of sets that stay. */
  readonly members: ReadonlyMap<number, ReadonlySet<number>>;
}

export const nothingGone = ({ sets, members }: Gone): boolean => sets.size === 0 && members.size === 0;

/** Whether a mark names something that is gone. */
export function isGone({ sets, members }: Gone, mark: number): boolean {
  const { chains, member } = readMark(mark);
  return sets.has(chains) || (members.get(chains)?.has(member) ?? false);
}

/** How many things may be gone; cheap, and never too few. */
export function countCandidates(sets: ChainSets): number {
  let count = 0;
  for (const { state, members, set } of sets.all()) {
    count += state === 'open' ? Math.max(0, members.size - set.frontend.rule.members.length) : 1;
  }
  return count;
}

interface Mentioned {
  readonly sets: Set<number>;
  /** Marks without the bits of ending flows. */
  readonly marks: Set<number>;
  /** `address port` of frontends. */
  readonly places: Set<string>;
}

async function whatIsMentioned(families: readonly Family[]): Promise<Mentioned> {
  const mentioned: Mentioned = { sets: new Set(), marks: new Set(), places: new Set() };
  for (const { table } of families) {
    const listing = await list(table, [...mentioning, ended]);
    for (const [, name] of mentioning) {
      for (const { mark } of listing.get(name) ?? []) {
        mentioned.sets.add(readMark(mark).chains);
        mentioned.marks.add((mark & (chainBits | memberBits)) >>> 0);
      }
    }
    for (const element of listing.get(ended[1]) ?? []) {
      const { frontend, frontendPort } = placesOf(element);
      mentioned.places.add(`${frontend} ${frontendPort}`).add(`${frontend} 0`);
    }
  }
  return mentioned;
}

const isNeeded = ({ set: { number, frontend } }: OpenSet, { sets, places }: Mentioned): boolean =>
  sets.has(number) || (frontend.transport === 'tcp' && places.has(`${frontend.address} ${frontend.port}`));

/** Everything that is gone now. */
export async function findGone(
  families: readonly Family[],
  { sets, numberOf }: { readonly sets: ChainSets; readonly numberOf: (address: string) => number },
): Promise<Gone> {
  const mentioned = await whatIsMentioned(families);
  const goneSets = new Set<number>();
  const goneMembers = new Map<number, ReadonlySet<number>>();
  for (const one of sets.all()) {
    const { number, frontend } = one.set;
    if (one.state !== 'open') {
      if (!isNeeded(one, mentioned)) goneSets.add(number);
      continue;
    }
    const present = new Set(frontend.rule.members.map(({ address }) => numberOf(address)));
    const left = [...one.members.keys()].filter(
      (member) => !present.has(member) && !mentioned.marks.has(markOf(number, member)),
    );
    if (left.length > 0) goneMembers.set(number, new Set(left));
  }
  return { sets: goneSets, members: goneMembers };
}

/** Deletes what backends that are in no outbound rule any more have counted. */
export async function deleteOutboundCounts(
  loader: Loader,
  { left, outbound }: { readonly left: ReadonlySet<string>; readonly outbound: ReadonlyMap<string, PlanOutbound> },
): Promise<void> {
  // With the last outbound rule its sets are gone.
  if (left.size === 0 || outbound.size === 0) return;
  const listing = await list(ipv4.table, outboundCounts);
  for (const [, set] of outboundCounts) {
    const keys = (listing.get(set) ?? []).map(({ key }) => key).filter((key) => left.has(key));
    await deleteCounts(loader, { table: ipv4.table, set, keys });
  }
}

/** Deletes elements that packets have added to a set; whoever comes later must not find their counts. */
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

/** Marks as keys. */
export const markKeys = (marks: Iterable<number>): string[] => [...marks].map(hex);
