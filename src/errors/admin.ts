/** Refusals of the admin API and of a disk, and the refusals of Azure that injected faults imitate. */
import type { ErrorDefinition } from './error-definition.js';

export const adminErrors = {
  InvalidSnapshot: {
    status: 400,
    origin: 'lazurite',
    message: 'The snapshot cannot be restored, and nothing has changed: {reason}',
    differs: 'Azure has no snapshots',
  },
  SnapshotSchemaMismatch: {
    status: 409,
    origin: 'lazurite',
    message:
      'The snapshot was taken with schema {found}, this Lazurite has schema {known}: restore it with the version that took it, and take it again after an upgrade of the data folder.',
    differs: 'Azure has no snapshots',
  },
  StoreNotUpgraded: {
    status: 409,
    origin: 'lazurite',
    message: 'The store stays as it is: {reason}.',
    differs: 'Azure has no such store',
  },
  InvalidFault: {
    status: 400,
    origin: 'lazurite',
    message: 'The fault cannot be injected: {reason}',
    differs: 'Azure has no injected faults',
  },
  FaultNotFound: {
    status: 404,
    origin: 'lazurite',
    message: "There is no fault '{id}'.",
    differs: 'Azure has no injected faults',
  },
  SubscriptionRequestsThrottled: {
    status: 429,
    origin: 'gateway',
    message:
      "Number of requests for subscription '{subscriptionId}' and operation '{operation}' exceeded the backend storage limit. Please try again after '{seconds}' seconds.",
  },
  ServiceUnavailable: {
    status: 503,
    origin: 'gateway',
    message: 'The service is unavailable.',
    differs: 'the text is from memory',
  },
  StorageFull: {
    code: 'InsufficientStorage',
    status: 507,
    origin: 'lazurite',
    message: 'The disk that holds the data folder is full, and nothing was stored. Make room, then try again.',
    differs: "Azure's disks are not the user's",
  },
  StorageUnavailable: {
    code: 'ServiceUnavailable',
    status: 503,
    origin: 'lazurite',
    message: 'The data folder cannot be read or written, and nothing was stored: {reason}.',
    differs: "Azure's disks are not the user's",
  },
  MetricNotFound: {
    code: 'BadRequest',
    status: 400,
    origin: 'network',
    message:
      'Failed to find metric configuration for provider: Microsoft.Network, resource Type: loadBalancers, metric: {metric}, Valid metrics: {valid}',
  },
  MetricQueryInvalid: {
    code: 'BadRequest',
    status: 400,
    origin: 'network',
    message: '{reason}',
    differs: 'only the text about intervals is documented',
  },
  MetricResourceNotFound: {
    code: 'NotFound',
    status: 404,
    origin: 'network',
    message: 'Resource: {id} is not found',
  },
} as const satisfies Record<string, ErrorDefinition>;
