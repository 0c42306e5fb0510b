/**
 * The documents that handlers work on: finding them, with Azure's refusals for what is not there, and changing them by
 * asynchronous operations, which are accepted with 202 and an id and done when the data plane carries the change. One runs
 * per deployment at a time. Imitates "Tracking asynchronous Service Management requests".
 */
import { AzureError, azureError } from '../../errors/index.js';
import {
  type AddressSource,
  isWithin,
  lowestFreeAddress,
  type ModelContext,
  privateAddressesOf,
  publicAddressesOf,
  type SubnetPlace,
} from '../../resources/Microsoft.ClassicCompute/addresses.js';
import {
  associate,
  checkIsFree,
  checkSlotIsFree,
  deploymentInSlot,
  disassociate,
  findDeployment,
  isUsedBy,
  withDeployment,
  withoutDeployment,
} from '../../resources/Microsoft.ClassicCompute/deployments.js';
import { sameName, withAddress, withVipAddresses } from '../../resources/Microsoft.ClassicCompute/endpoints.js';
import { checkCertificates } from '../../resources/Microsoft.ClassicCompute/service-assets.js';
import type {
  CloudServiceDeployment,
  Deployment,
  DeploymentSlot,
  HostedService,
  ReservedIp,
} from '../../resources/Microsoft.ClassicCompute/types.js';
import { hostedServiceKey } from '../../store/classic-store.js';
import type { Operation } from '../../store/operation-store.js';
import { parseIpAddress } from '../../support/ip-address.js';
import type { ClassicCall, ClassicReply } from './call.js';
import { withReservedIp } from './service-model/cscfg.js';

/** What an operation that failed after its acceptance says. */
export interface OperationFailure {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** Refusals that Azure was seen to give only after it had accepted the request. */
const refusedAfterAcceptance: ReadonlySet<string> = new Set(['ClassicPortInUse']);

/** Refuses a write while another one on the deployment is running. */
export function checkExclusiveAccess({ store, clock }: ClassicCall, { latestOperation }: Deployment): void {
  const running = latestOperation === undefined ? undefined : store.operations.operation(latestOperation);
  if (running && store.operations.isRunning(running, clock.now()))
    throw azureError('ClassicExclusiveAccess', { values: { requestId: running.id } });
}

/** Computes once, when first asked. */
function lazily<T>(compute: () => T): () => T {
  let known: { value: T } | undefined;
  return () => {
    known ??= { value: compute() };
    return known.value;
  };
}

/** Most writes need no address, so the documents that hold some are looked through on the first demand. */
function addressSource(call: ClassicCall): AddressSource {
  const { classic } = call.store;
  const services = lazily(() => classic.list('hostedService'));
  const publicTaken = lazily(() => publicAddressesOf(services(), classic.list('reservedIp')));
  const privateTaken = lazily(() => privateAddressesOf(services()));
  const sites = lazily(() => {
    const key = { kind: 'networkConfiguration', subscriptionId: call.subscriptionId, name: 'media' } as const;
    return classic.get(key)?.sites ?? [];
  });

  /** CIDRs that an address of the place may come from; undefined outside a virtual network. */
  const rangesOf = ({ virtualNetwork, subnet }: SubnetPlace): readonly string[] | undefined => {
    if (virtualNetwork === undefined) {
      if (subnet === undefined) return undefined;
      throw azureError('ClassicNeedsVirtualNetwork', { values: { parameter: 'SubnetName', value: subnet } });
    }
    const site = sites().find(({ Name }) => sameName(Name, virtualNetwork));
    if (!site) throw azureError('ClassicVirtualNetworkNotFound', { values: { name: virtualNetwork } });
    if (subnet === undefined)
      return [...site.subnets.map(({ AddressPrefix }) => AddressPrefix), ...site.addressPrefixes];
    const named = site.subnets.find(({ Name }) => sameName(Name, subnet));
    if (!named) throw azureError('ClassicSubnetNotFound', { values: { subnet, network: site.Name } });
    return [named.AddressPrefix];
  };

  return {
    publicAddress() {
      const address = call.publicAddresses.allocate(publicTaken());
      if (address === undefined) throw azureError('ClassicNoPublicAddress');
      publicTaken().add(address);
      return address;
    },
    checkPlace: (place) => void rangesOf(place),
    privateAddress(place) {
      const [range = call.privateAddressPool] = rangesOf(place) ?? [];
      const address = lowestFreeAddress(range, privateTaken());
      if (address === undefined) throw azureError('ClassicAddressInUse', { values: { address: range } });
      privateTaken().add(address);
      return address;
    },
    claimPrivateAddress(address, place) {
      const parameter = 'StaticVirtualNetworkIPAddress';
      const parsed = parseIpAddress(address);
      if (parsed?.version !== 4) {
        const values = { value: address, parameter, allowed: 'an IPv4 address' };
        throw azureError('ClassicInvalidParameterValue', { values });
      }
      const ranges = rangesOf(place);
      if (!ranges) throw azureError('ClassicNeedsVirtualNetwork', { values: { parameter, value: address } });
      if (!ranges.some((range) => isWithin(range, address)))
        throw azureError('ClassicAddressOutside', { values: { address, ranges: ranges.join(', ') } });
      if (privateTaken().has(address)) throw azureError('ClassicAddressInUse', { values: { address } });
      privateTaken().add(address);
    },
  };
}

/** What model functions need, with addresses that are not in use. */
export const modelContext = (call: ClassicCall): ModelContext => ({
  nowMs: call.clock.now(),
  newGuid: call.newGuid,
  addresses: addressSource(call),
});

/** The work of a write. It must compute everything before its first `put`. */
export type Work = (context: ModelContext) => void;

function operationOf(
  { subscriptionId, requestId: id, clock, operation, url }: ClassicCall,
  { visibleMs, error }: { visibleMs?: number; error?: OperationFailure },
): Operation {
  return {
    id,
    api: 'classic',
    subscriptionId,
    name: operation.name,
    resourceKey: url,
    status: 'InProgress',
    startedMs: clock.now(),
    visibleMs,
    result: undefined,
    error,
  };
}

/** Stores the operation. It is InProgress until the data plane carries it, which its caller waits for. */
const saveOperation = (call: ClassicCall, outcome: { visibleMs: number; error?: OperationFailure }): void =>
  call.store.operations.save(operationOf(call, outcome));

/** Leaves the record of a read: Azure answers its operation status as it does a write's. */
export const noteRead = (call: ClassicCall): void =>
  call.store.operations.noteRead({ ...operationOf(call, {}), status: 'Succeeded' });

/** Resolves when the data plane carries what the call has changed. */
async function carried(call: ClassicCall): Promise<void> {
  try {
    await call.dataPlane.classicChanged([...call.changedServices]);
  } finally {
    call.store.operations.carried(call.requestId);
  }
}

/** Accepts an asynchronous operation: 202, and its state under `operations/<request id>`. */
export async function accept(call: ClassicCall, work: Work): Promise<ClassicReply> {
  const visibleMs = call.clock.now() + call.config.operationDelayMs;
  await call.store.write(() => {
    try {
      work(modelContext(call));
      saveOperation(call, { visibleMs });
    } catch (error) {
      if (!(error instanceof AzureError) || !refusedAfterAcceptance.has(error.key)) throw error;
      const { status, code, message } = error;
      saveOperation(call, { visibleMs, error: { status, code, message } });
    }
  });
  await carried(call);
  return { status: 202 };
}

/** Does a synchronous write. It leaves the record of a finished operation, as Azure's do. */
export async function perform(
  call: ClassicCall,
  { reply, work }: { reply: ClassicReply; work: Work },
): Promise<ClassicReply> {
  await call.store.write(() => {
    work(modelContext(call));
    saveOperation(call, { visibleMs: call.clock.now() });
  });
  await carried(call);
  return reply;
}

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
  { key = serviceKey(call, call.parameter('service')) } = {},
): HostedService {
  const service = call.store.classic.get(key);
  if (!service) throw azureError('ClassicServiceNotFound');
  return service;
}

/** A slot by its name in any casing. */
export function deploymentSlot(name: string): DeploymentSlot {
  const slot = (['Production', 'Staging'] as const).find((known) => known.toLowerCase() === name.toLowerCase());
  if (slot) return slot;
  const values = { value: name, parameter: 'DeploymentSlot', allowed: 'Production, Staging' };
  throw azureError('ClassicInvalidParameterValue', { values });
}

/** The deployment that the path names, by its name or its slot. */
export function deploymentOf(call: ClassicCall, service: HostedService): Deployment {
  const { deployment, slot } = call.path;
  return deployment === undefined
    ? deploymentInSlot(service, deploymentSlot(slot ?? ''))
    : findDeployment(service, deployment);
}

/** Service and deployment that the path names, for reading. A slot of no service is an empty slot: recorded. */
export function readDeployment(call: ClassicCall): { service: HostedService; deployment: Deployment } {
  const found = call.store.classic.get(serviceKey(call, call.parameter('service')));
  const service = found ?? (call.path.slot === undefined ? findService(call) : undefined);
  if (!service || service.deployments.length === 0) throw azureError('ClassicNoDeployments');
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

/**
 * Changes the deployment that the path names, as an asynchronous operation with exclusive access. It is deleted when
 * `change` leaves nothing of it.
 */
export const changeDeployment = (call: ClassicCall, change: DeploymentChange): Promise<ClassicReply> =>
  accept(call, changeOfDeployment(call, change));

/** The same as a synchronous operation. */
export const changeDeploymentAtOnce = (call: ClassicCall, change: DeploymentChange): Promise<ClassicReply> =>
  perform(call, { reply: { status: 200 }, work: changeOfDeployment(call, change) });

type DeploymentChange = (deployment: Deployment, context: ModelContext) => Deployment | undefined;

const changeOfDeployment =
  (call: ClassicCall, change: DeploymentChange): Work =>
  (context) => {
    const service = findService(call);
    const deployment = deploymentOf(call, service);
    checkExclusiveAccess(call, deployment);
    const changed = change(deployment, context);
    if (changed === undefined) {
      releaseReservedIps(call, { service, gone: [deployment] });
      putService(call, withoutDeployment(service, deployment));
    } else putService(call, withDeployment(service, stamped(call, withVipAddresses(changed, context))));
  };

/** `deployment`, whose certificates the path's service has: for changes of what roles are made of. */
export function certified<D extends Deployment>(call: ClassicCall, deployment: D): D {
  checkCertificates(findService(call), deployment);
  return deployment;
}

/** Frees the reserved IPs of deployments that go. */
export function releaseReservedIps(
  call: ClassicCall,
  { service, gone }: { service: HostedService; gone: readonly Deployment[] },
): void {
  for (const reservedIp of call.store.classic.list('reservedIp', call.subscriptionId)) {
    if (!gone.some((deployment) => isUsedBy(reservedIp, { service, deployment }))) continue;
    call.store.classic.put(reservedIpKey(call, reservedIp.Name), disassociate(reservedIp));
  }
}

/** The reserved IP with this key. */
export function findReservedIp(call: ClassicCall, key: ReturnType<typeof reservedIpKey>): ReservedIp {
  const reservedIp = call.store.classic.get(key);
  if (!reservedIp) throw azureError('ClassicResourceNotFound');
  return reservedIp;
}

/** The deployment, whose configuration names the reserved IP that it has: that of web and worker roles does. */
export function withNamedAddress(deployment: Deployment): Deployment {
  if (deployment.kind !== 'cloudService') return deployment;
  const { ReservedIPName, configuration } = deployment;
  if (sameName(ReservedIPName, configuration.reservedIps[0])) return deployment;
  const reservedIps = ReservedIPName === undefined ? [] : [ReservedIPName];
  const Configuration = withReservedIp(deployment.Configuration, ReservedIPName);
  return { ...deployment, Configuration, configuration: { ...configuration, reservedIps } };
}

/**
 * `changed`, with the reserved IP that its configuration names as its address: another one than before is taken, the one
 * before is free again. Without one, the deployment gets an address as any other. It puts documents: to be called last.
 */
export function configuredAddress(
  call: ClassicCall,
  changed: CloudServiceDeployment,
  context: ModelContext,
): Deployment {
  const [wanted] = changed.configuration.reservedIps;
  const held = changed.ReservedIPName;
  if (sameName(wanted, held)) return changed;
  const service = findService(call);
  const key = wanted === undefined ? undefined : reservedIpKey(call, wanted);
  const reservedIp = key && findReservedIp(call, key);
  const taken = reservedIp && associate(reservedIp, { service, deployment: changed, vip: undefined });
  const Address = taken?.Address ?? context.addresses.publicAddress();
  if (held !== undefined) {
    const before = reservedIpKey(call, held);
    call.store.classic.put(before, disassociate(findReservedIp(call, before)));
  }
  if (key && taken) call.store.classic.put(key, taken);
  return withAddress(changed, undefined, { Address, ReservedIPName: taken?.Name });
}

/** Puts what `make` makes into a free slot of the service that the path names; it takes the reserved IP of that name. */
export function addDeployment(call: ClassicCall, { slot, name, reservedIpName, make }: NewDeployment): void {
  const service = findService(call);
  checkSlotIsFree(service, { slot, name });
  const key = reservedIpName === undefined ? undefined : reservedIpKey(call, reservedIpName);
  const reservedIp = key && findReservedIp(call, key);
  if (reservedIp) checkIsFree(reservedIp);
  const deployment = make(reservedIp);
  checkCertificates(service, deployment);
  if (reservedIp && key) call.store.classic.put(key, associate(reservedIp, { service, deployment, vip: undefined }));
  putService(call, withDeployment(service, stamped(call, deployment)));
}

interface NewDeployment {
  readonly slot: DeploymentSlot;
  readonly name: string;
  readonly reservedIpName: string | undefined;
  readonly make: (reservedIp: ReservedIp | undefined) => Deployment;
}
