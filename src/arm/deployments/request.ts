/** A deployment as a client asks for it: the request's text read leniently, its members checked. */
import { azureError } from '../../errors.js';
import type { DeploymentScope } from './expressions/context.js';
import { invalidTemplate } from './invalid-template.js';
import { isObject, type Json, type JsonObject, member, objectMember } from './json.js';
import { JsonReadError } from './parse/json-read-error.js';
import { readJson } from './parse/json-reader.js';

export type DeploymentMode = 'Incremental' | 'Complete';

export interface DeploymentRequest {
  readonly name: string;
  readonly scope: DeploymentScope;
  /** Where a deployment above resource groups is kept. */
  readonly location: string | undefined;
  readonly mode: DeploymentMode;
  readonly template: Json;
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
}

/** Reads the body of a PUT, validate or whatIf request. Throws InvalidRequestContent or InvalidTemplate. */
export function readDeploymentRequest(text: string, target: DeploymentTarget): DeploymentRequest {
  return deploymentRequest(readRequestBody(text), target);
}

/** The JSON in the body of a request, read as leniently as Azure reads it. Throws InvalidRequestContent. */
export function readRequestBody(text: string): Json {
  try {
    return readJson(text);
  } catch (error) {
    if (!(error instanceof JsonReadError)) throw error;
    throw azureError('InvalidRequestContent', { values: { reason: error.message } });
  }
}

/** The request in a body that is JSON already. */
export function deploymentRequest(body: Json, { name, scope }: DeploymentTarget): DeploymentRequest {
  const properties = isObject(body) ? objectMember(body, 'properties') : undefined;
  if (!isObject(body) || !properties) {
    throw azureError('InvalidRequestContent', {
      values: { reason: "Required property 'properties' not found in JSON. Path '', line 1, position 1." },
    });
  }
  refuseWhatIsNotEmulated(properties);
  const location = member(body, 'location');
  return {
    name,
    scope,
    location: typeof location === 'string' ? location : undefined,
    mode: readMode(member(properties, 'mode')),
    template: member(properties, 'template') as Json,
    parameters: givenParameters(member(properties, 'parameters')),
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
  const folded = String(mode ?? 'Incremental').toLowerCase();
  if (folded === 'incremental') return 'Incremental';
  if (folded === 'complete') return 'Complete';
  throw azureError('InvalidRequestContent', {
    values: { reason: `Error converting value "${String(mode)}" to type 'DeploymentMode'. Path 'properties.mode'.` },
  });
}

/** Parameters as the API takes them, or a whole parameters file put in their place. */
function givenParameters(value: Json | undefined): JsonObject {
  if (!isObject(value)) return {};
  const inner = objectMember(value, 'parameters');
  return inner && member(value, '$schema') !== undefined ? inner : value;
}

function refuseWhatIsNotEmulated(properties: JsonObject): void {
  for (const link of ['templateLink', 'parametersLink']) {
    const value = objectMember(properties, link);
    if (!value) continue;
    const uri = String(member(value, 'uri') ?? member(value, 'id') ?? member(value, 'relativePath') ?? '');
    throw azureError('InvalidContentLink', { values: { uri, trackingId: '00000000-0000-0000-0000-000000000000' } });
  }
  if (objectMember(properties, 'onErrorDeployment')) throw azureError('OnErrorDeploymentNotSupported');
  const template = member(properties, 'template');
  if (template === undefined || template === null) {
    throw invalidTemplate('The template is missing: neither template nor templateLink was given');
  }
}
