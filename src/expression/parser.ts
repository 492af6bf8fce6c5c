import { Buffer } from 'node:buffer';
import type { Argument, Call, Expression, Span } from './ast.ts';
import { fail, type Mark, SyntaxProblem, type Token, tokenize } from './lexer.ts';
import { limits } from './limits.ts';
import { type Problem, problemAt } from './problem.ts';

export type Parsed =
  | { readonly ok: true; readonly expression: Expression }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Parses one expression: `expr := and { "||" and }`, `and := unary { "&&" unary }`, `unary := "!" unary | "(" expr ")" |
 * call`. Knows no words: any name is a call. A syntax error is the first one only.
 */
export function parse(text: string): Parsed {
  if (text.length > limits.bytes || Buffer.byteLength(text, 'utf8') > limits.bytes) {
    const message = `An expression may have at most ${limits.bytes} bytes.`;
    return {
      ok: false,
      problems: [problemAt({ offset: 0, length: 0 }, 'EXPRESSION_LIMIT', message, 'Split it into several rules.')],
    };
  }
  try {
    return { ok: true, expression: new Parser(tokenize(text)).parse() };
  } catch (error) {
    if (error instanceof SyntaxProblem) return { ok: false, problems: [error.problem] };
    throw error;
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;
  #calls = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Expression {
    if (this.#peek().kind === 'end')
      fail(this.#peek().span.offset, 0, 'The expression is empty.', 'Write a function call.');
    const expression = this.#or();
    const rest = this.#peek();
    if (rest.kind === ')') fail(rest.span.offset, 1, 'This `)` closes nothing.');
    if (rest.kind !== 'end') this.#unexpected('`&&`, `||` or the end');
    return expression;
  }

  #or(): Expression {
    return this.#chain('||', 'or', () => this.#and());
  }

  #and(): Expression {
    return this.#chain('&&', 'and', () => this.#unary());
  }

  #chain(mark: Mark, type: 'and' | 'or', operand: () => Expression): Expression {
    const first = operand();
    if (this.#peek().kind !== mark) return first;
    const operands = [first];
    const start = this.#startOf(first);
    while (this.#peek().kind === mark) {
      this.#next += 1;
      operands.push(operand());
    }
    return Object.freeze({ type, operands: Object.freeze(operands), span: this.#since(start) });
  }

  #unary(): Expression {
    const token = this.#peek();
    if (token.kind === '!')
      return this.#nested(token, () => {
        const operand = this.#unary();
        return Object.freeze({ type: 'not', operand, span: this.#since(token.span.offset) } as const);
      });
    if (token.kind === '(')
      return this.#nested(token, () => {
        const expression = this.#or();
        this.#close(token);
        this.#starts.set(expression, token.span.offset);
        return expression;
      });
    return this.#call();
  }

  /** Where an operand in parentheses begins: the parentheses leave no node, but a span around it includes them. */
  readonly #starts = new Map<Expression, number>();

  #startOf(expression: Expression): number {
    return this.#starts.get(expression) ?? expression.span.offset;
  }

  #nested<Result>(opening: Token, inner: () => Result): Result {
    this.#next += 1;
    this.#depth += 1;
    if (this.#depth > limits.depth)
      this.#exceeds(opening.span, `Expressions may be nested at most ${limits.depth} levels deep.`);
    const result = inner();
    this.#depth -= 1;
    return result;
  }

  #call(): Call {
    const token = this.#peek();
    if (token.kind !== 'name') return this.#unexpected('a function call, `!` or `(`');
    this.#next += 1;
    this.#calls += 1;
    if (this.#calls > limits.calls) this.#exceeds(token.span, `An expression may have at most ${limits.calls} calls.`);
    const opening = this.#peek();
    if (opening.kind !== '(') this.#wordInsteadOfCall(token.text, token.span);
    this.#next += 1;
    const list: Argument[] = [];
    if (this.#peek().kind !== ')' && this.#peek().kind !== 'end') list.push(this.#argument());
    while (this.#peek().kind === ',') {
      this.#next += 1;
      list.push(this.#argument());
    }
    if (this.#peek().kind !== ')' && this.#peek().kind !== 'end') this.#unexpected('`,` or `)`');
    this.#close(opening);
    return Object.freeze({
      type: 'call',
      name: token.text,
      nameSpan: token.span,
      arguments: Object.freeze(list),
      span: this.#since(token.span.offset),
    });
  }

  #argument(): Argument {
    const token = this.#peek();
    if (token.kind === 'name') {
      fail(
        token.span.offset,
        token.span.length,
        `\`${token.text}\` is not quoted.`,
        `Put it in backticks: \`${token.text}\`.`,
      );
    }
    if (token.kind !== 'argument') return this.#unexpected('a quoted text or a number');
    this.#next += 1;
    return token.argument;
  }

  #close(opening: Token): void {
    const token = this.#peek();
    if (token.kind === 'end') fail(opening.span.offset, 1, 'This `(` is never closed.');
    if (token.kind !== ')') this.#unexpected('`&&`, `||` or `)`');
    this.#next += 1;
  }

  #wordInsteadOfCall(word: string, span: Span): never {
    const hint = operatorWords.get(word.toLowerCase()) ?? `Write ${word}(…).`;
    fail(span.offset, span.length, `\`${word}\` is not followed by \`(\`.`, hint);
  }

  #unexpected(expected: string): never {
    const token = this.#peek();
    const found = token.kind === 'end' ? 'the end of the text' : describe(token);
    const hint = token.kind === 'name' ? operatorWords.get(token.text.toLowerCase()) : undefined;
    fail(token.span.offset, token.span.length, `Expected ${expected}, found ${found}.`, hint);
  }

  #exceeds(span: Span, message: string): never {
    throw new SyntaxProblem(problemAt(span, 'EXPRESSION_LIMIT', message, 'Split it into several rules.'));
  }

  #since(offset: number): Span {
    const last = this.#tokens[this.#next - 1]?.span ?? { offset, length: 0 };
    return Object.freeze({ offset, length: last.offset + last.length - offset });
  }

  /** The token in turn; `end` is never consumed, so there always is one. */
  #peek(): Token {
    return this.#tokens[this.#next] as Token;
  }
}

const operatorWords: ReadonlyMap<string, string> = new Map([
  ['and', 'Write &&.'],
  ['or', 'Write ||.'],
  ['not', 'Write !.'],
]);

function describe(token: Token): string {
  if (token.kind === 'name') return `\`${token.text}\``;
  if (token.kind === 'argument') return token.argument.style === 'number' ? 'a number' : 'a text';
  return `\`${token.kind}\``;
}
