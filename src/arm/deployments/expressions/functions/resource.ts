/** The functions that read the template's own values and the resources around it. */
import { isObject, type Json } from '../../json.js';
import { define, type FunctionCall, type FunctionDefinition } from '../function-call.js';

/** Resources can be read in resources and outputs only: elsewhere they would be needed before they exist. */
function onlyWhileRunning(call: FunctionCall): void {
  const { place } = call.context;
  if (place !== 'resource' && place !== 'output') {
    call.fail(`The template function '${call.name}' is not expected at this location.`);
  }
}

function reference(call: FunctionCall): Json {
  onlyWhileRunning(call);
  const full = call.optionalString(2);
  if (full !== undefined && full.toLowerCase() !== 'full') {
    call.fail(
      `The template language function 'reference' expects its third parameter to be 'Full'. The provided value is '${full}'.`,
    );
  }
  return call.context.ask({
    action: 'reference',
    resource: call.string(0),
    apiVersion: call.optionalString(1),
    full: full !== undefined,
  });
}

/** All resources that a copied symbolic name stands for. */
function references(call: FunctionCall): Json {
  onlyWhileRunning(call);
  return call.context.ask({
    action: 'references',
    resource: call.string(0),
    apiVersion: undefined,
    full: call.values(1).some((value) => typeof value === 'string' && value.toLowerCase() === 'full'),
  });
}

function list(call: FunctionCall): Json {
  onlyWhileRunning(call);
  const body = call.count > 2 ? call.value(2) : undefined;
  return call.context.ask({
    action: call.name,
    resource: call.string(0),
    apiVersion: call.optionalString(1),
    full: true,
    ...(body === undefined ? {} : { body }),
  });
}

/** Any function whose name begins with `list`: an action of the resource. */
export const listFunction = (name: string): FunctionDefinition => define(name, [1, 3], list);

function copyIndex(call: FunctionCall): Json {
  const first = call.count > 0 ? call.value(0) : null;
  const named = typeof first === 'string';
  const { loops } = call.context;
  const loop = named
    ? loops.findLast(({ name }) => name.toLowerCase() === first.toLowerCase())
    : (loops.findLast(({ outermost }) => outermost) ?? loops.at(-1));
  if (!loop) {
    return call.fail(
      "The template function 'copyIndex' is not expected at this location. The function can only be used in a resource with copy specified.",
    );
  }
  return loop.index + (named ? (call.optionalInteger(1) ?? 0) : (call.optionalInteger(0) ?? 0));
}

/** differs: templates take the first api-version of a type to read it; where none is known, this one stands in. */
const someApiVersion = '2024-07-01';

function providers(call: FunctionCall): Json {
  const [namespace, type] = [call.string(0), call.optionalString(1)];
  const found = call.context.surroundings.provider?.(namespace, type ?? '');
  return (
    found ??
    (type === undefined
      ? { namespace, resourceTypes: [] }
      : { resourceType: type, locations: [], apiVersions: [someApiVersion] })
  );
}

/** differs: every region has three zones here, and every zonal type is in all of them. */
function pickZones(call: FunctionCall): Json {
  const [count, offset] = [call.optionalInteger(3) ?? 1, call.optionalInteger(4) ?? 0];
  if (count < 1 || offset < 0 || offset + count > 3) {
    call.fail(`The template language function 'pickZones' cannot pick '${count}' zones from offset '${offset}' of 3.`);
  }
  return ['1', '2', '3'].slice(offset, offset + count);
}

/** differs: every subscription numbers the zones of a region as the region itself does. */
function zones(call: FunctionCall, convert: (location: string, zone: string) => string): Json {
  call.string(0);
  const location = call.string(1).replaceAll(' ', '').toLowerCase();
  const zone = (value: Json): string => (typeof value === 'string' ? value : call.failType('String', value));
  const given = call.value(2);
  return Array.isArray(given) ? given.map((one) => convert(location, zone(one))) : convert(location, zone(given));
}

const physicalZone = (location: string, zone: string): string => `${location}-az${zone}`;
const logicalZone = (_location: string, zone: string): string => zone.replace(/^.*-az/, '');

export const resourceFunctions: readonly FunctionDefinition[] = [
  define('copyIndex', [0, 2], copyIndex),
  define('parameters', 1, (call) => call.context.parameter(call.string(0))),
  define('pickZones', [3, 5], pickZones),
  define('providers', [1, 2], providers),
  define('reference', [1, 3], reference),
  define('references', [1, 3], references),
  define('resourceInfo', 1, (call) => {
    const info = call.context.resourceInfo(call.string(0));
    return isObject(info) ? info : call.failType('Object', info);
  }),
  define('toLogicalZone', 3, (call) => zones(call, logicalZone)),
  define('toLogicalZones', 3, (call) => zones(call, logicalZone)),
  define('toPhysicalZone', 3, (call) => zones(call, physicalZone)),
  define('toPhysicalZones', 3, (call) => zones(call, physicalZone)),
  define('variables', 1, (call) => call.context.variable(call.string(0))),
];
