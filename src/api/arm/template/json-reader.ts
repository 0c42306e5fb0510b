/**
 * Reads JSON as leniently as Azure's deployment endpoints do (comments, trailing commas, single quotes, strings over
 * several lines, unquoted keys: `az` sends `template:` unquoted), and remembers where every value stood.
 */
import { type Json, type JsonObject, setMember } from './json.js';

/** A place in a text; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

interface Places {
  readonly self: Position;
  readonly members: Map<string, Position>;
}

const places = new WeakMap<object, Places>();

/** Notes where `container` begins. */
export function notePosition(container: Json[] | JsonObject, self: Position): void {
  places.set(container, { self, members: new Map() });
}

/** Notes where the value of `container[key]` begins. */
export function noteMemberPosition(container: Json[] | JsonObject, key: string | number, position: Position): void {
  places.get(container)?.members.set(String(key), position);
}

/** Where `container`, or its member `key`, begins; undefined for values that were never text. */
export function positionOf(container: Json | undefined, key?: string | number): Position | undefined {
  if (typeof container !== 'object' || container === null) return undefined;
  const known = places.get(container);
  return key === undefined ? known?.self : (known?.members.get(String(key)) ?? known?.self);
}

/** `position` counted from where `root` begins: a template inside a request is reported in lines of its own file. */
export function relativeTo(root: Json | undefined, position: Position | undefined): Position {
  const start = positionOf(root);
  if (!start || !position) return position ?? { line: 1, column: 1 };
  const line = position.line - start.line + 1;
  return line < 1 ? position : { line, column: line === 1 ? position.column - start.column + 1 : position.column };
}

export class JsonReadError extends Error {
  override readonly name = 'JsonReadError';
  readonly position: Position;
  /** The member path of the value being read, as in `resources[0].name`. */
  readonly path: string;

  constructor(reason: string, position: Position, path: string) {
    super(`${reason} Path '${path}', line ${position.line}, position ${position.column}.`);
    this.position = position;
    this.path = path;
  }
}

export interface ReadLimits {
  /** Containers inside each other. */
  readonly maxDepth?: number;
  /** Characters of the whole text. */
  readonly maxLength?: number;
}

const escapes: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  '\n': '',
  '0': '\0',
};

class Reader {
  readonly #text: string;
  readonly #maxDepth: number;
  readonly #path: (string | number)[] = [];
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
    if (text.startsWith('\uFEFF')) this.#at = this.#lineStart = 1;
  }

  document(): Json {
    this.#skipBlank();
    const value = this.#value();
    this.#skipBlank();
    if (this.#at < this.#text.length) {
      this.#fail(`Additional text encountered after finished reading JSON content: ${this.#peek()}.`);
    }
    return value;
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #position(): Position {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }

  #fail(reason: string): never {
    const path = this.#path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
    throw new JsonReadError(reason, this.#position(), path.replace(/^\./, ''));
  }

  #failUnexpected(): never {
    return this.#at >= this.#text.length
      ? this.#fail('Unexpected end when reading JSON.')
      : this.#fail(`Unexpected character encountered while parsing value: ${this.#peek()}.`);
  }

  #newLine(): void {
    this.#line += 1;
    this.#lineStart = this.#at + 1;
  }

  #skipBlank(): void {
    for (; this.#at < this.#text.length; this.#at += 1) {
      const character = this.#peek();
      if (character === '\n') this.#newLine();
      else if (character === '/') this.#skipComment();
      else if (!/\s|\uFEFF/.test(character)) return;
    }
  }

  /** Leaves the reader on the comment's last character. */
  #skipComment(): void {
    const kind = this.#text.charAt(this.#at + 1);
    if (kind === '/') {
      while (this.#at + 1 < this.#text.length && this.#text.charAt(this.#at + 1) !== '\n') this.#at += 1;
      return;
    }
    if (kind !== '*') this.#fail(`Error parsing comment. Expected: *, got ${kind}.`);
    for (this.#at += 2; !this.#text.startsWith('*/', this.#at); this.#at += 1) {
      if (this.#at >= this.#text.length) this.#fail('Unexpected end while parsing comment.');
      if (this.#peek() === '\n') this.#newLine();
    }
    this.#at += 1;
  }

  #value(): Json {
    const character = this.#peek();
    if (character === '{') return this.#object();
    if (character === '[') return this.#array();
    if (character === '"' || character === "'") return this.#string(character);
    return this.#scalar();
  }

  #open(container: JsonObject | Json[]): void {
    if (this.#path.length >= this.#maxDepth) {
      this.#fail(`The reader's MaxDepth of ${this.#maxDepth} has been exceeded.`);
    }
    notePosition(container, this.#position());
    this.#at += 1;
    this.#skipBlank();
  }

  #object(): JsonObject {
    const object: JsonObject = {};
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

  #array(): Json[] {
    const array: Json[] = [];
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
  #separator(close: string): void {
    this.#skipBlank();
    if (this.#peek() === ',') {
      this.#at += 1;
      this.#skipBlank();
    } else if (this.#at >= this.#text.length) {
      this.#fail('Unexpected end when reading JSON.');
    } else if (this.#peek() !== close) {
      this.#fail(`After parsing a value an unexpected character was encountered: ${this.#peek()}.`);
    }
  }

  #key(): string {
    const character = this.#peek();
    if (character === '"' || character === "'") return this.#string(character);
    const [name] = /^[\p{L}_$][\p{L}\p{N}_$-]*/u.exec(this.#text.slice(this.#at, this.#at + 512)) ?? [];
    if (name === undefined) {
      this.#fail(
        this.#at >= this.#text.length
          ? 'Unexpected end when reading JSON.'
          : `Invalid property identifier character: ${character}.`,
      );
    }
    this.#at += name.length;
    return name;
  }

  #string(quote: string): string {
    let text = '';
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const character = this.#peek();
      if (character === quote) {
        this.#at += 1;
        return text;
      }
      if (character === '\n') this.#newLine();
      text += character === '\\' ? this.#escape() : character;
    }
    return this.#fail(`Unterminated string. Expected delimiter: ${quote}.`);
  }

  /** Leaves the reader on the escape's last character. */
  #escape(): string {
    this.#at += 1;
    const character = this.#peek();
    if (character === 'u') {
      const hex = this.#text.slice(this.#at + 1, this.#at + 5);
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) this.#fail(`Invalid Unicode escape sequence: \\u${hex}.`);
      this.#at += 4;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    if (character === '\n') this.#newLine();
    const known = escapes[character];
    if (known !== undefined) return known;
    if (!/["'\\/]/.test(character)) this.#fail(`Bad JSON escape sequence: \\${character}.`);
    return character;
  }

  #scalar(): Json {
    const [word] = /^[-+.\w]+/.exec(this.#text.slice(this.#at, this.#at + 512)) ?? [];
    if (word === undefined) return this.#failUnexpected();
    const value = scalarOf(word);
    if (value === undefined) return this.#failUnexpected();
    this.#at += word.length;
    return value;
  }
}

function scalarOf(word: string): Json | undefined {
  if (word === 'true') return true;
  if (word === 'false') return false;
  if (word === 'null') return null;
  if (!/^-?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(word)) return undefined;
  const number = Number(word);
  return Number.isFinite(number) ? number : undefined;
}

/** The value that `text` holds. Throws `JsonReadError`, never anything else. */
export function readJson(text: string, { maxDepth = 128, maxLength = 4 * 1024 * 1024 }: ReadLimits = {}): Json {
  if (text.length > maxLength) {
    throw new JsonReadError(
      `The content is ${text.length} characters long and the limit is ${maxLength}.`,
      { line: 1, column: 1 },
      '',
    );
  }
  return new Reader(text, maxDepth).document();
}
