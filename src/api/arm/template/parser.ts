/** Parses template expressions: tokens, named as Azure names them in its messages, and the syntax tree. */
import type { TextPosition } from './json-reader.js';

/** The expression is wrong; the message is what Azure says about it. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
  /** Where in the expression, counted from its opening bracket; undefined when it concerns the whole. */
  readonly offset: number | undefined;
  /** Where the expression stands in its text; set where that is known. */
  position: TextPosition | undefined;

  constructor(message: string, offset?: number) {
    super(message);
    this.offset = offset;
  }
}

export interface LiteralNode {
  readonly kind: 'literal';
  readonly value: string | number;
  readonly offset: number;
}

export interface CallNode {
  readonly kind: 'call';
  /** Set for functions that the template defines itself. */
  readonly namespace: string | undefined;
  readonly name: string;
  readonly args: readonly ExpressionNode[];
  readonly offset: number;
}

export interface AccessNode {
  readonly kind: 'access';
  readonly target: ExpressionNode;
  readonly key: ExpressionNode;
  /** `.?name` and `[?index]`: null instead of an error when there is no such member. */
  readonly safe: boolean;
  readonly offset: number;
}

export type ExpressionNode = LiteralNode | CallNode | AccessNode;

/** Every node of `root`, the root first. */
export function* nodesOf(root: ExpressionNode): Generator<ExpressionNode> {
  yield root;
  if (root.kind === 'call') for (const argument of root.args) yield* nodesOf(argument);
  if (root.kind === 'access') {
    yield* nodesOf(root.target);
    yield* nodesOf(root.key);
  }
}

/** The expression as text, such that parsing it gives the same tree. */
export function printNode(node: ExpressionNode): string {
  if (node.kind === 'literal') {
    return typeof node.value === 'number' ? String(node.value) : `'${node.value.replaceAll("'", "''")}'`;
  }
  if (node.kind === 'access') return `${printNode(node.target)}[${node.safe ? '?' : ''}${printNode(node.key)}]`;
  const name = node.namespace === undefined ? node.name : `${node.namespace}.${node.name}`;
  return `${name}(${node.args.map(printNode).join(', ')})`;
}

export type TokenKind =
  | 'LeftParenthesis'
  | 'RightParenthesis'
  | 'LeftSquareBracket'
  | 'RightSquareBracket'
  | 'Comma'
  | 'Dot'
  | 'QuestionMark'
  | 'Identifier'
  | 'Integer'
  | 'Float'
  | 'StringLiteral'
  | 'EndOfData';

export interface Token {
  readonly kind: TokenKind;
  /** The token's value: a string literal without quotes, an identifier as written. */
  readonly text: string;
  readonly offset: number;
}

const punctuation: Readonly<Record<string, TokenKind>> = {
  '(': 'LeftParenthesis',
  ')': 'RightParenthesis',
  '[': 'LeftSquareBracket',
  ']': 'RightSquareBracket',
  ',': 'Comma',
  '.': 'Dot',
  '?': 'QuestionMark',
};

/** The tokens of `text`, with an EndOfData at the end. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text.charAt(at);
    if (/\s/.test(character)) {
      at += 1;
      continue;
    }
    const token = tokenAt(text, at);
    tokens.push(token.token);
    at = token.end;
  }
  tokens.push({ kind: 'EndOfData', text: '', offset: text.length });
  return tokens;
}

function tokenAt(text: string, offset: number): { token: Token; end: number } {
  const character = text.charAt(offset);
  const kind = punctuation[character];
  if (kind) return { token: { kind, text: character, offset }, end: offset + 1 };
  if (character === "'") return stringAt(text, offset);
  const number = matchAt(/-?\d+(\.\d+)?/y, text, offset);
  if (number) {
    return {
      token: { kind: number.includes('.') ? 'Float' : 'Integer', text: number, offset },
      end: offset + number.length,
    };
  }
  const word = matchAt(/[A-Za-z_$][\w$-]*/y, text, offset);
  if (word) return { token: { kind: 'Identifier', text: word, offset }, end: offset + word.length };
  throw new ExpressionError(
    `Unable to parse language expression '${text}': the character '${character}' at position '${offset + 1}' is not expected.`,
    offset,
  );
}

function matchAt(pattern: RegExp, text: string, offset: number): string | undefined {
  pattern.lastIndex = offset;
  return pattern.exec(text)?.[0];
}

/** A literal in single quotes; two of them inside mean one. */
function stringAt(text: string, offset: number): { token: Token; end: number } {
  let value = '';
  for (let at = offset + 1; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character !== "'") value += character;
    else if (text.charAt(at + 1) === "'") {
      value += "'";
      at += 1;
    } else return { token: { kind: 'StringLiteral', text: value, offset }, end: at + 1 };
  }
  throw new ExpressionError(
    `Unable to parse language expression '${text}': the string that begins at position '${offset + 1}' is not terminated.`,
    offset,
  );
}

/** Azure's limit for one expression. */
const maxExpressionLength = 24_576;
const maxNesting = 256;

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  expression(): ExpressionNode {
    const root = this.#node();
    this.#expect('EndOfData');
    return root;
  }

  #token(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #expect(kind: TokenKind): Token {
    const token = this.#token();
    if (token.kind !== kind) {
      throw new ExpressionError(
        `Unable to parse language expression '${this.#text}': expected token '${kind}' and actual '${token.kind}'.`,
        token.offset,
      );
    }
    this.#at += 1;
    return token;
  }

  #take(kind: TokenKind): boolean {
    if (this.#token().kind !== kind) return false;
    this.#at += 1;
    return true;
  }

  #tooDeep(): ExpressionError {
    return new ExpressionError(
      `Unable to parse language expression: it is nested more than ${maxNesting} levels deep.`,
      this.#token().offset,
    );
  }

  #node(): ExpressionNode {
    this.#depth += 1;
    if (this.#depth > maxNesting) throw this.#tooDeep();
    let node = this.#primary();
    for (let accesses = 0; ; accesses += 1) {
      const { offset } = this.#token();
      if (accesses > maxNesting) throw this.#tooDeep();
      if (this.#take('Dot')) {
        const safe = this.#take('QuestionMark');
        const name = this.#expect('Identifier');
        const key = { kind: 'literal', value: name.text, offset: name.offset } as const;
        node = { kind: 'access', target: node, key, safe, offset };
      } else if (this.#take('LeftSquareBracket')) {
        const safe = this.#take('QuestionMark');
        const key = this.#node();
        this.#expect('RightSquareBracket');
        node = { kind: 'access', target: node, key, safe, offset };
      } else {
        this.#depth -= 1;
        return node;
      }
    }
  }

  #primary(): ExpressionNode {
    const { kind, text, offset } = this.#token();
    if (kind === 'StringLiteral' || kind === 'Integer' || kind === 'Float') {
      this.#at += 1;
      return { kind: 'literal', value: kind === 'StringLiteral' ? text : Number(text), offset };
    }
    return this.#call();
  }

  #call(): CallNode {
    const first = this.#expect('Identifier');
    const second = this.#take('Dot') ? this.#expect('Identifier') : undefined;
    this.#expect('LeftParenthesis');
    const args: ExpressionNode[] = [];
    if (!this.#take('RightParenthesis')) {
      do args.push(this.#node());
      while (this.#take('Comma'));
      this.#expect('RightParenthesis');
    }
    return {
      kind: 'call',
      namespace: second && first.text,
      name: (second ?? first).text,
      args,
      offset: first.offset,
    };
  }
}

/** `text` is an expression, rather than plain or escaped (`[[`) text. */
export const isExpression = (text: string): boolean =>
  text.length > 1 && text.startsWith('[') && !text.startsWith('[[') && text.endsWith(']');

/** Plain text as the template means it: a leading `[[` stands for `[`. */
export const unescapeText = (text: string): string =>
  text.startsWith('[[') && text.endsWith(']') ? text.slice(1) : text;

const parsed = new Map<string, ExpressionNode>();
const maxRemembered = 4096;

/** The tree of `text`, which must be an expression. Throws `ExpressionError`, never anything else. */
export function parseExpression(text: string): ExpressionNode {
  if (text.length > maxExpressionLength) {
    throw new ExpressionError(
      `The language expression length limit exceeded. Limit: '${maxExpressionLength}' and actual: '${text.length}'.`,
    );
  }
  const known = parsed.get(text);
  if (known) return known;
  const node = new Parser(text.slice(1, -1)).expression();
  if (parsed.size >= maxRemembered) parsed.clear();
  parsed.set(text, node);
  return node;
}
