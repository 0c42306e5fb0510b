import { azureError } from '../../../errors/index.js';
import { findResourceType } from '../../../resources/registry.js';
import { idKey, parseResourceId, rootKey } from '../../../resources/resource-id.js';
import { groupOf } from '../resources/request.js';
import { RequestBody } from '../resources/request-body.js';
import { operation } from '../resources/route-schemas.js';
const schemaUri = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#';
/** For types that are not modelled; the group does not remember with which version they were written. */
const opaqueApiVersion = '2023-03-01';
/** Azure names parameters after type and name: `loadBalancers_lb_name`. */
const parameterName = ({ type, name }, suffix) => `${type.split('/').slice(1).join('_')}_${name}_${suffix}`.replaceAll(/[^\w]/g, '_');
/** A text that is no expression, though it may begin like one. */
const literal = (text) => (text.startsWith('[') ? `[${text}` : text);
const quoted = (text) => `'${text.replaceAll("'", "''")}'`;
/** `[resourceId('Microsoft.Network/loadBalancers/probes', parameters('loadBalancers_lb_name'), 'probe')]`. */
function idExpression(id, { exported, parameters }, dependsOn) {
    const target = exported.get(rootKey(id));
    const parsed = parseResourceId(id);
    if (!parsed)
        return literal(id);
    if (!target) {
        const name = `${parsed.types.join('_')}_${parsed.names.join('_')}_externalid`.replaceAll(/[^\w]/g, '_');
        parameters[name] = { defaultValue: id, type: 'String' };
        return `[parameters(${quoted(name)})]`;
    }
    const type = [target.type, ...parsed.types.slice(target.type.split('/').length - 1)].join('/');
    const names = target.name.split('/').length;
    const first = names === 1 ? `parameters(${quoted(parameterName(target, 'name'))})` : undefined;
    const rest = (first === undefined ? parsed.names : parsed.names.slice(1)).map(quoted);
    dependsOn.add(target.key);
    return `[resourceId(${[quoted(type), ...(first === undefined ? [] : [first]), ...rest].join(', ')})]`;
}
function exportResource(resource, scope) {
    const dependsOn = new Set();
    const convert = (value) => {
        if (typeof value === 'string') {
            return value.startsWith('/subscriptions/') ? idExpression(value, scope, dependsOn) : literal(value);
        }
        if (Array.isArray(value))
            return value.map(convert);
        if (value === null || typeof value !== 'object')
            return value;
        return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, convert(member)]));
    };
    const name = resource.name.includes('/')
        ? literal(resource.name)
        : `[parameters('${parameterName(resource, 'name')}')]`;
    const body = convert(resource.document);
    dependsOn.delete(resource.key);
    const needs = [...dependsOn].map((key) => {
        const target = scope.exported.get(key);
        return idExpression(target.id, scope, new Set());
    });
    return {
        type: resource.type,
        apiVersion: findResourceType(resource.type)?.apiVersions.at(-1) ?? opaqueApiVersion,
        name,
        ...(needs.length > 0 ? { dependsOn: needs } : {}),
        ...body,
    };
}
/** The resources as a template. */
function exportTemplate(resources) {
    const parameters = {};
    const exported = new Map(resources.map((resource) => [resource.key, resource]));
    for (const resource of resources) {
        if (resource.name.includes('/'))
            continue;
        parameters[parameterName(resource, 'name')] = { defaultValue: resource.name, type: 'String' };
    }
    const converted = resources.map((resource) => exportResource(resource, { exported, parameters }));
    return { $schema: schemaUri, contentVersion: '1.0.0.0', parameters, variables: {}, resources: converted };
}
/** Registers `POST …/resourceGroups/{name}/exportTemplate`. */
export function addDeploymentExportRoutes(app, context) {
    const path = '/subscriptions/:subscriptionId/resourceGroups/:resourceGroupName/exportTemplate';
    app.post(path, operation('Microsoft.Resources', 'ResourceGroups_exportTemplate'), (request) => {
        const { subscriptionId, name: resourceGroup } = groupOf(request, context);
        const { resources = ['*'] } = request.body ? RequestBody.ofText(request.body).value : {};
        if (!Array.isArray(resources) || !resources.every((id) => typeof id === 'string')) {
            const reason = "Error converting value to an array of strings. Path 'resources'.";
            throw azureError('InvalidRequestContent', { values: { reason } });
        }
        const wanted = new Set(resources.map(idKey));
        const all = context.store.resources.list({ subscriptionId, resourceGroup });
        return { template: exportTemplate(all.filter(({ key }) => wanted.has('*') || wanted.has(key))) };
    });
}
//# sourceMappingURL=export.js.map