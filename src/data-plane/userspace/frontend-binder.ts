/**
 * Binds frontends by the address rule: at the planned address and port, else at a fallback, else retried.
 *
 * Exact addresses are bound first and a fallback never takes a port that a rule names, so planned addresses win whenever
 * they are free. Whatever is not Bound is retried each second.
 */
import type { Clock, Timer } from '../../support/clock.js';
import type { PlaceState } from '../model/engine.js';
import { frontendKey, type PlanFrontend, type Transport } from '../model/plan.js';
import type { Frontend } from './frontend.js';
import type { ListenAt, Listener } from './listeners.js';

/** Opens listening sockets. */
interface Opener {
  open(frontend: Frontend, at: ListenAt): Promise<Listener>;
}

interface Place {
  readonly frontend: Frontend;
  state: PlaceState;
  listener: Listener | undefined;
  /** The error code of the last attempt to bind its own address. */
  obstacle: string | undefined;
}

const retryEveryMs = 1000;
const privilegedBelow = 1024;
const privilegedOffset = 8000;
const freePortAttempts = 20;
/** Retries per second: bounds the cost of a thousand blocked frontends. */
const retriesAtOnce = 100;

export class FrontendBinder {
  readonly #listeners: Opener;
  readonly #realClock: Clock;
  readonly #announce: (state: PlaceState) => void;
  readonly #places = new Map<Frontend, Place>();
  /** Addresses and ports that the plan names; fallbacks avoid them. */
  #named = new Set<string>();
  #work: Promise<void> = Promise.resolve();
  #timer: Timer | undefined;
  #stopped = false;

  constructor(of: { listeners: Opener; realClock: Clock; announce: (state: PlaceState) => void }) {
    this.#listeners = of.listeners;
    this.#realClock = of.realClock;
    this.#announce = of.announce;
  }

  /** Opens new frontends, closes removed ones, leaves the others alone. Resolves when every frontend has a state. */
  apply(frontends: readonly Frontend[]): Promise<void> {
    return this.#inTurn(() => this.#apply(frontends));
  }

  stateOf(frontend: Frontend | undefined): PlaceState | undefined {
    return frontend && this.#places.get(frontend)?.state;
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    for (const place of this.#places.values()) place.listener?.close();
    this.#places.clear();
  }

  #inTurn(task: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(() => (this.#stopped ? undefined : task()));
    return this.#work;
  }

  async #apply(frontends: readonly Frontend[]): Promise<void> {
    const wanted = new Set(frontends);
    for (const [frontend, place] of this.#places) {
      if (wanted.has(frontend)) continue;
      place.listener?.close();
      this.#places.delete(frontend);
    }
    this.#named = new Set(frontends.map(({ plan }) => plan.key));
    const unplaced = this.#releaseConflictingFallbacks();
    for (const frontend of frontends) {
      if (this.#places.has(frontend)) continue;
      const place = { frontend, listener: undefined, obstacle: undefined, state: unbound(frontend.key, undefined) };
      this.#places.set(frontend, place);
      unplaced.push(place);
    }
    await Promise.all(unplaced.map((place) => this.#bindExactly(place)));
    for (const place of unplaced) if (!place.listener) await this.#fallBack(place);
    this.#armRetry();
  }

  /** Closes fallbacks at an address that the plan names now, and returns their places. */
  #releaseConflictingFallbacks(): Place[] {
    const released: Place[] = [];
    for (const place of this.#places.values()) {
      const { state, frontend } = place;
      if (state.state !== 'Fallback') continue;
      if (!this.#named.has(boundKey(frontend.plan.transport, state))) continue;
      place.listener?.close();
      place.listener = undefined;
      released.push(place);
    }
    return released;
  }

  async #bindExactly(place: Place): Promise<boolean> {
    const { plan } = place.frontend;
    if (plan.port === 0) {
      place.obstacle = 'HAPORTS';
      return false;
    }
    if (plan.leasedElsewhere !== undefined) {
      place.obstacle = 'LEASED';
      return false;
    }
    const listener = await this.#open(place, plan, plan.port);
    if (!listener) return false;
    place.listener?.close();
    place.listener = listener;
    place.obstacle = undefined;
    this.#enter(place, {
      key: plan.key,
      state: 'Bound',
      boundAddress: plan.address,
      boundPort: plan.port,
      reason: undefined,
    });
    return true;
  }

  async #fallBack(place: Place): Promise<void> {
    const { plan } = place.frontend;
    const obstacle = place.obstacle;
    const listener = obstacle === 'HAPORTS' ? undefined : await this.#openFallback(place);
    place.obstacle = obstacle;
    place.listener = listener?.listener;
    if (!listener) {
      this.#enter(place, unbound(plan.key, reasonFor(obstacle, plan)));
      return;
    }
    this.#enter(place, {
      key: plan.key,
      state: 'Fallback',
      boundAddress: listener.address,
      boundPort: listener.listener.port,
      reason: reasonFor(obstacle, plan),
    });
  }

  async #openFallback(place: Place): Promise<{ listener: Listener; address: string } | undefined> {
    const { plan } = place.frontend;
    if (place.obstacle === 'EACCES' && plan.port < privilegedBelow) {
      const port = plan.port + privilegedOffset;
      if (!this.#named.has(frontendKey({ ...plan, port }))) {
        const listener = await this.#open(place, plan, port);
        if (listener) return { listener, address: plan.address };
      }
    }
    const address = plan.address.includes(':') ? '::1' : '127.0.0.1';
    for (let attempt = 0; attempt < freePortAttempts; attempt++) {
      const listener = await this.#open(place, { ...plan, address }, 0);
      if (!listener) return undefined;
      if (!this.#named.has(frontendKey({ ...plan, address, port: listener.port }))) return { listener, address };
      listener.close();
    }
    return undefined;
  }

  async #open(place: Place, plan: PlanFrontend, port: number): Promise<Listener | undefined> {
    try {
      const { transport, address } = plan;
      return await this.#listeners.open(place.frontend, { transport, address, port });
    } catch (error) {
      place.obstacle = (error as NodeJS.ErrnoException).code ?? String(error);
      return undefined;
    }
  }

  #enter(place: Place, state: PlaceState): void {
    const before = place.state;
    place.state = state;
    const same =
      before.state === state.state &&
      before.boundAddress === state.boundAddress &&
      before.boundPort === state.boundPort &&
      before.reason === state.reason;
    if (!same) this.#announce(state);
  }

  #armRetry(): void {
    if (this.#timer || this.#stopped) return;
    const open = [...this.#places.values()].some(({ state }) => state.state !== 'Bound');
    if (!open) return;
    this.#timer = this.#realClock.setTimeout(() => {
      this.#timer = undefined;
      void this.#inTurn(() => this.#retry());
    }, retryEveryMs);
  }

  async #retry(): Promise<void> {
    const waiting = [...this.#places.values()].filter(({ state, obstacle }) => {
      return state.state !== 'Bound' && obstacle !== 'HAPORTS' && obstacle !== 'LEASED';
    });
    for (const place of waiting.slice(0, retriesAtOnce)) {
      // Moved to the end, so that the next second retries others.
      this.#places.delete(place.frontend);
      this.#places.set(place.frontend, place);
      if (!(await this.#bindExactly(place)) && !place.listener) await this.#fallBack(place);
    }
    this.#armRetry();
  }
}

/** The key of a frontend that would be where this one is. */
const boundKey = (transport: Transport, { boundAddress = '', boundPort = 0 }: PlaceState): string =>
  frontendKey({ transport, address: boundAddress, port: boundPort });

const unbound = (key: string, reason: string | undefined): PlaceState => ({
  key,
  state: 'Unbound',
  boundAddress: undefined,
  boundPort: undefined,
  reason,
});

const sentences: Record<string, (frontend: PlanFrontend) => string> = {
  EACCES: ({ port }) => `Port ${port} needs the right to listen below 1024 (CAP_NET_BIND_SERVICE, or a lower
net.ipv4.ip_unprivileged_port_start).`,
  EADDRINUSE: ({ address, port, transport }) =>
    `${transport} ${address}:${port} is taken; a listener on every address (0.0.0.0:${port} or [::]:${port}) takes it too.`,
  EADDRNOTAVAIL: ({ address }) => `${address} is not an address of this machine.`,
  EINVAL: ({ address }) => `${address} cannot be listened on.`,
  EAFNOSUPPORT: () => 'This machine has no IPv6.',
  EMFILE: () => 'The process has no file descriptors left.',
  LEASED: ({ leasedElsewhere }) =>
    `Another Lazurite on this machine had the addresses ${leasedElsewhere} first. Start this one again when it has ended.`,
  HAPORTS: () => 'HA ports: a socket cannot listen on every port. The nftables engine can (--engine nftables).',
};

/** Explains why a frontend is not bound, by a code of the system's or of ours, in a sentence. */
export function reasonFor(code: string | undefined, frontend: PlanFrontend): string {
  const sentence = sentences[code ?? ''];
  return sentence ? sentence(frontend).replaceAll('\n', ' ') : `The system refused it: ${code ?? 'no reason given'}.`;
}

/** Another rule has the same address, protocol and port. */
export const collisionReason = (owner: PlanFrontend): string =>
  `Collision: ${owner.address}:${owner.port} belongs to ${owner.rule.id}.`;

/** Connections that backends open do not pass through this engine's sockets. */
export const noOutboundReason =
  'Outbound rules: connections that a backend opens do not pass through the emulator. The nftables engine can (--engine nftables).';
