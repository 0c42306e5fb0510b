/** A deployment as a client asks for it: the request's text read leniently, its members checked. */
import { azureError } from '../../../errors/index.js';
import type { ContentLink, DeploymentScope, LinkedContents } from '../template/context.js';
import type { Json, JsonObject } from '../template/json.js';
import { isObject, jsonText, member, memberName, objectMember, setMember } from '../template/json.js';
import { inTurns, JsonReadError, readJsonInPieces } from '../template/json-reader.js';
import type { PlannedResource } from './expand.js';
import { ContentNeeded, checkContentVersion, parsedContent, readLink } from './links.js';

/** Azure's limit for a template, its parameters and what is around them. */
const maxRequestMegabytes = 4;

export type DeploymentMode = 'Incremental' | 'Complete';

export interface DeploymentRequest {
  readonly name: string;
  readonly scope: DeploymentScope;
  /** Where a deployment above resource groups is kept. */
  readonly location: string | undefined;
  readonly mode: DeploymentMode;
  /** Null until the content of `templateLink` is there. */
  readonly template: Json;
  readonly templateLink: ContentLink | undefined;
  readonly parametersLink: ContentLink | undefined;
  /** `{name: {value}}`. */
  readonly parameters: JsonObject;
  readonly tags: JsonObject | undefined;
  readonly debugSetting: JsonObject | undefined;
  /** `ResourceIdOnly` or `FullResourcePayloads`, for what-if. */
  readonly resultFormat: string | undefined;
}

export interface DeploymentTarget {
  readonly name: string;
  readonly scope: DeploymentScope;
  /** The link of the template that this deployment stands in. */
  readonly parent?: ContentLink | undefined;
}

/** Reads the body of a PUT, validate or whatIf request. Throws InvalidRequestContent or InvalidTemplate. */
export async function readDeploymentRequest(text: string, target: DeploymentTarget): Promise<DeploymentRequest> {
  const body = await readRequestBody(text);
  const properties = isObject(body) ? objectMember(body, 'properties') : undefined;
  // Templates and parameters may be sent as texts that hold them.
  for (const key of ['template', 'parameters']) {
    const name = properties && memberName(properties, key);
    const value = name === undefined ? undefined : properties?.[name];
    if (typeof value === 'string') setMember(properties as JsonObject, name as string, await parsedContent(value));
  }
  return deploymentRequest(body, target);
}

/**
 * The JSON in the body of a request, read as leniently as Azure reads it; others go first between pieces of a long one.
 * Throws InvalidRequestContent or RequestContentTooLarge.
 */
export async function readRequestBody(text: string): Promise<Json> {
  if (Buffer.byteLength(text) > maxRequestMegabytes * 1024 * 1024) {
    throw azureError('RequestContentTooLarge', { values: { limit: maxRequestMegabytes } });
  }
  try {
    return await inTurns(readJsonInPieces(text));
  } catch (error) {
    if (!(error instanceof JsonReadError)) throw error;
    throw azureError('InvalidRequestContent', { values: { reason: error.message } });
  }
}

/** The request in a body that is JSON already. Throws InvalidRequestContent or InvalidTemplate. */
export function deploymentRequest(body: Json, { name, scope, parent }: DeploymentTarget): DeploymentRequest {
  const properties = isObject(body) ? objectMember(body, 'properties') : undefined;
  if (!isObject(body) || !properties) {
    throw azureError('InvalidRequestContent', {
      values: { reason: "Required property 'properties' not found in JSON. Path '', line 1, position 1." },
    });
  }
  if (objectMember(properties, 'onErrorDeployment')) throw azureError('OnErrorDeploymentNotSupported');
  checkContents(properties, name);
  const location = member(body, 'location');
  return {
    name,
    scope,
    location: typeof location === 'string' ? location : undefined,
    mode: readMode(member(properties, 'mode')),
    template: member(properties, 'template') ?? null,
    templateLink: readLink(properties, 'templateLink', parent),
    parametersLink: readLink(properties, 'parametersLink', parent),
    parameters: givenParameters(member(properties, 'parameters') ?? null),
    tags: objectMember(body, 'tags'),
    debugSetting: objectMember(properties, 'debugSetting'),
    resultFormat: resultFormat(properties),
  };
}

function resultFormat(properties: JsonObject): string | undefined {
  const settings = objectMember(properties, 'whatIfSettings');
  const format = settings && member(settings, 'resultFormat');
  return typeof format === 'string' ? format : undefined;
}

function readMode(mode: Json | undefined): DeploymentMode {
  const folded = jsonText(mode ?? 'Incremental').toLowerCase();
  if (folded === 'incremental') return 'Incremental';
  if (folded === 'complete') return 'Complete';
  throw azureError('InvalidRequestContent', {
    values: { reason: `Error converting value "${jsonText(mode)}" to type 'DeploymentMode'. Path 'properties.mode'.` },
  });
}

/** Parameters as the API takes them, or a whole parameters file put in their place. */
function givenParameters(value: Json): JsonObject {
  if (!isObject(value)) return {};
  const inner = objectMember(value, 'parameters');
  return inner && member(value, '$schema') !== undefined ? inner : value;
}

/** The parameters in a parameters file. */
const parametersIn = (file: Json): JsonObject => (isObject(file) && objectMember(file, 'parameters')) || {};

/** A template has to be there, in the request or elsewhere, and neither it nor its parameters twice. */
function checkContents(properties: JsonObject, name: string): void {
  const given = (key: string): boolean => (member(properties, key) ?? null) !== null;
  if (given('template') === given('templateLink')) throw azureError('DeploymentTemplateRequired', { values: { name } });
  const inline = givenParameters(member(properties, 'parameters') ?? null);
  if (given('parametersLink') && Object.keys(inline).length > 0) {
    throw azureError('DeploymentParametersTwice', { values: { name } });
  }
}

/** `request` with the contents that it links to. Throws `ContentNeeded` for what has not been downloaded. */
export function withLinkedContents(request: DeploymentRequest, contents: LinkedContents): DeploymentRequest {
  const { templateLink, parametersLink } = request;
  const content = (link: ContentLink): Json => {
    const found = contents.content(link);
    if (found === undefined) throw new ContentNeeded(link);
    checkContentVersion(link, found);
    return found;
  };
  return {
    ...request,
    ...(templateLink ? { template: content(templateLink) } : {}),
    ...(parametersLink ? { parameters: parametersIn(content(parametersLink)) } : {}),
  };
}

/** The request that the evaluated `body` of a nested deployment makes. Throws InvalidTemplate. */
export function nestedRequest(resource: PlannedResource, body: JsonObject): DeploymentRequest {
  const properties = objectMember(body, 'properties') ?? {};
  const request = deploymentRequest({ ...body, properties } as Json, {
    name: resource.name,
    scope: resource.nested?.scope ?? resource.context.scope,
    parent: resource.context.link,
  });
  const { location } = resource.context.deployment;
  return { ...request, location: request.location ?? (typeof location === 'string' ? location : undefined) };
}
