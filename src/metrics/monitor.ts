/**
 * Watches the data plane by Azure's clock: counters, health probes and pings become time series by the minute, and what
 * is wrong becomes a health event.
 */

import type { Engine } from '../data-plane/model/engine.js';
import type { ForwardingPlan, PlanFrontend, SnatAllocation } from '../data-plane/model/plan.js';
import { administrated, candidatesOf } from '../data-plane/selection/decision.js';
import type { Clock } from '../support/clock.js';
import type { Events, HealthChange } from '../support/events.js';
import type { Log } from '../support/log.js';
import { type FrontendHealth, type HealthEvent, HealthEvents } from './health-events.js';
import { CounterDeltas, hasMetrics, ProbeMinutes } from './measurements.js';
import { joinPoints, MetricStore, minuteMs, type Point } from './metric-store.js';

export interface Watched {
  readonly engine: Engine;
  readonly plan: () => ForwardingPlan;
  readonly snatAllocations: () => readonly SnatAllocation[];
}

/** Azure pings every frontend port this often. */
const pingEveryMs = 25_000;

const minuteOf = (ms: number): number => Math.floor(ms / minuteMs);

export class Monitor {
  readonly store = new MetricStore();
  readonly events: HealthEvents;
  readonly #clock: Clock;
  readonly #counters = new CounterDeltas();
  readonly #probes = new ProbeMinutes();
  #watched: Watched | undefined;
  #collectedMs: number;

  constructor({ clock, log, events }: { clock: Clock; log: Log; events: Events }) {
    this.#clock = clock;
    events.read('health', ({ changes }) => this.#healthChanged(changes));
    this.#collectedMs = clock.now();
    this.events = new HealthEvents((event) => announce(event, log));
  }

  /** Starts. Without a data plane there is nothing to see. */
  watch(watched: Watched): void {
    if (watched.engine.name === 'none') return;
    this.#watched = watched;
    this.#pingLater();
    this.#closeMinuteLater();
  }

  /** Brings the time series up to now; to be called before somebody reads them. */
  collect(): void {
    if (!this.#watched) return;
    const { engine, plan } = this.#watched;
    // What was counted since the last time belongs to the minute in which that time began.
    const minute = minuteOf(this.#collectedMs);
    this.#collectedMs = this.#clock.now();
    for (const frontend of plan().frontends) {
      if (hasMetrics(frontend)) this.store.seen(frontend.rule.loadBalancerId, minute);
    }
    for (const { amount, ...place } of this.#counters.take(engine.counters(), plan())) {
      this.store.series(place, minute).increase(minute, amount);
    }
  }

  /** Forgets everything seen so far. */
  reset(): void {
    this.store.clear();
    this.events.clear();
    this.#counters.clear();
    this.#probes.clear();
    this.#collectedMs = this.#clock.now();
  }

  #healthChanged(changes: readonly HealthChange[]): void {
    for (const change of changes) this.#probes.changed(change);
    const changed = new Set(changes.map(({ key }) => key));
    this.#observe(undefined, ({ rule }) => rule.members.some(({ probe }) => probe !== undefined && changed.has(probe)));
  }

  #pingLater(): void {
    this.#clock.setTimeout(() => {
      this.#ping();
      this.#pingLater();
    }, pingEveryMs);
  }

  #closeMinuteLater(): void {
    this.#clock.setTimeout(
      () => {
        this.#closeMinute();
        this.#closeMinuteLater();
      },
      minuteMs - (this.#clock.now() % minuteMs),
    );
  }

  // differs: Azure sends a TCP ping through each frontend port; this asks whether a member would get it.
  #ping(): void {
    if (!this.#watched) return;
    const { plan } = this.#watched;
    const minute = minuteOf(this.#clock.now());
    const unbound = this.#unboundFrontends();
    for (const frontend of plan().frontends) {
      if (!hasMetrics(frontend)) continue;
      const through = !unbound.has(frontend.key) && this.#hasBackend(frontend);
      this.store.series(vipPlace(frontend), minute).add(minute, through ? 100 : 0);
    }
  }

  #closeMinute(): void {
    if (!this.#watched) return;
    this.collect();
    const nowMs = this.#clock.now();
    const minute = minuteOf(nowMs - 1);
    this.#recordProbes(minute, nowMs);
    this.#recordSnatPorts(minute);
    this.#observe(minute, () => true);
    this.store.prune(minute);
  }

  #recordProbes(minute: number, nowMs: number): void {
    const { engine, plan } = this.#watched as Watched;
    const { frontends, probes } = plan();
    const shares = this.#probes.take(engine.health(), nowMs);
    const ports = new Map(probes.map(({ key, port }) => [key, port]));
    for (const frontend of frontends) {
      if (!hasMetrics(frontend)) continue;
      for (const member of frontend.rule.members) {
        const { probe, azureAddress } = member;
        if (probe === undefined) continue;
        const decided = administrated(member);
        const share = decided === undefined ? shares.get(probe) : Number(decided);
        if (share === undefined) continue;
        const dimensions = {
          ProtocolType: frontend.transport.toUpperCase(),
          BackendPort: String(ports.get(probe) ?? 0),
          FrontendIPAddress: frontend.azureAddress,
          FrontendPort: String(frontend.port),
          BackendIPAddress: azureAddress,
        };
        const place = { loadBalancerId: frontend.rule.loadBalancerId, metric: 'DipAvailability', dimensions } as const;
        this.store.series(place, minute).add(minute, Math.round(share * 10_000) / 100);
      }
    }
  }

  #recordSnatPorts(minute: number): void {
    for (const one of (this.#watched as Watched).snatAllocations()) {
      const dimensions = {
        FrontendIPAddress: one.frontendAddress,
        BackendIPAddress: one.backendAddress,
        ProtocolType: one.protocol,
        IsAwaitingRemoval: 'False',
      };
      const place = { loadBalancerId: one.loadBalancerId, dimensions };
      this.store.series({ ...place, metric: 'AllocatedSnatPorts' }, minute).add(minute, one.ports);
      // Sockets see no outbound traffic of a backend, and nft does not list which ports are lent.
      this.store.series({ ...place, metric: 'UsedSnatPorts' }, minute).add(minute, 0);
    }
  }

  /** Looks for health events at the frontend addresses of these frontends; `minute` has just ended, if given. */
  #observe(minute: number | undefined, concerned: (frontend: PlanFrontend) => boolean): void {
    if (!this.#watched) return;
    const byAddress = new Map<string, PlanFrontend[]>();
    const wanted = new Set<string>();
    for (const frontend of this.#watched.plan().frontends) {
      if (!hasMetrics(frontend)) continue;
      const key = `${frontend.rule.loadBalancerId}|${frontend.azureAddress}`;
      byAddress.set(key, [...(byAddress.get(key) ?? []), frontend]);
      if (concerned(frontend)) wanted.add(key);
    }
    const nowMs = this.#clock.now();
    for (const key of wanted) this.events.observe(this.#healthAt(byAddress.get(key) ?? [], minute), nowMs);
  }

  #healthAt(frontends: readonly PlanFrontend[], minute: number | undefined): FrontendHealth {
    const { engine } = this.#watched as Watched;
    const probed = frontends.filter(({ rule }) => rule.members.some(({ probe }) => probe !== undefined));
    const settled = ({ rule }: PlanFrontend): boolean =>
      candidatesOf(rule, (key) => engine.healthOf(key)).every(({ reason }) => reason !== 'NA');
    let pings: Point | undefined;
    for (const frontend of minute === undefined ? [] : frontends) {
      if (frontend.rule.members.length === 0 || !settled(frontend)) continue;
      const point = this.store
        .series(vipPlace(frontend), minute as number)
        .between(minute as number, (minute as number) + 1);
      if (point) pings = pings ? joinPoints(pings, point) : point;
    }
    const { rule, azureAddress } = frontends[0] as PlanFrontend;
    return {
      loadBalancerId: rule.loadBalancerId,
      address: azureAddress,
      probedPorts: probed.map(({ transport, port }) => `${transport.toUpperCase()}:${port}`),
      withoutBackends: probed.length > 0 && probed.every((one) => settled(one) && !this.#hasBackend(one)),
      availability: pings && pings.sum / pings.count,
    };
  }

  #unboundFrontends(): ReadonlySet<string> {
    const states = (this.#watched as Watched).engine.frontends();
    return new Set(states.filter(({ state }) => state === 'Unbound').map(({ key }) => key));
  }

  #hasBackend({ rule }: PlanFrontend): boolean {
    const { engine } = this.#watched as Watched;
    return candidatesOf(rule, (key) => engine.healthOf(key)).some(({ eligible }) => eligible);
  }
}

const vipPlace = ({ rule, azureAddress, port }: PlanFrontend) =>
  ({
    loadBalancerId: rule.loadBalancerId,
    metric: 'VipAvailability',
    dimensions: { FrontendIPAddress: azureAddress, FrontendPort: String(port) },
  }) as const;

function announce(
  { HealthEventType, Severity, FrontendIP, LoadBalancerResourceId, Description }: HealthEvent,
  log: Log,
) {
  log.warn('LoadBalancerHealthEvent', { HealthEventType, Severity, FrontendIP, LoadBalancerResourceId, Description });
}
