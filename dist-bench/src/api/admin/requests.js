import { azureError } from '../../errors/index.js';
/** Options of an admin route: it is no part of Azure's API, so the OpenAPI documents leave it out. */
export const adminRoute = (operationId) => ({
    schema: { tags: ['lazurite'], operationId, hide: true },
});
export const badRequest = (reason) => azureError('BadRequest', { values: { reason } });
/** The body as a JSON object; an empty body is an empty object. */
export function jsonBody(request) {
    const text = String(request.body ?? '');
    if (text.trim() === '')
        return {};
    let value;
    try {
        value = JSON.parse(text);
    }
    catch (error) {
        throw badRequest(`the body is not JSON (${error.message})`);
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw badRequest('the body must be a JSON object');
    }
    return value;
}
/** The query, first value of each name. */
export function queryText(request) {
    const query = request.query;
    return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, [value].flat()[0]]));
}
//# sourceMappingURL=requests.js.map