/** The functions that tell where a deployment goes, build resource ids, and read the template's values and resources. */
import { isGuid } from '../../../../support/ids.js';
import { isObject } from '../json.js';
import { scopeId } from '../resource-ids.js';
import { define } from './function-call.js';
function notAtScope(call) {
    return call.fail(`The template function '${call.name}' is not expected at this location: the deployment has no such scope.`);
}
function resourceGroup(call) {
    const { scope, environment } = call.context;
    if (scope.kind !== 'resourceGroup')
        return notAtScope(call);
    const found = environment.resourceGroup(scope.subscriptionId, scope.resourceGroup);
    if (found)
        return found;
    // differs: a group that the same deployment creates has no location yet; its name and id are known.
    return { id: scopeId(scope), name: scope.resourceGroup, type: 'Microsoft.Resources/resourceGroups' };
}
function subscription(call) {
    const { scope, environment } = call.context;
    return 'subscriptionId' in scope ? environment.subscription(scope.subscriptionId) : notAtScope(call);
}
function managementGroup(call) {
    const { scope } = call.context;
    if (scope.kind !== 'managementGroup')
        return notAtScope(call);
    return { id: scopeId(scope), name: scope.managementGroup, type: 'Microsoft.Management/managementGroups' };
}
/** The type and its names, interleaved as in an id; `start` is where the type stands among the arguments. */
function typeAndNames(call, start) {
    const type = start < call.count ? call.string(start) : '';
    const segments = type.split('/').filter((segment) => segment !== '');
    const names = call.values(start + 1).map((name) => (typeof name === 'string' ? name : call.failType('String', name)));
    if (segments.length < 2) {
        call.fail(`Unable to evaluate template language function '${call.name}': the type '${type}' is not a valid resource type.`);
    }
    if (names.length !== segments.length - 1) {
        call.fail(`Unable to evaluate template language function '${call.name}': the type '${type}' requires '${segments.length - 1}' resource name argument(s).`);
    }
    const [namespace = '', ...types] = segments;
    return `/providers/${namespace}${types.map((segment, index) => `/${segment}/${names[index]}`).join('')}`;
}
/** How many arguments stand before the type: the first one with a slash. */
function leading(call, most) {
    const index = call.values().findIndex((value) => typeof value === 'string' && value.includes('/'));
    return index < 0 ? 0 : Math.min(index, most);
}
function subscriptionAt(call, index) {
    const id = call.string(index);
    if (!isGuid(id))
        call.fail(`The provided value '${id}' is not valid subscription identifier.`);
    return id;
}
function resourceId(call) {
    const { scope } = call.context;
    const before = leading(call, 2);
    const rest = typeAndNames(call, before);
    if (before === 0)
        return scope.kind === 'tenant' ? rest : `${scopeId(scope)}${rest}`;
    const subscriptionId = before === 2 || isGuid(call.string(0))
        ? subscriptionAt(call, 0)
        : 'subscriptionId' in scope
            ? scope.subscriptionId
            : notAtScope(call);
    const group = before === 2 ? call.string(1) : isGuid(call.string(0)) ? groupOf(scope) : call.string(0);
    return `/subscriptions/${subscriptionId}${group === undefined ? '' : `/resourceGroups/${group}`}${rest}`;
}
const groupOf = (scope) => scope.kind === 'resourceGroup' ? scope.resourceGroup : undefined;
function subscriptionResourceId(call) {
    const { scope } = call.context;
    const before = leading(call, 1);
    const rest = typeAndNames(call, before);
    const id = before === 1 ? subscriptionAt(call, 0) : 'subscriptionId' in scope ? scope.subscriptionId : notAtScope(call);
    return `/subscriptions/${id}${rest}`;
}
function managementGroupResourceId(call) {
    const { scope } = call.context;
    const before = leading(call, 1);
    const rest = typeAndNames(call, before);
    const group = before === 1 ? call.string(0) : scope.kind === 'managementGroup' ? scope.managementGroup : notAtScope(call);
    return `/providers/Microsoft.Management/managementGroups/${group}${rest}`;
}
export const scopeFunctions = [
    define('deployer', 0, (call) => call.context.environment.deployer),
    define('deployment', 0, (call) => call.context.deployment),
    define('environment', 0, (call) => call.context.environment.cloud),
    define('extensionResourceId', [3], (call) => `${call.string(0).replace(/\/$/, '')}${typeAndNames(call, 1)}`),
    define('managementGroup', 0, managementGroup),
    define('managementGroupResourceId', [2], managementGroupResourceId),
    define('resourceGroup', 0, resourceGroup),
    define('resourceId', [2], resourceId),
    define('subscription', 0, subscription),
    define('subscriptionResourceId', [2], subscriptionResourceId),
    define('tenant', 0, (call) => ({
        tenantId: call.context.environment.tenantId,
        countryCode: 'US',
        displayName: 'Default Directory',
    })),
    define('tenantResourceId', [2], (call) => typeAndNames(call, 0)),
];
/** Resources can be read in resources and outputs only: elsewhere they would be needed before they exist. */
function onlyWhileRunning(call) {
    const { place } = call.context;
    if (place !== 'resource' && place !== 'output') {
        call.fail(`The template function '${call.name}' is not expected at this location.`);
    }
}
function reference(call) {
    onlyWhileRunning(call);
    const full = call.optionalString(2);
    if (full !== undefined && full.toLowerCase() !== 'full') {
        call.fail(`The template language function 'reference' expects its third parameter to be 'Full'. The provided value is '${full}'.`);
    }
    return call.context.ask({
        action: 'reference',
        resource: call.string(0),
        apiVersion: call.optionalString(1),
        full: full !== undefined,
    });
}
/** All resources that a copied symbolic name stands for. */
function references(call) {
    onlyWhileRunning(call);
    return call.context.ask({
        action: 'references',
        resource: call.string(0),
        apiVersion: undefined,
        full: call.values(1).some((value) => typeof value === 'string' && value.toLowerCase() === 'full'),
    });
}
function list(call) {
    onlyWhileRunning(call);
    const body = call.count > 2 ? call.value(2) : undefined;
    return call.context.ask({
        action: call.name,
        resource: call.string(0),
        apiVersion: call.optionalString(1),
        full: true,
        ...(body === undefined ? {} : { body }),
    });
}
/** Any function whose name begins with `list`: an action of the resource. */
export const listFunction = (name) => define(name, [1, 3], list);
function copyIndex(call) {
    const first = call.count > 0 ? call.value(0) : null;
    const named = typeof first === 'string';
    const { loops } = call.context;
    const loop = named
        ? loops.findLast(({ name }) => name.toLowerCase() === first.toLowerCase())
        : (loops.findLast(({ outermost }) => outermost) ?? loops.at(-1));
    if (!loop) {
        return call.fail("The template function 'copyIndex' is not expected at this location. The function can only be used in a resource with copy specified.");
    }
    return loop.index + (named ? (call.optionalInteger(1) ?? 0) : (call.optionalInteger(0) ?? 0));
}
/** differs: templates take the first api-version of a type to read it; where none is known, this one stands in. */
const someApiVersion = '2024-07-01';
function providers(call) {
    const [namespace, type] = [call.string(0), call.optionalString(1)];
    const found = call.context.environment.provider?.(namespace, type ?? '');
    return (found ??
        (type === undefined
            ? { namespace, resourceTypes: [] }
            : { resourceType: type, locations: [], apiVersions: [someApiVersion] }));
}
/** differs: every region has three zones here, and every zonal type is in all of them. */
function pickZones(call) {
    const [count, offset] = [call.optionalInteger(3) ?? 1, call.optionalInteger(4) ?? 0];
    if (count < 1 || offset < 0 || offset + count > 3) {
        call.fail(`The template language function 'pickZones' cannot pick '${count}' zones from offset '${offset}' of 3.`);
    }
    return ['1', '2', '3'].slice(offset, offset + count);
}
/** differs: every subscription numbers the zones of a region as the region itself does. */
function zones(call, convert) {
    call.string(0);
    const location = call.string(1).replaceAll(' ', '').toLowerCase();
    const zone = (value) => (typeof value === 'string' ? value : call.failType('String', value));
    const given = call.value(2);
    return Array.isArray(given) ? given.map((one) => convert(location, zone(one))) : convert(location, zone(given));
}
const physicalZone = (location, zone) => `${location}-az${zone}`;
const logicalZone = (_location, zone) => zone.replace(/^.*-az/, '');
export const resourceFunctions = [
    define('copyIndex', [0, 2], copyIndex),
    define('parameters', 1, (call) => call.context.parameter(call.string(0))),
    define('pickZones', [3, 5], pickZones),
    define('providers', [1, 2], providers),
    define('reference', [1, 3], reference),
    define('references', [1, 3], references),
    define('resourceInfo', 1, (call) => {
        const info = call.context.resourceInfo(call.string(0));
        return isObject(info) ? info : call.failType('Object', info);
    }),
    define('toLogicalZone', 3, (call) => zones(call, logicalZone)),
    define('toLogicalZones', 3, (call) => zones(call, logicalZone)),
    define('toPhysicalZone', 3, (call) => zones(call, physicalZone)),
    define('toPhysicalZones', 3, (call) => zones(call, physicalZone)),
    define('variables', 1, (call) => call.context.variable(call.string(0))),
];
//# sourceMappingURL=resources.js.map