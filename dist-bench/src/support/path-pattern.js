/** Patterns for request paths, as the journal's filter and injected faults take them. */
const star = '*';
const globstar = '**';
/**
 * A test for paths, in any casing. `*` is anything within a segment, `**` anything at all; a pattern without either is
 * the start of a path, to the end of a segment. It takes time in proportion to the path times the pattern at worst,
 * whatever the pattern: a client's pattern never becomes a regular expression.
 */
export function pathMatcher(pattern) {
    const bare = (pattern.length > 1 && pattern.endsWith('/') ? withoutSlashes(pattern) : pattern).toLowerCase();
    if (!bare.includes(star)) {
        return (path) => {
            if (path.slice(0, bare.length).toLowerCase() !== bare)
                return false;
            return path.length === bare.length || bare.endsWith('/') || path[bare.length] === '/';
        };
    }
    const tokens = bare.match(/\*\*|./gs) ?? [];
    return (path) => matchesWhole(tokens, path.toLowerCase());
}
function withoutSlashes(pattern) {
    let end = pattern.length;
    while (end > 0 && pattern[end - 1] === '/')
        end--;
    return pattern.slice(0, end);
}
/** Follows every way through the tokens at once; a state is the number of tokens that are done with. */
function matchesWhole(tokens, path) {
    let states = [];
    const enteredAt = new Int32Array(tokens.length + 1).fill(-2);
    const enter = (state, step, into) => {
        for (let next = state; enteredAt[next] !== step; next++) {
            enteredAt[next] = step;
            into.push(next);
            // A wildcard may stand for nothing.
            if (tokens[next] !== star && tokens[next] !== globstar)
                break;
        }
    };
    enter(0, -1, states);
    for (let step = 0; step < path.length && states.length > 0; step++) {
        const character = path[step];
        const after = [];
        for (const state of states) {
            const token = tokens[state];
            if (token === globstar || (token === star && character !== '/'))
                enter(state, step, after);
            else if (token === character && token !== star)
                enter(state + 1, step, after);
        }
        states = after;
    }
    return states.includes(tokens.length);
}
//# sourceMappingURL=path-pattern.js.map