import type { Argument, Span } from './ast.ts';
import { isStrictDecimal } from './decimal.ts';
import { type Problem, problemAt } from './problem.ts';

/** A piece of the text. `name` and the marks carry their text, arguments are decoded already. */
export type Token =
  | { readonly kind: 'name'; readonly text: string; readonly span: Span }
  | { readonly kind: 'argument'; readonly argument: Argument; readonly span: Span }
  | { readonly kind: Mark; readonly span: Span }
  | { readonly kind: 'end'; readonly span: Span };

export type Mark = '(' | ')' | ',' | '!' | '&&' | '||';

/** Thrown inside the lexer and the parser, caught by `parse`. */
export class SyntaxProblem extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** Stops with a syntax problem. */
export function fail(offset: number, length: number, message: string, hint?: string): never {
  throw new SyntaxProblem(problemAt({ offset, length }, 'EXPRESSION_SYNTAX', message, hint));
}

const space = /[ \t\r\n]+/y;
const name = /[A-Za-z_][A-Za-z0-9_]*/y;
const dotted = /[A-Za-z_][\w.\\-]*/y;
const numberLike = /-?[0-9][0-9A-Za-z_.+-]*/y;
const quotes = { '`': 'raw', '"': 'double', "'": 'single' } as const;

/** Cuts the text into tokens; the last one is `end`. Throws a {@link SyntaxProblem}. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  for (;;) {
    const start = offset + lengthAt(space, text, offset);
    // The end stands behind the last token, where something is missing, not behind the blanks after it.
    if (start === text.length) return [...tokens, { kind: 'end', span: { offset, length: 0 } }];
    const token = tokenAt(text, start);
    tokens.push(token);
    offset = start + token.span.length;
  }
}

function tokenAt(text: string, offset: number): Token {
  const character = text.charAt(offset);
  switch (character) {
    case '(':
    case ')':
    case ',':
      return { kind: character, span: { offset, length: 1 } };
    case '!':
      if (text.charAt(offset + 1) === '=') fail(offset, 2, '`!=` is not an operator.', comparisonHint);
      return { kind: '!', span: { offset, length: 1 } };
    case '&':
    case '|':
      return doubledMark(text, offset, character);
    case '`':
    case '"':
    case "'":
      return quotedArgument(text, offset, character);
    default:
      return nameOrNumber(text, offset, character);
  }
}

function doubledMark(text: string, offset: number, character: '&' | '|'): Token {
  if (text.charAt(offset + 1) !== character) {
    fail(offset, 1, `A single \`${character}\` is not an operator.`, `Write ${character}${character}.`);
  }
  return { kind: character === '&' ? '&&' : '||', span: { offset, length: 2 } };
}

function nameOrNumber(text: string, offset: number, character: string): Token {
  const nameLength = lengthAt(name, text, offset);
  if (nameLength > 0) {
    const whole = lengthAt(dotted, text, offset);
    if (whole > nameLength) {
      const path = text.slice(offset, offset + whole);
      fail(offset, whole, `\`${path}\` is not quoted.`, `Put it in backticks: \`${path}\`.`);
    }
    return { kind: 'name', text: text.slice(offset, offset + nameLength), span: { offset, length: nameLength } };
  }
  const numberLength = lengthAt(numberLike, text, offset);
  if (numberLength > 0) {
    const value = text.slice(offset, offset + numberLength);
    const span = { offset, length: numberLength };
    if (!isStrictDecimal(value)) {
      fail(
        offset,
        numberLength,
        `\`${value}\` is not a number.`,
        'Numbers are plain decimals such as 100, -2.5 or 1e6; quote anything else.',
      );
    }
    return { kind: 'argument', argument: Object.freeze({ style: 'number', value, span }), span };
  }
  return failAtCharacter(text, offset, character);
}

const comparisonHint = 'Comparisons are written as function calls.';

const slips: Readonly<Record<string, string>> = {
  '=': comparisonHint,
  '<': comparisonHint,
  '>': comparisonHint,
  $: 'A ${path} stands inside a quoted value.',
  '\\': 'Remove the backslash: quotes are written plainly.',
  '“': 'Use plain quotes: ", \' or `.',
  '”': 'Use plain quotes: ", \' or `.',
  '‘': 'Use plain quotes: ", \' or `.',
  '’': 'Use plain quotes: ", \' or `.',
  ':': 'Arguments stand in parentheses, for instance Host(`mcp.example.com`).',
  '\u00a0': 'This is a no-break space; use a plain one.',
};

function failAtCharacter(text: string, offset: number, character: string): never {
  const whole = String.fromCodePoint(text.codePointAt(offset) ?? 0);
  const code = (text.codePointAt(offset) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  const visible = /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(whole) ? `\`${whole}\`` : `The character U+${code}`;
  fail(offset, whole.length, `${visible} is not expected here.`, slips[character]);
}

function quotedArgument(text: string, offset: number, quote: keyof typeof quotes): Token {
  const style = quotes[quote];
  const { value, end } = style === 'raw' ? rawText(text, offset) : escapedText(text, offset, quote);
  const span = { offset, length: end - offset };
  return { kind: 'argument', argument: Object.freeze({ style, value, span }), span };
}

function rawText(text: string, offset: number): { value: string; end: number } {
  const close = text.indexOf('`', offset + 1);
  if (close < 0) fail(offset, text.length - offset, 'This text has no closing backtick.');
  return wellFormed(offset, { value: text.slice(offset + 1, close), end: close + 1 });
}

/** A text that is no Unicode text could never equal what a message holds. */
function wellFormed(offset: number, quoted: { value: string; end: number }): { value: string; end: number } {
  if (quoted.value.isWellFormed()) return quoted;
  const hint = 'Write both halves: \\uD83D\\uDE00.';
  fail(offset, quoted.end - offset, 'This text holds half of a surrogate pair.', hint);
}

const simpleEscapes: Readonly<Record<string, string>> = {
  '\\': '\\',
  '"': '"',
  "'": "'",
  n: '\n',
  r: '\r',
  t: '\t',
};
const unicodeEscape = /u([0-9A-Fa-f]{4})/y;

function escapedText(text: string, offset: number, quote: string): { value: string; end: number } {
  let value = '';
  let index = offset + 1;
  for (;;) {
    const character = text.charAt(index);
    if (character === quote) break;
    if (character === '' || character === '\n' || character === '\r') {
      fail(
        offset,
        index - offset,
        `This text has no closing ${quote} on its line.`,
        'A line break inside a text is written \\n.',
      );
    }
    if (character === '\\' && index + 1 < text.length) {
      const decoded = escapeAt(text, index);
      value += decoded.value;
      index += decoded.length;
    } else {
      value += character;
      index += 1;
    }
  }
  return wellFormed(offset, { value, end: index + 1 });
}

function escapeAt(text: string, index: number): { value: string; length: number } {
  const next = text.charAt(index + 1);
  const simple = Object.hasOwn(simpleEscapes, next) ? simpleEscapes[next] : undefined;
  if (simple !== undefined) return { value: simple, length: 2 };
  unicodeEscape.lastIndex = index + 1;
  const code = unicodeEscape.exec(text)?.[1];
  if (code !== undefined) return { value: String.fromCharCode(Number.parseInt(code, 16)), length: 6 };
  const shown = next === 'u' ? 'An escape \\u needs four hexadecimal digits.' : `\`\\${next}\` is not an escape.`;
  fail(index, 2, shown, 'The escapes are \\\\ \\" \\\' \\n \\r \\t \\uXXXX; in backticks a backslash is itself.');
}

function lengthAt(pattern: RegExp, text: string, offset: number): number {
  pattern.lastIndex = offset;
  return pattern.exec(text)?.[0].length ?? 0;
}
