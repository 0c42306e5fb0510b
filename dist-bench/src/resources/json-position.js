/**
 * Where in a JSON text a member stands, for Azure's `InvalidJson` texts (`Path '…', line 1, position 924.`). Scanning
 * again on an error is cheaper than keeping positions for every request that has none.
 */
const special = /[.\s'/"[\]()\\]/;
/** `properties.probes[0].name`, as Azure writes paths. */
export const formatJsonPath = (path) => path
    .map((step, index) => {
    if (typeof step === 'number')
        return `[${step}]`;
    if (special.test(step))
        return `['${step.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}']`;
    return index === 0 ? step : `.${step}`;
})
    .join('');
class Scanner {
    text;
    offset = 0;
    constructor(text) {
        this.text = text;
    }
    skipSpace() {
        while (/\s/.test(this.text[this.offset] ?? ''))
            this.offset++;
    }
    skipString() {
        const start = this.offset++;
        while (this.offset < this.text.length && this.text[this.offset] !== '"') {
            this.offset += this.text[this.offset] === '\\' ? 2 : 1;
        }
        this.offset++;
        return this.text.slice(start, this.offset);
    }
    skipValue() {
        this.skipSpace();
        const first = this.text[this.offset];
        if (first === '"')
            this.skipString();
        else if (first === '{' || first === '[')
            this.skipNested();
        else
            while (this.offset < this.text.length && !/[\s,\]}]/.test(this.text[this.offset]))
                this.offset++;
    }
    skipNested() {
        let depth = 0;
        do {
            const character = this.text[this.offset];
            if (character === '"') {
                this.skipString();
                continue;
            }
            if (character === '{' || character === '[')
                depth++;
            if (character === '}' || character === ']')
                depth--;
            this.offset++;
        } while (depth > 0 && this.offset < this.text.length);
    }
}
/** Goes to the value of a member; answers the member's name as written, undefined when there is none. */
function enterMember(scanner, name) {
    const wanted = name.toLowerCase();
    let found;
    for (scanner.offset++; scanner.offset < scanner.text.length;) {
        scanner.skipSpace();
        if (scanner.text[scanner.offset] !== '"')
            break;
        const key = String(JSON.parse(scanner.skipString()));
        scanner.skipSpace();
        scanner.offset++;
        scanner.skipSpace();
        // The last of several equal members counts, as it does for JSON.parse.
        if (key.toLowerCase() === wanted)
            found = { name: key, offset: scanner.offset };
        scanner.skipValue();
        scanner.skipSpace();
        if (scanner.text[scanner.offset] !== ',')
            break;
        scanner.offset++;
    }
    if (found)
        scanner.offset = found.offset;
    return found?.name;
}
function enterItem(scanner, index) {
    scanner.offset++;
    for (let skipped = 0; skipped < index; skipped++) {
        scanner.skipValue();
        scanner.skipSpace();
        scanner.offset++;
    }
    scanner.skipSpace();
}
function endOf(part, scanner) {
    const start = scanner.offset;
    if (part === 'name')
        return scanner.text.lastIndexOf(':', start) + 1;
    const first = scanner.text[start];
    if (part === 'start' || (part === 'value' && (first === '{' || first === '[')))
        return start + 1;
    scanner.skipValue();
    return scanner.offset;
}
/** Where the value at `path` in `text` (valid JSON) stands, or its nearest ancestor that exists. */
export function positionInJson(text, path, part = 'value') {
    const scanner = new Scanner(text);
    scanner.skipSpace();
    const written = [...path];
    for (const [index, step] of path.entries()) {
        if (typeof step === 'number' && text[scanner.offset] === '[') {
            enterItem(scanner, step);
            continue;
        }
        const start = scanner.offset;
        const name = enterMember(scanner, String(step));
        if (name === undefined) {
            scanner.offset = start;
            break;
        }
        written[index] = name;
    }
    const end = endOf(part, scanner);
    const lineStart = text.lastIndexOf('\n', end - 1) + 1;
    return { line: text.slice(0, end).split('\n').length, position: end - lineStart, path: written };
}
//# sourceMappingURL=json-position.js.map