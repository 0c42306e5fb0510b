/**
 * Asynchronous operations: accepted with 202 and an id, done when the data plane carries the change. One runs per
 * deployment at a time. Imitates "Tracking asynchronous Service Management requests".
 */
import { AzureError, azureError } from '../errors.js';
import { parseIpAddress } from '../ip-address.js';
import type { AddressSource, ModelContext } from '../resources/Microsoft.ClassicCompute/addresses.js';
import {
  lowestFreeAddress,
  privateAddressesOf,
  publicAddressesOf,
} from '../resources/Microsoft.ClassicCompute/addresses.js';
import type { Deployment } from '../resources/Microsoft.ClassicCompute/types.js';
import type { ClassicCall, ClassicReply } from './call.js';

/** What an operation that failed after its acceptance says. */
export interface Failure {
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

  const subnetOf = (virtualNetwork: string | undefined, subnet: string | undefined): string | undefined => {
    const site = sites().find(({ Name }) => Name.toLowerCase() === virtualNetwork?.toLowerCase());
    const named = site?.subnets.find(({ Name }) => Name.toLowerCase() === subnet?.toLowerCase());
    return (named ?? site?.subnets[0])?.AddressPrefix;
  };

  return {
    publicAddress() {
      const address = call.publicAddresses.allocate(publicTaken());
      if (address === undefined) throw azureError('ClassicNoPublicAddress');
      publicTaken().add(address);
      return address;
    },
    privateAddress({ virtualNetwork, subnet }) {
      const range = subnetOf(virtualNetwork, subnet) ?? call.privateAddressPool;
      const address = lowestFreeAddress(range, privateTaken());
      if (address === undefined) throw azureError('ClassicAddressInUse', { values: { address: range } });
      privateTaken().add(address);
      return address;
    },
    claimPrivateAddress(address) {
      if (parseIpAddress(address)?.version !== 4) {
        const values = { value: address, parameter: 'StaticVirtualNetworkIPAddress', allowed: 'an IPv4 address' };
        throw azureError('ClassicInvalidParameterValue', { values });
      }
      if (privateTaken().has(address)) throw azureError('ClassicAddressInUse', { values: { address } });
      privateTaken().add(address);
    },
  };
}

/** What model functions need, with addresses that nobody in the store has. */
export const modelContext = (call: ClassicCall): ModelContext => ({
  nowMs: call.clock.now(),
  newGuid: call.newGuid,
  addresses: addressSource(call),
});

/** The work of a write, in one transaction. It must compute everything before its first `put`. */
export type Work = (context: ModelContext) => void;

function saveOperation(call: ClassicCall, { visibleMs, error }: { visibleMs: number; error?: Failure }): void {
  const { subscriptionId, requestId: id, clock, operation, url } = call;
  call.store.operations.save({
    id,
    api: 'classic',
    subscriptionId,
    name: operation.name,
    resourceKey: url,
    status: error ? 'Failed' : 'Succeeded',
    startedMs: clock.now(),
    visibleMs,
    result: undefined,
    error,
  });
}

/** Resolves when the data plane carries what the call has changed. */
const carried = (call: ClassicCall): Promise<void> =>
  call.store.operations.during(call.requestId, () => call.onChange([...call.changedServices]));

/** Accepts an asynchronous operation: 202, and its state under `operations/<request id>`. */
export async function accept(call: ClassicCall, work: Work): Promise<ClassicReply> {
  const visibleMs = call.clock.now() + call.operationDelayMs();
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
