/** Faults of the data plane as the admin API takes them: packets that vanish, connections that break, probes that lie. */
import type { DataPlaneFault } from '../forwarding/faults.js';
import { type FaultFields, invalidFault } from './fault-fields.js';

export type DataPlaneFaultView = DataPlaneFault & { readonly kind: 'dataPlane' | 'probe' };

/** Reads `{"kind":"dataPlane","effect":"drop|reset|slow",…}`. */
export function readDataPlaneFault(id: string, fields: FaultFields): DataPlaneFaultView {
  const effect = fields.oneOf('effect', ['drop', 'reset', 'slow']);
  const fault = {
    id,
    kind: 'dataPlane' as const,
    effect: effect ?? 'slow',
    frontend: fields.text('frontend'),
    rule: fields.text('rule'),
    backend: fields.text('backend'),
    latencyMs: fields.number('latencyMs', { least: 0 }),
    bytesPerSecond: fields.number('bytesPerSecond', { least: 1 }),
  };
  const slows = fault.latencyMs !== undefined || fault.bytesPerSecond !== undefined;
  if (effect === undefined && !slows) throw invalidFault("it needs an 'effect': drop, reset or slow");
  if (fault.effect === 'slow' && !slows) throw invalidFault("slow needs 'latencyMs' or 'bytesPerSecond'");
  if (fault.effect !== 'slow' && slows) throw invalidFault(`${fault.effect} takes no 'latencyMs' or 'bytesPerSecond'`);
  return fault;
}

/** Reads `{"kind":"probe","verdict":"up|down|flap",…}`. */
export function readProbeFault(id: string, fields: FaultFields): DataPlaneFaultView {
  const verdict = fields.oneOf('verdict', ['up', 'down', 'flap']);
  if (verdict === undefined) throw invalidFault("it needs a 'verdict': up, down or flap");
  const seconds = fields.number('flapEverySeconds', { least: 1 });
  if (verdict === 'flap' && seconds === undefined) throw invalidFault("flap needs 'flapEverySeconds'");
  if (verdict !== 'flap' && seconds !== undefined) throw invalidFault("only flap takes 'flapEverySeconds'");
  return {
    id,
    kind: 'probe',
    effect: 'probe',
    verdict,
    probe: fields.text('probe'),
    backend: fields.text('backend'),
    flapEveryMs: seconds === undefined ? undefined : seconds * 1000,
  };
}
