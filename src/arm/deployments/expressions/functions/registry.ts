/** Every function of the template language, by name in any casing. */
import type { FunctionDefinition } from '../function-call.js';
import { arrayFunctions } from './array.js';
import { dateFunctions } from './date.js';
import { encodingFunctions } from './encoding.js';
import { lambdaFunctions } from './lambda.js';
import { logicalFunctions } from './logical.js';
import { networkFunctions } from './network.js';
import { numericFunctions } from './numeric.js';
import { objectFunctions } from './object.js';
import { listFunction, resourceFunctions } from './resource.js';
import { scopeFunctions } from './scope.js';
import { stringFunctions } from './string.js';

const families = [
  arrayFunctions,
  dateFunctions,
  encodingFunctions,
  lambdaFunctions,
  logicalFunctions,
  networkFunctions,
  numericFunctions,
  objectFunctions,
  resourceFunctions,
  scopeFunctions,
  stringFunctions,
];

const byName = new Map(families.flat().map((definition) => [definition.name.toLowerCase(), definition]));

/** The function called `name`; undefined when Azure has none. */
export function findFunction(name: string): FunctionDefinition | undefined {
  return byName.get(name.toLowerCase()) ?? (/^list\w*$/i.test(name) ? listFunction(name) : undefined);
}

/** The names of all functions, for documentation. */
export const functionNames = (): readonly string[] => [...byName.values()].map(({ name }) => name).sort();
