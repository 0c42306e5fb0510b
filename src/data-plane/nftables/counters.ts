/** The kernel's counts under the names that all engines use; they stay monotonic when chains are replaced. */

import { Mutex } from '../../support/mutex.js';
import type { CounterName } from '../model/counters.js';
import type { CounterSample } from '../model/engine.js';
import { memberScope, type PlanFrontend, type PlanOutbound } from '../model/plan.js';
import type { ChainSets } from './chain-sets.js';
import { type Family, ipv4 } from './family.js';
import { payloadBytes } from './flows.js';
import { type ListedElement, type Listing, listElements } from './listing.js';
import { countedAs, mostMembers, readMark } from './marks.js';
import { outboundCounts } from './outbound.js';
import { countingSets } from './table.js';

const sets = countingSets.map((name) => ['set', name] as const);

type Values = Map<CounterName, number>;

export interface CounterReading {
  readonly families: readonly Family[];
  readonly chainSets: ChainSets;
  /** By key. */
  readonly outbound: ReadonlyMap<string, PlanOutbound>;
}

/** What can be forgotten. */
interface Retirement {
  readonly isUnreferenced: (mark: number) => boolean;
  /** Whether a frontend, by its key, is still in the plan. */
  readonly isCurrent: (frontend: string) => boolean;
}

/** Elements of one set, by their marks. */
interface CountedMarks {
  readonly table: string;
  readonly set: string;
  readonly marks: readonly number[];
}

/** Saves the counts of what can be forgotten; answers the elements that held them. */
export type SaveCounts = (retirement: Retirement) => readonly CountedMarks[];

export class KernelCounters {
  #scopes = new Map<string, Values>();
  readonly #mutex = new Mutex();
  /** Counted by the engine itself. */
  readonly #own = new Map<string, Values>();

  /** Counts something that the engine did to a flow of this frontend. */
  count(frontend: PlanFrontend, name: CounterName, amount = 1): void {
    add(this.#own, frontend.key, name, amount);
  }

  /** As last read. */
  samples(): CounterSample[] {
    const all = new Map<string, Values>();
    for (const scopes of [this.#scopes, this.#own]) {
      for (const [scope, values] of scopes) for (const [name, value] of values) add(all, scope, name, value);
    }
    return [...all].flatMap(([scope, values]) => [...values].map(([name, value]) => ({ name, scope, value })));
  }

  /** Brings `samples` up to now. */
  read(reading: CounterReading): Promise<void> {
    return this.#mutex.run(async () => {
      this.#scopes = tally(await list(reading), reading, () => false).all;
    });
  }

  /**
   * Reads the counts and calls `remove`, which saves those of marks that it then deletes. No other read runs meanwhile, so
   * that nothing is counted twice.
   */
  retire(reading: CounterReading, remove: (save: SaveCounts) => Promise<void>): Promise<void> {
    return this.#mutex.run(async () => {
      const listings = await list(reading);
      await remove(({ isUnreferenced, isCurrent }) => {
        const { all, gone, counted } = tally(listings, reading, isUnreferenced);
        for (const [scope, values] of gone) {
          if (!isCurrent(scope.split('|', 1)[0] ?? '')) continue;
          for (const [name, value] of values) add(this.#own, scope, name, value);
        }
        this.#scopes = all;
        return counted;
      });
    });
  }
}

interface Tallies {
  /** Without unreferenced marks. */
  readonly all: Map<string, Values>;
  readonly gone: Map<string, Values>;
  /** The elements of `gone`. */
  readonly counted: readonly CountedMarks[];
}

interface Listings {
  readonly byFamily: ReadonlyMap<Family, Listing>;
  readonly outbound: Listing;
}

/** What the kernel has counted. */
async function list({ families, outbound }: CounterReading): Promise<Listings> {
  const none: Listing = new Map();
  // The sets are gone when the last outbound rule has just been removed.
  const ports = outbound.size === 0 ? none : await listElements(ipv4.table, outboundCounts).catch(() => none);
  const byFamily = new Map<Family, Listing>();
  for (const family of families) byFamily.set(family, await listElements(family.table, sets));
  return { byFamily, outbound: ports };
}

function tally(
  listings: Listings,
  { chainSets, outbound }: CounterReading,
  isUnreferenced: (mark: number) => boolean,
): Tallies {
  const all = new Map<string, Values>();
  const gone = new Map<string, Values>();
  const counted: CountedMarks[] = [];
  addOutbound(all, { listing: listings.outbound, outbound });
  for (const [family, listing] of listings.byFamily) {
    const arrivals = new Map((listing.get('arrivals') ?? []).map((element) => [element.mark, element]));
    for (const element of arrivals.values()) arrived(isUnreferenced(element.mark) ? gone : all, element, chainSets);
    for (const [set, elements] of listing) {
      const marks = elements.map(({ mark }) => mark).filter(isUnreferenced);
      counted.push({ table: family.table, set, marks });
    }
    for (const [way, name] of [
      ['in', 'sent'],
      ['out', 'replied'],
    ] as const) {
      for (const element of listing.get(name) ?? []) {
        const beginnings = arrivals.get(element.mark)?.packets ?? 0;
        traffic(isUnreferenced(element.mark) ? gone : all, { element, way, family, beginnings, chainSets });
      }
    }
  }
  return { all, gone, counted };
}

function add(scopes: Map<string, Values>, scope: string, name: CounterName, amount: number): void {
  if (amount === 0) return;
  const values = scopes.get(scope) ?? new Map<CounterName, number>();
  scopes.set(scope, values);
  values.set(name, (values.get(name) ?? 0) + amount);
}

function addOutbound(
  scopes: Map<string, Values>,
  { listing, outbound }: { listing: Listing; outbound: CounterReading['outbound'] },
): void {
  for (const [set, name] of [
    ['outbound_opened', 'snatConnections'],
    ['outbound_exhausted', 'snatPortsExhausted'],
  ] as const) {
    for (const { key, packets } of listing.get(set) ?? []) {
      const [address, transport] = key.split(' . ');
      const scope = `outbound/${transport}/${address}`;
      if (outbound.has(scope)) add(scopes, scope, name, packets);
    }
  }
}

function arrived(scopes: Map<string, Values>, { mark, packets }: ListedElement, chainSets: ChainSets): void {
  const { chains, member } = readMark(mark);
  const set = chainSets.of(chains);
  if (!set) return;
  const { key, transport } = set.set.frontend;
  const tcp = transport === 'tcp';
  if (member === countedAs.late) {
    add(scopes, key, 'discardedAfterDrop', packets);
    return;
  }
  if (member === countedAs.adopted) {
    add(scopes, key, 'flowsAdopted', packets);
    return;
  }
  if (tcp || member <= mostMembers) add(scopes, key, 'connections', packets);
  if (member === countedAs.noEligibleMember) {
    add(scopes, key, tcp ? 'noEligibleMember' : 'datagramsWithoutMember', packets);
  } else if (member === countedAs.denied) add(scopes, key, tcp ? 'deniedByAcl' : 'datagramsDenied', packets);
  else if (member === countedAs.hairpin) add(scopes, key, tcp ? 'hairpin' : 'datagramsHairpin', packets);
  else add(scopes, memberScope(key, set.members.get(member) ?? String(member)), 'connections', packets);
}

interface Traffic {
  readonly element: ListedElement;
  readonly way: 'in' | 'out';
  readonly family: Family;
  readonly beginnings: number;
  readonly chainSets: ChainSets;
}

function traffic(scopes: Map<string, Values>, { element, way, family, beginnings, chainSets }: Traffic): void {
  const { chains, member } = readMark(element.mark);
  const set = chainSets.of(chains);
  if (!set) return;
  const { key, transport } = set.set.frontend;
  const bytes = payloadBytes(element, { family, transport, beginnings });
  for (const scope of [key, memberScope(key, set.members.get(member) ?? String(member))]) {
    add(scopes, scope, way === 'in' ? 'bytesIn' : 'bytesOut', bytes);
    add(scopes, scope, way === 'in' ? 'packetsIn' : 'packetsOut', element.packets);
  }
}
