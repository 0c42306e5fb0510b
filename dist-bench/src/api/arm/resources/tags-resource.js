import { findResourceType } from '../../../resources/registry.js';
import { formatResourceId } from '../../../resources/resource-id.js';
import { send } from './request.js';
import { RequestBody } from './request-body.js';
/** The resource whose tags a request is about; undefined when it is about something else. */
export function taggedResource({ id, apiVersion }) {
    const at = id.types.lastIndexOf('providers');
    const own = [id.names[at], ...id.types.slice(at + 1), ...id.names.slice(at + 1)].join('/').toLowerCase();
    if (at < 1 || own !== 'microsoft.resources/tags/default')
        return undefined;
    const parent = { ...id, types: id.types.slice(0, at), names: id.names.slice(0, at) };
    // The api-version of the request is that of the tags.
    const newest = findResourceType(`${id.namespace}/${id.types[0]}`)?.apiVersions.at(-1);
    return { id: parent, apiVersion: newest ?? apiVersion };
}
const without = (tags, gone) => Object.fromEntries(Object.entries(tags).filter(([name]) => !(name in gone)));
/** The tags after a request; undefined when it changes none. */
function changedTags(method, before, body) {
    if (method === 'GET')
        return undefined;
    if (method === 'DELETE')
        return {};
    const { operation, properties } = body.value;
    const given = properties?.tags ?? {};
    const wanted = method === 'PUT' ? 'replace' : operation?.toLowerCase();
    if (wanted === 'replace')
        return given;
    return wanted === 'delete' ? without(before, given) : { ...before, ...given };
}
/** Answers a request about the tags of `tagged`: GET, PUT, PATCH (Merge, Replace, Delete) and DELETE. */
export async function answerTags(request, reply, { tagged, service }) {
    const { resource } = service.existing(tagged);
    const before = (resource.document.tags ?? {});
    const tags = changedTags(request.method, before, RequestBody.ofText(request.body));
    if (tags)
        await service.patchTags({ ...tagged, body: RequestBody.ofValue({ tags }) });
    if (request.method === 'DELETE')
        return reply.code(200).send();
    const id = `${formatResourceId(tagged.id)}/providers/Microsoft.Resources/tags/default`;
    const body = { id, name: 'default', type: 'Microsoft.Resources/tags', properties: { tags: tags ?? before } };
    return send(request, reply, { status: 200, body });
}
//# sourceMappingURL=tags-resource.js.map