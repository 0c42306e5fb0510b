/** Ranges that several children of a load balancer share. */
import { type AzureError, azureError } from '../../../errors.js';

export interface Range {
  readonly name: string;
  /** As Azure spells it in the text: `FrontendPort`. */
  readonly property: string;
  readonly value: number | undefined;
  readonly minimum: number;
  readonly maximum: number;
}

/** Refuses a port outside its range; a missing one counts as 0. */
export function* checkRange({ name, property, value = 0, minimum, maximum }: Range): Generator<AzureError> {
  if (value < minimum || value > maximum) {
    yield azureError('PortValueIsOutOfRange', { values: { name, property, value, minimum, maximum } });
  }
}

/** Rules could idle for 30 minutes at most before TCP reset arrived (2018-07-01), 100 since. */
export function* checkIdleTimeout(
  name: string,
  minutes: number | undefined,
  apiVersion: string,
): Generator<AzureError> {
  const maximum = apiVersion < '2018-07-01' ? 30 : 100;
  if (minutes !== undefined && (minutes < 4 || minutes > maximum)) {
    yield azureError('RuleIdleTimeoutIsOutOfRange', { values: { name, minimum: 4, maximum } });
  }
}
