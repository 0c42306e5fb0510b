/**
 * One TCP connection through the load balancer: the client's socket, the backend's, and what ends them.
 *
 * A flow remembers its backend, so no reconfiguration moves it. What a pass-through load balancer does by forwarding
 * packets is done here on two sockets: end of stream, resets and back-pressure go through in both directions.
 */
import type { Clock } from '../../support/clock.js';
import { Counter, type CounterIndex } from '../model/counters.js';
import type { FlowInfo } from '../model/engine.js';
import type { PlanRule } from '../model/plan.js';
import { ipv4Word, placeText } from '../selection/ip-address.js';
import type { Backend, Frontend } from './frontend.js';
import type { FlowFault } from './injected-faults.js';
import type { TcpHandle } from './private-handle.js';
import { isPortTaken, keepsSource, type SourcePorts, sourcePortAttempts } from './socket-limits.js';
import { type LegOwner, TcpLeg } from './tcp-leg.js';
import type { IdleItem } from './timeouts.js';

/** What flows need from the forwarder. */
export interface FlowHost {
  readonly clock: Clock;
  readonly sourcePorts: SourcePorts;
  /** The flow is silently dropped: its sockets stay open and what they send is discarded. */
  dropped(flow: TcpFlow): void;
  ended(flow: TcpFlow): void;
}

type Stage = 'connecting' | 'open' | 'discarding' | 'ended';

/** A full TCP segment on Ethernet, to estimate packets from bytes. */
const segmentBytes = 1460;

export class TcpFlow implements LegOwner, IdleItem {
  readonly frontend: Frontend;
  readonly backend: Backend;
  readonly rule: PlanRule;
  lastActivityMs: number;
  readonly #host: FlowHost;
  readonly #startedMs: number;
  readonly #client: TcpLeg;
  readonly #server: TcpLeg;
  readonly #source: { address: string; port: number };
  #stage: Stage = 'connecting';
  #openLegs = 2;
  #attempts = 0;
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(of: { host: FlowHost; frontend: Frontend; backend: Backend; client: ClientSocket }) {
    this.#host = of.host;
    this.frontend = of.frontend;
    this.backend = of.backend;
    this.rule = of.frontend.plan.rule;
    this.#source = of.client;
    this.#client = of.client.leg;
    of.client.owner = this;
    this.#server = new TcpLeg(this);
    this.lastActivityMs = this.#startedMs = of.host.clock.now();
    this.frontend.assigned(this.backend);
  }

  get idleTimeoutMs(): number {
    const { idleTimeoutMs, halfOpenMs } = this.rule;
    return this.#stage === 'connecting' ? Math.min(halfOpenMs, idleTimeoutMs) : idleTimeoutMs;
  }

  /** Opens the connection to the backend; the client is not read before it is established. */
  begin(): void {
    const { member, word } = this.backend;
    const port = this.backend.port || this.frontend.plan.port;
    const client = ipv4Word(this.#source.address);
    if (client < 0 || !keepsSource(client, word)) {
      this.#server.connect({ host: member.address, port });
      return;
    }
    const localPort = this.#host.sourcePorts.next(client);
    this.#server.connect({ host: member.address, port, localAddress: this.#source.address, localPort });
  }

  moved(leg: TcpLeg, bytes: number): boolean {
    if (this.#stage === 'discarding') {
      this.frontend.counters.count(Counter.discardedAfterDrop);
      return false;
    }
    this.lastActivityMs = this.#host.clock.now();
    const segments = 1 + Math.floor((bytes - 1) / segmentBytes);
    const { counters } = this.frontend;
    if (leg === this.#client) {
      this.#bytesIn += bytes;
      counters.add(Counter.bytesIn, bytes);
      counters.add(Counter.packetsIn, segments);
      this.backend.counters.add(Counter.bytesIn, bytes);
    } else {
      this.#bytesOut += bytes;
      counters.add(Counter.bytesOut, bytes);
      counters.add(Counter.packetsOut, segments);
      this.backend.counters.add(Counter.bytesOut, bytes);
    }
    return true;
  }

  connected(): void {
    if (this.#stage !== 'connecting') return;
    this.#stage = 'open';
    this.#server.start(this.#client);
    this.#client.start(this.#server);
  }

  failed(leg: TcpLeg, code: string | undefined): void {
    if (this.#stage === 'discarding') return;
    if (leg === this.#client) {
      this.frontend.counters.count(Counter.resetByClient);
      this.#server.reset();
      return;
    }
    if (this.#stage === 'connecting' && this.#retriesWithNextPort(code)) return;
    this.frontend.counters.count(this.#failureCounter(code));
    this.#client.reset();
  }

  closed(): void {
    this.#openLegs--;
    if (this.#openLegs === 0) this.#finish();
  }

  /** Idle for too long: silence, or a reset to both ends when the rule says so. */
  expire(): void {
    if (this.#stage === 'connecting') this.frontend.counters.count(Counter.handshakeTimedOut);
    else this.frontend.counters.count(this.rule.tcpReset ? Counter.idleReset : Counter.idleDropped);
    this.cut();
  }

  /** Stops forwarding as the rule prescribes. */
  cut(): void {
    if (this.rule.tcpReset) this.reset();
    else this.#drop();
  }

  /** Sets the fault of this flow; undefined removes it. */
  setFault(fault: FlowFault | undefined): void {
    this.#client.setFault(fault, this.#host.clock);
    this.#server.setFault(fault, this.#host.clock);
  }

  reset(): void {
    this.#client.reset();
    this.#server.reset();
  }

  info(): FlowInfo {
    const nowMs = this.#host.clock.now();
    return {
      transport: 'tcp',
      frontend: this.frontend.key,
      rule: this.rule.id,
      source: placeText(this.#source.address, this.#source.port),
      backend: this.backend.member.key,
      ageMs: nowMs - this.#startedMs,
      idleMs: nowMs - this.lastActivityMs,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
    };
  }

  // differs: a socket cannot vanish. Nothing is delivered any more, but the kernel acknowledges what the ends send.
  #drop(): void {
    if (this.#stage === 'connecting') {
      this.reset();
      return;
    }
    this.#stage = 'discarding';
    this.#host.dropped(this);
    this.#client.drainAway();
    this.#server.drainAway();
  }

  #retriesWithNextPort(code: string | undefined): boolean {
    if (!isPortTaken(code) || !keepsSource(ipv4Word(this.#source.address), this.backend.word)) return false;
    if (++this.#attempts >= sourcePortAttempts) {
      this.frontend.counters.count(Counter.sourcePortsExhausted);
      return false;
    }
    this.frontend.counters.count(Counter.sourcePortTaken);
    this.begin();
    return true;
  }

  #failureCounter(code: string | undefined): CounterIndex {
    if (this.#stage === 'open') return Counter.resetByBackend;
    if (code === 'EMFILE' || code === 'ENFILE') return Counter.descriptorLimit;
    return code === 'ECONNREFUSED' ? Counter.connectRefused : Counter.connectFailed;
  }

  #finish(): void {
    if (this.#stage === 'ended') return;
    this.#stage = 'ended';
    this.#host.ended(this);
    this.frontend.released(this.backend);
    this.frontend.left();
  }
}

/** The accepted socket of a client, and the owner that gets its events. */
export class ClientSocket implements LegOwner {
  readonly leg: TcpLeg;
  readonly address: string;
  readonly port: number;
  owner: LegOwner | undefined;

  constructor(handle: TcpHandle) {
    this.leg = new TcpLeg(this);
    const socket = this.leg.accept(handle);
    this.address = socket.remoteAddress ?? '';
    this.port = socket.remotePort ?? 0;
  }

  moved(leg: TcpLeg, bytes: number): boolean {
    return this.owner?.moved(leg, bytes) ?? false;
  }

  connected(): void {}

  failed(leg: TcpLeg, code: string | undefined): void {
    this.owner?.failed(leg, code);
  }

  closed(leg: TcpLeg): void {
    this.owner?.closed(leg);
  }
}
