import { concernsFlow, concernsProbe, sortFaults, } from '../model/faults.js';
import { probeFailed, probeSucceeded } from '../probing/probe-attempt.js';
const atLeast = (faults, effect) => faults.some((fault) => fault.effect === effect);
export class InjectedFaults {
    #clock;
    #traffic = [];
    #probes = [];
    constructor(clock) {
        this.#clock = clock;
    }
    /** Replaces all faults; a probe that is flapping keeps its phase. */
    set(faults) {
        const { traffic, probes } = sortFaults(faults);
        const since = new Map(this.#probes.map(({ fault, sinceMs }) => [fault.id, sinceMs]));
        this.#traffic = traffic;
        this.#probes = probes.map((fault) => ({ fault, sinceMs: since.get(fault.id) ?? this.#clock.now() }));
    }
    /** The combined fault of flows of this frontend to this member; of each kind the slowest counts. */
    ofFlow(frontend, member) {
        if (this.#traffic.length === 0)
            return undefined;
        const concerned = this.#traffic.filter((fault) => concernsFlow(fault, frontend, member));
        if (concerned.length === 0)
            return undefined;
        return {
            drop: atLeast(concerned, 'drop'),
            reset: atLeast(concerned, 'reset'),
            latencyMs: Math.max(...concerned.map(({ latencyMs = 0 }) => latencyMs)),
            bytesPerSecond: Math.min(...concerned.map(({ bytesPerSecond = Number.POSITIVE_INFINITY }) => bytesPerSecond)),
        };
    }
    concernsProbe(probe) {
        return this.#probes.some(({ fault }) => concernsProbe(fault, probe));
    }
    /** Overrides the outcome of a probe. The last fault that concerns it decides. */
    verdict = (probe, outcome) => {
        const found = this.#probes.findLast(({ fault }) => concernsProbe(fault, probe));
        if (!found)
            return outcome;
        const { verdict, flapEveryMs = 1 } = found.fault;
        const phase = Math.floor((this.#clock.now() - found.sinceMs) / flapEveryMs);
        const up = verdict === 'up' || (verdict === 'flap' && phase % 2 === 1);
        return up ? probeSucceeded(true) : probeFailed('Down_Probe_TcpProbeTimeout', true);
    };
}
//# sourceMappingURL=injected-faults.js.map