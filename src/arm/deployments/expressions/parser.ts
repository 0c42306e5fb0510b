/** Turns a template string into an expression tree, or says that it is plain text. */
import { ExpressionError } from './expression-error.js';
import { type Token, type TokenKind, tokenize } from './lexer.js';
import type { CallNode, ExpressionNode } from './syntax-tree.js';

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

  #node(): ExpressionNode {
    this.#depth += 1;
    if (this.#depth > maxNesting) {
      throw new ExpressionError(
        `Unable to parse language expression: it is nested more than ${maxNesting} levels deep.`,
        this.#token().offset,
      );
    }
    let node = this.#primary();
    for (;;) {
      const { offset } = this.#token();
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
