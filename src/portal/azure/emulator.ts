/** Lazurite's own API below /_lazurite/: what Azure does not show. */
import { getJson, type PlannedRequest, send } from './http.js';

export interface FrontendView {
  readonly azureAddress: string;
  readonly transport: 'tcp' | 'udp';
  readonly port: number | null;
  readonly state: 'Bound' | 'Fallback' | 'Unbound';
  readonly boundAddress: string | null;
  readonly boundPort: number | null;
  readonly reason: string | null;
  readonly rule: string;
  readonly distribution: string;
  readonly backends: number;
}

export interface BackendView {
  readonly rule: string;
  readonly id: string;
  readonly azureAddress: string;
  readonly address: string;
  readonly port: number;
  readonly adminState: string;
  readonly state: 'Up' | 'Down' | 'Draining' | string;
  readonly reason: string;
  readonly since: string;
}

export interface FlowView {
  readonly protocol?: string;
  readonly transport?: string;
  readonly rule: string;
  readonly source?: string;
  readonly destination?: string;
  readonly backend?: string;
  readonly [member: string]: unknown;
}

export interface Explanation {
  readonly question: {
    readonly transport: string;
    readonly sourceAddress: string;
    readonly sourcePort: number;
    readonly destinationAddress: string;
    readonly destinationPort: number;
  };
  readonly frontend?: string | null;
  readonly rule?: string | null;
  readonly distribution?: string;
  readonly tuple?: readonly string[];
  readonly hash?: number;
  readonly slot?: number;
  readonly candidates?: readonly { key: string; id: string; eligible: boolean; reason: string }[];
  readonly choice?: { key: string; id: string; address: string; port: number } | null;
  readonly reason?: string;
}

export interface JournalEntry {
  readonly id: number;
  readonly time: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly client: { readonly userAgent: string | null; readonly address: string };
  readonly status: number;
  readonly durationMs: number;
  readonly errorCode: string | null;
  readonly correlationId: string;
  readonly fault: unknown;
  readonly requestBody: unknown;
  readonly responseBody?: unknown;
}

export interface ClockView {
  readonly now: string;
  readonly timeScale: number;
  readonly advancedSeconds: number;
}

const values = async <T>(path: string): Promise<T[]> => (await getJson<{ value: T[] }>(`/_lazurite/${path}`)).value;

export const frontends = (): Promise<FrontendView[]> => values('frontends');
export const backends = (): Promise<BackendView[]> => values('backends');
export const flows = (): Promise<FlowView[]> => values('flows');
export interface StandInView {
  readonly id: string;
  readonly azureAddress: string;
  readonly address: string;
  readonly port: number;
  readonly calls: number;
}

export const standIns = (): Promise<StandInView[]> => values('stand-ins');
export const startStandIn = ({ azureAddress, port }: Pick<StandInView, 'azureAddress' | 'port'>) =>
  send({ method: 'POST', url: '/_lazurite/stand-ins', body: { azureAddress, port } });
export const stopStandIn = (id: string) =>
  send({ method: 'DELETE', url: `/_lazurite/stand-ins/${encodeURIComponent(id)}` });
export const faults = (): Promise<Record<string, unknown>[]> => values('faults');
export const journal = (top: number): Promise<JournalEntry[]> => values(`requests?top=${top}`);
export const clock = (): Promise<ClockView> => getJson('/_lazurite/clock');

/** Asks which backend a flow would reach, and why. Addresses and ports as the client sees them. */
export function explainRequest(flow: { protocol: string; from: string; to: string }): PlannedRequest {
  const query = new URLSearchParams({ proto: flow.protocol, from: flow.from, to: flow.to });
  return { method: 'GET', url: `/_lazurite/explain?${query}` };
}

export const advanceClock = (seconds: number) =>
  send({ method: 'POST', url: '/_lazurite/clock', body: { advanceSeconds: seconds } });
export const reset = () => send({ method: 'POST', url: '/_lazurite/reset' });
export const takeSnapshot = (): Promise<unknown> => getJson('/_lazurite/snapshot');
export const restoreSnapshot = (snapshot: unknown) =>
  send({ method: 'PUT', url: '/_lazurite/snapshot', body: snapshot });
