/** Why a template or a deployment fails: InvalidTemplate, and errors of resources one inside the other. */
import { AzureError, azureError, type ErrorInfo } from '../../../errors/index.js';
import { DeferredValue } from '../template/context.js';
import { compact, isObject, type Json, type JsonObject, member, objectMember } from '../template/json.js';
import { positionOf, relativeTo, type TextPosition } from '../template/json-reader.js';
import { ExpressionError } from '../template/parser.js';

/** Where in the request a template is wrong, as Azure tells programs. */
const violation = ({ line, column }: TextPosition, path: string): ErrorInfo => ({
  type: 'TemplateViolation',
  info: { lineNumber: line, linePosition: column, path },
});

/** The template cannot be deployed, because of `reason`. */
export const invalidTemplate = (reason: string, where = violation({ line: 0, column: 0 }, '')): AzureError =>
  azureError('InvalidTemplate', { values: { reason }, additionalInfo: [where] });

/** `at line '1' and column '2'`, counted in the template's own text. */
export function positionText(root: Json, position: TextPosition | undefined): string {
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

/** The path of `part` in the request that holds the template; empty when it is not written there. */
function pathOf({ root, container, key }: TemplatePart): string {
  const find = (value: Json, path: string): string | undefined => {
    if (value === container) return path;
    if (typeof value !== 'object' || value === null) return undefined;
    for (const [name, inner] of Object.entries(value)) {
      const found = find(inner, Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const path = container === undefined || container === null ? undefined : find(root, 'properties.template');
  return path === undefined || key === undefined ? (path ?? '') : `${path}.${key}`;
}

/** Refuses `part` for `reason`; the place is that of the expression, or else that of the part. */
function invalidPart(
  part: TemplatePart,
  { reason, position }: { reason: string; position?: TextPosition | undefined },
) {
  const place = relativeTo(part.root, position ?? positionOf(part.container, part.key));
  return invalidTemplate(
    `The template ${part.kind} '${part.name}' at line '${place.line}' and column '${place.column}' is not valid: ${reason} Please see https://aka.ms/arm-functions for usage details.`,
    violation(place, pathOf(part)),
  );
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
    return invalidPart(part, {
      reason: `The template function '${error.query.action}' is not expected at this location.`,
    });
  }
  if (!(error instanceof ExpressionError)) return error;
  return invalidPart(part, { reason: `${error.message}.`, position: error.position });
}

export interface DeploymentFailure {
  readonly code: string;
  readonly message: string;
  readonly target?: string;
  readonly details?: readonly DeploymentFailure[];
  readonly additionalInfo?: readonly ErrorInfo[];
}

/** `failure` as JSON. */
export const failureJson = ({ code, message, target, details, additionalInfo }: DeploymentFailure): JsonObject =>
  compact({
    code,
    message,
    target,
    details: details?.length ? details.map(failureJson) : undefined,
    additionalInfo: additionalInfo?.map(({ type, info }) => ({ type, info: { ...info } })),
  });

/** The error in an answer's body. */
export function failureOf(status: number, body: Json): DeploymentFailure {
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
  readonly failure: DeploymentFailure;

  constructor(failure: DeploymentFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** What was thrown on the way, as an error of the deployment. */
export function failureFrom(thrown: unknown): DeploymentFailure {
  if (thrown instanceof AzureError) {
    const { code, message, details, additionalInfo } = thrown;
    return {
      code,
      message,
      ...(details.length > 0 ? { details } : {}),
      ...(additionalInfo.length > 0 ? { additionalInfo } : {}),
    };
  }
  if (thrown instanceof HostRefusal) return thrown.failure;
  if (thrown instanceof ExpressionError) return { code: 'InvalidTemplate', message: thrown.message };
  return { code: 'InternalServerError', message: thrown instanceof Error ? thrown.message : String(thrown) };
}

/** The failure of the resource `id` because of `error`. */
export function expressionFailure(
  error: ExpressionError,
  { id, part }: { id: string; part: TemplatePart },
): DeploymentFailure {
  const { line, column } = relativeTo(part.root, error.position ?? positionOf(part.container));
  const { code, message } = azureError('InvalidTemplateExpressions', {
    values: { id, line, column, reason: error.message },
  });
  return { code, message, additionalInfo: [violation({ line, column }, '')] };
}
