/** Pieces of a ruleset as plain data: what they contain is compared, so that only differences are sent to the kernel. */
export const noElements = new Map();
//# sourceMappingURL=fragment.js.map