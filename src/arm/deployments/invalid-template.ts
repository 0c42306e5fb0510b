/** Turns what is wrong with a template into Azure's InvalidTemplate. */
import { type AzureError, azureError } from '../../errors.js';
import { DeferredValue, ExpressionError } from './expressions/expression-error.js';
import type { Json } from './json.js';
import { type Position, positionOf, relativeTo } from './parse/positions.js';

/** The template cannot be deployed, because of `reason`. */
export const invalidTemplate = (reason: string): AzureError => azureError('InvalidTemplate', { values: { reason } });

/** `at line '1' and column '2'`, counted in the template's own text. */
export function placeText(root: Json, position: Position | undefined): string {
  const { line, column } = relativeTo(root, position);
  return `at line '${line}' and column '${column}'`;
}

export interface TemplatePart {
  /** The template itself. */
  readonly root: Json;
  /** `resource`, `variable`, `parameter`, `output`. */
  readonly kind: string;
  readonly name: string;
  /** The object that holds the part, and its key there. */
  readonly container?: Json | undefined;
  readonly key?: string | number;
}

/** Runs `evaluate`; an expression that fails is refused as part of what it stands in. */
export function evaluatingPart<T>(part: TemplatePart, evaluate: () => T): T {
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof DeferredValue) {
      throw invalidTemplate(
        `The template ${part.kind} '${part.name}' ${placeText(part.root, positionOf(part.container, part.key))} is not valid: The template function '${error.query.action}' is not expected at this location. Please see https://aka.ms/arm-functions for usage details.`,
      );
    }
    if (!(error instanceof ExpressionError)) throw error;
    const position = error.position ?? positionOf(part.container, part.key);
    throw invalidTemplate(
      `The template ${part.kind} '${part.name}' ${placeText(part.root, position)} is not valid: ${error.message}. Please see https://aka.ms/arm-functions for usage details.`,
    );
  }
}
