/**
 * Reserved IPs: public addresses that outlive deployments. Imitates "Create Reserved IP Address", "Associate Reserved
 * IP" and "Disassociate Reserved IP".
 */
import { azureError } from '../../errors.js';
import { virtualIpName } from './deployments.js';
import { sameName } from './endpoints.js';
import type { Deployment, HostedService, ReservedIp } from './types.js';

/** A deployment and the hosted service it is in. */
export interface DeploymentPlace {
  readonly service: HostedService;
  readonly deployment: Deployment;
}

/** Whether `reservedIp` is the address of `deployment`. */
export const isUsedBy = (reservedIp: ReservedIp, { service, deployment }: DeploymentPlace): boolean =>
  reservedIp.DeploymentName !== undefined &&
  sameName(reservedIp.ServiceName, service.ServiceName) &&
  sameName(reservedIp.DeploymentName, deployment.Name);

/** Refuses an address that is some deployment's already. */
export function checkIsFree(reservedIp: ReservedIp): void {
  const { Name, DeploymentName } = reservedIp;
  if (DeploymentName === undefined) return;
  throw azureError('ClassicReservedIpInUse', { values: { name: Name, deployment: DeploymentName } });
}

/** `reservedIp` as the address of `deployment`. Azure names the virtual IP only for addresses associated later. */
export function associate(reservedIp: ReservedIp, { service, deployment }: DeploymentPlace): ReservedIp {
  checkIsFree(reservedIp);
  const { ServiceName } = service;
  return { ...reservedIp, ServiceName, DeploymentName: deployment.Name, VirtualIPName: virtualIpName(deployment) };
}

/** `reservedIp` without a deployment. */
export const disassociate = (reservedIp: ReservedIp): ReservedIp => {
  const { ServiceName, DeploymentName, VirtualIPName, ...free } = reservedIp;
  return free;
};
