/** What the Azure Resource Manager front door answers before a resource provider sees the request. */
import type { ErrorDefinition } from './error-definition.js';

export const gatewayErrors = {
  MissingApiVersionParameter: {
    status: 400,
    origin: 'gateway',
    message: 'The api-version query parameter (?api-version=) is required for all requests.',
  },
  InvalidApiVersionParameter: {
    status: 400,
    origin: 'gateway',
    message: "The api-version '{apiVersion}' is invalid. The supported versions are '{supported}'.",
  },
  NoRegisteredProviderFound: {
    status: 400,
    origin: 'gateway',
    message:
      "No registered resource provider found for location '{location}' and API version '{apiVersion}' for type '{type}'. The supported api-versions are '{supported}'. The supported locations are '{locations}'.",
  },
  InvalidResourceType: {
    status: 404,
    origin: 'gateway',
    message:
      "The resource type '{type}' could not be found in the namespace '{namespace}' for api version '{apiVersion}'. The supported api-versions are '{supported}'.{hint}",
  },
  ResourceTypeNotFound: {
    code: 'InvalidResourceType',
    status: 404,
    origin: 'gateway',
    message:
      "The resource type '{type}' could not be found in the namespace '{namespace}' for api version '{apiVersion}'.{hint}",
    differs: 'Azure lists the supported api-versions',
  },
  InvalidResourceNamespace: {
    status: 404,
    origin: 'gateway',
    message: "The resource namespace '{namespace}' is invalid.",
  },
  InvalidSubscriptionId: {
    status: 400,
    origin: 'gateway',
    message: "The provided subscription identifier '{subscriptionId}' is malformed or invalid.",
  },
  ResourceGroupNotFound: {
    status: 404,
    origin: 'gateway',
    message: "Resource group '{resourceGroup}' could not be found.",
  },
  ResourceGroupBeingDeleted: {
    status: 409,
    origin: 'gateway',
    message: "The resource group '{resourceGroup}' is in deprovisioning state and cannot perform this operation.",
  },
  InvalidResourceGroupLocation: {
    status: 409,
    origin: 'gateway',
    message:
      "Invalid resource group location '{location}'. The Resource group already exists in location '{existing}'.",
  },
  InvalidResourceGroup: {
    status: 400,
    origin: 'gateway',
    message:
      "The provided resource group name '{name}' has these invalid characters: '{characters}'. The name can only be a letter, digit, '-', '.', '(', ')' or '_'.",
  },
  LocationNotAvailableForResourceGroup: {
    status: 400,
    origin: 'gateway',
    message:
      "The provided location '{location}' is not available for resource group. List of available regions is '{available}'.",
  },
  LocationNotAvailableForResourceType: {
    status: 400,
    origin: 'gateway',
    message:
      "The provided location '{location}' is not available for resource type '{type}'. List of available regions for the resource type is '{available}'.",
  },
  InvalidResourceLocation: {
    status: 409,
    origin: 'gateway',
    message:
      "The resource '{name}' already exists in location '{existing}' in resource group '{resourceGroup}'. A resource with the same name cannot be created in location '{location}'. Please select a new resource name.",
  },
  InvalidAvailabilityZone: {
    status: 400,
    origin: 'gateway',
    message:
      "The zone(s) '{zones}' for resource '{resource}' is not supported. The supported zones for location '{location}' are '1,2,3'",
  },
  InvalidResourceLocationFormat: {
    code: 'InvalidResourceLocation',
    status: 400,
    origin: 'gateway',
    message:
      "The specified location '{location}' is invalid. A location must consist of characters, whitespace, digit, or following symbols '(,)'.",
  },
  LocationRequired: {
    status: 400,
    origin: 'gateway',
    message: 'The location property is required for this definition.',
  },
  LinkedInvalidPropertyId: {
    status: 400,
    origin: 'gateway',
    message:
      "Property id '{id}' at path '{path}' is invalid. Expect fully qualified resource Id that start with '/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.",
  },
  ReservedCharacterInName: {
    code: 'InvalidResourceName',
    status: 400,
    origin: 'gateway',
    message: "Resource name '{name}' has characters that the name of no resource can have: <, >, %, &, \\, ?, /, #.",
    differs: 'code and text are not documented',
  },
  TagLimitExceeded: {
    code: 'InvalidTags',
    status: 400,
    origin: 'gateway',
    message: 'A resource cannot have more than {limit} tags; {count} were given.',
    differs: 'code and text are not documented',
  },
  InvalidTagName: {
    status: 400,
    origin: 'gateway',
    message:
      "Tag key too large. Following tag name '{names}' exceeded the maximum length. Maximum allowed length for tag name - '512' characters.",
  },
  InvalidTagValueLength: {
    status: 400,
    origin: 'gateway',
    message:
      "Tag value too large. Following tag value '{names}' exceeded the maximum length. Maximum allowed length for tag value - '256' characters.",
  },
  InvalidTagNameCharacters: {
    status: 400,
    origin: 'gateway',
    message: "The tag names '{names}' have reserved characters '<,>,%,&,\\,?,/' or control characters.",
  },
  ResourceNotFound: {
    status: 404,
    origin: 'gateway',
    message:
      "The Resource '{type}/{name}' under resource group '{resourceGroup}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
  },
  ResourceMoveProviderValidationFailed: {
    status: 409,
    origin: 'gateway',
    message:
      "Resource move validation failed. Please see details. Diagnostic information: timestamp '{timestamp}', subscription id '{subscriptionId}', tracking id '{trackingId}'.",
  },
  OperationNotEmulated: {
    code: 'OperationNotSupported',
    status: 400,
    origin: 'lazurite',
    message: "Lazurite does not emulate '{operation}'.",
    differs: 'Azure answers it, or denies that there is such an operation',
  },
  TagInUse: {
    status: 409,
    origin: 'gateway',
    message: "The tag '{name}' is in use, or has values, and cannot be deleted.",
    differs: 'code and text are not documented',
  },
  TagNotFound: {
    status: 404,
    origin: 'gateway',
    message: "The tag name '{name}' could not be found.",
    differs: 'code and text are not documented',
  },
  ScopeLocked: {
    status: 409,
    origin: 'gateway',
    message:
      "The scope '{id}' cannot perform {access} operation because following scope(s) are locked: '{locked}'. Please remove the lock and try again.",
  },
  ParentResourceNotFound: {
    status: 404,
    origin: 'gateway',
    message:
      "Failed to perform '{action}' on resource(s) of type '{type}', because the parent resource '{parent}' could not be found.",
  },
  InvalidRequestContent: {
    status: 400,
    origin: 'gateway',
    message: "The request content was invalid and could not be deserialized: '{reason}'.",
  },
  RequestContentTooLarge: {
    status: 413,
    origin: 'gateway',
    message: 'The request content size exceeds the maximum size of {limit} MB.',
  },
  BadRequest: {
    status: 400,
    origin: 'gateway',
    message: 'The request cannot be read: {reason}',
    differs: 'the text is not documented',
  },
  HostHeaderInvalid: {
    code: 'BadRequest',
    status: 400,
    origin: 'gateway',
    message: 'The Host header is not a host name or IP address with an optional port.',
    differs: 'Azure answers with a page in HTML',
  },
  HostNotOwn: {
    code: 'InvalidHostname',
    status: 400,
    origin: 'gateway',
    message:
      "The request hostname is invalid: this Lazurite does not answer to '{host}'. If it is a name or address of its machine, start it with --tls-name {host}.",
    differs: 'Azure’s front end answers an unknown host name with 400 and a page in HTML',
  },
  ForeignOrigin: {
    code: 'Forbidden',
    status: 403,
    origin: 'lazurite',
    message: "A web page of another origin may not use this Lazurite: '{origin}'.",
    differs: 'Azure checks tokens only; a server on the machine of a browser’s user is reached by every page',
  },
  PathNotFound: {
    code: 'NotFound',
    status: 404,
    origin: 'lazurite',
    message: "Nothing answers {method} at '{path}'.",
    differs: 'a path outside Azure Resource Manager; Azure has other hosts there',
  },
  AuthenticationFailed: {
    status: 401,
    origin: 'gateway',
    message: "Authentication failed. The 'Authorization' header is missing.",
  },
  AuthorizationHeaderInvalid: {
    code: 'AuthenticationFailedInvalidHeader',
    status: 401,
    origin: 'gateway',
    message: "Authentication failed. The 'Authorization' header is provided in an invalid format.",
  },
  InvalidAuthenticationToken: {
    status: 401,
    origin: 'gateway',
    message: 'The access token is invalid.',
    differs: 'the text is from memory',
  },
  InvalidAuthenticationTokenAudience: {
    status: 401,
    origin: 'gateway',
    message:
      "The access token has been obtained for wrong audience or resource '{audience}'. It should exactly match with one of the allowed audiences {allowed}.",
  },
  InvalidAuthenticationTokenTenant: {
    status: 401,
    origin: 'gateway',
    message:
      "The access token is from the wrong issuer '{issuer}'. It must match the tenant '{authority}/' associated with this subscription. Please use the authority (URL) '{authority}' to get the token. Note, if the subscription is transferred to another tenant there is no impact to the services, but information about new tenant could take time to propagate (up to an hour). If you just transferred your subscription and see this error message, please try back later.",
  },
  ExpiredAuthenticationToken: {
    status: 401,
    origin: 'gateway',
    message: "The access token expiry UTC time '{expiry}' is earlier than current UTC time '{now}'.",
  },
  InternalServerError: {
    status: 500,
    origin: 'gateway',
    message:
      "Encountered internal server error. Diagnostic information: timestamp '{timestamp}', tracking id '{trackingId}', request correlation id '{correlationId}'.",
  },
  OperationIdNotFound: {
    status: 404,
    origin: 'gateway',
    message: "The operation with Id: '{operationId}' does not exist.",
  },
  UnsupportedFilter: {
    code: 'InvalidFilterInQueryString',
    status: 400,
    origin: 'gateway',
    message: "Invalid $filter '{filter}' specified in the query string.",
  },
} as const satisfies Record<string, ErrorDefinition>;
