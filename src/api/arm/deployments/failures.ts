/** Why a template or a deployment fails: InvalidTemplate, and errors of resources one inside the other. */
import { AzureError, azureError } from '../../../errors/index.js';
import { DeferredValue } from '../template/context.js';
import { ExpressionError } from '../template/expression-error.js';
import { compact, isObject, type Json, type JsonObject, member, objectMember } from '../template/json.js';
import { type Position, positionOf, relativeTo } from '../template/json-reader.js';

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
    throw asFailureOf(part, error);
  }
}

/** What to throw on for an `error` in `part`. */
export function asFailureOf(part: TemplatePart, error: unknown): unknown {
  if (error instanceof DeferredValue) {
    return invalidTemplate(
      `The template ${part.kind} '${part.name}' ${placeText(part.root, positionOf(part.container, part.key))} is not valid: The template function '${error.query.action}' is not expected at this location. Please see https://aka.ms/arm-functions for usage details.`,
    );
  }
  if (!(error instanceof ExpressionError)) return error;
  const position = error.position ?? positionOf(part.container, part.key);
  return invalidTemplate(
    `The template ${part.kind} '${part.name}' ${placeText(part.root, position)} is not valid: ${error.message}. Please see https://aka.ms/arm-functions for usage details.`,
  );
}

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly target?: string;
  readonly details?: readonly Failure[];
}

/** `failure` as JSON. */
export const failureJson = ({ code, message, target, details }: Failure): JsonObject =>
  compact({ code, message, target, details: details?.length ? details.map(failureJson) : undefined });

/** The error in an answer's body. */
export function failureOf(status: number, body: Json): Failure {
  const error = isObject(body) ? (objectMember(body, 'error') ?? body) : undefined;
  const text = (name: string): string | undefined => {
    const value = error && member(error, name);
    return typeof value === 'string' ? value : undefined;
  };
  const details = error && member(error, 'details');
  const target = text('target');
  return {
    code: text('code') ?? String(status),
    message: text('message') ?? `The resource operation completed with status ${status}.`,
    ...(target === undefined ? {} : { target }),
    ...(Array.isArray(details) ? { details: details.filter(isObject).map((detail) => failureOf(status, detail)) } : {}),
  };
}

/** What a template asked of a resource was refused. */
export class HostRefusal extends Error {
  override readonly name = 'HostRefusal';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** What was thrown on the way, as an error of the deployment. */
export function failureFrom(thrown: unknown): Failure {
  if (thrown instanceof AzureError) {
    const { code, message, details } = thrown;
    return { code, message, ...(details.length > 0 ? { details } : {}) };
  }
  if (thrown instanceof HostRefusal) return thrown.failure;
  if (thrown instanceof ExpressionError) return { code: 'InvalidTemplate', message: thrown.message };
  return { code: 'InternalServerError', message: thrown instanceof Error ? thrown.message : String(thrown) };
}

/** The failure of the resource `id` because of `error`. */
export function expressionFailure(error: ExpressionError, { id, part }: { id: string; part: TemplatePart }): Failure {
  const { line, column } = relativeTo(part.root, error.position ?? positionOf(part.container));
  const { code, message } = azureError('InvalidTemplateExpressions', {
    values: { id, line, column, reason: error.message },
  });
  return { code, message };
}
