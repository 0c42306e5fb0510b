/** Errors as they stand inside a deployment: the resource provider's own, one inside the other. */
import { AzureError } from '../../errors.js';
import { ExpressionError } from './expressions/expression-error.js';
import { compact, isObject, type Json, type JsonObject, member, objectMember } from './json.js';

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
