/** One engine with its clock, its backends and its events, for tests that read as statements about Azure. */
import { EventEmitter, once } from 'node:events';
import type {
  Engine,
  EngineEvents,
  FrontendState,
  Interruption,
  ProbeHealth,
} from '../../src/data-plane/model/engine.js';
import type { PlanFrontend, PlanMember, PlanProbe } from '../../src/data-plane/model/plan.js';
import { Clock } from '../../src/support/clock.js';
import { inTime, repeatUntil } from '../turns.js';
import { Backend } from './network.js';
import { member, plan, tcpProbe } from './plans.js';

export type MakeEngine = (options: { clock: Clock; events: EngineEvents }) => Engine;

export class World {
  readonly clock = new Clock();
  readonly engine: Engine;
  readonly healthSeen: ProbeHealth[] = [];
  readonly statesSeen: FrontendState[] = [];
  readonly failures: Error[] = [];
  readonly interruptions: Interruption[] = [];
  restarts = 0;
  readonly #changes = new EventEmitter();
  #backends: Backend[] = [];

  constructor(makeEngine: MakeEngine) {
    const changed = (): boolean => this.#changes.emit('change');
    this.engine = makeEngine({
      clock: this.clock,
      events: {
        onHealth: (changes) => {
          this.healthSeen.push(...changes);
          changed();
        },
        onFrontendState: (state) => {
          this.statesSeen.push(state);
          changed();
        },
        onInterrupted: (interruption) => {
          this.interruptions.push(interruption);
          changed();
        },
        onRestarted: () => {
          this.restarts++;
          changed();
        },
        onFailure: (error) => {
          this.failures.push(error);
          changed();
        },
      },
    });
  }

  /** Backends at addresses ending in 4, 5, 6 … as a VNet hands them out. */
  async backends(subnet: string, { count, port }: { count: number; port: number }): Promise<Backend[]> {
    const started = await Promise.all(
      Array.from({ length: count }, (_, index) => Backend.start(`${subnet}.${4 + index}`, port)),
    );
    this.#backends.push(...started);
    return started;
  }

  apply(frontends: readonly PlanFrontend[], probes: readonly PlanProbe[] = []): Promise<void> {
    return this.engine.apply(plan(frontends, probes));
  }

  /** Azure time goes on, here and in the engine. */
  async advance(azureMs: number): Promise<void> {
    this.clock.advance(azureMs);
    await this.engine.advanceClock(azureMs);
  }

  /** Resolves when an event of the engine has made the condition true. */
  async until(condition: () => boolean): Promise<void> {
    const state = (): string =>
      JSON.stringify([this.engine.health(), this.engine.frontends(), this.failures.map(String)]);
    const what = (): string => `${condition}, with health, frontends and failures ${state()}`;
    await repeatUntil(condition, { what, step: () => inTime(what, once(this.#changes, 'change')) });
  }

  /** Resolves when the probes of these addresses are up. */
  async healthy(...addresses: string[]): Promise<void> {
    await this.until(() => addresses.every((address) => this.isUp(address)));
  }

  isUp(address: string): boolean {
    return this.engine.health().some(({ key, up }) => up && key === `probe-1|${address}`);
  }

  reason(address: string): string | undefined {
    return this.engine.health().find(({ key }) => key === `probe-1|${address}`)?.reason;
  }

  count(name: string, scope: string): number {
    return this.engine.counters().find((sample) => sample.name === name && sample.scope === scope)?.value ?? 0;
  }

  /** Resolves when the engine has counted so many; asking for its flows lets it go on meanwhile. */
  async counted(name: string, scope: string, atLeast = 1): Promise<void> {
    await repeatUntil(() => this.count(name, scope) >= atLeast, {
      what: () => `${atLeast} of ${name} at ${scope}, of ${JSON.stringify(this.engine.counters())}`,
      step: () => this.engine.flows(),
    });
  }

  /** Between two tests: an empty plan and no backends. */
  async reset(): Promise<void> {
    await this.apply([]);
    for (const backend of this.#backends) backend.stop();
    this.#backends = [];
  }

  async close(): Promise<void> {
    for (const backend of this.#backends) backend.stop();
    await this.engine.close(0);
  }
}

export const membersOf = (backends: readonly Backend[], rest: Partial<PlanMember> = {}): PlanMember[] =>
  backends.map(({ address, port }) => member(address, port, rest));

/** Members whose health a TCP probe on their own port decides. */
export const probedMembers = (backends: readonly Backend[], rest: Partial<PlanMember> = {}): PlanMember[] =>
  backends.map(({ address, port }) => member(address, port, { probe: `probe-1|${address}`, ...rest }));

export const probesOf = (backends: readonly Backend[], rest: Partial<PlanProbe> = {}): PlanProbe[] =>
  backends.map(({ address, port }) => tcpProbe(address, port, rest));
