/**
 * `--stand-ins`: a backend for every member at whose address nothing listens, so that a template alone gives a load balancer
 * that answers.
 *
 * A stand-in does not listen at the member's address, where it would be in the way of a server that is started later: it
 * has a port of its own on 127.0.0.1, and the plan that the engine is given leads there for as long as nothing listens at
 * the member's own address. What listens is read from the kernel's tables once a second.
 */
import { readFile } from 'node:fs/promises';
import {
  type ForwardingPlan,
  type PlanFrontend,
  type PlanMember,
  type PlanProbe,
  portOf,
} from '../data-plane/model/plan.js';
import { addressWords } from '../data-plane/selection/ip-address.js';
import { Clock, type Timer } from '../support/clock.js';
import { EchoBackend } from '../support/echo-backend.js';
import { UsageError } from '../support/usage-error.js';

const lookEveryMs = 1000;
const here = '127.0.0.1';
/** The tables of sockets, and the state of one that somebody can reach. */
const tables = { tcp: 'listening', udp: 'unconnected' } as const;
const stateCodes = { listening: '0A', unconnected: '07' } as const;

type Transport = keyof typeof tables;

/** What somebody would listen on: `tcp 0400007F:1F90`, as the kernel's tables write IPv4 addresses on this machine. */
type Place = string;

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');

/** The places where a listener serves this address and port: its own, and those of listeners on every address. */
function placesOf(transport: Transport, address: string, port: number): Place[] {
  const [word = 0] = addressWords(address) ?? [];
  const own = hex(word, 8);
  const addresses = [own, '0'.repeat(8), '0'.repeat(32), `0000000000000000FFFF0000${own}`];
  return addresses.map((each) => `${transport} ${each}:${hex(port, 4)}`);
}

async function readListeners(): Promise<ReadonlySet<Place>> {
  const places = new Set<Place>();
  for (const [transport, state] of Object.entries(tables)) {
    for (const family of ['', '6']) {
      const text = await readFile(`/proc/self/net/${transport}${family}`, 'utf8').catch(() => '');
      for (const line of text.split('\n').slice(1)) {
        const [, local, , code] = line.trim().split(/\s+/);
        if (code === stateCodes[state]) places.add(`${transport} ${local}`);
      }
    }
  }
  return places;
}

/** A member's address with everything that somebody who serves it would listen on. */
interface Served {
  readonly name: string;
  readonly places: Place[];
}

/** `10.0.0.4 (networkInterfaces/vm1/ipConfigurations/ip)`. */
const nameOf = ({ azureAddress, id }: PlanMember): string =>
  `${azureAddress} (${(id.split('/providers/').at(-1) ?? id).split('/').slice(1).join('/')})`;

export class AutomaticStandIns {
  readonly #clock = new Clock();
  readonly #changed: () => void;
  /** By the member's address on this machine. One goes on until its member is gone, for the flows that it has. */
  readonly #backends = new Map<string, EchoBackend>();
  /** What was made of frontends and probes, so that what stays the same stays the same object. */
  readonly #adapted = new WeakMap<object, { readonly ports: string; readonly result: object }>();
  #served: ReadonlyMap<string, Served> = new Map();
  /** Addresses that somebody serves, or a frontend has. */
  #taken = '';
  #timer: Timer | undefined;

  /** `changed` is called when somebody came or went: the plan is to be adapted anew. */
  constructor(changed: () => void) {
    if (process.platform !== 'linux') throw new UsageError('--stand-ins needs Linux, which says who listens where');
    this.#changed = changed;
    this.#lookAgain();
  }

  /** The plan in which every member at whose address nothing listens is a stand-in. */
  async adapt(plan: ForwardingPlan): Promise<ForwardingPlan> {
    this.#served = servedBy(plan);
    const listeners = await readListeners();
    const free = [...this.#served].filter(([, { places }]) => !places.some((place) => listeners.has(place)));
    this.#taken = this.#takenAmong(listeners);
    const frontends = new Set(plan.frontends.map(({ address }) => address));
    const ports = new Map<string, number>();
    for (const [address, { name }] of free) {
      if (frontends.has(address)) continue;
      ports.set(address, (await this.#backendFor(address, name)).port);
    }
    await this.#closeUnless((address) => this.#served.has(address));
    return {
      ...plan,
      frontends: plan.frontends.map((frontend) => this.#frontend(frontend, ports)),
      probes: plan.probes.map((probe) => this.#probe(probe, ports)),
    };
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#clock.close();
    await this.#closeUnless(() => false);
  }

  async #backendFor(address: string, name: string): Promise<EchoBackend> {
    const backend = this.#backends.get(address) ?? (await EchoBackend.start({ address: here, port: 0, name }));
    this.#backends.set(address, backend);
    return backend;
  }

  async #closeUnless(stays: (address: string) => boolean): Promise<void> {
    for (const [address, backend] of this.#backends) {
      if (stays(address)) continue;
      this.#backends.delete(address);
      await backend.close();
    }
  }

  #takenAmong(listeners: ReadonlySet<Place>): string {
    const taken = [...this.#served].filter(([, { places }]) => places.some((place) => listeners.has(place)));
    return taken.map(([address]) => address).join();
  }

  #lookAgain(): void {
    this.#timer = this.#clock.setTimeout(() => {
      void readListeners().then((listeners) => {
        if (this.#takenAmong(listeners) !== this.#taken) this.#changed();
        this.#lookAgain();
      });
    }, lookEveryMs);
  }

  #frontend(frontend: PlanFrontend, ports: ReadonlyMap<string, number>): PlanFrontend {
    const { rule } = frontend;
    const key = rule.members.map(({ address }) => ports.get(address) ?? '').join();
    return this.#remembered(frontend, key, () => {
      // Every member has a port of its own now.
      const { backendPort: _, ...others } = rule;
      const members = rule.members.map((member) => {
        const own = portOf(rule, member);
        const port = own === 0 ? undefined : ports.get(member.address);
        return port === undefined ? { ...member, port: own } : { ...member, address: here, port };
      });
      return { ...frontend, rule: { ...others, members } };
    });
  }

  #probe(probe: PlanProbe, ports: ReadonlyMap<string, number>): PlanProbe {
    const port = ports.get(probe.address);
    return this.#remembered(probe, String(port ?? ''), () => ({
      ...probe,
      address: here,
      port: port as number,
      // A stand-in has no certificate.
      protocol: probe.protocol === 'Https' ? 'Http' : probe.protocol,
    }));
  }

  #remembered<T extends object>(original: T, ports: string, adapt: () => T): T {
    if (/^,*$/.test(ports)) return original;
    const known = this.#adapted.get(original);
    if (known?.ports === ports) return known.result as T;
    const result = adapt();
    this.#adapted.set(original, { ports, result });
    return result;
  }
}

/** Every IPv4 address of a member with a port of its own, by which it can be led elsewhere. */
function servedBy({ frontends, probes }: ForwardingPlan): Map<string, Served> {
  const served = new Map<string, Served>();
  for (const { transport, rule } of frontends) {
    for (const member of rule.members) {
      const { address } = member;
      const port = portOf(rule, member);
      if (port === 0 || address.includes(':')) continue;
      const one = served.get(address) ?? { name: nameOf(member), places: [] };
      one.places.push(...placesOf(transport, address, port));
      served.set(address, one);
    }
  }
  for (const { address, port } of probes) served.get(address)?.places.push(...placesOf('tcp', address, port));
  return served;
}
