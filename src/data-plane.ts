/**
 * Keeps the engine at what the resources say: gathers the changes of a burst, compiles only what they concern, and
 * hands the engine one plan. Layer 4, beside the emulator, because it joins the store with an engine.
 */
import type { AddressMapping } from './address-map.js';
import { mapAddress } from './address-map.js';
import type { ApplyOutcome } from './arm/arm-context.js';
import { azureError } from './errors.js';
import type { Engine } from './forwarding/engine.js';
import { compileLoadBalancer, mergePlan } from './forwarding/load-balancer-plan.js';
import type { ForwardingPlan, PlanPart } from './forwarding/plan.js';
import { compileClassic } from './forwarding/plan-classic.js';
import type { ClassicPlanInputs } from './resources/Microsoft.ClassicCompute/plan-inputs.js';
import { rootKey } from './resources/resource-id.js';
import type { HealthReader, Resource } from './resources/resource-type.js';
import type { ResourceStore } from './store/resource-store.js';
import type { Choices } from './undocumented.js';

const loadBalancerType = 'Microsoft.Network/loadBalancers';
const virtualNetworkType = 'Microsoft.Network/virtualNetworks';

export interface DataPlaneOptions {
  readonly store: ResourceStore;
  readonly engine: Engine;
  readonly addressMap: readonly AddressMapping[];
  /** What classic deployments offer just now. */
  readonly classic: () => ClassicPlanInputs;
  /** A frontend that is not exactly bound fails the operation that wanted it. */
  readonly strictBind: boolean;
  readonly choices: Choices;
}

export class DataPlane implements HealthReader {
  readonly #parts = new Map<string, PlanPart>();
  readonly #changed = new Set<string>();
  #classic: PlanPart = mergePlan([]);
  #classicChanged = false;
  #plan: ForwardingPlan = mergePlan([]);
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(readonly options: DataPlaneOptions) {}

  /** What the engine was last told. */
  get plan(): ForwardingPlan {
    return this.#plan;
  }

  /** Compiles everything anew: at start, after a reset, after a snapshot. */
  async loadAll(): Promise<void> {
    this.#parts.clear();
    const all = [...this.options.store.everyOfType(loadBalancerType)];
    // First come, first served where two want one address; that must hold after a restart too.
    all.sort((a, b) => (a.createdTime < b.createdTime ? -1 : a.createdTime > b.createdTime ? 1 : 0));
    for (const loadBalancer of all) this.#parts.set(loadBalancer.key, this.#compile(loadBalancer));
    this.#classicChanged = true;
    await this.#schedule();
  }

  /** Follows changes of these top-level resources (folded ids); resolves when the engine has them. */
  async changed(keys: readonly string[]): Promise<ApplyOutcome> {
    const concerned = this.#loadBalancersConcernedBy(keys);
    if (concerned.size === 0) return {};
    for (const key of concerned) this.#changed.add(key);
    await this.#schedule();
    return this.options.strictBind ? this.#strictOutcome(concerned) : {};
  }

  /** Follows a change of classic deployments; resolves when the engine has it. */
  async classicChanged(): Promise<void> {
    this.#classicChanged = true;
    await this.#schedule();
  }

  /**
   * Balancers among the keys, balancers that refer to one of them, and balancers that one of them stands behind: a
   * network interface names its pools, a virtual machine its network interfaces.
   */
  #loadBalancersConcernedBy(keys: readonly string[]): Set<string> {
    const { store } = this.options;
    const concerned = new Set<string>();
    const isLoadBalancer = (key: string): boolean =>
      this.#parts.has(key) || store.resource(key)?.type === loadBalancerType;
    const targetsOf = (key: string): Set<string> => new Set(store.linksFrom(key).map(({ target }) => rootKey(target)));
    for (const key of new Set(keys)) {
      if (isLoadBalancer(key)) {
        concerned.add(key);
        continue;
      }
      const type = store.resource(key)?.type;
      for (const source of store.sourcesInto(key, loadBalancerType)) concerned.add(source);
      // What is inside of some network leaves without its rules.
      if (type === virtualNetworkType) {
        for (const [balancer, { outbound }] of this.#parts) if (outbound.length > 0) concerned.add(balancer);
      }
      for (const target of targetsOf(key)) {
        if (isLoadBalancer(target)) concerned.add(target);
        else if (type?.startsWith('Microsoft.Compute/')) {
          for (const further of targetsOf(target)) if (isLoadBalancer(further)) concerned.add(further);
        }
      }
    }
    return concerned;
  }

  #compile(loadBalancer: Resource): PlanPart {
    const { store, addressMap, choices } = this.options;
    return compileLoadBalancer(loadBalancer, { lookup: store, addressMap, choices });
  }

  /** One application at a time; everything that changes meanwhile goes into the next one together. */
  #schedule(): Promise<void> {
    // What failed has been told to those who waited for it; the next change gets its own chance.
    this.#next ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        this.#running = this.#apply();
        return this.#running;
      });
    return this.#next;
  }

  async #apply(): Promise<void> {
    for (const key of this.#changed) {
      const loadBalancer = this.options.store.resource(key);
      if (loadBalancer) this.#parts.set(key, this.#compile(loadBalancer));
      else this.#parts.delete(key);
    }
    this.#changed.clear();
    if (this.#classicChanged) {
      this.#classicChanged = false;
      const { classic, addressMap, choices } = this.options;
      this.#classic = compileClassic(classic(), { addressMap, choices });
    }
    this.#plan = mergePlan([...this.#parts.values(), this.#classic]);
    await this.options.engine.apply(this.#plan);
  }

  #strictOutcome(loadBalancers: ReadonlySet<string>): ApplyOutcome {
    const states = new Map(this.options.engine.frontends().map((state) => [state.key, state]));
    for (const key of loadBalancers) {
      for (const frontend of this.#parts.get(key)?.frontends ?? []) {
        const state = states.get(frontend.key);
        if (state === undefined || state.state === 'Bound') continue;
        const place = `${frontend.azureAddress}:${frontend.port}/${frontend.transport}`;
        const values = { frontend: place, state: state.state, reason: state.reason ?? 'no reason known' };
        return { failure: azureError('FrontendBindFailed', { values }) };
      }
    }
    return {};
  }

  probe(probeId: string, azureAddress: string): { up: boolean; reason: string } | undefined {
    const key = probeKey(probeId, mapAddress(azureAddress, this.options.addressMap));
    return this.options.engine.health().find((one) => one.key === key);
  }
}
