/**
 * Where in a JSON text a member stands, for Azure's `InvalidJson` texts (`Path '…', line 1, position 924.`). Scanning
 * again on an error is cheaper than keeping positions for every request that has none.
 */

export interface JsonPosition {
  /** From 1. */
  readonly line: number;
  /** Characters from the start of the line to the end of the token, as Azure's reader counts. */
  readonly position: number;
}

/** Steps into a document: member names (matched in any casing) and array indexes. */
export type JsonPath = readonly (string | number)[];

/** `properties.probes[0].name`, as Azure writes paths. */
export const formatJsonPath = (path: JsonPath): string =>
  path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('');

class Scanner {
  offset = 0;
  constructor(readonly text: string) {}

  skipSpace(): void {
    while (/\s/.test(this.text[this.offset] ?? '')) this.offset++;
  }

  skipString(): string {
    const start = this.offset++;
    while (this.offset < this.text.length && this.text[this.offset] !== '"') {
      this.offset += this.text[this.offset] === '\\' ? 2 : 1;
    }
    this.offset++;
    return this.text.slice(start, this.offset);
  }

  skipValue(): void {
    this.skipSpace();
    const first = this.text[this.offset];
    if (first === '"') this.skipString();
    else if (first === '{' || first === '[') this.skipNested();
    else while (this.offset < this.text.length && !/[\s,\]}]/.test(this.text[this.offset] as string)) this.offset++;
  }

  skipNested(): void {
    let depth = 0;
    do {
      const character = this.text[this.offset];
      if (character === '"') {
        this.skipString();
        continue;
      }
      if (character === '{' || character === '[') depth++;
      if (character === '}' || character === ']') depth--;
      this.offset++;
    } while (depth > 0 && this.offset < this.text.length);
  }
}

function enterMember(scanner: Scanner, name: string): boolean {
  const wanted = name.toLowerCase();
  let found: number | undefined;
  for (scanner.offset++; scanner.offset < scanner.text.length; ) {
    scanner.skipSpace();
    if (scanner.text[scanner.offset] !== '"') break;
    const key = scanner.skipString();
    scanner.skipSpace();
    scanner.offset++;
    scanner.skipSpace();
    // The last of several equal members counts, as it does for JSON.parse.
    if (String(JSON.parse(key)).toLowerCase() === wanted) found = scanner.offset;
    scanner.skipValue();
    scanner.skipSpace();
    if (scanner.text[scanner.offset] !== ',') break;
    scanner.offset++;
  }
  if (found !== undefined) scanner.offset = found;
  return found !== undefined;
}

function enterItem(scanner: Scanner, index: number): void {
  scanner.offset++;
  for (let skipped = 0; skipped < index; skipped++) {
    scanner.skipValue();
    scanner.skipSpace();
    scanner.offset++;
  }
  scanner.skipSpace();
}

/**
 * Where the value at `path` in `text` (valid JSON) ends, or of its nearest ancestor that exists; with `part: 'name'`,
 * where the member's name and colon end, which is what Azure's reader reports for members it does not know.
 */
export function positionInJson(text: string, path: JsonPath, part: 'value' | 'name' = 'value'): JsonPosition {
  const scanner = new Scanner(text);
  scanner.skipSpace();
  for (const step of path) {
    if (typeof step === 'number') enterItem(scanner, step);
    else if (!enterMember(scanner, step)) break;
  }
  let end = scanner.offset;
  if (part === 'name') end = text.lastIndexOf(':', end) + 1;
  else if (text[end] === '{' || text[end] === '[') end++;
  else {
    scanner.skipValue();
    end = scanner.offset;
  }
  const lineStart = text.lastIndexOf('\n', end - 1) + 1;
  return { line: text.slice(0, end).split('\n').length, position: end - lineStart };
}
