/** A deployment as a client asks for it: the request's text read leniently, its members checked. */
import { azureError } from '../../../errors/index.js';
import { isObject, jsonText, member, objectMember } from '../template/json.js';
import { JsonReadError, readJson } from '../template/json-reader.js';
import { ContentNeeded, linkedJson, parsedContent, readLink } from './links.js';
/** Reads the body of a PUT, validate or whatIf request. Throws InvalidRequestContent or InvalidTemplate. */
export function readDeploymentRequest(text, target) {
    return deploymentRequest(readRequestBody(text), target);
}
/** The JSON in the body of a request, read as leniently as Azure reads it. Throws InvalidRequestContent. */
export function readRequestBody(text) {
    try {
        return readJson(text);
    }
    catch (error) {
        if (!(error instanceof JsonReadError))
            throw error;
        throw azureError('InvalidRequestContent', { values: { reason: error.message } });
    }
}
/** The request in a body that is JSON already. Throws InvalidRequestContent or InvalidTemplate. */
export function deploymentRequest(body, { name, scope, parent }) {
    const properties = isObject(body) ? objectMember(body, 'properties') : undefined;
    if (!isObject(body) || !properties) {
        throw azureError('InvalidRequestContent', {
            values: { reason: "Required property 'properties' not found in JSON. Path '', line 1, position 1." },
        });
    }
    if (objectMember(properties, 'onErrorDeployment'))
        throw azureError('OnErrorDeploymentNotSupported');
    checkContents(properties, name);
    const location = member(body, 'location');
    return {
        name,
        scope,
        location: typeof location === 'string' ? location : undefined,
        mode: readMode(member(properties, 'mode')),
        template: asJson(member(properties, 'template') ?? null),
        templateLink: readLink(properties, 'templateLink', parent),
        parametersLink: readLink(properties, 'parametersLink', parent),
        parameters: givenParameters(asJson(member(properties, 'parameters') ?? null)),
        tags: objectMember(body, 'tags'),
        debugSetting: objectMember(properties, 'debugSetting'),
        resultFormat: resultFormat(properties),
    };
}
function resultFormat(properties) {
    const settings = objectMember(properties, 'whatIfSettings');
    const format = settings && member(settings, 'resultFormat');
    return typeof format === 'string' ? format : undefined;
}
function readMode(mode) {
    const folded = jsonText(mode ?? 'Incremental').toLowerCase();
    if (folded === 'incremental')
        return 'Incremental';
    if (folded === 'complete')
        return 'Complete';
    throw azureError('InvalidRequestContent', {
        values: { reason: `Error converting value "${jsonText(mode)}" to type 'DeploymentMode'. Path 'properties.mode'.` },
    });
}
/** Templates and parameters may be sent as texts that hold them. */
const asJson = (value) => (typeof value === 'string' ? parsedContent(value) : value);
/** Parameters as the API takes them, or a whole parameters file put in their place. */
function givenParameters(value) {
    if (!isObject(value))
        return {};
    const inner = objectMember(value, 'parameters');
    return inner && member(value, '$schema') !== undefined ? inner : value;
}
/** The parameters in a parameters file. */
const parametersIn = (file) => (isObject(file) && objectMember(file, 'parameters')) || {};
/** A template has to be there, in the request or elsewhere, and neither it nor its parameters twice. */
function checkContents(properties, name) {
    const given = (key) => (member(properties, key) ?? null) !== null;
    if (given('template') === given('templateLink'))
        throw azureError('DeploymentTemplateRequired', { values: { name } });
    const inline = givenParameters(asJson(member(properties, 'parameters') ?? null));
    if (given('parametersLink') && Object.keys(inline).length > 0) {
        throw azureError('DeploymentParametersTwice', { values: { name } });
    }
}
/** `request` with the contents that it links to. Throws `ContentNeeded` for what has not been downloaded. */
export function withLinkedContents(request, contents) {
    const { templateLink, parametersLink } = request;
    const content = (link) => {
        const text = contents.text(link);
        if (text === undefined)
            throw new ContentNeeded(link);
        return linkedJson(link, text);
    };
    return {
        ...request,
        ...(templateLink ? { template: content(templateLink) } : {}),
        ...(parametersLink ? { parameters: parametersIn(content(parametersLink)) } : {}),
    };
}
/** The request that the evaluated `body` of a nested deployment makes. Throws InvalidTemplate. */
export function nestedRequest(resource, body) {
    const properties = objectMember(body, 'properties') ?? {};
    const request = deploymentRequest({ ...body, properties }, {
        name: resource.name,
        scope: resource.nested?.scope ?? resource.context.scope,
        parent: resource.context.link,
    });
    const { location } = resource.context.deployment;
    return { ...request, location: request.location ?? (typeof location === 'string' ? location : undefined) };
}
//# sourceMappingURL=request.js.map