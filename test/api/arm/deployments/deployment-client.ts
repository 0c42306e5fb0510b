/** Templates and requests for the tests of deployments over the wire. */
import {
  type Answer,
  type ArmClient,
  group,
  type Json,
  network,
  type RequestOptions,
  subscriptionId,
} from '../resources/arm-client.js';

export const deployments = `${group}/providers/Microsoft.Resources/deployments`;
export const subscriptionDeployments = `/subscriptions/${subscriptionId}/providers/Microsoft.Resources/deployments`;
const apiVersion = '2022-09-01';

/** A template with these sections. */
export const template = (sections: Json): Json => ({
  $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
  contentVersion: '1.0.0.0',
  resources: [],
  ...sections,
});

export const publicIp = (name: string, more: Json = {}): Json => ({
  type: 'Microsoft.Network/publicIPAddresses',
  apiVersion: '2023-09-01',
  name,
  location: 'westeurope',
  sku: { name: 'Standard' },
  properties: { publicIPAllocationMethod: 'Static' },
  ...more,
});

export const balancer = (name: string, properties: Json = {}, more: Json = {}): Json => ({
  type: 'Microsoft.Network/loadBalancers',
  apiVersion: '2023-09-01',
  name,
  location: 'westeurope',
  sku: { name: 'Standard' },
  dependsOn: ["[resourceId('Microsoft.Network/publicIPAddresses', 'ip')]"],
  properties: {
    frontendIPConfigurations: [
      {
        name: 'frontend',
        properties: { publicIPAddress: { id: "[resourceId('Microsoft.Network/publicIPAddresses', 'ip')]" } },
      },
    ],
    backendAddressPools: [{ name: 'pool' }],
    ...properties,
  },
  ...more,
});

/** A deployment inside a template, whose expressions see only its own parameters. */
export const nestedDeployment = (name: string, sections: Json, { parameters, ...more }: Json = {}): Json => ({
  type: 'Microsoft.Resources/deployments',
  apiVersion: '2022-09-01',
  name,
  properties: {
    mode: 'Incremental',
    expressionEvaluationOptions: { scope: 'inner' },
    ...(parameters === undefined ? {} : { parameters }),
    template: template(sections),
  },
  ...more,
});

export interface DeploymentOptions {
  readonly parameters?: Json;
  readonly mode?: 'Incremental' | 'Complete';
  readonly location?: string;
}

/** The body that asks for a deployment. */
export const deployment = (
  source: Json,
  { parameters = {}, mode = 'Incremental', location }: DeploymentOptions = {},
): Json => ({
  ...(location === undefined ? {} : { location }),
  properties: {
    mode,
    template: source,
    parameters: Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, { value }])),
  },
});

/** Deploys and polls to the end; answers the deployment as it is then. */
export async function deploy(azure: ArmClient, path: string, body: Json): Promise<Json> {
  const accepted = await azure.put(path, body, { apiVersion });
  if (accepted.status > 201) throw new Error(`PUT ${path}: ${accepted.status} ${accepted.text}`);
  await azure.poll(accepted);
  return (await azure.get(path, { apiVersion })).body;
}

/** The names of the resources of one type in the group. */
export async function names(azure: ArmClient, type: string): Promise<unknown[]> {
  const { body } = await azure.get(`${network}/${type}`);
  return (body.value as Json[]).map(({ name }) => name);
}

export const send = (azure: ArmClient, method: string, path: string, body?: unknown): Promise<Answer> =>
  azure.send(method, path, body, { apiVersion } satisfies RequestOptions);
