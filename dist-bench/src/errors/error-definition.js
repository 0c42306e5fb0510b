/** The shape of an entry in the error table. */
export {};
//# sourceMappingURL=error-definition.js.map