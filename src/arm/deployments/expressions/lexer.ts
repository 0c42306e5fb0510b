/** Cuts the text between an expression's brackets into tokens, named as Azure names them in its messages. */
import { ExpressionError } from './expression-error.js';

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
