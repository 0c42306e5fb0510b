/**
 * The OpenAPI document of the classic API, made from its operations and data contracts. Operations that only `?comp=`
 * tells apart are under `x-ms-paths`, where Azure's own specifications have such. Its examples work one after the other in
 * an empty Lazurite.
 */
import { defaultSubscriptionId } from '../../config/config-values.js';
import type { ClassicOperation } from './call.js';
import {
  ChangeConfiguration,
  CreateDeployment,
  CreateVmDeployment,
  Deployment,
  DeploymentNetworkResource,
  RoleInstances,
  RollbackUpdateOrUpgrade,
  UpdateDeploymentStatus,
  UpgradeDeployment,
  WalkUpgradeDomain,
} from './contracts/deployment.js';
import {
  AvailabilityResponse,
  Certificate,
  CertificateFile,
  Certificates,
  CreateHostedService,
  Extension,
  Extensions,
  HostedService,
  HostedServices,
  Swap,
  UpdateHostedService,
} from './contracts/hosted-service.js';
import {
  CreateReservedIp,
  LoadBalancedEndpointList,
  LoadBalancer,
  ReservedIp,
  ReservedIpAssociation,
  ReservedIps,
} from './contracts/networking.js';
import {
  DataVirtualHardDisk,
  PersistentVmRole,
  ShutdownRoleOperation,
  ShutdownRolesOperation,
} from './contracts/role.js';
import {
  ErrorDocument,
  Locations,
  Operation,
  OsImage,
  RoleSizes,
  Subscription,
  SubscriptionCertificate,
  SubscriptionCertificates,
} from './contracts/subscription.js';
import { serviceVersions } from './fixed-lists.js';
import { classicOperations } from './routes/index.js';
import { type ContractSchema, type DocumentType, documentOf, listDocument } from './xml/contract.js';
import { azureNamespace } from './xml/xml.js';

type Bodies = Readonly<Record<string, DocumentType<unknown>>>;

/** Request bodies by operation. */
export const requestBodies: Bodies = {
  'Create Cloud Service': documentOf(CreateHostedService),
  'Update Cloud Service': documentOf(UpdateHostedService),
  'Swap Deployment': documentOf(Swap),
  'Create Virtual Machine Deployment': documentOf(CreateVmDeployment),
  'Update Load-Balanced Endpoint Set': listDocument('LoadBalancedEndpointList', LoadBalancedEndpointList),
  'Add Role': documentOf(PersistentVmRole),
  'Update Role': documentOf(PersistentVmRole),
  'Start, Restart, Shutdown or Capture Role': documentOf(ShutdownRoleOperation),
  'Start or Shutdown Roles': documentOf(ShutdownRolesOperation),
  'Create Deployment': documentOf(CreateDeployment),
  'Change Deployment Configuration': documentOf(ChangeConfiguration),
  'Upgrade Deployment': documentOf(UpgradeDeployment),
  'Update Deployment Status': documentOf(UpdateDeploymentStatus),
  'Rollback Update Or Upgrade': documentOf(RollbackUpdateOrUpgrade),
  'Walk Upgrade Domain': documentOf(WalkUpgradeDomain),
  'Add Data Disk': documentOf(DataVirtualHardDisk),
  'Update Data Disk': documentOf(DataVirtualHardDisk),
  'Validate Deployment Migration': documentOf(DeploymentNetworkResource),
  'Prepare Deployment Migration': documentOf(DeploymentNetworkResource),
  'Add Service Certificate': documentOf(CertificateFile),
  'Add Extension': documentOf(Extension),
  'Delete Role Instances': listDocument('RoleInstances', RoleInstances),
  'Add Load Balancer': documentOf(LoadBalancer),
  'Update Load Balancer': documentOf(LoadBalancer),
  'Create Reserved IP Address': documentOf(CreateReservedIp),
  'Associate Reserved IP': documentOf(ReservedIpAssociation),
  'Disassociate Reserved IP': documentOf(ReservedIpAssociation),
  'Add Management Certificate': documentOf(SubscriptionCertificate),
};

/** Answers with a body, by operation. */
export const answerBodies: Bodies = {
  'Get Subscription': documentOf(Subscription),
  'Get Operation Status': documentOf(Operation),
  'List Locations': listDocument('Locations', Locations),
  'List Role Sizes': listDocument('RoleSizes', RoleSizes),
  'List Management Certificates': listDocument('SubscriptionCertificates', SubscriptionCertificates),
  'Get Management Certificate': documentOf(SubscriptionCertificate),
  'List Cloud Services': listDocument('HostedServices', HostedServices),
  'Get Cloud Service Properties': documentOf(HostedService),
  'Check Cloud Service Name Availability': documentOf(AvailabilityResponse),
  'List Service Certificates': listDocument('Certificates', Certificates),
  'Get Service Certificate': documentOf(Certificate),
  'List Extensions': listDocument('Extensions', Extensions),
  'Get Extension': documentOf(Extension),
  'Get Deployment': documentOf(Deployment),
  'Get Role': documentOf(PersistentVmRole),
  'Get Data Disk': documentOf(DataVirtualHardDisk),
  'List Reserved IP Addresses': listDocument('ReservedIPs', ReservedIps),
  'Get Reserved IP Address': documentOf(ReservedIp),
  'Get OS Image': documentOf(OsImage),
};

type Json = Readonly<Record<string, unknown>>;

const schemaName = (document: DocumentType<unknown>): string => document.names[0] as string;

/** Names are shared by requests and answers that differ, so the schemas of requests have a name of their own. */
const reference = (prefix: string, document: DocumentType<unknown>, example?: string): Json => ({
  content: {
    'application/xml': {
      schema: { $ref: `#/components/schemas/${prefix}${schemaName(document)}` },
      ...(example !== undefined && { example }),
    },
  },
});

/** What of a subscription a path is about. */
function tagOf(path: string): string {
  if (path.includes('/role')) return 'Roles';
  if (path.includes('/deployment')) return 'Deployments';
  if (path.includes('/hostedservices')) return 'Cloud services';
  return path.includes('/services/') ? 'Networking and images' : 'Subscription';
}

const rootSchema = (document: DocumentType<unknown>): ContractSchema => ({
  ...document.type.schema,
  xml: { ...document.type.schema.xml, name: schemaName(document), namespace: azureNamespace },
});

const pathParameters = (path: string): Json[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', default: exampleParameters[name as string] ?? 'example' },
  }));

const versionHeader = (since: string): Json => ({
  name: 'x-ms-version',
  in: 'header',
  required: true,
  description: `${since} or later.`,
  schema: { type: 'string', format: 'date', default: exampleVersion(since) },
});

function responses({ method, name }: ClassicOperation): Json {
  const answer = answerBodies[name];
  const fault = { description: 'Refused.', ...reference('', documentOf(ErrorDocument)) };
  if (method === 'GET') return { 200: { description: 'OK', ...(answer && reference('', answer)) }, default: fault };
  const done = { description: 'Done.' };
  const accepted = { description: 'Accepted; `operations/{x-ms-request-id}` says how it went.' };
  return { 200: done, 201: done, 202: accepted, default: fault };
}

function operationObject(operation: ClassicOperation, path: string): Json {
  const body = requestBodies[operation.name];
  const example = exampleBodies[operation.name];
  return {
    tags: [tagOf(path)],
    operationId: path.includes('{slot}') ? `${operation.name} By Slot` : operation.name,
    summary: operation.name,
    parameters: [...pathParameters(path), versionHeader(operation.since)],
    ...(body && { requestBody: { required: true, ...reference('Request', body, example) } }),
    responses: responses(operation),
  };
}

function schemas(): Json {
  const all: [string, ContractSchema][] = [
    ...Object.values(requestBodies).map((body): [string, ContractSchema] => [
      `Request${schemaName(body)}`,
      rootSchema(body),
    ]),
    ...[...Object.values(answerBodies), documentOf(ErrorDocument)].map((body): [string, ContractSchema] => [
      schemaName(body),
      rootSchema(body),
    ]),
  ];
  return Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The document, for `openapi/classic.json` and for the page that shows it. */
export function classicOpenApi(): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  const overloaded: Record<string, Record<string, unknown>> = {};
  for (const operation of classicOperations) {
    const path = `/{subscriptionId}${operation.path === '' ? '' : `/${operation.path}`}`;
    const into = operation.comp === undefined ? paths : overloaded;
    const key = operation.comp === undefined ? path : `${path}?comp=${operation.comp}`;
    into[key] = { ...into[key], [operation.method.toLowerCase()]: operationObject(operation, path) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Lazurite: classic Service Management API',
      version: '0.1.0',
      description: `Cloud services, virtual machines and their load-balanced sets, in XML. Values of x-ms-version: ${serviceVersions.join(', ')}.`,
    },
    tags: ['Subscription', 'Cloud services', 'Deployments', 'Roles', 'Networking and images'].map((name) => ({ name })),
    paths,
    'x-ms-paths': overloaded,
    components: { schemas: schemas() },
  };
}

/** What stands for a parameter of a path. */
const exampleParameters: Readonly<Record<string, string>> = {
  subscriptionId: defaultSubscriptionId,
  service: 'cloud',
  deployment: 'cloud',
  slot: 'Production',
  role: 'MyVM1',
};

/** The version that an operation is asked for with: one of every client's, or the first that has it. */
const exampleVersion = (since: string): string => (since > '2014-10-01' ? since : '2014-10-01');

const endpoint = (members: string): string =>
  `<InputEndpoint>
    <LoadBalancedEndpointSetName>LBSet1</LoadBalancedEndpointSetName>
    <LocalPort>8080</LocalPort>${members}
    <Port>8080</Port>
    <LoadBalancerProbe><Path>/</Path><Port>8080</Port><Protocol>http</Protocol></LoadBalancerProbe>
    <Protocol>tcp</Protocol>`;

const role = (name: string): string => `<Role>
  <RoleName>${name}</RoleName>
  <RoleType>PersistentVMRole</RoleType>
  <ConfigurationSets><ConfigurationSet>
    <ConfigurationSetType>NetworkConfiguration</ConfigurationSetType>
    <InputEndpoints>${endpoint('<Name>HttpIn</Name>')}</InputEndpoint></InputEndpoints>
  </ConfigurationSet></ConfigurationSets>
  <RoleSize>Small</RoleSize>
</Role>`;

/** Bodies by operation; of the others the schema shows the form. */
const exampleBodies: Readonly<Record<string, string>> = {
  'Create Cloud Service': `<CreateHostedService xmlns="${azureNamespace}">
  <ServiceName>cloud</ServiceName>
  <Label>Y2xvdWQ=</Label>
  <Location>West US</Location>
</CreateHostedService>`,
  'Create Virtual Machine Deployment': `<Deployment xmlns="${azureNamespace}">
  <Name>cloud</Name>
  <DeploymentSlot>Production</DeploymentSlot>
  <Label>cloud</Label>
  <RoleList>${role('MyVM1')}${role('MyVM2')}</RoleList>
</Deployment>`,
  'Update Load-Balanced Endpoint Set': `<LoadBalancedEndpointList xmlns="${azureNamespace}">
  ${endpoint('')}
    <LoadBalancerDistribution>sourceIP</LoadBalancerDistribution>
  </InputEndpoint>
</LoadBalancedEndpointList>`,
};
