/** Declares a resource type. */
// biome-ignore lint/suspicious/noExplicitAny: the registry holds types of every document shape
export const resourceType = (definition) => definition;
export const schemaOf = (type) => type.schema;
//# sourceMappingURL=resource-type.js.map