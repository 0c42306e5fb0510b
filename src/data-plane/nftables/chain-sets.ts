/** Numbers for sets of chains: which exist, for which frontend, and which of them old flows still need. */
import type { PlanFrontend, PlanRule } from '../model/plan.js';
import { type Family, familyOf } from './family.js';
import type { Elements, Fragment } from './fragment.js';
import { noElements } from './fragment.js';
import type { ChainSet, NodeOptions, SlotChoice } from './frontend.js';
import { hex, type MemberNumbers, mostChainSets } from './marks.js';

/** Real time that the engine has to reset both ends of an idle flow, before the kernel forgets it. */
const resetMarginMs = 2000;

export interface OpenSet {
  readonly set: ChainSet;
  readonly family: Family;
  readonly ports: Elements;
  /** Real milliseconds of silence after which a flow is over. */
  readonly idleMs: number;
  /** Keys of members by their numbers, including members that have left. */
  readonly members: Map<number, string>;
  /** Numbers of members that have left, with the number of the change by which they did. */
  readonly left: ReadonlyMap<number, number>;
  state: 'open' | 'retired' | 'closed';
  /** The number of the change since which it has not been open. */
  endedBy: number;
  choice: SlotChoice | undefined;
  connections?: Fragment;
  entry?: Fragment | undefined;
  choose(choice: SlotChoice, rule: PlanRule): void;
}

interface Ports {
  readonly port: number | undefined;
  readonly elements: Elements;
}

function portsOf(rule: PlanRule, numberOf: (address: string) => number): Ports {
  if (rule.backendPort !== undefined) return { port: rule.backendPort, elements: noElements };
  const [first] = rule.members;
  if (!first || rule.members.every(({ port }) => port === first.port)) {
    return { port: first?.port ?? 0, elements: noElements };
  }
  return {
    port: undefined,
    elements: new Map(rule.members.map(({ address, port }) => [hex(numberOf(address)), String(port)])),
  };
}

class NumberedSet implements OpenSet {
  readonly members = new Map<number, string>();
  readonly left = new Map<number, number>();
  state: 'open' | 'retired' | 'closed' = 'open';
  endedBy = 0;
  choice: SlotChoice | undefined;
  connections?: Fragment;
  entry?: Fragment | undefined;
  set: ChainSet;

  constructor(
    readonly identity: string,
    set: ChainSet,
    readonly ports: Elements,
    readonly idleMs: number,
  ) {
    this.set = set;
  }

  get family(): Family {
    return this.set.family;
  }

  /** `members`: keys by number, of those that are present from this change on. */
  takeMembers(members: ReadonlyMap<number, string>, change: number): void {
    for (const number of this.members.keys()) {
      if (members.has(number)) this.left.delete(number);
      else if (!this.left.has(number)) this.left.set(number, change);
    }
    for (const [number, key] of members) this.members.set(number, key);
  }

  /** Keeps the entry chains when nothing about them changes. */
  choose(choice: SlotChoice, rule: PlanRule): void {
    const before = this.set.frontend.rule;
    const isSameChoice = this.choice?.pool === choice.pool && this.choice.slotCount === choice.slotCount;
    if (isSameChoice && before === rule) return;
    const same =
      isSameChoice &&
      before.distribution === rule.distribution &&
      before.connectionTracking === rule.connectionTracking &&
      (before.acl === rule.acl || JSON.stringify(before.acl) === JSON.stringify(rule.acl));
    if (!same) this.entry = undefined;
    this.choice = choice;
    this.set = { ...this.set, frontend: { ...this.set.frontend, rule } };
  }
}

export class ChainSets {
  readonly #scale: number;
  readonly #numbers: MemberNumbers;
  readonly #node: NodeOptions;
  readonly #byNumber = new Map<number, NumberedSet>();
  readonly #current = new Map<string, NumberedSet>();
  #changes = 0;
  #last = 0;

  /** `scale`: Azure milliseconds in a real one. */
  constructor({ scale, numbers, node }: { scale: number; numbers: MemberNumbers; node: NodeOptions }) {
    this.#scale = scale;
    this.#numbers = numbers;
    this.#node = node;
  }

  /** The number of the last change that was begun. */
  get changes(): number {
    return this.#changes;
  }

  /** Sets are opened and closed for another ruleset now. */
  beginChange(): void {
    this.#changes++;
  }

  all(): IterableIterator<OpenSet> {
    return this.#byNumber.values();
  }

  of(number: number): OpenSet | undefined {
    return this.#byNumber.get(number);
  }

  /** The set of a frontend: the one it has, unless a property changed that established flows keep. */
  open(frontend: PlanFrontend): OpenSet {
    const numberOf = (address: string): number => this.#numbers.of(address);
    const { key, rule } = frontend;
    const known = this.#current.get(key);
    // Removing all members changes no property that established flows keep.
    const { port, elements } =
      rule.members.length === 0 && known ? { port: known.set.port, elements: known.ports } : portsOf(rule, numberOf);
    const identity = JSON.stringify([rule.idleTimeoutMs, rule.tcpReset, port, ...elements]);
    let set = known;
    if (known?.identity !== identity) {
      if (known) Object.assign(known, { state: 'retired', endedBy: this.#changes });
      const idleMs = rule.idleTimeoutMs / this.#scale;
      const margin = rule.tcpReset && frontend.transport === 'tcp' ? resetMarginMs : 0;
      const number = this.#freeNumber();
      const family = familyOf(frontend.address);
      const chains = { number, family, frontend, idleMs: idleMs + margin, port, node: this.#node };
      set = new NumberedSet(identity, chains, elements, idleMs);
      // Keeps its predecessor's pool until the next plan sets one.
      set.choice = known?.choice;
      this.#byNumber.set(number, set);
      this.#current.set(key, set);
    }
    const opened = set as NumberedSet;
    const members = new Map(rule.members.map(({ address, key }) => [numberOf(address), key]));
    for (const member of members.keys()) if (!opened.members.has(member)) this.#numbers.use(member);
    opened.takeMembers(members, this.#changes);
    return opened;
  }

  /** Closes the sets of frontends that are not in the plan. */
  closeOthers(frontends: ReadonlyMap<string, PlanFrontend>): void {
    for (const [key, set] of this.#current) {
      if (frontends.has(key)) continue;
      set.state = 'closed';
      set.endedBy = this.#changes;
      set.entry = undefined;
      this.#current.delete(key);
    }
    // A frontend that is in the plan again is not closed.
    for (const set of this.#byNumber.values()) {
      if (set.state === 'closed' && this.#current.has(set.set.frontend.key)) set.state = 'retired';
    }
  }

  /** Whether a frontend with this key is in the plan. */
  isCurrent(key: string): boolean {
    return this.#current.has(key);
  }

  /** Removes a set that no flow needs any more. */
  forget(number: number): void {
    for (const member of this.#byNumber.get(number)?.members.keys() ?? []) this.#numbers.release(member);
    this.#byNumber.delete(number);
  }

  /** No flow of this set goes to these members any more. */
  forgetMembers(number: number, members: Iterable<number>): void {
    const set = this.#byNumber.get(number);
    if (!set) return;
    for (const member of members) {
      if (set.members.delete(member)) this.#numbers.release(member);
      set.left.delete(member);
    }
  }

  #freeNumber(): number {
    for (let tried = 0; tried < mostChainSets; tried++) {
      this.#last = (this.#last % mostChainSets) + 1;
      if (!this.#byNumber.has(this.#last)) return this.#last;
    }
    throw new Error(`The nftables engine knows at most ${mostChainSets} frontends.`);
  }
}
