/**
 * Validates canonical request bodies with Ajv and words what does not fit as Azure's network provider does:
 * `InvalidRequestFormat` with one `InvalidJson` detail per finding.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { type AzureError, azureError, type ErrorDetail } from '../errors.js';
import { formatJsonPath, type JsonPath, positionInJson } from './json-position.js';
import { annotationKeywords, type SchemaNode } from './schema.js';

/** The one place where Ajv's options are set. Nothing is coerced, filled in or removed: that is done before or after. */
export const ajv = new Ajv({
  strict: true,
  allErrors: true,
  coerceTypes: false,
  useDefaults: false,
  removeAdditional: false,
  verbose: true,
});
ajv.addVocabulary([...annotationKeywords]);

const validators = new WeakMap<object, ValidateFunction>();

function validatorFor(schema: object): ValidateFunction {
  let validate = validators.get(schema);
  if (!validate) {
    // Compiling costs milliseconds, so a type is compiled when it is first written.
    validate = ajv.compile(schema);
    validators.set(schema, validate);
  }
  return validate;
}

function pathOf(error: ErrorObject): JsonPath {
  return error.instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

const clrNames: Record<string, string> = {
  integer: 'System.Int32',
  boolean: 'System.Boolean',
  string: 'System.String',
};

function describe(error: ErrorObject, path: JsonPath): { text: string; path: JsonPath; part: 'value' | 'name' } {
  const data: unknown = error.data;
  const parent = error.parentSchema as SchemaNode;
  if (error.keyword === 'additionalProperties') {
    const member = String(error.params.additionalProperty);
    const text = `Could not find member '${member}' on object of type '${parent.clrType ?? 'Object'}'.`;
    return { text, path: [...path, member], part: 'name' };
  }
  if (error.keyword === 'maximum' || error.keyword === 'minimum') {
    return { text: `JSON integer ${String(data)} is too large or small for an Int32.`, path, part: 'value' };
  }
  const target = parent.enum ? (parent.clrType ?? 'System.Enum') : (clrNames[String(parent.type)] ?? parent.clrType);
  const shown = typeof data === 'string' ? `"${data}"` : typeof data === 'object' ? '{' : String(data);
  if (typeof data === 'object' && parent.type !== 'object' && parent.type !== 'array') {
    const opening = Array.isArray(data) ? '[' : '{';
    return { text: `Unexpected character encountered while parsing value: ${opening}.`, path, part: 'value' };
  }
  return { text: `Error converting value ${shown} to type '${target ?? 'System.Object'}'.`, path, part: 'value' };
}

function detailOf(error: ErrorObject, text: string): ErrorDetail {
  const path = pathOf(error);
  if (error.keyword === 'required' && (error.parentSchema as SchemaNode).reference) {
    return {
      code: 'MissingJsonReferenceId',
      message: `Value for reference id is missing. Path ${formatJsonPath(path)}.`,
    };
  }
  if (error.keyword === 'required') {
    const message = `Required property '${String(error.params.missingProperty)}' not found in JSON.`;
    const { line, position } = positionInJson(text, path);
    return {
      code: 'InvalidJson',
      message: `${message} Path '${formatJsonPath(path)}', line ${line}, position ${position}.`,
    };
  }
  const found = describe(error, path);
  const { line, position } = positionInJson(text, found.path, found.part);
  const where = `Path '${formatJsonPath(found.path)}', line ${line}, position ${position}.`;
  return { code: 'InvalidJson', message: `${found.text} ${where}` };
}

/** Throws `InvalidRequestFormat` when `body`, read from `text`, does not fit `schema`. */
export function validateBody(body: unknown, schema: object, text: string): void {
  const validate = validatorFor(schema);
  if (validate(body)) return;
  throw invalidRequestFormat((validate.errors ?? []).slice(0, 20).map((error) => detailOf(error, text)));
}

/** Azure's answer to a body that cannot be read, with its findings. */
export const invalidRequestFormat = (details: readonly ErrorDetail[]): AzureError =>
  azureError('InvalidRequestFormat', { details });
