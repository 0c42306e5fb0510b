/** Evaluates everything inside a template value: expressions in texts and keys, and property copies. */
import { isObject, type Json, type JsonObject, member, setMember } from '../json.js';
import { type Position, positionOf } from '../parse/positions.js';
import type { EvaluationContext } from './context.js';
import { evaluateText } from './evaluate.js';
import { DeferredValue, ExpressionError } from './expression-error.js';

/** Azure's limit for the elements that one `copy` makes. */
export const maxCopyCount = 800;
const maxValueDepth = 200;

export interface TemplateValueOptions {
  readonly context: EvaluationContext;
  /**
   * Called for every text that needs a resource which is not there yet; the text then stays as written. Without it
   * such a text throws `DeferredValue`.
   */
  readonly onDeferred?: (deferred: DeferredValue) => void;
}

/** The value that `value` stands for. Throws `ExpressionError` with the place of the expression. */
export function evaluateTemplateValue(value: Json, options: TemplateValueOptions): Json {
  return new ValueEvaluator(options).value(value, undefined, 0);
}

class ValueEvaluator {
  readonly #options: TemplateValueOptions;

  constructor(options: TemplateValueOptions) {
    this.#options = options;
  }

  value(value: Json, position: Position | undefined, depth: number): Json {
    if (depth > maxValueDepth) throw new ExpressionError('The template value is nested too deeply.');
    if (typeof value === 'string') return this.#text(value, position);
    if (Array.isArray(value)) {
      return value.map((element, index) => this.value(element, positionOf(value, index), depth + 1));
    }
    return isObject(value) ? this.#object(value, depth) : value;
  }

  #text(text: string, position: Position | undefined): Json {
    try {
      return evaluateText(text, this.#options.context);
    } catch (error) {
      if (error instanceof DeferredValue && this.#options.onDeferred) {
        this.#options.onDeferred(error);
        return text;
      }
      if (error instanceof ExpressionError) error.position ??= position;
      throw error;
    }
  }

  #object(object: JsonObject, depth: number): JsonObject {
    const result: JsonObject = {};
    for (const [key, value] of Object.entries(object)) {
      const copies = key.toLowerCase() === 'copy' ? copyDefinitions(value) : undefined;
      if (copies) {
        for (const copy of copies) setMember(result, copy.name, this.#copy(copy, depth));
        continue;
      }
      const name = this.#text(key, positionOf(object, key));
      if (typeof name !== 'string') throw new ExpressionError(`The property name '${key}' is not a string.`);
      setMember(result, name, this.value(value, positionOf(object, key), depth + 1));
    }
    return result;
  }

  #copy({ name, count, input }: CopyDefinition, depth: number): Json {
    const { context } = this.#options;
    return Array.from({ length: copyCount(count, context) }, (_, index) => {
      const loops = [...context.loops, { name, index, outermost: false }];
      const inner = new ValueEvaluator({ ...this.#options, context: { ...context, loops } });
      return inner.value(input, undefined, depth + 1);
    });
  }
}

interface CopyDefinition {
  readonly name: string;
  readonly count: Json;
  readonly input: Json;
}

/** The copies that a member called `copy` declares; undefined when it is an ordinary member of that name. */
function copyDefinitions(value: Json): CopyDefinition[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const definitions = value.map((element) => {
    if (!isObject(element)) return undefined;
    const [name, count, input] = ['name', 'count', 'input'].map((key) => member(element, key));
    return typeof name === 'string' && count !== undefined && input !== undefined ? { name, count, input } : undefined;
  });
  return definitions.every((definition) => definition !== undefined) ? definitions : undefined;
}

/** How often a copy repeats: an integer from 0 to Azure's limit. */
export function copyCount(count: Json, context: EvaluationContext): number {
  const value = typeof count === 'string' ? evaluateText(count, context) : count;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    throw new ExpressionError(
      `The copy count '${String(value)}' is not a valid integer value that is greater than or equal to 0`,
    );
  }
  if (value > maxCopyCount) {
    throw new ExpressionError(`The copy count '${value}' exceeds the limit of '${maxCopyCount}'`);
  }
  return value;
}
