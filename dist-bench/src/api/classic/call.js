/**
 * One classic request as its handler sees it, what it may answer, and the declaration of an operation: method, path, query
 * and the x-ms-version that brought it. Imitates "Service Management REST API Reference".
 */
const byName = 'services/hostedservices/{service}/deployments/{deployment}';
const bySlot = 'services/hostedservices/{service}/deploymentslots/{slot}';
/** `operation` under both paths; its own path is what comes after the deployment. */
export const byNameAndSlot = (operation) => [byName, bySlot].map((prefix) => ({ ...operation, path: `${prefix}${operation.path}` }));
//# sourceMappingURL=call.js.map