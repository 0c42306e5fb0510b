/** Reads the flows in the kernel's maps. */
import type { FlowInfo } from '../model/engine.js';
import type { PlanFrontend, Transport } from '../model/plan.js';
import { placeText } from '../selection/ip-address.js';
import type { ChainSets, OpenSet } from './chain-sets.js';
import { type Family, keyOfTuple } from './family.js';
import { type ListedElement, type Listing, listElements } from './listing.js';
import { hex, readMark } from './marks.js';
import { sinceLastsMs } from './table.js';

type FlowMap = 'tcp_flows' | 'udp_flows';

/** One flow as the kernel has it. */
export interface KernelFlow {
  readonly family: Family;
  readonly transport: Transport;
  /** The map that it is in. */
  readonly map: FlowMap;
  /** As nft writes it: client . port . frontend . port, and for UDP the mark. */
  readonly key: string;
  /** The key in the map. */
  readonly element: string;
  readonly mark: number;
  readonly set: OpenSet;
  readonly member: string;
  readonly memberNumber: number;
  readonly timeoutMs: number;
  /** Real milliseconds since its last packet. */
  readonly silentMs: number;
  /** Twice the traffic of both directions. */
  readonly packets: number;
  readonly bytes: number;
}

/** Client and frontend of a flow. */
export function placesOf({ key }: Pick<KernelFlow, 'key'>) {
  const [client = '', clientPort = '', frontend = '', frontendPort = ''] = key.split(' . ');
  return { client, clientPort: Number(clientPort), frontend, frontendPort: Number(frontendPort) };
}

/** The address behind a member's number. */
export type AddressOf = (member: number) => string | undefined;

/** Where the packets of a flow go; the address is undefined when its number has been forgotten. */
export function flowMember(flow: Pick<KernelFlow, 'key' | 'set' | 'memberNumber'>, addressOf: AddressOf) {
  const { set, ports } = flow.set;
  const port = set.port === undefined ? Number(ports.get(hex(flow.memberNumber))) : set.port;
  return { address: addressOf(flow.memberNumber), port: port || placesOf(flow).frontendPort };
}

/** Flows of which not both sides have ended. */
const flowMaps = [
  ['map', 'tcp_flows'],
  ['set', 'udp_flows'],
] as const;
const countMaps = [
  ['map', 'tcp_replies'],
  ['map', 'udp_replies'],
  ['set', 'udp_since'],
] as const;
/** Tuples of TCP flows whose keys are hashes. */
const tcpSince = ['set', 'tcp_since'] as const;

/** The maps that have to be listed with these to understand them. */
const withTuples = <T>({ hashesKeys }: Family, maps: readonly T[]): readonly (T | typeof tcpSince)[] =>
  hashesKeys ? [...maps, tcpSince] : maps;

/** The tuples of TCP flows by the keys in the map. */
const tuplesIn = (listing: Listing, family: Family): ReadonlyMap<string, string> =>
  new Map((listing.get('tcp_since') ?? []).map(({ key }) => [keyOfTuple(family, key), key]));

function flowsIn(listing: Listing, { family, sets }: { family: Family; sets: ChainSets }): KernelFlow[] {
  const tuples = tuplesIn(listing, family);
  return flowMaps.flatMap(([, map]) =>
    (listing.get(map) ?? []).flatMap(({ key: element, mark, timeoutMs, expiresMs, packets, bytes }): KernelFlow[] => {
      const { chains, member: memberNumber } = readMark(mark);
      const set = sets.of(chains);
      const key = tuples.get(element) ?? (family.hashesKeys && map === 'tcp_flows' ? undefined : element);
      if (!set || key === undefined) return [];
      const transport = map === 'udp_flows' ? 'udp' : 'tcp';
      const member = set.members.get(memberNumber) ?? String(memberNumber);
      const silentMs = Math.max(0, timeoutMs - expiresMs);
      return [
        { family, transport, map, key, element, mark, set, member, memberNumber, timeoutMs, silentMs, packets, bytes },
      ];
    }),
  );
}

/** The flows of these families and protocols: a map of UDP flows may be long, and is read only where it is needed. */
export async function kernelFlows(
  families: readonly Family[],
  { sets, transports }: { readonly sets: ChainSets; readonly transports: ReadonlySet<Transport> },
): Promise<KernelFlow[]> {
  const maps = flowMaps.filter(([, map]) => transports.has(map === 'tcp_flows' ? 'tcp' : 'udp'));
  const listed = await Promise.all(
    families.map(async (family) =>
      flowsIn(await listElements(family.table, withTuples(family, maps)), { family, sets }),
    ),
  );
  return listed.flat();
}

/** Bytes of TCP and UDP headers; TCP's with the timestamps that nearly every system sends. */
const transportHeaderBytes = { tcp: 32, udp: 8 } as const;
/** A SYN has more options. */
const synExtraBytes = 8;

/** Payload bytes: the kernel counts bytes with headers. */
export function payloadBytes(
  { packets, bytes }: { packets: number; bytes: number },
  { family, transport, beginnings }: { family: Family; transport: Transport; beginnings: number },
): number {
  const headers = packets * (family.headerBytes + transportHeaderBytes[transport]);
  return Math.max(0, bytes - headers - (transport === 'tcp' ? beginnings * synExtraBytes : 0));
}

/** An element left behind by a flow that is over. */
interface Stale {
  readonly family: Family;
  readonly set: string;
  readonly key: string;
}

interface FlowReading {
  readonly sets: ChainSets;
  readonly addressOf: AddressOf;
  /** Azure milliseconds in a real one. */
  readonly scale: number;
  readonly nowMs: number;
  /** When a TCP flow was first listed: the kernel does not remember when it began. */
  readonly firstListedMs: Map<string, number>;
}

/** Flows with their bytes and times, and elements left behind by flows that are over. */
export async function describeFlows(
  families: readonly Family[],
  { sets, addressOf, scale, nowMs, firstListedMs }: FlowReading,
): Promise<{ flows: FlowInfo[]; stale: Stale[] }> {
  const flows: FlowInfo[] = [];
  const stale: Stale[] = [];
  const before = new Map(firstListedMs);
  firstListedMs.clear();
  for (const family of families) {
    const listing = await listElements(family.table, withTuples(family, [...flowMaps, ...countMaps]));
    const since = new Map((listing.get('udp_since') ?? []).map((element) => [element.key, element]));
    const replies = new Map(
      (['tcp', 'udp'] as const).flatMap((transport) =>
        (listing.get(`${transport}_replies`) ?? []).map((each) => [`${transport} ${each.key}`, each] as const),
      ),
    );
    for (const flow of flowsIn(listing, { family, sets })) {
      const { client, clientPort } = placesOf(flow);
      const { address, port } = flowMember(flow, addressOf);
      const replyTuple = `${address} . ${port} . ${client} . ${clientPort}`;
      const found = replies.get(`${flow.transport} ${keyOfTuple(family, replyTuple)}`);
      const reply = found?.mark === flow.mark ? found : undefined;
      const first = flow.transport === 'udp' ? since.get(flow.key) : undefined;
      const firstMs = before.get(flow.key) ?? nowMs - flow.silentMs;
      if (flow.transport === 'tcp') firstListedMs.set(flow.key, firstMs);
      else since.delete(flow.key);
      const ageMs = first ? sinceLastsMs - first.expiresMs : nowMs - firstMs;
      const firstBytes = first?.bytes ?? family.headerBytes + transportHeaderBytes.tcp + synExtraBytes;
      flows.push(describe(flow, { firstBytes, reply, ageMs: ageMs * scale, idleMs: flow.silentMs * scale }));
    }
    for (const key of since.keys()) stale.push({ family, set: 'udp_since', key });
    const open = new Set((listing.get('tcp_flows') ?? []).map(({ key }) => key));
    for (const [element, key] of tuplesIn(listing, family))
      if (!open.has(element)) stale.push({ family, set: tcpSince[1], key });
  }
  return { flows, stale };
}

interface Counted {
  /** Of the first packet alone: it made the entry for replies, and was counted there. */
  readonly firstBytes: number;
  readonly reply: ListedElement | undefined;
  readonly ageMs: number;
  readonly idleMs: number;
}

/** The kernel counts twice: when a packet's flow is looked up, and when its time is renewed. */
function describe(flow: KernelFlow, { firstBytes, reply, ageMs, idleMs }: Counted): FlowInfo {
  const { client, clientPort } = placesOf(flow);
  const { key, rule }: PlanFrontend = flow.set.set.frontend;
  const of = { family: flow.family, transport: flow.transport, beginnings: 1 };
  const out = {
    packets: Math.max(0, (reply?.packets ?? 1) - 1) / 2,
    bytes: Math.max(0, (reply?.bytes ?? firstBytes) - firstBytes) / 2,
  };
  const into = { packets: flow.packets / 2 - out.packets, bytes: flow.bytes / 2 - out.bytes };
  return {
    transport: flow.transport,
    frontend: key,
    rule: rule.id,
    source: placeText(client, clientPort),
    backend: flow.member,
    ageMs,
    idleMs,
    bytesIn: payloadBytes(into, of),
    bytesOut: payloadBytes(out, of),
  };
}
