/** Where requests are made, and at which api-version: subscriptions, resource groups and the versions that are known. */
import { azureError } from '../../../errors/index.js';
import { isGuid } from '../../../support/ids.js';
import { locationNames } from './locations.js';
/** Versions of Microsoft.Resources, which the front door names when a version is none. */
const resourcesApiVersions = '2025-04-01,2025-03-01,2024-11-01,2024-07-01,2024-03-01,2023-07-01,2022-12-01,2022-09-01,2021-04-01,2021-01-01,' +
    '2020-10-01,2020-06-01,2019-11-01,2019-10-01,2018-05-01,2018-02-01,2017-05-10,2016-09-01,2016-06-01,2015-11-01';
const wellFormed = /^\d{4}-\d{2}-\d{2}(-[a-z]+)?$/;
/** `written` folded; throws `MissingApiVersionParameter`, or `InvalidApiVersionParameter` for no date. */
export function wellFormedApiVersion(written) {
    const version = written?.toLowerCase();
    if (!version)
        throw azureError('MissingApiVersionParameter');
    if (!wellFormed.test(version)) {
        const values = { apiVersion: version, supported: resourcesApiVersions };
        throw azureError('InvalidApiVersionParameter', { values });
    }
    return version;
}
const told = new Set();
/**
 * The api-version for a type. A newer one than this Lazurite knows gets the newest shape and one log line; with
 * `--strict-api-versions`, what Azure does not list is refused with the list (`NoRegisteredProviderFound`).
 */
export function servedApiVersion(type, written, context) {
    const version = wellFormedApiVersion(written);
    if (type.apiVersions.includes(version))
        return version;
    const newestFirst = [...type.apiVersions].reverse();
    if (context.strictApiVersions) {
        const location = '';
        const shortType = type.type.split('/').slice(1).join('/');
        const supported = newestFirst.join(', ');
        throw azureError('NoRegisteredProviderFound', {
            values: {
                location,
                apiVersion: version,
                type: shortType,
                supported,
                locations: locationNames.replaceAll(',', ', '),
            },
        });
    }
    if (!told.has(version)) {
        told.add(version);
        context.note(`api-version ${version} of ${type.type} is not known; answering as ${newestFirst[0]} would`);
    }
    return version;
}
/**
 * Any GUID is a subscription, from its first use. The api-version is checked first, as Azure does. Throws what
 * `wellFormedApiVersion` throws, or `InvalidSubscriptionId`.
 */
export function checkSubscription({ subscriptionId, apiVersion }, { store, clock }) {
    wellFormedApiVersion(apiVersion);
    if (!isGuid(subscriptionId))
        throw azureError('InvalidSubscriptionId', { values: { subscriptionId } });
    store.resources.rememberSubscription(subscriptionId, clock.timestamp());
}
/** The resource group `name`. Throws as `checkSubscription` does, or `ResourceGroupNotFound`. */
export function existingGroup(request, context) {
    checkSubscription(request, context);
    const { subscriptionId, name } = request;
    const group = context.store.resources.group(subscriptionId, name);
    if (!group)
        throw azureError('ResourceGroupNotFound', { values: { resourceGroup: name } });
    return group;
}
/** The same for a request that creates something in the group. Throws `ResourceGroupBeingDeleted` besides. */
export function writableGroup(request, context) {
    const group = existingGroup(request, context);
    if (group.provisioningState === 'Deleting') {
        throw azureError('ResourceGroupBeingDeleted', { values: { resourceGroup: group.name } });
    }
    return group;
}
//# sourceMappingURL=request-scope.js.map