/** The outputs of a deployment: evaluated, checked against their types, shown as Azure shows them. */
import type { EvaluationContext } from './expressions/context.js';
import { copyCount, evaluateTemplateValue } from './expressions/evaluate-template-value.js';
import { type DeferredValue, ExpressionError } from './expressions/expression-error.js';
import { isExpression } from './expressions/parser.js';
import { type Json, type JsonObject, member, objectMember } from './json.js';
import { hasKind, parameterType, wrongType } from './parameter-types.js';
import type { DeclaredOutput, Template } from './template.js';

export interface OutputOptions {
  readonly template: Template;
  readonly context: EvaluationContext;
  readonly onDeferred?: (deferred: DeferredValue) => void;
}

export interface OutputValue {
  readonly type: string;
  readonly value: Json;
  /** The value is for the template around this one, and never shown. */
  readonly secure: boolean;
}

/** An output as Azure shows it. */
export const outputShown = ({ type, value, secure }: OutputValue): JsonObject => (secure ? { type } : { type, value });

/** The value of an output; undefined when its condition does not hold. Throws `ExpressionError`. */
export function outputValue({ name, source }: DeclaredOutput, options: OutputOptions): OutputValue | undefined {
  const { template, onDeferred } = options;
  const context: EvaluationContext = { ...options.context, place: 'output' };
  const evaluate = (value: Json, inner = context): Json =>
    evaluateTemplateValue(value, onDeferred ? { context: inner, onDeferred } : { context: inner });
  const condition = member(source, 'condition');
  if (condition !== undefined && evaluate(condition) === false) return undefined;
  const copy = objectMember(source, 'copy');
  const value = copy
    ? Array.from({ length: copyCount(member(copy, 'count') ?? 0, context) }, (_, index) =>
        evaluate(member(copy, 'input') ?? null, { ...context, loops: [{ name, index, outermost: true }] }),
      )
    : evaluate(member(source, 'value') ?? null);
  const type = parameterType(name, source, template);
  const deferred = onDeferred !== undefined && typeof value === 'string' && isExpression(value);
  const isNull = value === null && member(source, 'nullable') === true;
  if (!deferred && !isNull && !hasKind(value, type.kind)) {
    throw new ExpressionError(`Template output JToken type is not valid. ${wrongType(value, type.kind)}`);
  }
  return { type: type.display, value, secure: type.secure };
}
