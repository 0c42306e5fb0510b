/**
 * Makes request bodies canonical, as Azure stores them, validates them with Ajv, and words what does not fit as Azure's
 * network provider does: `InvalidRequestFormat` with one `InvalidJson` detail per finding.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { type AzureError, azureError, type ErrorDetail } from '../errors/index.js';
import { formatJsonPath, type JsonPart, type JsonPath, type JsonPosition, positionInJson } from './json-position.js';
import { annotationKeywords, type SchemaNode } from './schema.js';

/** The one place where Ajv's options are set. Nothing is coerced, filled in or removed: that is done before or after. */
function newAjv(): Ajv {
  const made = new Ajv({
    strict: true,
    allErrors: true,
    coerceTypes: false,
    useDefaults: false,
    removeAdditional: false,
    verbose: true,
  });
  return made.addVocabulary([...annotationKeywords]);
}

let ajv: Ajv | undefined;
const validators = new WeakMap<object, ValidateFunction>();

function validatorFor(schema: object): ValidateFunction {
  let validate = validators.get(schema);
  if (!validate) {
    // Compiling costs milliseconds, so a type is compiled when it is first written.
    ajv ??= newAjv();
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

/** Where Azure's network provider keeps the enumerations of its contract. */
const contract = 'Microsoft.WindowsAzure.Networking.Nrp.Frontend.Contract.Csm.Public';

const enumName = (clrType = 'Enum'): string => (clrType.includes('.') ? clrType : `${contract}.${clrType}`);

interface Finding {
  readonly text: string;
  readonly path: JsonPath;
  readonly part: JsonPart;
}

/** A value of another type than the member's, as Azure's reader words it. */
function conversion(data: unknown, node: SchemaNode, path: JsonPath): Finding {
  const { type, enum: choices, clrType } = node;
  const unexpected = (character: string): Finding => ({
    text: `Unexpected character encountered while parsing value: ${character}.`,
    path,
    part: 'start',
  });
  const isScalar = type !== 'object' && type !== 'array';
  if (isScalar && typeof data === 'object') return unexpected(Array.isArray(data) ? '[' : '{');
  if (type === 'integer' && typeof data === 'boolean') return unexpected(String(data)[0] as string);
  const finding = (text: string): Finding => ({ text, path, part: 'value' });
  if (type === 'integer' && typeof data === 'number') {
    return finding(`Input string '${data}' is not a valid integer.`);
  }
  if (typeof data === 'string' && (type === 'integer' || type === 'boolean')) {
    return finding(`Could not convert string to ${type}: ${data}.`);
  }
  const target = choices ? enumName(clrType) : (clrNames[String(type)] ?? clrType ?? 'System.Object');
  const shown = typeof data === 'string' ? `"${data}"` : typeof data === 'object' ? '{' : String(data);
  return finding(`Error converting value ${shown} to type '${target}'.`);
}

function findingOf(error: ErrorObject): Finding {
  const path = pathOf(error);
  const node = error.parentSchema as SchemaNode;
  switch (error.keyword) {
    case 'additionalProperties': {
      const member = String(error.params.additionalProperty);
      const text = `Could not find member '${member}' on object of type '${node.clrType ?? 'Object'}'.`;
      return { text, path: [...path, member], part: 'name' };
    }
    case 'required': {
      const text = `Required property '${String(error.params.missingProperty)}' not found in JSON.`;
      return { text, path, part: 'whole' };
    }
    case 'maximum':
    case 'minimum':
      return { text: `JSON integer ${String(error.data)} is too large or small for an Int32.`, path, part: 'value' };
    default:
      return conversion(error.data, node, path);
  }
}

interface PlacedDetail extends JsonPosition {
  readonly detail: ErrorDetail;
}

function detailOf(error: ErrorObject, text: string): PlacedDetail {
  const finding = findingOf(error);
  const place = positionInJson(text, finding.path, finding.part);
  const path = formatJsonPath(place.path);
  if (error.keyword === 'required' && (error.parentSchema as SchemaNode).reference) {
    const message = `Value for reference id is missing. Path ${path}.`;
    return { ...place, detail: { code: 'MissingJsonReferenceId', message } };
  }
  const message = `${finding.text} Path '${path}', line ${place.line}, position ${place.position}.`;
  return { ...place, detail: { code: 'InvalidJson', message } };
}

/** Details in the order in which a reader meets them, each finding once. */
function detailsOf(errors: readonly ErrorObject[], text: string): ErrorDetail[] {
  const placed = errors.map((error) => detailOf(error, text));
  placed.sort((a, b) => a.line - b.line || a.position - b.position);
  return [...new Map(placed.map(({ detail }) => [detail.message, detail])).values()];
}

export interface BodySource {
  /** In which positions count. */
  readonly text: string;
  /** Members that the schema does not know are no findings: stored documents have some of their own. */
  readonly unknownMembers?: 'allowed';
}

/** Throws `InvalidRequestFormat` when `body` does not fit `schema`. */
export function validateBody(body: unknown, schema: object, { text, unknownMembers }: BodySource): void {
  const validate = validatorFor(schema);
  if (validate(body)) return;
  const isFinding = ({ keyword }: ErrorObject): boolean =>
    unknownMembers !== 'allowed' || keyword !== 'additionalProperties';
  const findings = (validate.errors ?? []).filter(isFinding).slice(0, 20);
  if (findings.length > 0) throw invalidRequestFormat(detailsOf(findings, text));
}

/** Azure's answer to a body that cannot be read, with its findings. */
export const invalidRequestFormat = (details: readonly ErrorDetail[]): AzureError =>
  azureError('InvalidRequestFormat', { details });

const availabilityZones = ['1', '2', '3'];

/** Refuses availability zones that no region has. `resource` is what they are written at. */
export function* checkZonesKnown(
  given: unknown,
  { resource, location = '' }: { readonly resource: string; readonly location: string | undefined },
): Generator<AzureError> {
  const unknown = Array.isArray(given) ? given.filter((zone) => !availabilityZones.includes(String(zone))) : [];
  const values = { zones: unknown.join(','), resource, location };
  if (unknown.length > 0) yield azureError('InvalidAvailabilityZone', { values });
}

const memberNames = new WeakMap<SchemaNode, Map<string, string>>();

/** The member of `node` that is called `name`, whatever the casing. */
export function canonicalName(node: SchemaNode, name: string): string | undefined {
  if (node.properties && Object.hasOwn(node.properties, name)) return name;
  let folded = memberNames.get(node);
  if (!folded) {
    folded = new Map(Object.keys(node.properties ?? {}).map((member) => [member.toLowerCase(), member]));
    memberNames.set(node, folded);
  }
  return folded.get(name.toLowerCase());
}

/** `West US` is `westus`. */
export const normalizeLocation = (location: string): string => location.replace(/\s+/g, '').toLowerCase();

function canonicalString(value: string, node: SchemaNode): string {
  if (node.fold === 'location') return normalizeLocation(value);
  if (!node.enum || node.enum.includes(value)) return value;
  const folded = value.toLowerCase();
  return node.enum.find((candidate) => candidate.toLowerCase() === folded) ?? value;
}

/** Clients write an empty text where they mean no value. */
const isUnset = (value: unknown, { type, enum: choices, mayBeEmpty = false }: SchemaNode): boolean =>
  value === '' && ['string', 'integer', 'boolean'].includes(type ?? '') && !mayBeEmpty && !choices?.includes('');

function canonicalObject(value: Record<string, unknown>, node: SchemaNode): unknown {
  if (!node.properties) return value;
  const result: Record<string, unknown> = {};
  for (const given in value) {
    const member = value[given];
    const name = canonicalName(node, given);
    if (name === undefined) {
      if (!node.reference && given !== '__proto__') result[given] = member;
      continue;
    }
    const schema = node.properties[name] as SchemaNode;
    if (member === null && schema.keptSince !== undefined) {
      result[name] = [];
      continue;
    }
    if ((schema.readOnly && !schema.echoed) || member === null) continue;
    // An empty id stays: it is refused when references are resolved.
    if (!node.reference && isUnset(member, schema)) continue;
    result[name] = canonicalise(member, schema);
  }
  return result;
}

/**
 * Azure's reader takes numbers and booleans in quotes for what they say, and bare ones where a text is expected, as
 * templates write them (`"port": "80"`, `"destinationPortRange": 80`).
 */
function converted(value: unknown, { type, enum: choices }: SchemaNode): unknown {
  if (typeof value === 'string') {
    if (type === 'integer' && /^\s*[-+]?\d{1,15}\s*$/.test(value)) return Number(value);
    if (type === 'boolean' && /^\s*(true|false)\s*$/i.test(value)) return value.trim().toLowerCase() === 'true';
  } else if (type === 'string' && !choices && (typeof value === 'number' || typeof value === 'boolean')) {
    return String(value);
  }
  return value;
}

/** The canonical form of `value` under `node`; a new value, the input is left alone. */
export function canonicalise(given: unknown, node: SchemaNode): unknown {
  const value = converted(given, node);
  if (typeof value === 'string') return canonicalString(value, node);
  if (Array.isArray(value))
    return node.items ? value.map((item) => canonicalise(item, node.items as SchemaNode)) : value;
  if (value !== null && typeof value === 'object') return canonicalObject(value as Record<string, unknown>, node);
  return value;
}
