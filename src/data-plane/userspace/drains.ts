/**
 * What ends established TCP flows when the plan changes.
 *
 * A pool's `drainPeriodInSeconds`: when a member is put out by an administrator, or leaves the pool, its established TCP
 * flows go on for that long and are then reset at both ends.
 *
 * differs: Azure documents the field in one sentence of its SDK; what starts the period is our reading of it.
 */
import type { Clock, Timer } from '../../support/clock.js';
import type { PlanFrontend, PlanMember } from '../model/plan.js';

/** As an administrator decides; what a probe says starts no drain. Rules without probe know no admin state. */
const isIn = (member: PlanMember | undefined): boolean =>
  member !== undefined && (member.adminState !== 'Down' || member.probe === undefined);

/** Established TCP flows of a frontend, or of one of its members, and the counter that says why they are reset. */
export interface Ending {
  readonly frontend: string;
  readonly member?: string;
  readonly why: 'endedByDrain' | 'endedByRemoval' | 'endedBySwitch' | 'endedAllProbedDown';
}

export type EndFlows = (ending: Ending) => void;

const noMembers: readonly PlanMember[] = [];

export class Drains {
  readonly #clock: Clock;
  readonly #end: EndFlows;
  /** By frontend, then by member, both by their keys. */
  readonly #timers = new Map<string, Map<string, Timer>>();

  /** `end` is told whose flows end now. */
  constructor(clock: Clock, end: EndFlows) {
    this.#clock = clock;
    this.#end = end;
  }

  /** A frontend's plan has changed; without `now` the frontend is gone, and its flows with it. */
  changed(before: PlanFrontend, now: PlanFrontend | undefined): void {
    if (before.transport !== 'tcp') return;
    this.#resetAsChosen(before, now);
    const timers = this.#timers.get(before.key);
    if (!timers && before.rule.members.every(({ drainPeriodMs = 0 }) => !drainPeriodMs)) return;
    const members = new Map((now?.rule.members ?? noMembers).map((member) => [member.key, member]));
    for (const [key, timer] of timers ?? []) {
      if (now && !isIn(members.get(key))) continue;
      timer.cancel();
      timers?.delete(key);
    }
    if (!now) {
      this.#timers.delete(before.key);
      return;
    }
    for (const member of before.rule.members) {
      if (isIn(member) && !isIn(members.get(member.key))) this.#start(now.key, members.get(member.key) ?? member);
    }
  }

  #resetAsChosen({ key, rule }: PlanFrontend, now: PlanFrontend | undefined): void {
    const { resetOn } = rule;
    if (!resetOn || !now) return;
    if (resetOn.includes('modeSwitch') && now.rule.distribution !== rule.distribution) {
      this.#end({ frontend: key, why: 'endedBySwitch' });
    }
    if (!resetOn.includes('memberRemoval')) return;
    const staying = new Set(now.rule.members.map((member) => member.key));
    for (const member of rule.members) {
      if (!staying.has(member.key)) this.#end({ frontend: key, member: member.key, why: 'endedByRemoval' });
    }
  }

  #start(frontend: string, { key, drainPeriodMs = 0 }: PlanMember): void {
    if (drainPeriodMs <= 0) return;
    const timers = this.#timers.get(frontend) ?? new Map<string, Timer>();
    this.#timers.set(frontend, timers);
    timers.get(key)?.cancel();
    const end = (): void => {
      timers.delete(key);
      this.#end({ frontend, member: key, why: 'endedByDrain' });
    };
    timers.set(key, this.#clock.setTimeout(end, drainPeriodMs));
  }
}
