/**
 * Deployments and hosted services as Azure shows them. Imitates "Get Deployment", "Get Cloud Service Properties" and
 * "List Cloud Services".
 */

import { virtualIpName } from '../../../resources/Microsoft.ClassicCompute/endpoints.js';
import type {
  CloudServiceDeployment,
  Deployment,
  ExtensionConfiguration,
  HostedService,
  NetworkConfigurationRecord,
  VmDeployment,
} from '../../../resources/Microsoft.ClassicCompute/types.js';
import { stableGuid } from '../../../support/ids.js';
import type { Deployment as DeploymentContract } from '../contracts/deployment.js';
import type { HostedService as HostedServiceContract } from '../contracts/hosted-service.js';
import { computeCapabilities } from '../fixed-lists.js';
import type { ValueOf } from '../xml/contract.js';
import { escapeAttribute, timestamp } from '../xml/xml.js';
import { instanceValue, roleInDeployment, vipOf } from './role.js';

export type DeploymentValue = ValueOf<typeof DeploymentContract>;

/** Virtual machines have no .cscfg; Azure makes one up that lists them. */
function generatedConfiguration({ roles }: VmDeployment): string {
  const lines = [
    '<ServiceConfiguration xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceConfiguration">',
    ...roles.flatMap(({ RoleName }) => [
      `  <Role name="${escapeAttribute(RoleName)}">`,
      '    <Instances count="1" />',
      '  </Role>',
    ]),
    '</ServiceConfiguration>',
  ];
  return Buffer.from(lines.join('\r\n')).toString('base64');
}

function cloudServiceRoles(deployment: CloudServiceDeployment): NonNullable<DeploymentValue['RoleList']> {
  const VirtualIPName = virtualIpName(deployment);
  return deployment.definition.roles.map((role) => {
    const endpoints = [...role.inputEndpoints]
      .sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1))
      .map(({ port, protocol, loadBalancer }) => ({
        Port: port,
        Protocol: protocol,
        Vip: vipOf(deployment, loadBalancer),
        ...(loadBalancer === undefined && { VirtualIPName }),
      }));
    return {
      RoleName: role.name,
      OsVersion: `WA-GUEST-OS-${deployment.configuration.osFamily}.0_201504-01`,
      ConfigurationSets: [
        {
          ConfigurationSetType: 'NetworkConfiguration',
          ...(endpoints.length > 0 && { InputEndpoints: endpoints }),
          SubnetNames: [],
        },
      ],
    };
  });
}

/** The host of the deployment's URL: staging has a generated one, so that it is not mistaken for production. */
const hostOf = (service: HostedService, deployment: Deployment): string =>
  deployment.DeploymentSlot === 'Production' ? service.ServiceName.toLowerCase() : deployment.PrivateID;

export interface DeploymentContext {
  readonly service: HostedService;
  readonly networks: NetworkConfigurationRecord | undefined;
}

function virtualNetworkId({ service, networks }: DeploymentContext, name: string): string {
  const site = networks?.sites.find(({ Name }) => Name.toLowerCase() === name.toLowerCase());
  return site?.Id ?? stableGuid(`${service.subscriptionId}/${name}`);
}

/** An extension whose state the request leaves out is enabled: recorded. */
function shownExtensions({ AllRoles, NamedRoles = [] }: ExtensionConfiguration): ExtensionConfiguration {
  const enabled = ({ Id, State = 'enable' }: { Id: string; State?: string | undefined }) => ({ Id, State });
  return {
    AllRoles: AllRoles?.map(enabled),
    NamedRoles: NamedRoles.map(({ RoleName, Extensions }) => ({ RoleName, Extensions: Extensions?.map(enabled) })),
  };
}

/** The document of Get Deployment. */
export function deploymentValue(deployment: Deployment, context: DeploymentContext): DeploymentValue {
  const { service } = context;
  const isVm = deployment.kind === 'virtualMachines';
  const { ReservedIPName, VirtualNetworkName } = deployment;
  const domains = deployment.instances.map(({ InstanceUpgradeDomain }) => InstanceUpgradeDomain + 1);
  return {
    Name: deployment.Name,
    DeploymentSlot: deployment.DeploymentSlot,
    PrivateID: deployment.PrivateID,
    Status: deployment.Status,
    Label: deployment.Label,
    Url: `http://${hostOf(service, deployment)}.cloudapp.net/`,
    Configuration: isVm ? generatedConfiguration(deployment) : deployment.Configuration,
    RoleInstanceList: deployment.instances.map((instance) => instanceValue({ service, deployment }, instance)),
    UpgradeDomainCount: Math.max(1, ...domains),
    RoleList: isVm ? deployment.roles.map((role) => roleInDeployment(deployment, role)) : cloudServiceRoles(deployment),
    SdkVersion: isVm ? '' : '2.9.6195.2',
    Locked: false,
    RollbackAllowed: false,
    VirtualNetworkName,
    ...(isVm && deployment.dnsServers?.length && { Dns: { DnsServers: deployment.dnsServers } }),
    CreatedTime: timestamp(deployment.createdMs),
    LastModifiedTime: timestamp(deployment.modifiedMs),
    ExtendedProperties: isVm ? [] : deployment.ExtendedProperties,
    // Azure shows the next update of the hosts, which no deployment can know; here none is ever announced.
    PersistentVMDowntime: null,
    ...(!isVm && deployment.extensions && { ExtensionConfiguration: shownExtensions(deployment.extensions) }),
    VirtualIPs: [
      {
        Address: deployment.vip,
        IsDnsProgrammed: true,
        Name: virtualIpName(deployment),
        ...(ReservedIPName !== undefined && { IsReserved: true, ReservedIPName }),
      },
      ...(deployment.additionalVips ?? []).map((vip) => ({
        Address: vip.Address,
        Name: vip.Name,
        ...(vip.ReservedIPName !== undefined && { IsReserved: true, ReservedIPName: vip.ReservedIPName }),
        IsSecondaryVip: true,
      })),
    ],
    ReservedIPName,
    ...(isVm && { InternalDnsSuffix: `${service.ServiceName}.d1.internal.cloudapp.net` }),
    LoadBalancers: deployment.LoadBalancers,
    ...(VirtualNetworkName !== undefined && { VirtualNetworkId: virtualNetworkId(context, VirtualNetworkName) }),
  };
}

/** Azure adds two properties of its own a moment after a service was created: recorded between one and three seconds,
 * and always once there was a deployment. */
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
  const settled =
    service.hadDeployment ||
    deployments.length > 0 ||
    // Created later than now: by a clock that was ahead of this one.
    service.createdMs > view.nowMs ||
    view.nowMs - service.createdMs >= resourceGroupDelayMs;
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
    ...(view.embedDetail && {
      Deployments: deployments.map((deployment) => deploymentValue(deployment, { service, networks: view.networks })),
    }),
    ...(view.listed && { ComputeCapabilities: computeCapabilities }),
  };
}
