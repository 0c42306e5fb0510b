/**
 * Reads JSON as leniently as Azure's deployment endpoints do (comments, trailing commas, single quotes, strings over
 * several lines, unquoted keys: `az` sends `template:` unquoted), and remembers where every value stood.
 */
import { type Json, type JsonObject, setMember } from './json.js';

/** A place in a text; both count from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** The text that values were read from. Where its lines begin is found when the first position is asked for. */
class Source {
  #lineStarts: number[] | undefined;

  constructor(readonly text: string) {}

  position(offset: number): TextPosition {
    this.#lineStarts ??= this.#findLines();
    let [low, high] = [0, this.#lineStarts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#lineStarts[low] as number) + 1 };
  }

  #findLines(): number[] {
    const starts = [this.text.startsWith('\uFEFF') ? 1 : 0];
    for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n', at + 1)) starts.push(at + 1);
    return starts;
  }
}

/** Where a container and its members begin, as offsets in their text. */
interface Places {
  readonly source: Source;
  readonly self: number;
  readonly members: Map<string, number> | number[];
}

const places = new WeakMap<object, Places>();

/** Where `container`, or its member `key`, begins; undefined for values that were never text. */
export function positionOf(container: Json | undefined, key?: string | number): TextPosition | undefined {
  if (typeof container !== 'object' || container === null) return undefined;
  const known = places.get(container);
  if (!known) return undefined;
  const { source, self, members } = known;
  const offset = Array.isArray(members) ? members[Number(key)] : members.get(String(key));
  return source.position(offset ?? self);
}

/** `position` counted from where `root` begins: a template inside a request is reported in lines of its own file. */
export function relativeTo(root: Json | undefined, position: TextPosition | undefined): TextPosition {
  const start = positionOf(root);
  if (!start || !position) return position ?? { line: 1, column: 1 };
  const line = position.line - start.line + 1;
  return line < 1 ? position : { line, column: line === 1 ? position.column - start.column + 1 : position.column };
}

export class JsonReadError extends Error {
  override readonly name = 'JsonReadError';
  readonly position: TextPosition;
  /** The member path of the value being read, as in `resources[0].name`. */
  readonly path: string;

  constructor(reason: string, position: TextPosition, path: string) {
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

const space = 0x20;
const slash = 0x2f;
/** From here on characters may be blanks again. */
const firstUnusual = 0x7f;
/** A string up to its end or to an escape. */
const plainText = { '"': /[^"\\]*/y, "'": /[^'\\]*/y } as const;
const scalarText = /[-+.\w]{1,512}/y;

/** Characters between two pauses: about 5 ms of work. */
const charactersPerTurn = 128 * 1024;

class Reader {
  readonly #text: string;
  readonly #source: Source;
  readonly #maxDepth: number;
  readonly #path: (string | number)[] = [];
  /** The containers that are open, the outermost first. */
  readonly #open: (JsonObject | Json[])[] = [];
  #at = 0;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#source = new Source(text);
    this.#maxDepth = maxDepth;
    if (text.startsWith('\uFEFF')) this.#at = 1;
  }

  /** Reads in pieces: other requests may run between two of them. */
  *document(): Generator<void, Json> {
    this.#skipBlank();
    let pauseAt = charactersPerTurn;
    for (;;) {
      if (this.#at > pauseAt) {
        yield;
        pauseAt = this.#at + charactersPerTurn;
      }
      const character = this.#peek();
      let value: Json;
      if (character === '{' || character === '[') {
        value = this.#begin(character === '{' ? {} : []);
        if (!this.#ends(value)) {
          this.#beginMember(value);
          continue;
        }
        this.#end();
      } else value = character === '"' || character === "'" ? this.#string(character) : this.#scalar();
      if (this.#add(value)) continue;
      this.#skipBlank();
      if (this.#at < this.#text.length) {
        this.#fail(`Additional text encountered after finished reading JSON content: ${this.#peek()}.`);
      }
      return this.#root as Json;
    }
  }

  #root: Json | undefined;

  /** Adds a value to the container around it, and ends those that are complete; false when that was the outermost. */
  #add(given: Json): boolean {
    let value = given;
    for (let around = this.#open.at(-1); around; around = this.#open.at(-1)) {
      if (Array.isArray(around)) around.push(value);
      else setMember(around, this.#path.at(-1) as string, value);
      this.#separator(Array.isArray(around) ? ']' : '}');
      this.#path.pop();
      if (!this.#ends(around)) {
        this.#beginMember(around);
        return true;
      }
      this.#end();
      value = around;
    }
    this.#root = value;
    return false;
  }

  #begin(container: JsonObject | Json[]): JsonObject | Json[] {
    if (this.#path.length >= this.#maxDepth) {
      this.#fail(`The reader's MaxDepth of ${this.#maxDepth} has been exceeded.`);
    }
    const members = Array.isArray(container) ? [] : new Map<string, number>();
    places.set(container, { source: this.#source, self: this.#at, members });
    this.#open.push(container);
    this.#at += 1;
    this.#skipBlank();
    return container;
  }

  #ends(container: JsonObject | Json[]): boolean {
    return this.#peek() === (Array.isArray(container) ? ']' : '}');
  }

  #end(): void {
    this.#open.pop();
    this.#at += 1;
  }

  /** Leaves the reader where the member's value begins. */
  #beginMember(container: JsonObject | Json[]): void {
    const { members } = places.get(container) as Places;
    if (Array.isArray(container)) this.#path.push(container.length);
    else this.#path.push(this.#memberName());
    if (Array.isArray(members)) members.push(this.#at);
    else members.set(this.#path.at(-1) as string, this.#at);
  }

  #memberName(): string {
    const key = this.#key();
    this.#path.push(key);
    this.#skipBlank();
    if (this.#peek() !== ':') {
      this.#fail(`Invalid character after parsing property name. Expected ':' but got: ${this.#peek()}.`);
    }
    this.#at += 1;
    this.#skipBlank();
    this.#path.pop();
    return key;
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #fail(reason: string): never {
    const path = this.#path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
    throw new JsonReadError(reason, this.#source.position(this.#at), path.replace(/^\./, ''));
  }

  #failUnexpected(): never {
    return this.#at >= this.#text.length
      ? this.#fail('Unexpected end when reading JSON.')
      : this.#fail(`Unexpected character encountered while parsing value: ${this.#peek()}.`);
  }

  #skipBlank(): void {
    for (; this.#at < this.#text.length; this.#at += 1) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === slash) this.#skipComment();
      else if (code > space && (code < firstUnusual || !/\s|\uFEFF/.test(this.#peek()))) return;
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
    }
    this.#at += 1;
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

  #string(quote: '"' | "'"): string {
    const plain = plainText[quote];
    let text = '';
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      plain.lastIndex = this.#at;
      plain.test(this.#text);
      text += this.#text.slice(this.#at, plain.lastIndex);
      this.#at = plain.lastIndex;
      const character = this.#peek();
      if (character === quote) {
        this.#at += 1;
        return text;
      }
      if (character === '\\') text += this.#escape();
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
    const known = escapes[character];
    if (known !== undefined) return known;
    if (!/["'\\/]/.test(character)) this.#fail(`Bad JSON escape sequence: \\${character}.`);
    return character;
  }

  #scalar(): Json {
    scalarText.lastIndex = this.#at;
    if (!scalarText.test(this.#text)) return this.#failUnexpected();
    const word = this.#text.slice(this.#at, scalarText.lastIndex);
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

/** Reads the value that `text` holds, in pieces. Throws `JsonReadError`, never anything else. */
export function readJsonInPieces(
  text: string,
  { maxDepth = 128, maxLength = 4 * 1024 * 1024 }: ReadLimits = {},
): Generator<void, Json> {
  if (text.length > maxLength) {
    throw new JsonReadError(
      `The content is ${text.length} characters long and the limit is ${maxLength}.`,
      { line: 1, column: 1 },
      '',
    );
  }
  return new Reader(text, maxDepth).document();
}

/** The result of work in pieces; others go first between two of them. */
export async function inTurns<T>(work: Generator<void, T>): Promise<T> {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
