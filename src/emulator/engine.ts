/** The engine of an emulator: chosen, started, its reports made events, and the plan made what it is to carry out. */

import { execFile, spawnSync } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import type { Config } from '../config/config.js';
import type { Engine, EngineEvents } from '../data-plane/model/engine.js';
import { type ForwardingPlan, frontendKey, type PlanFrontend } from '../data-plane/model/plan.js';
import type { LoadingThread } from '../data-plane/userspace/worker-thread.js';
import type { Clock } from '../support/clock.js';
import type { Events } from '../support/events.js';
import type { Log } from '../support/log.js';
import { UsageError } from '../support/usage-error.js';
import { AutomaticStandIns } from './stand-ins.js';

/** What an engine reports, as events. */
const engineEvents = (events: Events): EngineEvents => ({
  onHealth: (changes) => events.emit('health', { changes }),
  onFrontendState: (state) => events.emit('frontend', state),
  onInterrupted: (interruption) => events.emit('engineInterrupted', interruption),
  onRestarted: () => events.emit('engineRestarted', {}),
  onFailure: (error) => events.emit('engineFailure', { error }),
});

/** Starts the engine that `--engine` names; what it reports is emitted as events. Only its own code is loaded. */
export async function createEngine(
  { engine, store, adopt, symmetric }: Config,
  { clock, events, thread }: { clock: Clock; events: Events; thread: LoadingThread | undefined },
): Promise<Engine> {
  const options = { clock, events: engineEvents(events), thread };
  if (engine === 'none') return new (await import('../data-plane/none/engine.js')).NoneEngine();
  if (engine === 'userspace') return new (await import('../data-plane/userspace/engine.js')).UserspaceEngine(options);
  const node = store === undefined ? {} : { node: { adopt, symmetric } };
  return new (await import('../data-plane/nftables/engine.js')).NftablesEngine({ ...options, ...node });
}

const run = promisify(execFile);

/** IPv4 addresses of this machine. */
const addressesHere = (): readonly { readonly address: string; readonly internal: boolean }[] =>
  Object.values(networkInterfaces()).flatMap((all = []) => all.filter(({ family }) => family === 'IPv4'));

const isLoopback = (address: string): boolean => address.startsWith('127.');

/** Adds frontends' addresses to an interface, and takes those away that it has added. Needs CAP_NET_ADMIN. */
class InterfaceAddresses {
  readonly #added = new Set<string>();

  constructor(readonly options: { readonly name: string; readonly log: Log }) {
    const { name } = options;
    const { error, status } = spawnSync('ip', ['link', 'show', 'dev', name]);
    if (error) throw new UsageError('--add-addresses needs the program ip, of the package iproute2');
    if (status !== 0) throw new UsageError(`--add-addresses: this machine has no network interface '${name}'`);
  }

  /** Brings the interface to `wanted` addresses; what cannot be added is logged, and its frontend falls back. */
  async follow(wanted: ReadonlySet<string>): Promise<void> {
    const here = new Set(addressesHere().map(({ address }) => address));
    for (const address of this.#added) if (!wanted.has(address)) await this.#change('del', address);
    for (const address of wanted) {
      if (!this.#added.has(address) && !here.has(address)) await this.#change('add', address);
    }
  }

  async #change(change: 'add' | 'del', address: string): Promise<void> {
    const { name, log } = this.options;
    try {
      await run('ip', ['address', change, `${address}/32`, 'dev', name]);
      log.info(change === 'add' ? 'an address was added' : 'an address was removed', { address, interface: name });
      if (change === 'add') this.#added.add(address);
      else this.#added.delete(address);
    } catch (error) {
      const reason = String((error as { stderr?: string }).stderr || (error as Error).message).trim();
      log.warn('an address of an interface cannot be changed', { address, interface: name, reason });
      if (change === 'del') this.#added.delete(address);
    }
  }
}

const addressesOf = ({ frontends }: ForwardingPlan): string[] => frontends.map(({ address }) => address);

export interface PlanAdapterOptions {
  readonly config: Config;
  readonly log: Log;
  /** Called when the plan is to be adapted anew. */
  readonly again: () => void;
}

/**
 * What the engine is given in the place of the plan: `--stand-ins` for members, and for frontends `--also-at`, further
 * addresses such as a container's own, where published ports arrive, and `--add-addresses`, their own addresses on an
 * interface of this machine. Of several frontends that want one port of a further address, the one of the balancer that
 * was created first has it, and the log tells the others.
 */
export class PlanAdapter {
  readonly #alsoAt: readonly string[];
  readonly #standIns: AutomaticStandIns | undefined;
  readonly #interface: InterfaceAddresses | undefined;
  /** What was made of a frontend, by address: what stays the same stays the same object. */
  readonly #moved = new WeakMap<PlanFrontend, Map<string, PlanFrontend>>();

  constructor({ config, log, again }: PlanAdapterOptions) {
    // The kernel engine and its namespace have addresses of their own.
    const isUserspace = config.engine === 'userspace';
    this.#alsoAt = isUserspace ? config.alsoAt : [];
    this.#standIns = config.standIns ? new AutomaticStandIns(again) : undefined;
    const { addAddresses: name } = config;
    this.#interface = isUserspace && name !== undefined ? new InterfaceAddresses({ name, log }) : undefined;
  }

  /** Makes a plan what the engine carries out; undefined when that is the plan itself. */
  get adapt(): ((plan: ForwardingPlan) => Promise<ForwardingPlan>) | undefined {
    const isNeeded = this.#alsoAt.length > 0 || this.#standIns || this.#interface;
    return isNeeded ? (plan) => this.#adapted(plan) : undefined;
  }

  async #adapted(plan: ForwardingPlan): Promise<ForwardingPlan> {
    await this.#interface?.follow(
      new Set(addressesOf(plan).filter((address) => !isLoopback(address) && !address.includes(':'))),
    );
    const adapted = this.#standIns ? await this.#standIns.adapt(plan) : plan;
    return this.#alsoAt.length === 0 ? adapted : this.#withAlsoAt(adapted, new Set(addressesOf(plan)));
  }

  /** Ends the stand-ins and takes the added addresses away. */
  async close(): Promise<void> {
    await this.#standIns?.close();
    await this.#interface?.follow(new Set());
  }

  /** `plan` with every frontend at the further addresses too. What the plan names itself (`own` addresses) goes first. */
  #withAlsoAt(plan: ForwardingPlan, own: ReadonlySet<string>): ForwardingPlan {
    const ofMachine = () =>
      addressesHere().flatMap(({ address, internal }) => (internal || own.has(address) ? [] : [address]));
    const addresses = new Set(this.#alsoAt.flatMap((address) => (address === 'own' ? ofMachine() : [address])));
    if (addresses.size === 0) return plan;
    const named = new Set(plan.frontends.map(({ key }) => key));
    const further = [...addresses]
      .flatMap((address) => plan.frontends.filter(({ port }) => port !== 0).map((one) => this.#at(address, one)))
      .filter(({ key }) => !named.has(key));
    return Object.freeze({ ...plan, frontends: Object.freeze([...plan.frontends, ...further]) });
  }

  /** `frontend` at `address`; its rule, and with it the choice of a member, is the same. */
  #at(address: string, frontend: PlanFrontend): PlanFrontend {
    const known = this.#moved.get(frontend) ?? new Map<string, PlanFrontend>();
    this.#moved.set(frontend, known);
    const { leasedElsewhere: _, ...moved } = { ...frontend, address };
    const result = known.get(address) ?? Object.freeze({ ...moved, key: frontendKey(moved) });
    known.set(address, result);
    return result;
  }
}
