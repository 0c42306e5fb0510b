/** Finding and saving the documents that handlers work on, with Azure's refusals for what is not there. */
import { azureError } from '../errors.js';
import type { ModelContext } from '../resources/Microsoft.ClassicCompute/addresses.js';
import {
  checkIsFree,
  checkSlotIsFree,
  deploymentInSlot,
  findDeployment,
  withDeployment,
} from '../resources/Microsoft.ClassicCompute/deployments.js';
import type {
  Deployment,
  DeploymentSlot,
  HostedService,
  ReservedIp,
} from '../resources/Microsoft.ClassicCompute/types.js';
import { hostedServiceKey } from '../store/classic-store.js';
import { type ClassicCall, type ClassicReply, parameter } from './call.js';
import { accept, checkExclusiveAccess } from './operations.js';

/** The key of a hosted service. */
export const serviceKey = (call: ClassicCall, name: string) =>
  ({ kind: 'hostedService', subscriptionId: call.subscriptionId, name }) as const;

/** The key of a reserved IP. */
export const reservedIpKey = (call: ClassicCall, name: string) =>
  ({ kind: 'reservedIp', subscriptionId: call.subscriptionId, name }) as const;

/** The key of the subscription's network configuration. */
export const networksKey = (call: ClassicCall) =>
  ({ kind: 'networkConfiguration', subscriptionId: call.subscriptionId, name: 'media' }) as const;

/** The hosted service that the path names, or the one with `key`. */
export function findService(
  call: ClassicCall,
  { key = serviceKey(call, parameter(call, 'service')) } = {},
): HostedService {
  const service = call.store.classic.get(key);
  if (!service) throw azureError('ClassicServiceNotFound');
  return service;
}

/** A slot by its name in any casing. */
export function slotOf(name: string): DeploymentSlot {
  const slot = (['Production', 'Staging'] as const).find((known) => known.toLowerCase() === name.toLowerCase());
  if (slot) return slot;
  const values = { value: name, parameter: 'DeploymentSlot', allowed: 'Production, Staging' };
  throw azureError('ClassicInvalidParameterValue', { values });
}

/** The deployment that the path names, by its name or its slot. */
export function deploymentOf(call: ClassicCall, service: HostedService): Deployment {
  const { deployment, slot } = call.path;
  return deployment === undefined ? deploymentInSlot(service, slotOf(slot ?? '')) : findDeployment(service, deployment);
}

/** Service and deployment that the path names, for reading. */
export function readDeployment(call: ClassicCall): { service: HostedService; deployment: Deployment } {
  const service = findService(call);
  return { service, deployment: deploymentOf(call, service) };
}

/** Saves `service`. */
export function putService(call: ClassicCall, service: HostedService): void {
  const key = serviceKey(call, service.ServiceName);
  call.store.classic.put(key, service);
  call.changedServices.add(hostedServiceKey(key));
}

/** Deletes `service`. */
export function deleteService(call: ClassicCall, service: HostedService): void {
  const key = serviceKey(call, service.ServiceName);
  call.store.classic.delete(key);
  call.changedServices.add(hostedServiceKey(key));
}

/** A deployment as the current request leaves it. */
export const stamped = <D extends Deployment>(call: ClassicCall, deployment: D): D => ({
  ...deployment,
  modifiedMs: call.clock.now(),
  latestOperation: call.requestId,
});

/** Changes the deployment that the path names, as an asynchronous operation with exclusive access. */
export const changeDeployment = (
  call: ClassicCall,
  change: (deployment: Deployment, context: ModelContext) => Deployment,
): Promise<ClassicReply> =>
  accept(call, (context) => {
    const service = findService(call);
    const deployment = deploymentOf(call, service);
    checkExclusiveAccess(call, deployment);
    const changed = change(deployment, context);
    putService(call, withDeployment(service, stamped(call, changed)));
  });

/** The reserved IP with this key. */
export function findReservedIp(call: ClassicCall, key: ReturnType<typeof reservedIpKey>): ReservedIp {
  const reservedIp = call.store.classic.get(key);
  if (!reservedIp) throw azureError('ClassicResourceNotFound');
  return reservedIp;
}

/** Puts what `make` makes into a free slot of the service that the path names; it takes the reserved IP of that name. */
export function addDeployment(call: ClassicCall, { slot, name, reservedIpName, make }: NewDeployment): void {
  const service = findService(call);
  checkSlotIsFree(service, { slot, name });
  const key = reservedIpName === undefined ? undefined : reservedIpKey(call, reservedIpName);
  const reservedIp = key && findReservedIp(call, key);
  if (reservedIp) checkIsFree(reservedIp);
  const deployment = make(reservedIp);
  if (reservedIp && key) {
    call.store.classic.put(key, { ...reservedIp, ServiceName: service.ServiceName, DeploymentName: name });
  }
  putService(call, withDeployment(service, stamped(call, deployment)));
}

interface NewDeployment {
  readonly slot: DeploymentSlot;
  readonly name: string;
  readonly reservedIpName: string | undefined;
  readonly make: (reservedIp: ReservedIp | undefined) => Deployment;
}
