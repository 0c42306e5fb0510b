/** The expression is wrong; the message is what Azure says about it. */
export class ExpressionError extends Error {
    name = 'ExpressionError';
    /** Where in the expression, counted from its opening bracket; undefined when it concerns the whole. */
    offset;
    /** Where the expression stands in its text; set by whoever knows. */
    position;
    constructor(message, offset) {
        super(message);
        this.offset = offset;
    }
}
//# sourceMappingURL=expression-error.js.map