/**
 * Ends flows before the kernel would: silently, or by resetting both ends, as Azure does when TCP reset is enabled.
 *
 * The kernel answers late packets with RST. A silent end is made to send one: a SYN with the other end's address makes any
 * TCP answer with a challenge ACK (RFC 5961), which is then answered with RST.
 * The SYN is an ordinary connection attempt to the poke address, rewritten on its way by the `poke` maps.
 */
import { connect, type Socket } from 'node:net';
import type { Clock, Timer } from '../../support/clock.js';
import type { ChainSets } from './chain-sets.js';
import type { Family } from './family.js';
import { type AddressOf, flowMember, type KernelFlow, placesOf } from './flows.js';
import type { Loader } from './loader.js';
import { hex } from './marks.js';

/** How long an ended flow's late packets are answered with RST; real time. */
const endedLastsMs = 120_000;
const flowsPerTransaction = 400;

/** Source and destination of one SYN. */
interface Poke {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly port: number;
}

interface EndFlowsContext {
  readonly loader: Loader;
  readonly addressOf: AddressOf;
}

const elements = (parts: readonly string[]): string => `{ ${parts.join(', ')} }`;

/** Removes flows from the kernel's maps: nothing of them is forwarded any more. */
export const forgetFlows = (flows: readonly KernelFlow[], loader: Loader): Promise<void> =>
  forgetElements(
    flows.flatMap(({ family, map, key, element }) => [
      { family, set: map, key: element },
      ...(key === element ? [] : [{ family, set: 'tcp_since', key }]),
    ]),
    loader,
  );

/** Deletes elements of maps and sets. */
export async function forgetElements(
  of: readonly { readonly family: Family; readonly set: string; readonly key: string }[],
  loader: Loader,
): Promise<void> {
  await inBatches(
    of,
    (some) => {
      const keys = new Map<string, string[]>();
      for (const { family, set, key } of some) {
        const place = `${family.table} ${set}`;
        keys.set(place, [...(keys.get(place) ?? []), key]);
      }
      return [...keys].map(([place, some]) => `delete element ${place} ${elements(some)}`);
    },
    loader,
  );
}

/** Shortens the remaining lifetime of flows by this much real time, because Azure's clock has been moved. */
export async function ageFlows(flows: readonly KernelFlow[], byMs: number, loader: Loader): Promise<void> {
  const whole = (ms: number): string => `${Math.max(1, Math.round(ms))}ms`;
  await inBatches(
    flows,
    (some) =>
      some.flatMap(({ family, map, element: key, mark, timeoutMs, silentMs, packets, bytes }) => [
        `delete element ${family.table} ${map} { ${key} }`,
        `add element ${family.table} ${map} { ${key} counter packets ${packets} bytes ${bytes} timeout ${whole(timeoutMs)} expires ${whole(timeoutMs - silentMs - byMs)}${map === 'udp_flows' ? '' : ` : ${hex(mark)}`} }`,
      ]),
    loader,
  );
}

/** Ends TCP flows and resets both ends. Where no route leads to the poke address, each end is reset with its next packet. */
export async function resetFlows(flows: readonly KernelFlow[], context: EndFlowsContext): Promise<void> {
  const { loader } = context;
  const tcp = flows.filter(({ transport }) => transport === 'tcp');
  await inBatches(
    tcp,
    (some) =>
      some.map(({ family, key }) => `add element ${family.table} tcp_ended { ${key} timeout ${endedLastsMs}ms }`),
    loader,
  );
  await forgetFlows(flows, loader);
  for (const family of new Set(tcp.map(({ family }) => family))) {
    const pokes = tcp.filter((flow) => flow.family === family).flatMap((flow) => pokesOf(flow, context));
    for (let at = 0; at < pokes.length; at += flowsPerTransaction) {
      await poke(pokes.slice(at, at + flowsPerTransaction), { family, loader });
    }
  }
}

function pokesOf(flow: KernelFlow, { addressOf }: EndFlowsContext): Poke[] {
  const { client, clientPort, frontend, frontendPort } = placesOf(flow);
  const { address: member, port: memberPort } = flowMember(flow, addressOf);
  const toClient = { source: frontend, sourcePort: frontendPort, destination: client, port: clientPort };
  if (member === undefined) return [toClient];
  return [toClient, { source: client, sourcePort: clientPort, destination: member, port: memberPort }];
}

async function poke(
  pokes: readonly Poke[],
  { family: { table, pokeAddress }, loader }: { family: Family; loader: Loader },
): Promise<void> {
  const columns = [
    ['poke_source', (each: Poke) => each.source],
    ['poke_source_port', (each: Poke) => each.sourcePort],
    ['poke_destination', (each: Poke) => each.destination],
    ['poke_port', (each: Poke) => each.port],
  ] as const;
  const places = columns.map(([map]) => `element ${table} ${map}`);
  const added = columns.map(([, value], index) => {
    const pairs = pokes.map((each, number) => `${number + 1} : ${value(each)}`);
    return `add ${places[index]} ${elements(pairs)}`;
  });
  await loader.transaction(added.join('; '));
  await Promise.all(pokes.map((_, number) => sendSyn(pokeAddress, number + 1)));
  const keys = elements(pokes.map((_, number) => String(number + 1)));
  await loader.transaction(places.map((place) => `delete ${place} ${keys}`).join('; '));
}

/** Sends one SYN; no answer is expected. */
function sendSyn(host: string, port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ host, port });
    socket.on('error', () => {});
    // The SYN is sent within this turn of the event loop.
    setImmediate(() =>
      setImmediate(() => {
        socket.destroy();
        resolve();
      }),
    );
  });
}

/** A flow may end between listing and deletion, which fails its batch; the batch is then retried flow by flow. */
async function inBatches<T>(
  flows: readonly T[],
  commands: (some: readonly T[]) => readonly string[],
  loader: Loader,
): Promise<void> {
  for (let at = 0; at < flows.length; at += flowsPerTransaction) {
    const some = flows.slice(at, at + flowsPerTransaction);
    const together = loader.transaction(commands(some).join('; '));
    await together.catch(async () => {
      for (const flow of some) await loader.transaction(commands([flow]).join('; ')).catch(() => {});
    });
  }
}

interface IdleResetsOptions {
  readonly realClock: Clock;
  readonly sets: ChainSets;
  readonly flows: () => Promise<readonly KernelFlow[]>;
  /** Ends flows that were silent for too long. */
  readonly expire: (flows: readonly KernelFlow[]) => Promise<void>;
  readonly onFailure: (error: Error) => void;
}

/** Shortest real time between two checks; well below the margin before the kernel deletes a flow. */
const shortestPauseMs = 400;
/** Rounding error of the kernel's ticks. */
const tickMs = 20;

/** Real silence after which a flow is over: its rule's idle timeout, or the shorter time of one that is ending. */
export const silenceLimitMs = ({ timeoutMs, set }: KernelFlow): number =>
  Math.abs(timeoutMs - set.set.idleMs) <= tickMs ? set.idleMs : timeoutMs;

export const wantsReset = ({ transport, set }: KernelFlow): boolean =>
  transport === 'tcp' && set.set.frontend.rule.tcpReset;

/** Resets idle TCP flows when they expire, which the kernel cannot do by its own timers. */
export class IdleResets {
  readonly #options: IdleResetsOptions;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: IdleResetsOptions) {
    this.#options = options;
  }

  /** To be called when there may be a rule with TCP reset that was not there before. */
  planChanged(): void {
    if (this.#stopped || this.#timer) return;
    this.#schedule(this.#shortestIdleMs());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** A flow that does not exist yet expires no earlier than this. */
  #shortestIdleMs(): number {
    let shortestMs = Number.POSITIVE_INFINITY;
    for (const { set, idleMs, state } of this.#options.sets.all()) {
      const { rule, transport } = set.frontend;
      if (state !== 'closed' && transport === 'tcp' && rule.tcpReset) shortestMs = Math.min(shortestMs, idleMs);
    }
    return shortestMs;
  }

  #schedule(inMs: number): void {
    if (this.#stopped || inMs === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#options.realClock.setTimeout(
      () => void this.#look().catch(this.#options.onFailure),
      Math.max(inMs, shortestPauseMs),
    );
  }

  async #look(): Promise<void> {
    const flows = (await this.#options.flows()).filter(wantsReset);
    const over = flows.filter((flow) => flow.silentMs >= silenceLimitMs(flow));
    if (over.length > 0) await this.#options.expire(over);
    const left = flows.map((flow) => silenceLimitMs(flow) - flow.silentMs).filter((ms) => ms > 0);
    this.#timer = undefined;
    this.#schedule(left.reduce((least, ms) => Math.min(least, ms), this.#shortestIdleMs()));
  }
}
