/** Azure's `$filter` on `/resources`: comparisons joined by `and` and `or`, with `startswith` and `substringof`. */
import { azureError } from '../../../errors/index.js';
const values = {
    resourcegroup: ({ resourceGroup }) => resourceGroup,
    name: ({ name }) => name,
    resourcetype: ({ type }) => type,
    type: ({ type }) => type,
    location: ({ location }) => location,
    tagname: ({ tag }) => tag?.[0],
    tagvalue: ({ tag }) => tag?.[1],
};
const token = /\s*(?:('(?:[^']|'')*')|([A-Za-z]+)|([(),]))/y;
/** Reads a filter from left to right; whatever it does not know refuses the whole. */
class Reader {
    filter;
    #tokens = [];
    #at = 0;
    constructor(filter) {
        this.filter = filter;
        token.lastIndex = 0;
        const text = filter.trim();
        while (token.lastIndex < text.length) {
            const found = token.exec(text);
            if (!found)
                throw this.#refusal();
            this.#tokens.push((found[1] ?? found[2] ?? found[3]));
        }
    }
    #refusal() {
        return azureError('UnsupportedFilter', { values: { filter: this.filter } });
    }
    #next() {
        const next = this.#tokens[this.#at++];
        if (next === undefined)
            throw this.#refusal();
        return next;
    }
    #skip(word) {
        if (this.#tokens[this.#at]?.toLowerCase() !== word)
            return false;
        this.#at++;
        return true;
    }
    #expect(word) {
        if (!this.#skip(word))
            throw this.#refusal();
    }
    #property() {
        const value = values[this.#next().toLowerCase()];
        if (!value)
            throw this.#refusal();
        return value;
    }
    #literal() {
        const next = this.#next();
        if (!next.startsWith("'"))
            throw this.#refusal();
        return next.slice(1, -1).replaceAll("''", "'").toLowerCase();
    }
    whole() {
        const test = this.#alternatives(0);
        if (this.#at < this.#tokens.length)
            throw this.#refusal();
        return test;
    }
    #alternatives(depth) {
        // Deeper than anyone writes; parsing must not run out of stack.
        if (depth > 50)
            throw this.#refusal();
        const tests = [this.#conjunction(depth)];
        while (this.#skip('or'))
            tests.push(this.#conjunction(depth));
        return (candidate) => tests.some((test) => test(candidate));
    }
    #conjunction(depth) {
        const tests = [this.#term(depth)];
        while (this.#skip('and'))
            tests.push(this.#term(depth));
        return (candidate) => tests.every((test) => test(candidate));
    }
    #term(depth) {
        if (this.#skip('(')) {
            const inner = this.#alternatives(depth + 1);
            this.#expect(')');
            return inner;
        }
        if (this.#skip('startswith'))
            return this.#startsWith();
        if (this.#skip('substringof'))
            return this.#substringOf();
        return this.#comparison();
    }
    #startsWith() {
        this.#expect('(');
        const property = this.#property();
        this.#expect(',');
        const literal = this.#literal();
        this.#expect(')');
        return (candidate) => property(candidate)?.toLowerCase().startsWith(literal) ?? false;
    }
    #substringOf() {
        this.#expect('(');
        const literal = this.#literal();
        this.#expect(',');
        const property = this.#property();
        this.#expect(')');
        return (candidate) => property(candidate)?.toLowerCase().includes(literal) ?? false;
    }
    #comparison() {
        const property = this.#property();
        const operator = this.#next().toLowerCase();
        if (operator !== 'eq' && operator !== 'ne')
            throw this.#refusal();
        const literal = this.#literal();
        return (candidate) => (property(candidate)?.toLowerCase() === literal) === (operator === 'eq');
    }
}
/** The test that `filter` describes; throws `InvalidFilterInQueryString` for what Azure does not know either. */
export function filterTest(filter) {
    if (filter === undefined || filter.trim() === '')
        return () => true;
    const test = new Reader(filter).whole();
    return (one) => {
        const tags = Object.entries(one.tags ?? {});
        return tags.length === 0 ? test({ ...one, tag: undefined }) : tags.some((tag) => test({ ...one, tag }));
    };
}
/** The same for stored resources. */
export function resourceFilter(filter) {
    const test = filterTest(filter);
    return ({ name, type, resourceGroup, document: { location, tags } }) => test({ name, type, resourceGroup, location, tags });
}
//# sourceMappingURL=resource-filter.js.map