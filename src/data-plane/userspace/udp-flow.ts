/** The datagrams of one client of a frontend to one member: a socket whose replies go back from the frontend's address. */

import { createSocket, type Socket } from 'node:dgram';
import type { Clock } from '../../support/clock.js';
import { Counter } from '../model/counters.js';
import type { FlowInfo } from '../model/engine.js';
import type { PlanRule } from '../model/plan.js';
import type { Selector } from '../selection/decision.js';
import { placeText } from '../selection/ip-address.js';
import type { Backend, Frontend } from './frontend.js';
import type { FlowFault } from './injected-faults.js';
import { DatagramPacer } from './pacer.js';
import { isPortTaken, keepsSource, type SourcePorts, sourcePortAttempts } from './socket-limits.js';
import type { IdleItem } from './timeouts.js';
import type { UdpDrops } from './udp-drops.js';

export interface UdpFlowHost {
  readonly clock: Clock;
  readonly sourcePorts: SourcePorts;
  readonly drops: UdpDrops;
  nowMs(): number;
  expired(flow: UdpFlow): void;
  failed(flow: UdpFlow): void;
}

/** The frontend's listening socket, which replies are sent from. */
export interface FrontendSocket {
  readonly socket: Socket;
  open: boolean;
}

/** Datagrams kept while the socket to the backend is being opened. */
const queueLimit = 256;
/** Room for bursts in the kernel, each direction; the system may grant less (net.core.rmem_max). */
export const udpBufferBytes = 4 * 1024 * 1024;

export class UdpFlow implements IdleItem {
  readonly frontend: Frontend;
  readonly backend: Backend;
  readonly rule: PlanRule;
  /** In the frontend's table of flows: a number for IPv4 clients, text for IPv6. */
  readonly key: number | string;
  lastActivityMs: number;
  /** The selector that last selected this member for the client. */
  selector: Selector | undefined;
  /** The client's next flow, to another member. */
  sibling: UdpFlow | undefined;
  /** Next newer and older flow in order of use. */
  newer: UdpFlow | undefined;
  older: UdpFlow | undefined;
  readonly #host: UdpFlowHost;
  readonly #startedMs: number;
  readonly #client: { address: string; port: number; word: number };
  /** Changes when the frontend moves from a fallback to its own address. */
  via: FrontendSocket;
  /** The fault of its datagrams. */
  fault: FlowFault | undefined;
  #pacers: { readonly in: DatagramPacer; readonly out: DatagramPacer } | undefined;
  #socket: Socket | undefined;
  #queue: Buffer[] | undefined = [];
  #attempts = 0;
  #closed = false;
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(of: {
    host: UdpFlowHost;
    key: number | string;
    frontend: Frontend;
    backend: Backend;
    client: { address: string; port: number; word: number };
    via: FrontendSocket;
  }) {
    this.#host = of.host;
    this.key = of.key;
    this.frontend = of.frontend;
    this.backend = of.backend;
    this.rule = of.frontend.plan.rule;
    this.#client = of.client;
    this.via = of.via;
    this.lastActivityMs = this.#startedMs = of.host.nowMs();
    this.frontend.arrived();
    this.frontend.assigned(this.backend);
    this.#open();
  }

  get idleTimeoutMs(): number {
    return this.rule.idleTimeoutMs;
  }

  /** Passes a datagram of the client on. */
  forward(datagram: Buffer): void {
    this.lastActivityMs = this.#host.nowMs();
    this.#bytesIn += datagram.length;
    this.frontend.counters.add(Counter.bytesIn, datagram.length);
    this.frontend.counters.count(Counter.packetsIn);
    this.backend.counters.add(Counter.bytesIn, datagram.length);
    if (this.fault) this.#slow('in', { bytes: datagram.length, send: () => this.#pass(datagram) });
    else this.#pass(datagram);
  }

  /** Delays a datagram as the fault says, or drops it. */
  #slow(direction: 'in' | 'out', datagram: { bytes: number; send: () => void }): void {
    const { clock } = this.#host;
    this.#pacers ??= { in: new DatagramPacer(clock), out: new DatagramPacer(clock) };
    const passed = this.fault === undefined || this.#pacers[direction].pass(this.fault, datagram);
    if (!passed) this.frontend.counters.count(Counter.faultDropped);
  }

  #pass(datagram: Buffer): void {
    if (this.#closed) return;
    if (!this.#queue) this.#send(datagram);
    else if (this.#queue.length < queueLimit) this.#queue.push(datagram);
    else this.frontend.counters.count(Counter.datagramsQueueFull);
  }

  expire(): void {
    this.frontend.counters.count(Counter.flowsIdle);
    this.#host.expired(this);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = undefined;
    this.#socket?.close();
    this.frontend.released(this.backend);
    this.frontend.left();
  }

  info(): FlowInfo {
    const nowMs = this.#host.nowMs();
    return {
      transport: 'udp',
      frontend: this.frontend.key,
      rule: this.rule.id,
      source: placeText(this.#client.address, this.#client.port),
      backend: this.backend.member.key,
      ageMs: nowMs - this.#startedMs,
      idleMs: nowMs - this.lastActivityMs,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
    };
  }

  #open(): void {
    const { member, word } = this.backend;
    const port = this.backend.port || this.frontend.plan.port;
    const socket = createSocket({
      type: member.address.includes(':') ? 'udp6' : 'udp4',
      lookup: resolveNothing,
      recvBufferSize: udpBufferBytes,
      sendBufferSize: udpBufferBytes,
    });
    this.#socket = socket;
    socket.on('error', (error: NodeJS.ErrnoException) => this.#failed(socket, error.code));
    socket.on('connect', () => {
      this.#host.drops.watch(socket, this.frontend.counters);
      this.#flush();
    });
    socket.on('message', (datagram: Buffer) => this.#answer(datagram));
    if (!keepsSource(this.#client.word, word)) {
      socket.connect(port, member.address);
      return;
    }
    socket.once('listening', () => {
      if (!this.#closed) socket.connect(port, member.address);
    });
    const localPort = this.#host.sourcePorts.next(this.#client.word);
    socket.bind({ address: this.#client.address, port: localPort, exclusive: true });
  }

  #flush(): void {
    const queue = this.#queue;
    this.#queue = undefined;
    for (const datagram of queue ?? []) this.#send(datagram);
  }

  #send(datagram: Buffer): void {
    this.#socket?.send(datagram);
  }

  #answer(datagram: Buffer): void {
    if (this.#closed) return;
    this.lastActivityMs = this.#host.nowMs();
    this.#bytesOut += datagram.length;
    this.frontend.counters.add(Counter.bytesOut, datagram.length);
    this.frontend.counters.count(Counter.packetsOut);
    this.backend.counters.add(Counter.bytesOut, datagram.length);
    if (this.fault) this.#slow('out', { bytes: datagram.length, send: () => this.#reply(datagram) });
    else this.#reply(datagram);
  }

  #reply(datagram: Buffer): void {
    // No callback: it would cost a turn of the event loop per datagram.
    if (this.via.open) this.via.socket.send(datagram, this.#client.port, this.#client.address);
    else this.frontend.counters.count(Counter.datagramsUnsendable);
  }

  #failed(socket: Socket, code: string | undefined): void {
    if (this.#closed || socket !== this.#socket) return;
    if (this.#queue && isPortTaken(code) && ++this.#attempts < sourcePortAttempts) {
      this.frontend.counters.count(Counter.sourcePortTaken);
      socket.close();
      this.#open();
      return;
    }
    // The backend refuses (ICMP port unreachable): that datagram is lost, the flow stays, as on a network.
    if (code === 'ECONNREFUSED') {
      this.frontend.counters.count(Counter.flowsRefusedByBackend);
      return;
    }
    this.frontend.counters.count(Counter.flowsFailed);
    this.#host.failed(this);
  }
}

/** A `lookup` that answers at once, so that sending to an address takes no detour through the event loop. */
export function resolveNothing(
  hostname: string,
  _options: unknown,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  callback(null, hostname, hostname.includes(':') ? 6 : 4);
}
