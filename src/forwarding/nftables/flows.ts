/** The flows that the kernel's maps contain, as this engine and its users want to see them. */
import type { FlowInfo, PlanFrontend, Transport } from '../engine.js';
import type { ChainSets, OpenSet } from './chain-sets.js';
import type { Family } from './family.js';
import { type ListedElement, type Listing, list } from './listing.js';
import { bothEnded, readMark } from './marks.js';
import { countsLastMs } from './table.js';

/** One flow as the kernel has it. */
export interface KernelFlow {
  readonly family: Family;
  readonly transport: Transport;
  /** As nft writes it: client . port . frontend . port. */
  readonly key: string;
  readonly mark: number;
  readonly set: OpenSet;
  readonly member: string;
  readonly memberNumber: number;
  readonly timeoutMs: number;
  /** Real milliseconds since its last packet. */
  readonly silentMs: number;
  /** One side or none has ended. */
  readonly alive: boolean;
}

/** Client and frontend of a flow. */
export function placesOf({ key }: Pick<KernelFlow, 'key'>) {
  const [client = '', clientPort = '', frontend = '', frontendPort = ''] = key.split(' . ');
  return { client, clientPort: Number(clientPort), frontend, frontendPort: Number(frontendPort) };
}

const flowMaps = [
  ['map', 'tcp_flows'],
  ['map', 'udp_flows'],
] as const;
const countSets = [
  ['set', 'tcp_in'],
  ['set', 'tcp_out'],
  ['set', 'udp_in'],
  ['set', 'udp_out'],
] as const;

function flowsIn(listing: Listing, { family, sets }: { family: Family; sets: ChainSets }): KernelFlow[] {
  return (['tcp', 'udp'] as const).flatMap((transport) =>
    (listing.get(`${transport}_flows`) ?? []).flatMap(({ key, mark, timeoutMs, expiresMs }): KernelFlow[] => {
      const { chains, member: memberNumber, ended } = readMark(mark);
      const set = sets.of(chains);
      if (!set) return [];
      const member = set.members.get(memberNumber) ?? String(memberNumber);
      const silentMs = Math.max(0, timeoutMs - expiresMs);
      const alive = ended !== bothEnded;
      return [{ family, transport, key, mark, set, member, memberNumber, timeoutMs, silentMs, alive }];
    }),
  );
}

/** All flows of these families, without their counts. */
export async function kernelFlows(families: readonly Family[], sets: ChainSets): Promise<KernelFlow[]> {
  const listed = await Promise.all(
    families.map(async (family) => flowsIn(await list(family.table, flowMaps), { family, sets })),
  );
  return listed.flat();
}

/** Bytes of TCP and UDP headers; TCP's with the timestamps that nearly every system sends. */
const transportHeaderBytes = { tcp: 32, udp: 8 } as const;
/** A SYN has more options. */
const synExtraBytes = 8;

/** What packets carried: the kernel counts them with their headers. */
export function payloadBytes(
  { packets, bytes }: { packets: number; bytes: number },
  { family, transport, beginnings }: { family: Family; transport: Transport; beginnings: number },
): number {
  const headers = packets * (family.headerBytes + transportHeaderBytes[transport]);
  return Math.max(0, bytes - headers - (transport === 'tcp' ? beginnings * synExtraBytes : 0));
}

const text = (address: string, port: number): string => `${address.includes(':') ? `[${address}]` : address}:${port}`;

/** Flows with their bytes and times, and the keys of counts whose flow is over. */
export async function describeFlows(
  families: readonly Family[],
  { sets, scale }: { sets: ChainSets; scale: number },
): Promise<{ flows: FlowInfo[]; stale: { family: Family; set: string; key: string }[] }> {
  const flows: FlowInfo[] = [];
  const stale: { family: Family; set: string; key: string }[] = [];
  for (const family of families) {
    const listing = await list(family.table, [...flowMaps, ...countSets]);
    const counts = new Map<string, ListedElement>();
    for (const [, set] of countSets)
      for (const element of listing.get(set) ?? []) counts.set(`${set} ${element.key}`, element);
    for (const flow of flowsIn(listing, { family, sets })) {
      const [into, out] = (['in', 'out'] as const).map((way) => counts.get(`${flow.transport}_${way} ${flow.key}`));
      counts.delete(`${flow.transport}_in ${flow.key}`);
      counts.delete(`${flow.transport}_out ${flow.key}`);
      if (flow.alive) flows.push(describe(flow, { into, out, scale }));
    }
    for (const name of counts.keys()) {
      const [set = '', ...key] = name.split(' ');
      stale.push({ family, set, key: key.join(' ') });
    }
  }
  return { flows, stale };
}

function describe(
  flow: KernelFlow,
  { into, out, scale }: { into: ListedElement | undefined; out: ListedElement | undefined; scale: number },
): FlowInfo {
  const { client, clientPort } = placesOf(flow);
  const { key, rule }: PlanFrontend = flow.set.set.frontend;
  const of = { family: flow.family, transport: flow.transport, beginnings: 1 };
  return {
    transport: flow.transport,
    frontend: key,
    rule: rule.id,
    source: text(client, clientPort),
    backend: flow.member,
    ageMs: into ? (countsLastMs - into.expiresMs) * scale : flow.silentMs * scale,
    idleMs: flow.silentMs * scale,
    bytesIn: into ? payloadBytes(into, of) : 0,
    bytesOut: out ? payloadBytes(out, of) : 0,
  };
}
