/** As an administrator decides; what a probe says starts no drain. Rules without probe know no admin state. */
const isIn = (member) => member !== undefined && (member.adminState !== 'Down' || member.probe === undefined);
const noMembers = [];
export class Drains {
    #clock;
    #end;
    /** By frontend, then by member, both by their keys. */
    #timers = new Map();
    /** `end` is told whose flows end now. */
    constructor(clock, end) {
        this.#clock = clock;
        this.#end = end;
    }
    /** A frontend's plan has changed; without `now` the frontend is gone, and its flows with it. */
    changed(before, now) {
        if (before.transport !== 'tcp')
            return;
        this.#resetAsChosen(before, now);
        const timers = this.#timers.get(before.key);
        if (!timers && before.rule.members.every(({ drainPeriodMs = 0 }) => !drainPeriodMs))
            return;
        const members = new Map((now?.rule.members ?? noMembers).map((member) => [member.key, member]));
        for (const [key, timer] of timers ?? []) {
            if (now && !isIn(members.get(key)))
                continue;
            timer.cancel();
            timers?.delete(key);
        }
        if (!now) {
            this.#timers.delete(before.key);
            return;
        }
        for (const member of before.rule.members) {
            if (isIn(member) && !isIn(members.get(member.key)))
                this.#start(now.key, members.get(member.key) ?? member);
        }
    }
    #resetAsChosen({ key, rule }, now) {
        const { resetOn } = rule;
        if (!resetOn || !now)
            return;
        if (resetOn.includes('modeSwitch') && now.rule.distribution !== rule.distribution) {
            this.#end({ frontend: key, why: 'endedBySwitch' });
        }
        if (!resetOn.includes('memberRemoval'))
            return;
        const staying = new Set(now.rule.members.map((member) => member.key));
        for (const member of rule.members) {
            if (!staying.has(member.key))
                this.#end({ frontend: key, member: member.key, why: 'endedByRemoval' });
        }
    }
    #start(frontend, { key, drainPeriodMs = 0 }) {
        if (drainPeriodMs <= 0)
            return;
        const timers = this.#timers.get(frontend) ?? new Map();
        this.#timers.set(frontend, timers);
        timers.get(key)?.cancel();
        const end = () => {
            timers.delete(key);
            this.#end({ frontend, member: key, why: 'endedByDrain' });
        };
        timers.set(key, this.#clock.setTimeout(end, drainPeriodMs));
    }
}
//# sourceMappingURL=drains.js.map