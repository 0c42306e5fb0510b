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
import type { ClassicReader, ClassicTransaction, OperationRecord } from './store.js';

/** Refusals that Azure was seen to give only after it had accepted the request. */
const refusedAfterAcceptance: ReadonlySet<string> = new Set(['ClassicPortInUse']);

/** Refuses a write while another one on the deployment is running. */
export function checkExclusiveAccess(
  call: ClassicCall,
  { reader, deployment }: { reader: ClassicReader; deployment: Deployment },
): void {
  const { latestOperation: name } = deployment;
  if (name === undefined) return;
  const record = reader.get({ kind: 'operation', subscriptionId: call.subscriptionId, name });
  if (record && call.operations.isRunning(record))
    throw azureError('ClassicExclusiveAccess', { values: { requestId: name } });
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
function addressSource(call: ClassicCall, reader: ClassicReader): AddressSource {
  const services = lazily(() => reader.list('hostedService'));
  const publicTaken = lazily(() => publicAddressesOf(services(), reader.list('reservedIp')));
  const privateTaken = lazily(() => privateAddressesOf(services()));
  const sites = lazily(() => {
    const key = { kind: 'networkConfiguration', subscriptionId: call.subscriptionId, name: 'media' } as const;
    return reader.get(key)?.sites ?? [];
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
export const modelContext = (call: ClassicCall, reader: ClassicReader): ModelContext => ({
  nowMs: call.clock.now(),
  newGuid: call.newGuid,
  addresses: addressSource(call, reader),
});

/** The work of a write. It must compute everything before its first `put`. */
export type Work = (transaction: ClassicTransaction, context: ModelContext) => void;

function record(call: ClassicCall, details: Pick<OperationRecord, 'finishMs' | 'failure'>): OperationRecord {
  const { subscriptionId, requestId: id, clock } = call;
  return { subscriptionId, id, startedMs: clock.now(), ...details };
}

/** Accepts an asynchronous operation: 202, and its state under `operations/<request id>`. */
export async function accept(call: ClassicCall, work: Work): Promise<ClassicReply> {
  const finishMs = call.clock.now() + call.operationDelayMs();
  call.store.write((transaction) => {
    try {
      work(transaction, modelContext(call, transaction));
      call.operations.save(transaction, record(call, { finishMs }));
    } catch (error) {
      if (!(error instanceof AzureError) || !refusedAfterAcceptance.has(error.key)) throw error;
      const { status, code, message } = error;
      call.operations.save(transaction, record(call, { finishMs, failure: { status, code, message } }));
    }
  });
  await call.operations.during(call.requestId, call.onChange);
  return { status: 202 };
}

/** Does a synchronous write. It leaves the record of a finished operation, as Azure's do. */
export async function perform(
  call: ClassicCall,
  { reply, work }: { reply: ClassicReply; work: Work },
): Promise<ClassicReply> {
  call.store.write((transaction) => {
    work(transaction, modelContext(call, transaction));
    call.operations.save(transaction, record(call, { finishMs: call.clock.now() }));
  });
  await call.operations.during(call.requestId, call.onChange);
  return reply;
}
