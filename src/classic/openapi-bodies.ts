/** What the operations of the classic API take and give, for the OpenAPI document: names as in Microsoft's reference. */
import {
  ChangeConfiguration,
  CreateDeployment,
  RoleInstances,
  UpdateDeploymentStatus,
  UpgradeDeployment,
} from './contracts/cloud-service.js';
import { CreateVmDeployment, Deployment } from './contracts/deployment.js';
import { AvailabilityResponse, CreateHostedService, Swap, UpdateHostedService } from './contracts/hosted-service.js';
import { HostedService, HostedServices } from './contracts/hosted-service-document.js';
import { LoadBalancedEndpointList } from './contracts/input-endpoint.js';
import { LoadBalancer } from './contracts/internal-load-balancer.js';
import { CreateReservedIp, ReservedIp, ReservedIpAssociation, ReservedIps } from './contracts/reserved-ip.js';
import { DataVirtualHardDisk, PersistentVmRole } from './contracts/role.js';
import { ShutdownRoleOperation, ShutdownRolesOperation } from './contracts/role-operation.js';
import {
  Locations,
  Operation,
  OsImage,
  RoleSizes,
  Subscription,
  SubscriptionCertificate,
  SubscriptionCertificates,
} from './contracts/subscription.js';
import type { DocumentType } from './xml/contract.js';
import { documentOf, listDocument } from './xml/contract-types.js';

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
  'Get Deployment': documentOf(Deployment),
  'Get Role': documentOf(PersistentVmRole),
  'Get Data Disk': documentOf(DataVirtualHardDisk),
  'List Reserved IP Addresses': listDocument('ReservedIPs', ReservedIps),
  'Get Reserved IP Address': documentOf(ReservedIp),
  'Get OS Image': documentOf(OsImage),
};
