/** What the network resource provider answers for any of its types; always with `details`. */
import type { ErrorDefinition } from './error-definition.js';

export const networkErrors = {
  NotFound: {
    status: 404,
    origin: 'network',
    message: 'Resource {id} not found.',
  },
  InvalidResourceReference: {
    status: 400,
    origin: 'network',
    message:
      'Resource {referenced} referenced by resource {id} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.',
  },
  InvalidRequestFormat: {
    status: 400,
    origin: 'network',
    message: 'Cannot parse the request.',
  },
  InvalidResourceName: {
    status: 400,
    origin: 'network',
    message:
      "Resource name {name} is invalid. The name can be up to 80 characters long. It must begin with a word character, and it must end with a word character or with '_'. The name may contain word characters or '.', '-', '_'.",
  },
  DuplicateResourceName: {
    status: 400,
    origin: 'network',
    message: 'Resource {id} has two child resources with the same name ({name}).',
  },
  PreconditionFailed: {
    status: 412,
    origin: 'network',
    message: 'Precondition failed.',
  },
  AnotherOperationInProgress: {
    status: 429,
    origin: 'network',
    message:
      'Another operation on this or dependent resource is in progress. To retrieve status of the operation use uri: {uri}.',
    differs: 'the HTTP status is from memory',
  },
  RetryableError: {
    status: 429,
    origin: 'network',
    message: 'A retryable error occurred.',
  },
  Canceled: {
    status: 200,
    origin: 'network',
    message: 'Operation was canceled.',
  },
  ParentResourceIsInFailedState: {
    status: 400,
    origin: 'network',
    message:
      'PUT operation on child resource {id} is blocked because last operation ({operationId}) on parent resource failed leaving it in failed state. Run PUT operation on the parent, then retry operation on the child.',
  },
  SkuCannotBeChangedOnUpdate: {
    status: 400,
    origin: 'network',
    message:
      'Sku property is set at creation time and cannot be changed from {from} to {to} on resource update for resource {id}.',
    differs: 'the code is from memory, the text is recorded',
  },
  SubscriptionNotRegisteredForFeature: {
    status: 400,
    origin: 'network',
    message:
      'Subscription {subscriptionId} is not registered for feature Microsoft.Network/{feature} required to carry out the requested operation.',
  },
  ResourceAvailabilityZonesCannotBeModified: {
    status: 400,
    origin: 'network',
    message:
      'Resource {id} has an existing availability zone constraint {existing} and the request has availability zone constraint {requested}, which do not match. Zones cannot be added/updated/removed once the resource is created. The resource cannot be updated from regional to zonal or vice-versa.',
  },
  FrontendBindFailed: {
    status: 409,
    origin: 'lazurite',
    message: 'Frontend {frontend} is {state}: {reason}. The emulator runs with --strict-bind.',
    differs: 'only Lazurite has sockets that can be taken',
  },
} as const satisfies Record<string, ErrorDefinition>;
