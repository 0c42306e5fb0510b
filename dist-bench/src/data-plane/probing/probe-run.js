/**
 * One health probe from its first attempt to its removal: when it is attempted, and when its state flips.
 *
 * probeThreshold consecutive answers flip the state, at the start too; an HTTP status flips it at once. `numberOfProbes`
 * does nothing, as in Azure.
 */
import { isIPv4 } from 'node:net';
import { httpProbe } from './http-probe.js';
import { probeFailed, tcpProbe } from './probe-attempt.js';
const shortestTimeoutRealMs = 100;
export class ProbeRun {
    probe;
    #options;
    #up = false;
    #everUp = false;
    #reason = 'NA';
    #sinceMs;
    /** Consecutive outcomes that contradict the state. */
    #against = 0;
    #timer;
    #attempt;
    #settled = Promise.resolve();
    #stopped = false;
    constructor(probe, options) {
        this.probe = probe;
        this.#options = options;
        this.#sinceMs = options.clock.now();
    }
    /** Goes on with what another probe of the same target found out: a new interval takes no member out. */
    inherit({ health, everUp }) {
        this.#up = health.up;
        this.#everUp = everUp;
        this.#reason = health.reason;
        this.#sinceMs = health.sinceMs;
    }
    /** Whether it has ever been up. */
    get everUp() {
        return this.#everUp;
    }
    get health() {
        return { key: this.probe.key, up: this.#up, reason: this.#reason, sinceMs: this.#sinceMs };
    }
    /** Resolves when no attempt is under way. */
    get settled() {
        return this.#settled;
    }
    start(delayMs) {
        this.#timer = this.#options.clock.setTimeout(() => this.#tick(), delayMs);
    }
    /** Makes the next attempt now; one that is under way counts as it. */
    attemptNow() {
        this.#timer?.cancel();
        this.#tick();
    }
    stop() {
        this.#stopped = true;
        this.#timer?.cancel();
        this.#attempt?.abandon();
    }
    #tick() {
        this.#timer = this.#options.clock.setTimeout(() => this.#tick(), this.probe.intervalMs);
        if (!this.#attempt)
            this.#settled = this.#run();
    }
    async #run() {
        const attempt = this.#begin();
        if (!attempt) {
            this.#take(probeFailed('Down_Platform', true));
            return;
        }
        this.#attempt = attempt;
        const cancelTimeout = this.#limit(attempt);
        const outcome = await attempt.result;
        cancelTimeout();
        this.#attempt = undefined;
        if (!this.#stopped)
            this.#take(this.#options.verdict?.(this.probe, outcome) ?? outcome);
    }
    /** Undefined for a target that is none: it must not end the thread that probes all others. */
    #begin() {
        const { protocol, address, port, requestPath, userAgent, followsRedirects = false } = this.probe;
        try {
            const { sourceAddress } = this.#options;
            const from = sourceAddress !== undefined && isIPv4(address) ? { localAddress: sourceAddress } : {};
            if (protocol === 'Tcp')
                return tcpProbe({ address, port, ...from });
            return httpProbe({ protocol, address, port, path: requestPath ?? '/', userAgent, followsRedirects, ...from });
        }
        catch {
            return undefined;
        }
    }
    /** Times the attempt out when both Azure's timeout and a moment of real time have passed. */
    #limit(attempt) {
        const { clock, realClock } = this.#options;
        let remaining = 2;
        const passed = () => {
            remaining--;
            if (remaining === 0)
                attempt.timeOut();
        };
        // A probe fails when the next one is due: a moment earlier, so that the next one finds it gone.
        const azure = clock.setTimeout(passed, this.probe.timeoutMs - 1);
        const real = realClock.setTimeout(passed, Math.min(shortestTimeoutRealMs, this.probe.timeoutMs));
        return () => {
            azure.cancel();
            real.cancel();
        };
    }
    #take(outcome) {
        const { threshold: usual, firstThreshold = usual } = this.probe;
        const threshold = outcome.explicit ? 1 : this.#everUp ? usual : firstThreshold;
        if (outcome.up === this.#up) {
            this.#against = 0;
            this.#enter(outcome.up, outcome.reason);
            return;
        }
        this.#against++;
        if (this.#against >= threshold) {
            this.#against = 0;
            this.#enter(outcome.up, outcome.reason);
        }
        else
            this.#enter(this.#up, this.#up ? 'Up_Probe_ApproachingUnhealthyThreshold' : 'Down_Probe_ApproachingHealthyThreshold');
    }
    #enter(up, reason) {
        const flipped = up !== this.#up;
        if (!flipped && reason === this.#reason)
            return;
        if (flipped || this.#reason === 'NA')
            this.#sinceMs = this.#options.clock.now();
        this.#up = up;
        this.#everUp ||= up;
        this.#reason = reason;
        this.#options.onChange(this.health);
    }
}
//# sourceMappingURL=probe-run.js.map