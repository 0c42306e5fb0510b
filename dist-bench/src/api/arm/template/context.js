/** The expression is fine, but needs a resource that is not there yet. */
export class DeferredValue extends Error {
    name = 'DeferredValue';
    query;
    constructor(query) {
        super(`The value of ${query.action}('${query.resource}') is known only while the deployment runs.`);
        this.query = query;
    }
}
/** The end of most of Azure's messages about a function. */
export const seeFunction = (name) => `Please see https://aka.ms/arm-resource-functions/#${name} for usage details.`;
//# sourceMappingURL=context.js.map