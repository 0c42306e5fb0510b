/** One call of a built-in function: its arguments and members of values, checked and refused in Azure's words. */
import { seeFunction } from '../context.js';
import { ExpressionError } from '../expression-error.js';
import { isObject, memberName, typeName } from '../json.js';
/** Refuses a number of arguments that `definition` does not take. */
export function checkArity({ name, minArguments: min, maxArguments: max }, actual) {
    if (actual >= min && actual <= max)
        return;
    if (max === Number.POSITIVE_INFINITY) {
        const reason = min === 1
            ? 'At least one parameter should be provided.'
            : `At least ${min} parameters should be provided while ${actual} were provided.`;
        throw new ExpressionError(`Unable to evaluate template language function '${name}'. ${reason} ${seeFunction(name)}`);
    }
    const wanted = min === max ? String(min) : `between ${min} and ${max}`;
    throw new ExpressionError(`Unable to evaluate template language function '${name}': function requires ${wanted} argument(s) while ${actual} were provided. ${seeFunction(name)}`);
}
export class FunctionCall {
    name;
    nodes;
    context;
    evaluateNode;
    #values = [];
    constructor(name, nodes, { context, evaluate }) {
        this.name = name;
        this.nodes = nodes;
        this.context = context;
        this.evaluateNode = evaluate;
    }
    get count() {
        return this.nodes.length;
    }
    /** The value of an argument; null for one that was not written. */
    value(index) {
        const known = this.#values[index];
        if (known !== undefined)
            return known;
        const node = this.nodes[index];
        const value = node ? this.evaluateNode(node) : null;
        if (typeof value === 'string')
            this.budget.spend(value.length >> 6);
        else if (Array.isArray(value))
            this.budget.spend(value.length >> 4);
        this.#values[index] = value;
        return value;
    }
    get budget() {
        return this.context.environment.budget;
    }
    /** The value of an argument that is searched, compared or written as a whole. */
    wholeValue(index) {
        const value = this.value(index);
        this.budget.spendOn(value);
        return value;
    }
    /** The values of all arguments from `start`. */
    values(start = 0) {
        return this.nodes.slice(start).map((_, index) => this.value(start + index));
    }
    /** Gives up with `reason`, followed by where Azure documents the function. */
    fail(reason) {
        throw new ExpressionError(`${reason} ${seeFunction(this.name)}`);
    }
    /** Gives up because of the type of an argument. */
    failType(expected, value) {
        const parameter = this.count === 1 ? 'its parameter' : 'its parameters';
        return this.fail(`The template language function '${this.name}' expects ${parameter} to be of type '${expected}'. The provided value is of type '${typeName(value)}'.`);
    }
    string(index) {
        const value = this.value(index);
        return typeof value === 'string' ? value : this.failType('String', value);
    }
    integer(index) {
        const value = this.value(index);
        return typeof value === 'number' && Number.isInteger(value) ? value : this.failType('Integer', value);
    }
    boolean(index) {
        const value = this.value(index);
        return typeof value === 'boolean' ? value : this.failType('Boolean', value);
    }
    array(index) {
        const value = this.value(index);
        return Array.isArray(value) ? value : this.failType('Array', value);
    }
    object(index) {
        const value = this.value(index);
        return isObject(value) ? value : this.failType('Object', value);
    }
    /** An optional string: undefined when it was not written or is null. */
    optionalString(index) {
        return index < this.count && this.value(index) !== null ? this.string(index) : undefined;
    }
    optionalInteger(index) {
        return index < this.count && this.value(index) !== null ? this.integer(index) : undefined;
    }
}
/** Declares a function. `arity` is its exact number of arguments, or the least and the most. */
export function define(name, arity, evaluate) {
    const [minArguments, maxArguments = Number.POSITIVE_INFINITY] = typeof arity === 'number' ? [arity, arity] : arity;
    return { name, minArguments, maxArguments, evaluate };
}
/** Reads `target[key]` as expressions do: member names in any casing, indexes from 0. */
export function readMember(target, key, { safe, offset }) {
    if (isObject(target) && typeof key === 'string') {
        const name = memberName(target, key);
        if (name !== undefined)
            return target[name];
        if (safe)
            return null;
        throw new ExpressionError(`The language expression property '${key}' doesn't exist, available properties are '${Object.keys(target).join(', ')}'.`, offset);
    }
    if (Array.isArray(target) && typeof key === 'number') {
        const element = key < 0 ? undefined : target[key];
        if (element !== undefined)
            return element;
        if (safe)
            return null;
        throw new ExpressionError(`The language expression property array index '${key}' is out of bounds.`, offset);
    }
    throw new ExpressionError(`The language expression property '${String(key)}' can't be evaluated.`, offset);
}
//# sourceMappingURL=function-call.js.map