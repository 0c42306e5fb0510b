/** The functions that take a lambda: `map`, `filter`, `sort`, `reduce`, `toObject`, `groupBy`, `mapValues`. */
import { type Json, type JsonObject, setMember } from '../../json.js';
import { define, type FunctionCall, type FunctionDefinition } from '../function-call.js';
import { plainText } from './array.js';

type Lambda = (...values: Json[]) => Json;

/** The lambda written as argument `index`; it may name fewer parameters than the function offers. */
function lambdaAt(call: FunctionCall, index: number): Lambda {
  const node = call.nodes[index];
  if (node?.kind !== 'call' || node.namespace !== undefined || node.name.toLowerCase() !== 'lambda') {
    return call.fail(`The template language function '${call.name}' expects a lambda as parameter ${index + 1}.`);
  }
  const names = node.args.slice(0, -1).map((name) => {
    const literal = name.kind === 'literal' && typeof name.value === 'string' ? name.value : undefined;
    return literal ?? call.fail('The parameters of a lambda must be string literals.');
  });
  const body = node.args.at(-1);
  if (!body) return call.fail('A lambda needs an expression.');
  return (...values) => {
    const variables = new Map(call.context.lambdaVariables);
    for (const [position, name] of names.entries()) variables.set(name.toLowerCase(), values[position] ?? null);
    return call.evaluateNode(body, variables);
  };
}

function truth(call: FunctionCall, value: Json): boolean {
  return typeof value === 'boolean' ? value : call.failType('Boolean', value);
}

/** Sorts stably by a lambda that says whether its first argument comes first. */
function sort(call: FunctionCall): Json {
  const comesFirst = lambdaAt(call, 1);
  return [...call.array(0)].sort((left, right) => {
    if (truth(call, comesFirst(left, right))) return truth(call, comesFirst(right, left)) ? 0 : -1;
    return truth(call, comesFirst(right, left)) ? 1 : 0;
  });
}

function toObject(call: FunctionCall): Json {
  const key = lambdaAt(call, 1);
  const value = call.count > 2 ? lambdaAt(call, 2) : (element: Json) => element;
  const object: JsonObject = {};
  for (const element of call.array(0)) setMember(object, plainText(key(element)), value(element));
  return object;
}

function groupBy(call: FunctionCall): Json {
  const key = lambdaAt(call, 1);
  const groups = new Map<string, Json[]>();
  for (const element of call.array(0)) {
    const name = plainText(key(element));
    groups.set(name, [...(groups.get(name) ?? []), element]);
  }
  return Object.fromEntries(groups);
}

function lambdaVariable(call: FunctionCall): Json {
  const name = call.string(0);
  const value = call.context.lambdaVariables.get(name.toLowerCase());
  return value === undefined ? call.fail(`The lambda variable '${name}' is not defined.`) : value;
}

export const lambdaFunctions: readonly FunctionDefinition[] = [
  define('filter', 2, (call) => {
    const keep = lambdaAt(call, 1);
    return call.array(0).filter((element, index) => truth(call, keep(element, index)));
  }),
  define('groupBy', 2, groupBy),
  define('lambda', [1], (call) => call.fail("The template function 'lambda' is not expected at this location.")),
  define('lambdaVariables', 1, lambdaVariable),
  define('map', 2, (call) => {
    const convert = lambdaAt(call, 1);
    return call.array(0).map((element, index) => convert(element, index));
  }),
  define('mapValues', 2, (call) => {
    const convert = lambdaAt(call, 1);
    return Object.fromEntries(Object.entries(call.object(0)).map(([key, value]) => [key, convert(value)]));
  }),
  define('reduce', 3, (call) => {
    const combine = lambdaAt(call, 2);
    return call.array(0).reduce<Json>((current, element, index) => combine(current, element, index), call.value(1));
  }),
  define('sort', 2, sort),
  define('toObject', [2, 3], toObject),
];
