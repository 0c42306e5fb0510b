/** An expression that failed while the deployment ran, as Azure reports it for the resource. */
import { azureError } from '../../errors.js';
import type { ExpressionError } from './expressions/expression-error.js';
import type { Failure } from './failure.js';
import type { TemplatePart } from './invalid-template.js';
import { positionOf, relativeTo } from './parse/positions.js';

/** The failure of the resource `id` because of `error`. */
export function expressionFailure(error: ExpressionError, { id, part }: { id: string; part: TemplatePart }): Failure {
  const { line, column } = relativeTo(part.root, error.position ?? positionOf(part.container));
  const { code, message } = azureError('InvalidTemplateExpressions', {
    values: { id, line, column, reason: error.message },
  });
  return { code, message };
}
