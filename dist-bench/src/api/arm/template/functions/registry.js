/** Every function of the template language, by name in any casing. */
import { arrayFunctions, lambdaFunctions, objectFunctions } from './collections.js';
import { dateFunctions } from './dates.js';
import { logicalFunctions, numericFunctions } from './logical-and-numeric.js';
import { networkFunctions } from './network.js';
import { listFunction, resourceFunctions, scopeFunctions } from './resources.js';
import { encodingFunctions, stringFunctions } from './strings.js';
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
/** All functions by their names in lower case, but for the `list…` functions, which have any name. */
export const functions = new Map(families.flat().map((definition) => [definition.name.toLowerCase(), definition]));
/** The function called `name`; undefined when Azure has none. */
export function findFunction(name) {
    return functions.get(name.toLowerCase()) ?? (/^list\w*$/i.test(name) ? listFunction(name) : undefined);
}
//# sourceMappingURL=registry.js.map