import { nearest, PortcullisError } from '../errors.ts';
import type { MiddlewareContext } from './definition.ts';

/** A word of a condition: a measure that is compared with a number, or a test that stands alone. */
export type Word<Facts> =
  | { readonly arguments: number; readonly measure: (facts: Facts, args: readonly number[]) => number }
  | { readonly arguments: number; readonly test: (facts: Facts, args: readonly number[]) => boolean };

export type Condition<Facts> = (facts: Facts) => boolean;

type Comparison = (a: number, b: number) => boolean;

const comparisons: Readonly<Record<string, Comparison>> = {
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
};

const tokenPattern = /\s*(?:([A-Za-z]+)|(-?[0-9]+(?:\.[0-9]+)?)|(&&|\|\||>=|<=|==|!=|[><!(),])|$)/y;
const mostNesting = 64;

interface Token {
  readonly kind: 'name' | 'number' | 'mark' | 'end';
  readonly text: string;
  readonly offset: number;
}

/**
 * Compiles a condition over measurements, such as `NetworkErrorRatio() > 0.5 && RequestThreshold() >= 20`: calls with number
 * arguments, `> >= < <= == !=`, `!`, `&&`, `||` and parentheses, with the usual precedence. Rules and policies are another
 * language; this one is that of Traefik's `circuitBreaker` and `buffering`.
 *
 * @param path where the text stands among the options.
 * @throws PortcullisError with a diagnostic at the place that is wrong.
 */
export function compileCondition<Facts>(
  text: string,
  words: Readonly<Record<string, Word<Facts>>>,
  context: MiddlewareContext,
  path: readonly (string | number)[],
): Condition<Facts> {
  let at = 0;
  let depth = 0;
  let token = nextToken();
  const condition = readOr();
  if (token.kind !== 'end') fail('is not expected here', 'combine comparisons with && and ||');
  return condition;

  function readOr(): Condition<Facts> {
    let left = readAnd();
    while (accept('||')) {
      const [a, b] = [left, readAnd()];
      left = (facts) => a(facts) || b(facts);
    }
    return left;
  }

  function readAnd(): Condition<Facts> {
    let left = readUnary();
    while (accept('&&')) {
      const [a, b] = [left, readUnary()];
      left = (facts) => a(facts) && b(facts);
    }
    return left;
  }

  function readUnary(): Condition<Facts> {
    depth += 1;
    if (depth > mostNesting) fail('is nested too deeply', `at most ${mostNesting} levels are allowed`);
    try {
      if (accept('!')) {
        const operand = readUnary();
        return (facts) => !operand(facts);
      }
      if (accept('(')) {
        const inner = readOr();
        expect(')');
        return inner;
      }
      return readComparison();
    } finally {
      depth -= 1;
    }
  }

  function readComparison(): Condition<Facts> {
    const name = token;
    const word = name.kind === 'name' && Object.hasOwn(words, name.text) ? words[name.text] : undefined;
    if (word === undefined) {
      const suggestion = nearest(name.text, Object.keys(words));
      const known = Object.keys(words).map((key) => `${key}()`);
      fail(
        'is not a known function',
        suggestion === undefined ? `there are ${known.join(', ')}` : `did you mean ${suggestion}?`,
      );
    }
    token = nextToken();
    const args = readArguments();
    if (args.length !== word.arguments) {
      token = name;
      fail(
        `takes ${word.arguments} arguments, not ${args.length}`,
        `write ${name.text}(${'n, '.repeat(word.arguments).slice(0, -2)})`,
      );
    }
    if ('test' in word) return (facts) => word.test(facts, args);
    const compare = token.kind === 'mark' ? comparisons[token.text] : undefined;
    if (compare === undefined)
      fail('stands where a comparison is expected', `write for instance ${name.text}(…) > 0.5`);
    token = nextToken();
    const bound = readNumber();
    return (facts) => compare(word.measure(facts, args), bound);
  }

  function readArguments(): number[] {
    expect('(');
    const args: number[] = [];
    if (accept(')')) return args;
    do args.push(readNumber());
    while (accept(','));
    expect(')');
    return args;
  }

  function readNumber(): number {
    if (token.kind !== 'number') fail('stands where a number is expected', 'write for instance 0.5 or 100');
    const value = Number(token.text);
    token = nextToken();
    return value;
  }

  function accept(mark: string): boolean {
    if (token.kind !== 'mark' || token.text !== mark) return false;
    token = nextToken();
    return true;
  }

  function expect(mark: string): void {
    if (!accept(mark)) fail(`stands where ${mark} is expected`, `write ${mark}`);
  }

  function nextToken(): Token {
    tokenPattern.lastIndex = at;
    const match = tokenPattern.exec(text);
    if (match === null) {
      const space = text.slice(at).length - text.slice(at).trimStart().length;
      token = { kind: 'mark', text: text.charAt(at + space), offset: at + space };
      fail('is not part of a condition', 'write for instance NetworkErrorRatio() > 0.5');
    }
    at = tokenPattern.lastIndex;
    const found = match[1] ?? match[2] ?? match[3] ?? '';
    const kind =
      match[1] !== undefined ? 'name' : match[2] !== undefined ? 'number' : match[3] !== undefined ? 'mark' : 'end';
    return { kind, text: found, offset: at - found.length };
  }

  function fail(message: string, hint: string): never {
    const shown = token.kind === 'end' ? 'the end' : `\`${token.text}\``;
    const diagnostic = context.diagnose(
      { code: 'CONFIG_INVALID_VALUE', severity: 'error', message: `${shown} ${message}`, hint },
      path,
      { offset: token.offset, length: Math.max(1, token.text.length) },
    );
    throw new PortcullisError('CONFIG_INVALID_VALUE', diagnostic.message, { diagnostics: [diagnostic] });
  }
}
