/** Evaluates single expressions for the tests, in environment that never change. */
import { EvaluationBudget } from '../../../../src/api/arm/template/budget.js';
import type {
  DeploymentEnvironment,
  EvaluationContext,
  ExpressionPlace,
} from '../../../../src/api/arm/template/context.js';
import { DeferredValue } from '../../../../src/api/arm/template/context.js';
import { evaluateText, parameterNotFound, variableNotFound } from '../../../../src/api/arm/template/evaluate.js';
import type { Json, JsonObject } from '../../../../src/api/arm/template/json.js';

export const subscriptionId = '00000000-0000-0000-0000-000000000001';
export const groupId = `/subscriptions/${subscriptionId}/resourceGroups/rg1`;

/** A world with one subscription and the group rg1. */
export const environment = (groups: readonly string[] = ['rg1', 'rg2']): DeploymentEnvironment => {
  let guids = 0;
  return {
    tenantId: '11111111-1111-1111-1111-111111111111',
    deployer: { objectId: '22222222-2222-2222-2222-222222222222', tenantId: '11111111-1111-1111-1111-111111111111' },
    cloud: { name: 'AzureCloud', resourceManager: 'https://localhost:4567/' },
    subscription: (id) => ({ id: `/subscriptions/${id}`, subscriptionId: id, displayName: 'Test' }),
    resourceGroup: (id, name) =>
      groups.includes(name)
        ? {
            id: `/subscriptions/${id}/resourceGroups/${name}`,
            name,
            type: 'Microsoft.Resources/resourceGroups',
            location: 'westeurope',
            tags: {},
            properties: { provisioningState: 'Succeeded' },
          }
        : undefined,
    budget: new EvaluationBudget(),
    contents: { content: () => undefined, download: async () => {} },
    now: () => '2025-01-02T03:04:05.678Z',
    newGuid: () => {
      guids += 1;
      return `00000000-0000-4000-8000-${String(guids).padStart(12, '0')}`;
    },
  };
};

/** A context with these parameters and variables. */
export const contextWith = (
  values: { parameters?: JsonObject; variables?: JsonObject; place?: ExpressionPlace } = {},
): EvaluationContext => ({
  place: values.place ?? 'resource',
  scope: { kind: 'resourceGroup', subscriptionId, resourceGroup: 'rg1' },
  environment: environment(),
  deployment: { name: 'd1', properties: {} },
  loops: [],
  lambdaVariables: new Map(),
  depth: 0,
  parameter: (name) => {
    const value = values.parameters?.[name];
    if (value === undefined) throw parameterNotFound(name);
    return value;
  },
  variable: (name) => {
    const value = values.variables?.[name];
    if (value === undefined) throw variableNotFound(name);
    return value;
  },
  userFunction: (namespace, name) =>
    namespace === 'contoso' && name === 'double'
      ? { parameters: ['n'], value: "[mul(parameters('n'), 2)]" }
      : undefined,
  resourceInfo: (symbol) => ({ id: `/x/${symbol}`, name: symbol }),
  ask: (query) => {
    throw new DeferredValue(query);
  },
});

/** The value of `[expression]`. */
export const evaluate = (expression: string, context: EvaluationContext = contextWith()): Json =>
  evaluateText(`[${expression}]`, context);
