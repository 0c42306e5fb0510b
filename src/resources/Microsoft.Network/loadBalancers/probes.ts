/** Health probes of a load balancer (`loadBalancers/probes`). */

import { type AzureError, azureError } from '../../../errors/index.js';
import type { WriteContext } from '../../resource-type.js';
import * as Schema from '../../schema.js';
import { checkRange, loadBalancerChild } from '../common-members.js';
import { versions } from '../member-versions.js';

export const probe = Schema.envelope('name id etag properties type', {
  properties: Schema.object(
    {
      provisioningState: Schema.provisioningState(),
      protocol: Schema.oneOf(['Http', 'Tcp', 'Https'], { clrType: 'ProbeProtocol' }),
      port: Schema.integer(),
      requestPath: Schema.string(),
      intervalInSeconds: Schema.integer(),
      numberOfProbes: Schema.integer(),
      probeThreshold: Schema.integer(versions.probe.probeThreshold),
      noHealthyBackendsBehavior: Schema.oneOf(['AllProbedDown', 'AllProbedUp'], {
        ...versions.probe.noHealthyBackendsBehavior,
        clrType: 'ProbeNoHealthyBackendsBehavior',
      }),
      loadBalancingRules: Schema.backReferences('Microsoft.Network/loadBalancers/loadBalancingRules', 'probe'),
    },
    { clrType: 'LoadBalancerProbeProperties' },
  ),
});
export type Probe = Schema.Static<typeof probe>;

const longestIntervalSeconds = 2147483646;

export function completeProbe(probe: Probe): void {
  probe.properties ??= {};
  probe.properties.intervalInSeconds ??= 15;
  probe.properties.numberOfProbes ??= 2;
  probe.properties.probeThreshold ??= 1;
  probe.properties.noHealthyBackendsBehavior ??= 'AllProbedDown';
}

/** What Azure refuses about one probe. */
export function* checkProbe(probe: Probe, context: WriteContext): Generator<AzureError> {
  const name = probe.name ?? '';
  const id = loadBalancerChild(context.idText, 'probes', name);
  const { protocol = 'Tcp', port, requestPath, intervalInSeconds = 15 } = probe.properties ?? {};
  const { numberOfProbes = 2, probeThreshold = 1 } = probe.properties ?? {};
  if (intervalInSeconds < 5 || intervalInSeconds > longestIntervalSeconds) {
    yield azureError('ProbeIntervalIsOutOfRange', { values: { name } });
  }
  if (protocol === 'Tcp' && requestPath !== undefined) {
    yield azureError('ProbeRequestPathIsNotNull', { values: { id } });
  }
  if (protocol !== 'Tcp' && requestPath === undefined) {
    yield azureError('ProbeRequestPathIsNull', { values: { id, protocol } });
  }
  const maximum = Math.floor(2147483647 / intervalInSeconds);
  if (numberOfProbes < 1 || numberOfProbes > maximum) {
    yield azureError('NumberOfProbesIsOutOfRange', { values: { name, interval: intervalInSeconds, maximum } });
  }
  yield* checkRange({ name, property: 'Port', value: port, minimum: 1, maximum: 65535 });
  if (probeThreshold < 1 || probeThreshold > 100) {
    yield azureError('ProbeThresholdIsOutOfRange', { values: { name } });
  }
  if (protocol === 'Https' && context.document.sku?.name === 'Basic') {
    yield azureError('HttpsProbeNotSupportedOnBasicSku');
  }
}
