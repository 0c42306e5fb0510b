/** Shortest real time between two checks; well below the margin before the kernel deletes a flow. */
const shortestPauseMs = 400;
/** Rounding error of the kernel's ticks. */
const tickMs = 20;
/** Real silence after which a flow is over: its rule's idle timeout, or the shorter time of one that is ending. */
export const silenceLimitMs = ({ timeoutMs, set }) => Math.abs(timeoutMs - set.set.idleMs) <= tickMs ? set.idleMs : timeoutMs;
export const wantsReset = ({ transport, set }) => transport === 'tcp' && set.set.frontend.rule.tcpReset;
/** Watches flows whose ends have to be reset when they expire. */
export class IdleResets {
    #options;
    #timer;
    #stopped = false;
    constructor(options) {
        this.#options = options;
    }
    /** To be called when there may be a rule with TCP reset that was not there before. */
    planChanged() {
        if (this.#stopped || this.#timer)
            return;
        this.#schedule(this.#shortestIdleMs());
    }
    stop() {
        this.#stopped = true;
        this.#timer?.cancel();
    }
    /** A flow that does not exist yet expires no earlier than this. */
    #shortestIdleMs() {
        let shortestMs = Number.POSITIVE_INFINITY;
        for (const { set, idleMs, state } of this.#options.sets.all()) {
            const { rule, transport } = set.frontend;
            if (state !== 'closed' && transport === 'tcp' && rule.tcpReset)
                shortestMs = Math.min(shortestMs, idleMs);
        }
        return shortestMs;
    }
    #schedule(inMs) {
        if (this.#stopped || inMs === Number.POSITIVE_INFINITY)
            return;
        this.#timer = this.#options.realClock.setTimeout(() => void this.#look().catch(this.#options.onFailure), Math.max(inMs, shortestPauseMs));
    }
    async #look() {
        const flows = (await this.#options.flows()).filter(wantsReset);
        const over = flows.filter((flow) => flow.silentMs >= silenceLimitMs(flow));
        if (over.length > 0)
            await this.#options.expire(over);
        const left = flows.map((flow) => silenceLimitMs(flow) - flow.silentMs).filter((ms) => ms > 0);
        this.#timer = undefined;
        this.#schedule(left.reduce((least, ms) => Math.min(least, ms), this.#shortestIdleMs()));
    }
}
//# sourceMappingURL=idle-resets.js.map