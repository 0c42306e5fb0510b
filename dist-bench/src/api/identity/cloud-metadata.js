import { azureError } from '../../errors/index.js';
import { requestBaseUrl } from '../../http/server.js';
/** The name under which tools register this cloud; az treats `AzureCloud` as the public one, so it cannot be that. */
export const cloudName = 'Lazurite';
const locations = [
    'westeurope',
    'northeurope',
    'eastus',
    'eastus2',
    'westus2',
    'centralus',
    'southeastasia',
    'uksouth',
];
// The first one becomes the scope of the tokens that tools ask for.
const audiences = (baseUrl) => [
    baseUrl,
    'https://management.core.windows.net/',
    'https://management.azure.com/',
];
const early = (baseUrl) => ({
    galleryEndpoint: `${baseUrl}/gallery`,
    graphEndpoint: `${baseUrl}/graph/`,
    portalEndpoint: baseUrl,
    authentication: { loginEndpoint: `${baseUrl}/adfs`, audiences: audiences(baseUrl) },
});
const withLocations = (baseUrl) => ({
    ...early(baseUrl),
    cloudEndpoint: { public: { endpoint: new URL(baseUrl).host, locations } },
});
// Services that Lazurite does not have need an address all the same: tools refuse a cloud without one.
const unavailable = (baseUrl) => Object.fromEntries([
    'gallery',
    'media',
    'batch',
    'sqlManagement',
    'vmImageAliasDoc',
    'activeDirectoryDataLake',
    'appInsightsResourceId',
    'appInsightsTelemetryChannelResourceId',
    'logAnalyticsResourceId',
    'synapseAnalyticsResourceId',
    'attestationResourceId',
    'ossrDbmsResourceId',
].map((name) => [name, `${baseUrl}/unavailable/${name}`]));
const suffixes = {
    storage: 'storage.localhost',
    keyVaultDns: 'vault.localhost',
    acrLoginServer: 'acr.localhost',
    sqlServerHostname: 'sql.localhost',
    azureDataLakeStoreFileSystem: 'adls.localhost',
    azureDataLakeAnalyticsCatalogAndJob: 'adla.localhost',
    azureFrontDoorEndpointSuffix: 'afd.localhost',
    mhsmDns: 'mhsm.localhost',
    mysqlServerEndpoint: 'mysql.localhost',
    postgresqlServerEndpoint: 'pg.localhost',
    mariadbServerEndpoint: 'maria.localhost',
    storageSyncEndpointSuffix: 'afs.localhost',
    synapseAnalytics: 'syn.localhost',
};
const full = (baseUrl) => ({
    name: cloudName,
    portal: baseUrl,
    resourceManager: baseUrl,
    authentication: {
        // Terraform takes an authority that ends in /adfs for Azure Stack and refuses it.
        loginEndpoint: baseUrl,
        audiences: audiences(baseUrl),
        tenant: 'common',
        identityProvider: 'AAD',
    },
    graph: `${baseUrl}/graph/`,
    graphAudience: `${baseUrl}/graph/`,
    microsoftGraphResourceId: `${baseUrl}/graph/`,
    ...unavailable(baseUrl),
    suffixes,
});
/** The shape of `/metadata/endpoints` in one api-version. */
export function cloudMetadata(apiVersion, baseUrl) {
    if (apiVersion === '1.0' || apiVersion < '2018-01-01')
        return early(baseUrl);
    if (apiVersion < '2019-05-01')
        return withLocations(baseUrl);
    return apiVersion < '2022-09-01' ? [full(baseUrl)] : full(baseUrl);
}
/** Answers `/metadata/endpoints` to anyone: it is read before there is a token. */
export const cloudMetadataRoutes = async (app) => {
    app.get('/metadata/endpoints', async (request) => {
        const { 'api-version': apiVersion } = request.query;
        if (!apiVersion)
            throw azureError('MissingApiVersionParameter');
        if (!/^(1\.0|\d{4}-\d\d-\d\d(-preview)?)$/.test(apiVersion)) {
            const supported = '1.0,2015-01-01,2018-01-01,2019-05-01,2022-09-01';
            throw azureError('InvalidApiVersionParameter', { values: { apiVersion, supported } });
        }
        return cloudMetadata(apiVersion, requestBaseUrl(request));
    });
};
//# sourceMappingURL=cloud-metadata.js.map