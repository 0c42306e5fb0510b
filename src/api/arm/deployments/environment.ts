/** What templates can ask of the world around them: `environment()`, `subscription()`, `resourceGroup()`, the time. */
import { defaultTenantId } from '../../../config/config-values.js';
import { findResourceType } from '../../../resources/registry.js';
import { newGuid } from '../../../support/ids.js';
import { cloudMetadata } from '../../identity/cloud-metadata.js';
import { objectIdOf } from '../../identity/tokens.js';
import type { ArmContext } from '../resources/arm-context.js';
import { azureLocations } from '../resources/locations.js';
import { showGroup } from '../resources/resource-groups.js';
import { EvaluationBudget } from '../template/budget.js';
import type { DeploymentEnvironment } from '../template/context.js';
import type { Json, JsonObject } from '../template/json.js';
import { LinkedTemplates } from './links.js';

/** Azure's, as the endpoints of accounts and vaults have them, which templates put together with them. */
const suffixes: JsonObject = {
  acrLoginServer: '.azurecr.io',
  azureDatalakeAnalyticsCatalogAndJob: 'azuredatalakeanalytics.net',
  azureDatalakeStoreFileSystem: 'azuredatalakestore.net',
  azureFrontDoorEndpointSuffix: 'azurefd.net',
  keyvaultDns: '.vault.azure.net',
  sqlServerHostname: '.database.windows.net',
  storage: 'core.windows.net',
};

export interface EnvironmentOptions {
  /** Where the client reached us. */
  readonly origin: string;
  readonly trackingId: string;
  readonly authorization: string | undefined;
}

/** Who the token of a request names; without a token, the same made-up deployer for every request. */
function deployerOf(authorization: string | undefined): JsonObject {
  const claims = claimsOf(authorization);
  const { oid = objectIdOf('deployer'), tid = defaultTenantId, upn } = claims;
  return { objectId: oid, tenantId: tid, ...(upn === undefined ? {} : { userPrincipalName: upn }) };
}

function claimsOf(authorization: string | undefined): Record<string, Json> {
  const [, payload = ''] = authorization?.split('.') ?? [];
  try {
    return { ...(JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, Json>) };
  } catch {
    return {};
  }
}

/** The environment of one deployment. */
export const deploymentEnvironment = (
  context: ArmContext,
  { origin, trackingId, authorization }: EnvironmentOptions,
): DeploymentEnvironment => ({
  tenantId: defaultTenantId,
  deployer: deployerOf(authorization),
  // Templates look up names by that of the cloud, and know those that Azure has.
  cloud: { ...(cloudMetadata('2022-09-01', origin) as JsonObject), name: 'AzureCloud', suffixes },
  subscription: (subscriptionId) => ({
    id: `/subscriptions/${subscriptionId}`,
    subscriptionId,
    tenantId: defaultTenantId,
    displayName: 'Lazurite',
  }),
  resourceGroup(subscriptionId, name) {
    const group = context.store.resources.group(subscriptionId, name);
    return group && (showGroup(group) as JsonObject);
  },
  provider(namespace, resourceType) {
    const type = findResourceType(`${namespace}/${resourceType}`);
    if (!type) return undefined;
    const locations: Json = azureLocations.map(({ displayName }) => displayName);
    return { resourceType, locations, apiVersions: [...type.apiVersions].reverse() };
  },
  contents: new LinkedTemplates({ policy: context.templateLinks, trackingId, note: context.note }),
  budget: new EvaluationBudget(),
  now: () => context.clock.timestamp(),
  newGuid,
});
