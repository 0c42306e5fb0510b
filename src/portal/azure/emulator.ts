/** Lazurite's own API below /_lazurite/: what Azure does not show. */
import type {
  BackendView,
  ClockView,
  ExplainView,
  FlowView,
  FrontendView,
  OutboundView,
  RequestView,
  SimulationView,
  StandInView,
} from '../../api/admin/views.js';
import { getJson, type PlannedRequest } from './http.js';

export type { BackendView, ExplainView, FlowView, OutboundView, RequestView, SimulationView, StandInView };

const values = async <T>(path: string): Promise<T[]> => (await getJson<{ value: T[] }>(`/_lazurite/${path}`)).value;

export const frontends = (): Promise<FrontendView[]> => values('frontends');
export const backends = (): Promise<BackendView[]> => values('backends');
export const flows = (): Promise<FlowView[]> => values('flows');
export const outbound = (): Promise<OutboundView[]> => values('outbound');
export const standIns = (): Promise<StandInView[]> => values('stand-ins');
export const faults = (): Promise<Record<string, unknown>[]> => values('faults');
export const journal = (top: number): Promise<RequestView[]> => values(`requests?top=${top}`);
export const clock = (): Promise<ClockView> => getJson('/_lazurite/clock');

/** Asks which backend a flow would reach, and why. Addresses and ports as the client sees them. */
export function explainRequest(flow: { protocol: string; from: string; to: string }): PlannedRequest {
  const query = new URLSearchParams({ proto: flow.protocol, from: flow.from, to: flow.to });
  return { method: 'GET', url: `/_lazurite/explain?${query}` };
}
