/** The functions that tell where a deployment goes, and those that build resource ids. */
import { isGuid } from '../../../../ids.js';
import { isObject, type Json, setMember } from '../../json.js';
import { scopeId } from '../../resource-names.js';
import type { DeploymentScope } from '../context.js';
import { define, type FunctionCall, type FunctionDefinition } from '../function-call.js';

function notAtScope(call: FunctionCall): never {
  return call.fail(
    `The template function '${call.name}' is not expected at this location: the deployment has no such scope.`,
  );
}

function resourceGroup(call: FunctionCall): Json {
  const { scope, surroundings } = call.context;
  if (scope.kind !== 'resourceGroup') return notAtScope(call);
  const found = surroundings.resourceGroup(scope.subscriptionId, scope.resourceGroup);
  if (found) return found;
  // differs: a group that the same deployment creates has no location yet; its name and id are known.
  return { id: scopeId(scope), name: scope.resourceGroup, type: 'Microsoft.Resources/resourceGroups' };
}

function subscription(call: FunctionCall): Json {
  const { scope, surroundings } = call.context;
  return 'subscriptionId' in scope ? surroundings.subscription(scope.subscriptionId) : notAtScope(call);
}

function managementGroup(call: FunctionCall): Json {
  const { scope } = call.context;
  if (scope.kind !== 'managementGroup') return notAtScope(call);
  return { id: scopeId(scope), name: scope.managementGroup, type: 'Microsoft.Management/managementGroups' };
}

/** The type and its names, interleaved as in an id; `start` is where the type stands among the arguments. */
function typeAndNames(call: FunctionCall, start: number): string {
  const type = start < call.count ? call.string(start) : '';
  const segments = type.split('/').filter((segment) => segment !== '');
  const names = call.values(start + 1).map((name) => (typeof name === 'string' ? name : call.failType('String', name)));
  if (segments.length < 2) {
    call.fail(
      `Unable to evaluate template language function '${call.name}': the type '${type}' is not a valid resource type.`,
    );
  }
  if (names.length !== segments.length - 1) {
    call.fail(
      `Unable to evaluate template language function '${call.name}': the type '${type}' requires '${segments.length - 1}' resource name argument(s).`,
    );
  }
  const [namespace = '', ...types] = segments;
  return `/providers/${namespace}${types.map((segment, index) => `/${segment}/${names[index]}`).join('')}`;
}

/** How many arguments stand before the type: the first one with a slash. */
function leading(call: FunctionCall, most: number): number {
  const index = call.values().findIndex((value) => typeof value === 'string' && value.includes('/'));
  return index < 0 ? 0 : Math.min(index, most);
}

function subscriptionAt(call: FunctionCall, index: number): string {
  const id = call.string(index);
  if (!isGuid(id)) call.fail(`The provided value '${id}' is not valid subscription identifier.`);
  return id;
}

function resourceId(call: FunctionCall): Json {
  const { scope } = call.context;
  const before = leading(call, 2);
  const rest = typeAndNames(call, before);
  if (before === 0) return scope.kind === 'tenant' ? rest : `${scopeId(scope)}${rest}`;
  const subscriptionId =
    before === 2 || isGuid(call.string(0))
      ? subscriptionAt(call, 0)
      : 'subscriptionId' in scope
        ? scope.subscriptionId
        : notAtScope(call);
  const group = before === 2 ? call.string(1) : isGuid(call.string(0)) ? groupOf(scope) : call.string(0);
  return `/subscriptions/${subscriptionId}${group === undefined ? '' : `/resourceGroups/${group}`}${rest}`;
}

const groupOf = (scope: DeploymentScope): string | undefined =>
  scope.kind === 'resourceGroup' ? scope.resourceGroup : undefined;

function subscriptionResourceId(call: FunctionCall): Json {
  const { scope } = call.context;
  const before = leading(call, 1);
  const rest = typeAndNames(call, before);
  const id =
    before === 1 ? subscriptionAt(call, 0) : 'subscriptionId' in scope ? scope.subscriptionId : notAtScope(call);
  return `/subscriptions/${id}${rest}`;
}

function managementGroupResourceId(call: FunctionCall): Json {
  const { scope } = call.context;
  const before = leading(call, 1);
  const rest = typeAndNames(call, before);
  const group =
    before === 1 ? call.string(0) : scope.kind === 'managementGroup' ? scope.managementGroup : notAtScope(call);
  return `/providers/Microsoft.Management/managementGroups/${group}${rest}`;
}

/** A copy, so that no expression can change what the next one sees. */
function copyOf(value: Json): Json {
  if (Array.isArray(value)) return value.map(copyOf);
  if (!isObject(value)) return value;
  const copy = {};
  for (const [key, inner] of Object.entries(value)) setMember(copy, key, copyOf(inner));
  return copy;
}

export const scopeFunctions: readonly FunctionDefinition[] = [
  define('deployer', 0, (call) => copyOf(call.context.surroundings.deployer)),
  define('deployment', 0, (call) => copyOf(call.context.deployment)),
  define('environment', 0, (call) => copyOf(call.context.surroundings.environment)),
  define('extensionResourceId', [3], (call) => `${call.string(0).replace(/\/$/, '')}${typeAndNames(call, 1)}`),
  define('managementGroup', 0, managementGroup),
  define('managementGroupResourceId', [2], managementGroupResourceId),
  define('resourceGroup', 0, resourceGroup),
  define('resourceId', [2], resourceId),
  define('subscription', 0, subscription),
  define('subscriptionResourceId', [2], subscriptionResourceId),
  define('tenant', 0, (call) => ({
    tenantId: call.context.surroundings.tenantId,
    countryCode: 'US',
    displayName: 'Default Directory',
  })),
  define('tenantResourceId', [2], (call) => typeAndNames(call, 0)),
];
