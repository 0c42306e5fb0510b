/** The logical, comparison and numeric functions of template expressions. */
import { equalJson } from '../json.js';
import { define } from './function-call.js';
/** Below, at or above 0 as the first argument is less than, equal to or greater than the second. */
function compare(call) {
    const [left, right] = [call.value(0), call.value(1)];
    if (typeof left === 'number' && typeof right === 'number')
        return left - right;
    if (typeof left === 'string' && typeof right === 'string')
        return left < right ? -1 : left > right ? 1 : 0;
    return call.failType('Integer, String', typeof left === 'number' || typeof left === 'string' ? right : left);
}
const comparison = (name, holds) => define(name, 2, (call) => holds(compare(call)));
/** The first argument that is not null; those after it are never evaluated. */
function coalesce(call) {
    for (let index = 0; index < call.count; index += 1) {
        const value = call.value(index);
        if (value !== null)
            return value;
    }
    return null;
}
export const logicalFunctions = [
    define('and', [2], (call) => call.nodes.every((_, index) => call.boolean(index))),
    define('or', [2], (call) => call.nodes.some((_, index) => call.boolean(index))),
    define('not', 1, (call) => !call.boolean(0)),
    define('if', 3, (call) => call.value(call.boolean(0) ? 1 : 2)),
    define('true', 0, () => true),
    define('false', 0, () => false),
    define('null', 0, () => null),
    define('coalesce', [1], coalesce),
    define('equals', 2, (call) => equalJson(call.wholeValue(0), call.wholeValue(1))),
    comparison('greater', (order) => order > 0),
    comparison('greaterOrEquals', (order) => order >= 0),
    comparison('less', (order) => order < 0),
    comparison('lessOrEquals', (order) => order <= 0),
];
/** The smallest or largest of integers, given one by one or as an array. */
function extreme(call, pick) {
    const values = call.count === 1 && Array.isArray(call.value(0)) ? call.array(0) : call.values();
    if (values.length === 0)
        call.fail(`The template language function '${call.name}' expects at least one integer.`);
    return values
        .map((value) => (typeof value === 'number' ? value : call.failType('Integer', value)))
        .reduce((left, right) => pick(left, right));
}
const binary = (name, compute) => define(name, 2, (call) => compute(call.integer(0), call.integer(1)) + 0);
const division = (name, compute) => define(name, 2, (call) => {
    const [left, right] = [call.integer(0), call.integer(1)];
    if (right === 0)
        call.fail(`The template language function '${name}' cannot divide by zero.`);
    // Adding 0 turns -0, which JSON does not know, into 0.
    return compute(left, right) + 0;
});
function float(call) {
    const value = call.value(0);
    if (typeof value === 'number')
        return value;
    const text = call.string(0).trim();
    const number = text === '' ? Number.NaN : Number(text);
    return Number.isFinite(number)
        ? number
        : call.fail(`The template language function 'float' cannot convert the value '${text}' to a number.`);
}
export const numericFunctions = [
    binary('add', (left, right) => left + right),
    binary('sub', (left, right) => left - right),
    binary('mul', (left, right) => left * right),
    division('div', (left, right) => Math.trunc(left / right)),
    division('mod', (left, right) => left % right),
    define('float', 1, float),
    define('max', [1], (call) => extreme(call, Math.max)),
    define('min', [1], (call) => extreme(call, Math.min)),
];
//# sourceMappingURL=logical-and-numeric.js.map