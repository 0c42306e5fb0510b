/**
 * Reads JSON as leniently as Azure's deployment endpoints do (comments, trailing commas, single quotes, strings over
 * several lines, unquoted keys: `az` sends `template:` unquoted), and remembers where every value stood.
 */
import { setMember } from './json.js';
const places = new WeakMap();
/** Notes where `container` begins. */
export function notePosition(container, self) {
    places.set(container, { self, members: new Map() });
}
/** Notes where the value of `container[key]` begins. */
export function noteMemberPosition(container, key, position) {
    places.get(container)?.members.set(String(key), position);
}
/** Where `container`, or its member `key`, begins; undefined for values that were never text. */
export function positionOf(container, key) {
    if (typeof container !== 'object' || container === null)
        return undefined;
    const known = places.get(container);
    return key === undefined ? known?.self : (known?.members.get(String(key)) ?? known?.self);
}
/** `position` counted from where `root` begins: a template inside a request is reported in lines of its own file. */
export function relativeTo(root, position) {
    const start = positionOf(root);
    if (!start || !position)
        return position ?? { line: 1, column: 1 };
    const line = position.line - start.line + 1;
    return line < 1 ? position : { line, column: line === 1 ? position.column - start.column + 1 : position.column };
}
export class JsonReadError extends Error {
    name = 'JsonReadError';
    position;
    /** The member path of the value being read, as in `resources[0].name`. */
    path;
    constructor(reason, position, path) {
        super(`${reason} Path '${path}', line ${position.line}, position ${position.column}.`);
        this.position = position;
        this.path = path;
    }
}
const escapes = {
    b: '\b',
    f: '\f',
    n: '\n',
    r: '\r',
    t: '\t',
    '\n': '',
    '0': '\0',
};
class Reader {
    #text;
    #maxDepth;
    #path = [];
    #at = 0;
    #line = 1;
    #lineStart = 0;
    constructor(text, maxDepth) {
        this.#text = text;
        this.#maxDepth = maxDepth;
        if (text.startsWith('\uFEFF'))
            this.#at = this.#lineStart = 1;
    }
    document() {
        this.#skipBlank();
        const value = this.#value();
        this.#skipBlank();
        if (this.#at < this.#text.length) {
            this.#fail(`Additional text encountered after finished reading JSON content: ${this.#peek()}.`);
        }
        return value;
    }
    #peek() {
        return this.#text.charAt(this.#at);
    }
    #position() {
        return { line: this.#line, column: this.#at - this.#lineStart + 1 };
    }
    #fail(reason) {
        const path = this.#path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
        throw new JsonReadError(reason, this.#position(), path.replace(/^\./, ''));
    }
    #failUnexpected() {
        return this.#at >= this.#text.length
            ? this.#fail('Unexpected end when reading JSON.')
            : this.#fail(`Unexpected character encountered while parsing value: ${this.#peek()}.`);
    }
    #newLine() {
        this.#line += 1;
        this.#lineStart = this.#at + 1;
    }
    #skipBlank() {
        for (; this.#at < this.#text.length; this.#at += 1) {
            const character = this.#peek();
            if (character === '\n')
                this.#newLine();
            else if (character === '/')
                this.#skipComment();
            else if (!/\s|\uFEFF/.test(character))
                return;
        }
    }
    /** Leaves the reader on the comment's last character. */
    #skipComment() {
        const kind = this.#text.charAt(this.#at + 1);
        if (kind === '/') {
            while (this.#at + 1 < this.#text.length && this.#text.charAt(this.#at + 1) !== '\n')
                this.#at += 1;
            return;
        }
        if (kind !== '*')
            this.#fail(`Error parsing comment. Expected: *, got ${kind}.`);
        for (this.#at += 2; !this.#text.startsWith('*/', this.#at); this.#at += 1) {
            if (this.#at >= this.#text.length)
                this.#fail('Unexpected end while parsing comment.');
            if (this.#peek() === '\n')
                this.#newLine();
        }
        this.#at += 1;
    }
    #value() {
        const character = this.#peek();
        if (character === '{')
            return this.#object();
        if (character === '[')
            return this.#array();
        if (character === '"' || character === "'")
            return this.#string(character);
        return this.#scalar();
    }
    #open(container) {
        if (this.#path.length >= this.#maxDepth) {
            this.#fail(`The reader's MaxDepth of ${this.#maxDepth} has been exceeded.`);
        }
        notePosition(container, this.#position());
        this.#at += 1;
        this.#skipBlank();
    }
    #object() {
        const object = {};
        this.#open(object);
        while (this.#peek() !== '}') {
            const key = this.#key();
            this.#path.push(key);
            this.#skipBlank();
            if (this.#peek() !== ':') {
                this.#fail(`Invalid character after parsing property name. Expected ':' but got: ${this.#peek()}.`);
            }
            this.#at += 1;
            this.#skipBlank();
            noteMemberPosition(object, key, this.#position());
            setMember(object, key, this.#value());
            this.#separator('}');
            this.#path.pop();
        }
        this.#at += 1;
        return object;
    }
    #array() {
        const array = [];
        this.#open(array);
        while (this.#peek() !== ']') {
            this.#path.push(array.length);
            noteMemberPosition(array, array.length, this.#position());
            array.push(this.#value());
            this.#separator(']');
            this.#path.pop();
        }
        this.#at += 1;
        return array;
    }
    /** After a member: a comma (also a trailing one) or the closing character, which stays unread. */
    #separator(close) {
        this.#skipBlank();
        if (this.#peek() === ',') {
            this.#at += 1;
            this.#skipBlank();
        }
        else if (this.#at >= this.#text.length) {
            this.#fail('Unexpected end when reading JSON.');
        }
        else if (this.#peek() !== close) {
            this.#fail(`After parsing a value an unexpected character was encountered: ${this.#peek()}.`);
        }
    }
    #key() {
        const character = this.#peek();
        if (character === '"' || character === "'")
            return this.#string(character);
        const [name] = /^[\p{L}_$][\p{L}\p{N}_$-]*/u.exec(this.#text.slice(this.#at, this.#at + 512)) ?? [];
        if (name === undefined) {
            this.#fail(this.#at >= this.#text.length
                ? 'Unexpected end when reading JSON.'
                : `Invalid property identifier character: ${character}.`);
        }
        this.#at += name.length;
        return name;
    }
    #string(quote) {
        let text = '';
        for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
            const character = this.#peek();
            if (character === quote) {
                this.#at += 1;
                return text;
            }
            if (character === '\n')
                this.#newLine();
            text += character === '\\' ? this.#escape() : character;
        }
        return this.#fail(`Unterminated string. Expected delimiter: ${quote}.`);
    }
    /** Leaves the reader on the escape's last character. */
    #escape() {
        this.#at += 1;
        const character = this.#peek();
        if (character === 'u') {
            const hex = this.#text.slice(this.#at + 1, this.#at + 5);
            if (!/^[0-9a-fA-F]{4}$/.test(hex))
                this.#fail(`Invalid Unicode escape sequence: \\u${hex}.`);
            this.#at += 4;
            return String.fromCharCode(Number.parseInt(hex, 16));
        }
        if (character === '\n')
            this.#newLine();
        const known = escapes[character];
        if (known !== undefined)
            return known;
        if (!/["'\\/]/.test(character))
            this.#fail(`Bad JSON escape sequence: \\${character}.`);
        return character;
    }
    #scalar() {
        const [word] = /^[-+.\w]+/.exec(this.#text.slice(this.#at, this.#at + 512)) ?? [];
        if (word === undefined)
            return this.#failUnexpected();
        const value = scalarOf(word);
        if (value === undefined)
            return this.#failUnexpected();
        this.#at += word.length;
        return value;
    }
}
function scalarOf(word) {
    if (word === 'true')
        return true;
    if (word === 'false')
        return false;
    if (word === 'null')
        return null;
    if (!/^-?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(word))
        return undefined;
    const number = Number(word);
    return Number.isFinite(number) ? number : undefined;
}
/** The value that `text` holds. Throws `JsonReadError`, never anything else. */
export function readJson(text, { maxDepth = 128, maxLength = 4 * 1024 * 1024 } = {}) {
    if (text.length > maxLength) {
        throw new JsonReadError(`The content is ${text.length} characters long and the limit is ${maxLength}.`, { line: 1, column: 1 }, '');
    }
    return new Reader(text, maxDepth).document();
}
//# sourceMappingURL=json-reader.js.map