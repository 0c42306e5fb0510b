/**
 * The documents in which classic resources are kept: a hosted service with its deployments is one aggregate. Members
 * that go over the wire as they are have Azure's names. Imitates "Service Management REST API: Get Deployment".
 */
export {};
//# sourceMappingURL=types.js.map