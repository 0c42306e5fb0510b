/** Plans and runs templates for the tests. */
import { type DeploymentPlan, planDeployment } from '../../../../src/api/arm/deployments/plan.js';
import { deploymentRequest } from '../../../../src/api/arm/deployments/request.js';
import { type DeploymentRun, runDeployment } from '../../../../src/api/arm/deployments/run.js';
import type { DeploymentScope } from '../../../../src/api/arm/template/context.js';
import type { Json, JsonObject } from '../../../../src/api/arm/template/json.js';
import { environment, subscriptionId } from './evaluate-for-tests.js';
import { FakeHost } from './fake-host.js';

export const rg1: DeploymentScope = { kind: 'resourceGroup', subscriptionId, resourceGroup: 'rg1' };

/** A public IP address as a template has it. */
export const publicIp = (name: string, more: Record<string, unknown> = {}) => ({
  type: 'Microsoft.Network/publicIPAddresses',
  apiVersion: '2023-09-01',
  name,
  properties: {},
  ...more,
});

/** A template with these sections. */
export const template = (sections: Record<string, unknown>): JsonObject =>
  ({
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    resources: [],
    ...sections,
  }) as JsonObject;

export interface PlanOptions {
  readonly parameters?: Record<string, unknown>;
  readonly mode?: string;
  readonly scope?: DeploymentScope;
  readonly whatIfSettings?: JsonObject;
  readonly location?: string;
}

/** Plans without a pause. */
export function planNow(...options: Parameters<typeof planDeployment>): DeploymentPlan {
  const planning = planDeployment(...options);
  for (;;) {
    const step = planning.next();
    if (step.done) return step.value;
  }
}

/** The plan of `source` as the deployment d1. */
export function plan(
  source: Json,
  { parameters = {}, mode = 'Incremental', scope = rg1, whatIfSettings, location }: PlanOptions = {},
): DeploymentPlan {
  const given = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, { value: value as Json }]));
  const properties = { template: source, parameters: given, mode, ...(whatIfSettings ? { whatIfSettings } : {}) };
  const body = location === undefined ? { properties } : { properties, location };
  return planNow(deploymentRequest(body, { name: 'd1', scope }), environment());
}

/** Runs a plan to its end. */
export async function run(
  planned: DeploymentPlan,
  host = new FakeHost(),
): Promise<{ host: FakeHost; run: DeploymentRun; document: JsonObject; properties: JsonObject }> {
  const started = runDeployment(planned, {
    host,
    environment: environment(),
    correlationId: '99999999-9999-9999-9999-999999999999',
  });
  const document = await started.start();
  return { host, run: started, document, properties: document.properties as JsonObject };
}
