/** What a wrong expression is answered with. */
import type { TextPosition } from './json-reader.js';

/** The expression is wrong; the message is what Azure says about it. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
  /** Where in the expression, counted from its opening bracket; undefined when it concerns the whole. */
  readonly offset: number | undefined;
  /** Where the expression stands in its text; set by whoever knows. */
  position: TextPosition | undefined;

  constructor(message: string, offset?: number) {
    super(message);
    this.offset = offset;
  }
}
