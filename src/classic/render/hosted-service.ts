/** Hosted services as Azure shows them. Imitates "Get Cloud Service Properties" and "List Cloud Services". */
import type { HostedService } from '../../resources/Microsoft.ClassicCompute/types.js';
import type { HostedService as HostedServiceContract } from '../contracts/hosted-service-document.js';
import { computeCapabilities } from '../locations.js';
import type { NetworkConfigurationRecord } from '../store.js';
import type { ValueOf } from '../xml/contract.js';
import { deploymentValue } from './deployment.js';
import { timestamp } from './time.js';

/** Azure adds two properties of its own a moment after a service was created: recorded between one and three seconds. */
const resourceGroupDelayMs = 3000;

export interface HostedServiceView {
  readonly baseUrl: string;
  readonly nowMs: number;
  readonly networks: NetworkConfigurationRecord | undefined;
  readonly embedDetail?: boolean;
  readonly listed?: boolean;
}

/** The document of one hosted service. */
export function hostedServiceValue(
  service: HostedService,
  view: HostedServiceView,
): ValueOf<typeof HostedServiceContract> {
  const { ServiceName, Description, Location, AffinityGroup, Label, ReverseDnsFqdn, deployments } = service;
  const added = [
    { Name: 'ResourceGroup', Value: ServiceName },
    { Name: 'ResourceLocation', Value: Location ?? '' },
  ].filter(({ Name }) => !service.ExtendedProperties.some((property) => property.Name === Name));
  const settled = view.nowMs - service.createdMs >= resourceGroupDelayMs;
  return {
    Url: `${view.baseUrl}/${service.subscriptionId}/services/hostedservices/${ServiceName}`,
    ServiceName,
    HostedServiceProperties: {
      Description,
      Location,
      AffinityGroup,
      Label,
      Status: 'Created',
      DateCreated: timestamp(service.createdMs),
      DateLastModified: timestamp(service.modifiedMs),
      ExtendedProperties: [...service.ExtendedProperties, ...(settled ? added : [])],
      ReverseDnsFqdn,
    },
    ...(view.embedDetail &&
      deployments.length > 0 && {
        Deployments: deployments.map((deployment) => deploymentValue(deployment, { service, networks: view.networks })),
      }),
    ...(view.listed && { ComputeCapabilities: computeCapabilities }),
  };
}
