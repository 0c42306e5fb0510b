/** All health probes of a plan: started, kept and stopped as the plan changes. One probe per backend address. */
import { networkInterfaces } from 'node:os';
import { ProbeRun } from './probe-run.js';
/** First attempts of many probes are spread over this much real time. */
const spreadMs = 20;
const perMs = 25;
export class Prober {
    #options;
    #runs = new Map();
    #found;
    #started = 0;
    constructor(options) {
        this.#options = options;
        this.#found = new Map(options.found?.map((health) => [health.key, health]));
    }
    /** Starts probes that are new or changed; one whose definition did not change keeps its state. */
    put(probe) {
        const known = this.#runs.get(probe.key);
        if (known && sameProbe(known.probe, probe))
            return;
        known?.stop();
        const run = new ProbeRun(probe, this.#options);
        this.#runs.set(probe.key, run);
        const found = this.#found.get(probe.key);
        this.#found.delete(probe.key);
        if (known && sameTarget(known.probe, probe))
            run.inherit(known);
        else if (known)
            this.#options.onChange(run.health);
        else if (found)
            run.inherit({ health: found, everUp: found.up });
        const delayMs = Math.floor(this.#started++ / perMs) % spreadMs;
        run.start(delayMs * this.#options.clock.scale + (known || found ? 0 : (probe.firstAfterMs ?? 0)));
    }
    remove(key) {
        this.#found.delete(key);
        this.#runs.get(key)?.stop();
        this.#runs.delete(key);
    }
    /** Makes the next attempt of these probes now. */
    attemptNow(concerned) {
        for (const run of this.#runs.values())
            if (concerned(run.probe))
                run.attemptNow();
    }
    healthOf(key) {
        return this.#runs.get(key)?.health;
    }
    probes() {
        return [...this.#runs.values()].map((run) => run.probe);
    }
    health() {
        return [...this.#runs.values()].map((run) => run.health);
    }
    /** Resolves when every attempt now under way has an outcome. */
    async settled() {
        await Promise.all([...this.#runs.values()].map((run) => run.settled));
    }
    stop() {
        for (const run of this.#runs.values())
            run.stop();
        this.#runs.clear();
    }
}
const sameTarget = (a, b) => a.protocol === b.protocol && a.address === b.address && a.port === b.port && a.requestPath === b.requestPath;
/** Definitions that probe alike; ids and display addresses do not matter. */
const sameProbe = (a, b) => sameTarget(a, b) && a.intervalMs === b.intervalMs && a.timeoutMs === b.timeoutMs && a.threshold === b.threshold;
/** https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16 */
export const azureProbeAddress = '168.63.129.16';
/** Azure's probe address if it is this machine's, for all IPv4 probes. */
export const probeSource = () => Object.values(networkInterfaces()).some((of) => of?.some(({ address }) => address === azureProbeAddress))
    ? azureProbeAddress
    : undefined;
//# sourceMappingURL=prober.js.map