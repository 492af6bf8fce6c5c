import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Argument, type Call, callsOf, type Expression, sameExpression } from './ast.ts';
import { parse } from './parser.ts';
import { print } from './printer.ts';
import { formatProblem, type Problem } from './problem.ts';

function parsed(text: string): Expression {
  const result = parse(text);
  if (!result.ok) throw new Error(result.problems.map((problem) => formatProblem(text, problem)).join('\n'));
  return result.expression;
}

function problemOf(text: string): Problem {
  const result = parse(text);
  if (result.ok) throw new Error(`${text} was parsed`);
  expect(result.problems).toHaveLength(1);
  return result.problems[0] as Problem;
}

/** A tree as a short text that shows its grouping. */
function shape(expression: Expression): string {
  if (expression.type === 'call') return expression.name;
  if (expression.type === 'not') return `!${shape(expression.operand)}`;
  return `(${expression.operands.map(shape).join(expression.type === 'and' ? '&' : '|')})`;
}

function argumentsOf(text: string): readonly Argument[] {
  return (parsed(text) as Call).arguments;
}

describe('[PL-1.grammar] grouping', () => {
  test.each([
    ['A()', 'A'],
    ['A() && B()', '(A&B)'],
    ['A() && B() && C()', '(A&B&C)'],
    ['A() || B() || C()', '(A|B|C)'],
    ['A() || B() && C()', '(A|(B&C))'],
    ['A() && B() || C()', '((A&B)|C)'],
    ['!A() && B()', '(!A&B)'],
    ['!A() || !B() && !C()', '(!A|(!B&!C))'],
    ['!(A() && B())', '!(A&B)'],
    ['!!A()', '!!A'],
    ['(A() || B()) && C()', '((A|B)&C)'],
    ['A() && (B() || C())', '(A&(B|C))'],
    ['(A() && B()) && C()', '((A&B)&C)'],
    ['A() && (B() && C())', '(A&(B&C))'],
    ['((A()))', 'A'],
    ['(A() && B()) || (C() && !D())', '((A&B)|(C&!D))'],
    ['\n  A ( )\r\n\t&&\n!  B(\n)\n', '(A&!B)'],
    ['_a1() || a_B()', '(_a1|a_B)'],
  ])('%j is %s', (text, expected) => {
    expect(shape(parsed(text))).toBe(expected);
  });
});

describe('[PL-1.quotes] arguments', () => {
  test.each<[string, Argument['style'], string]>([
    ['`tools/call`', 'raw', 'tools/call'],
    ['`a\\n"\'\\u0041`', 'raw', 'a\\n"\'\\u0041'],
    ['`two\nlines`', 'raw', 'two\nlines'],
    ['``', 'raw', ''],
    ['"tools/call"', 'double', 'tools/call'],
    ['""', 'double', ''],
    ['"a\\\\b\\"c\\\'d\\ne\\rf\\tg\\u00e9\\u00E9"', 'double', 'a\\b"c\'d\ne\rf\tgéé'],
    ['"it\'s"', 'double', "it's"],
    ['"\\uD83D\\uDE00"', 'double', '😀'],
    ["'tools/call'", 'single', 'tools/call'],
    ["'a\\\\b\\\"c\\'d\\ne\\rf\\tg\\u0000'", 'single', 'a\\b"c\'d\ne\rf\tg\u0000'],
    ['\'say "hi" `now`\'', 'single', 'say "hi" `now`'],
    ['100', 'number', '100'],
    ['-2.5', 'number', '-2.5'],
    ['1e6', 'number', '1e6'],
    ['1.5E-9999', 'number', '1.5E-9999'],
    ['-0', 'number', '-0'],
  ])('F(%s) has the %s value %j', (source, style, value) => {
    const [argument] = argumentsOf(`F( ${source} )`);
    expect(argument).toEqual({ style, value, span: { offset: 3, length: source.length } });
  });

  test('come in order', () => {
    expect(argumentsOf('F(`a`,"b" ,\'c\', 4)').map(({ value }) => value)).toEqual(['a', 'b', 'c', '4']);
  });
});

test('spans cover each node, its parentheses included where it is an operand', () => {
  const text = ' !( A(`x`) && (B() || C()) ) ';
  const slices: string[] = [];
  const visit = (node: Expression): void => {
    slices.push(text.slice(node.span.offset, node.span.offset + node.span.length));
    if (node.type === 'not') visit(node.operand);
    else if (node.type !== 'call') node.operands.forEach(visit);
    else expect(text.slice(node.nameSpan.offset, node.nameSpan.offset + node.nameSpan.length)).toBe(node.name);
  };
  visit(parsed(text));
  expect(slices).toEqual([
    '!( A(`x`) && (B() || C()) )',
    'A(`x`) && (B() || C())',
    'A(`x`)',
    'B() || C()',
    'B()',
    'C()',
  ]);
  const chain = '(A() || B()) && C()';
  expect(parsed(chain).span).toEqual({ offset: 0, length: chain.length });
});

test('the tree cannot be changed', () => {
  const visit = (node: Expression): void => {
    expect(Object.isFrozen(node)).toBe(true);
    if (node.type === 'not') visit(node.operand);
    else if (node.type === 'call') {
      expect(Object.isFrozen(node.arguments)).toBe(true);
      for (const argument of node.arguments) expect(Object.isFrozen(argument)).toBe(true);
    } else {
      expect(Object.isFrozen(node.operands)).toBe(true);
      node.operands.forEach(visit);
    }
  };
  visit(parsed('!A(`x`, 1) && (B() || C("y"))'));
});

describe('[PL-1.errors] syntax errors point at the place and say what to write', () => {
  test.each<[string, string]>([
    ['', '  | \n  | ^\n  = help: Write a function call.'],
    ['   ', '  |    \n  | ^\n  = help: Write a function call.'],
    [' A() && \n ', '  |  A() && \n  |        ^'],
    ['A(', '  | A(\n  |  ^'],
    ['A(`x`,', '  | A(`x`,\n  |       ^'],
    ['A("x\\', '  | A("x\\\n  |   ^^^\n  = help: A line break inside a text is written \\n.'],
    ['A(`x`', '  | A(`x`\n  |  ^'],
    ['(A()', '  | (A()\n  | ^'],
    ['A())', '  | A())\n  |    ^'],
    ['A() B()', '  | A() B()\n  |     ^'],
    ['A() `x`', '  | A() `x`\n  |     ^^^'],
    ['A() 5', '  | A() 5\n  |     ^'],
    ['A() &&', '  | A() &&\n  |       ^'],
    ['&& A()', '  | && A()\n  | ^^'],
    ['A() || )', '  | A() || )\n  |        ^'],
    ['()', '  | ()\n  |  ^'],
    ['!', '  | !\n  |  ^'],
    ['A(,)', '  | A(,)\n  |   ^'],
    ['A(`x`,)', '  | A(`x`,)\n  |       ^'],
    ['A(`x` `y`)', '  | A(`x` `y`)\n  |       ^^^'],
    ['A(B())', '  | A(B())\n  |   ^\n  = help: Put it in backticks: `B`.'],
    [
      'Host:a.test',
      '  | Host:a.test\n  |     ^\n  = help: Arguments stand in parentheses, for instance Host(`mcp.example.com`).',
    ],
    ['A(mcp.method)', '  | A(mcp.method)\n  |   ^^^^^^^^^^\n  = help: Put it in backticks: `mcp.method`.'],
    ['A', '  | A\n  | ^\n  = help: Write A(…).'],
    ['not A()', '  | not A()\n  | ^^^\n  = help: Write !.'],
    ['A() AND B()', '  | A() AND B()\n  |     ^^^\n  = help: Write &&.'],
    ['A() or B()', '  | A() or B()\n  |     ^^\n  = help: Write ||.'],
    ['A() constructor', '  | A() constructor\n  |     ^^^^^^^^^^^'],
    ['A() & B()', '  | A() & B()\n  |     ^\n  = help: Write &&.'],
    ['A() | B()', '  | A() | B()\n  |     ^\n  = help: Write ||.'],
    ['A() != B()', '  | A() != B()\n  |     ^^\n  = help: Comparisons are written as function calls.'],
    ['A() == B()', '  | A() == B()\n  |     ^\n  = help: Comparisons are written as function calls.'],
    ['A() < B()', '  | A() < B()\n  |     ^\n  = help: Comparisons are written as function calls.'],
    ['A() > B()', '  | A() > B()\n  |     ^\n  = help: Comparisons are written as function calls.'],
    ['A(${x})', '  | A(${x})\n  |   ^\n  = help: A ${path} stands inside a quoted value.'],
    ['A(\\`x\\`)', '  | A(\\`x\\`)\n  |   ^\n  = help: Remove the backslash: quotes are written plainly.'],
    ['A(“x”)', '  | A(“x”)\n  |   ^\n  = help: Use plain quotes: ", \' or `.'],
    ['A(”x”)', '  | A(”x”)\n  |   ^\n  = help: Use plain quotes: ", \' or `.'],
    ['A(’x’)', '  | A(’x’)\n  |   ^\n  = help: Use plain quotes: ", \' or `.'],
    ['A(‘x’)', '  | A(‘x’)\n  |   ^\n  = help: Use plain quotes: ", \' or `.'],
    ['A(\u00a0)', '  | A(\u00a0)\n  |   ^\n  = help: This is a no-break space; use a plain one.'],
    ['A(\u0000)', '  | A( )\n  |   ^'],
    ['A(😀)', '  | A(😀)\n  |   ^^'],
    ['A(/x)', '  | A(/x)\n  |   ^'],
    ['A(`x)', '  | A(`x)\n  |   ^^^'],
    ['A("x)', '  | A("x)\n  |   ^^^\n  = help: A line break inside a text is written \\n.'],
    ['A("x\ny")', '  | A("x\n  |   ^^\n  = help: A line break inside a text is written \\n.'],
    ["A('x\r\ny')", "  | A('x \n  |   ^^\n  = help: A line break inside a text is written \\n."],
    [
      'A("\\d")',
      '  | A("\\d")\n  |    ^^\n  = help: The escapes are \\\\ \\" \\\' \\n \\r \\t \\uXXXX; in backticks a backslash is itself.',
    ],
    [
      'A("\\u12")',
      '  | A("\\u12")\n  |    ^^\n  = help: The escapes are \\\\ \\" \\\' \\n \\r \\t \\uXXXX; in backticks a backslash is itself.',
    ],
    ['A("\\uD83D")', '  | A("\\uD83D")\n  |   ^^^^^^^^\n  = help: Write both halves: \\uD83D\\uDE00.'],
    [
      'A(007)',
      '  | A(007)\n  |   ^^^\n  = help: Numbers are plain decimals such as 100, -2.5 or 1e6; quote anything else.',
    ],
    [
      'A(1.)',
      '  | A(1.)\n  |   ^^\n  = help: Numbers are plain decimals such as 100, -2.5 or 1e6; quote anything else.',
    ],
    [
      'A(1e99999)',
      '  | A(1e99999)\n  |   ^^^^^^^\n  = help: Numbers are plain decimals such as 100, -2.5 or 1e6; quote anything else.',
    ],
    ['A(+1)', '  | A(+1)\n  |   ^'],
    ['A(-)', '  | A(-)\n  |   ^'],
    ['A()\n&& B(\n', '  | && B(\n  |     ^'],
  ])('%j', (text, expected) => {
    const shown = formatProblem(text, problemOf(text)).split('\n');
    expect(shown[0]).toMatch(/^error\[EXPRESSION_SYNTAX\]: .+[.:]$/);
    expect(shown.slice(1).join('\n')).toBe(expected);
  });

  test.each<[string, string]>([
    ['', 'The expression is empty.'],
    ['A(`x`', 'This `(` is never closed.'],
    ['A())', 'This `)` closes nothing.'],
    ['A() B()', 'Expected `&&`, `||` or the end, found `B`.'],
    ['A() `x`', 'Expected `&&`, `||` or the end, found a text.'],
    ['A() 5', 'Expected `&&`, `||` or the end, found a number.'],
    ['A() &&', 'Expected a function call, `!` or `(`, found the end of the text.'],
    ['&& A()', 'Expected a function call, `!` or `(`, found `&&`.'],
    ['(A() B())', 'Expected `&&`, `||` or `)`, found `B`.'],
    ['A(,)', 'Expected a quoted text or a number, found `,`.'],
    ['A(`x` `y`)', 'Expected `,` or `)`, found a text.'],
    ['A(B())', '`B` is not quoted.'],
    ['A(mcp.method)', '`mcp.method` is not quoted.'],
    ['A', '`A` is not followed by `(`.'],
    ['A() & B()', 'A single `&` is not an operator.'],
    ['A() != B()', '`!=` is not an operator.'],
    ['A(\u0000)', 'The character U+0000 is not expected here.'],
    ['A(\u00ad)', 'The character U+00AD is not expected here.'],
    ['A(\u{1F600})', '`😀` is not expected here.'],
    ['A(`x)', 'This text has no closing backtick.'],
    ["A('x)", "This text has no closing ' on its line."],
    ['A("\\d")', '`\\d` is not an escape.'],
    ['A("\\u12")', 'An escape \\u needs four hexadecimal digits.'],
    ['A("\\uDE00")', 'This text holds half of a surrogate pair.'],
    ['A(007)', '`007` is not a number.'],
  ])('%j: %s', (text, message) => {
    expect(problemOf(text).message).toBe(message);
  });
});

test('a text that is not closed is marked to the end', () => {
  expect(problemOf(' A(`x) && B()')).toMatchObject({ offset: 3, length: 10 });
});

describe('[PL-1.limits] limits', () => {
  const long = (bytes: number) => `A(\`${'x'.repeat(bytes - 5)}\`)`;
  const chain = (calls: number) => Array.from({ length: calls }, () => 'A()').join('&&');

  test('16 KiB of text', () => {
    expect(parse(long(16_384)).ok).toBe(true);
    expect(problemOf(long(16_385))).toMatchObject({
      code: 'EXPRESSION_LIMIT',
      message: 'An expression may have at most 16384 bytes.',
      hint: 'Split it into several rules.',
      offset: 0,
      length: 0,
    });
    // Bytes, not characters.
    expect(parse(`A(\`${'é'.repeat(8_189)}\`)`).ok).toBe(true);
    expect(problemOf(`A(\`${'é'.repeat(8_190)}\`)`).code).toBe('EXPRESSION_LIMIT');
  });

  test.each(['!', '('])('256 levels of %s', (opening) => {
    const nested = (depth: number) => `${opening.repeat(depth)}A()${opening === '(' ? ')'.repeat(depth) : ''}`;
    expect(parse(nested(256)).ok).toBe(true);
    expect(problemOf(nested(257))).toMatchObject({
      code: 'EXPRESSION_LIMIT',
      offset: 256,
      length: 1,
      message: 'Expressions may be nested at most 256 levels deep.',
      hint: 'Split it into several rules.',
    });
  });

  test('levels count only while they are open', () => {
    const many = Array.from({ length: 300 }, () => '!(A())').join('||');
    expect(parse(many).ok).toBe(true);
  });

  test('1,024 calls', () => {
    expect(parse(chain(1_024)).ok).toBe(true);
    expect(problemOf(chain(1_025))).toMatchObject({
      code: 'EXPRESSION_LIMIT',
      offset: 1_024 * 5,
      message: 'An expression may have at most 1024 calls.',
    });
  });
});

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({
    unit: fc.constantFrom('a', '`', '"', "'", '\\', '\n', '\r', '\t', '$', '{', '\u2028', '\u0000', 'é', '😀'),
  }),
);
const span = { offset: 0, length: 0 };
const argument: fc.Arbitrary<Argument> = fc.oneof(
  fc
    .record({ style: fc.constantFrom('raw' as const, 'double' as const, 'single' as const), value: text })
    .filter(({ style, value }) => style !== 'raw' || !value.includes('`'))
    .map((each) => ({ ...each, span })),
  fc
    .stringMatching(/^-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,5})?([eE][+-]?[0-9]{1,4})?$/)
    .map((value) => ({ style: 'number' as const, value, span })),
);
const { expression } = fc.letrec<{ expression: Expression; call: Expression; group: Expression[] }>((tie) => ({
  call: fc
    .record({ name, list: fc.array(argument, { maxLength: 4 }) })
    .map(({ name, list }) => ({ type: 'call', name, nameSpan: span, arguments: list, span })),
  group: fc.array(tie('expression'), { minLength: 2, maxLength: 4 }),
  expression: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    tie('call'),
    tie('expression').map((operand) => ({ type: 'not' as const, operand, span })),
    tie('group').map((operands) => ({ type: 'and' as const, operands, span })),
    tie('group').map((operands) => ({ type: 'or' as const, operands, span })),
  ),
}));

describe('[PL-1.print] printing and parsing', () => {
  test('parse∘print is the identity on trees', () => {
    fc.assert(
      fc.property(expression, (tree) => {
        const printed = print(tree);
        if (Buffer.byteLength(printed) > 16_384) return;
        expect(sameExpression(parsed(printed), tree)).toBe(true);
        expect(print(parsed(printed))).toBe(printed);
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    ['A()', 'A()'],
    ['  A ( `x` ,"y")  ', 'A(`x`, "y")'],
    ['((A()))', 'A()'],
    ['!(A())', '!A()'],
    ['!(A()&&B())', '!(A() && B())'],
    ['(A()&&B())||C()', 'A() && B() || C()'],
    ['(A()||B())&&C()', '(A() || B()) && C()'],
    ['(A()&&B())&&C()', '(A() && B()) && C()'],
    ['A()||(B()||C())', 'A() || (B() || C())'],
    ['A("\\u0041\\u2028\\u0007\\u007f")', 'A("A\\u2028\\u0007\\u007f")'],
    ['A(\'\\\'\\"\', "\\\'\\"")', 'A(\'\\\'"\', "\'\\"")'],
    ['A(`\n`, "\\n\\r\\t\\\\")', 'A(`\n`, "\\n\\r\\t\\\\")'],
    ['A(-1.50E+03)', 'A(-1.50E+03)'],
  ])('%j is printed as %j', (source, printed) => {
    expect(print(parsed(source))).toBe(printed);
  });

  test('a raw value that holds a backtick is printed in double quotes', () => {
    const call: Call = {
      type: 'call',
      name: 'A',
      nameSpan: span,
      arguments: [{ style: 'raw', value: 'a`"b', span }],
      span,
    };
    expect(print(call)).toBe('A("a`\\"b")');
  });
});

describe('comparing trees', () => {
  test.each([
    ['A()', 'B()'],
    ['A()', '!A()'],
    ['!A()', '!B()'],
    ['!A()', 'A()'],
    ['A(`x`)', 'A("x")'],
    ['A(`x`)', 'A(`y`)'],
    ['A(`x`)', 'A(`x`, `y`)'],
    ['A(`x`, `y`)', 'A(`x`)'],
    ['A() && B()', 'A() || B()'],
    ['A() && B()', 'A() && C()'],
    ['A() && B()', 'A() && B() && C()'],
    ['A() && B() && C()', 'A() && B()'],
    ['A() && B()', 'A()'],
    ['A(5)', 'A(5.0)'],
  ])('%s is not %s', (a, b) => {
    expect(sameExpression(parsed(a), parsed(b))).toBe(false);
  });

  test.each(['A(`x`, 1)', '!A() && (B() || C("y"))'])('%s is itself, however it is spaced', (text) => {
    expect(sameExpression(parsed(text), parsed(`( ${text} )`))).toBe(true);
  });
});

test('calls are listed in the order of the text', () => {
  expect(callsOf(parsed('A() || !(B() && C()) || D()')).map(({ name }) => name)).toEqual(['A', 'B', 'C', 'D']);
});

test('[PL-1.errors] any text is either parsed or gives one problem inside it', () => {
  const piece = fc.constantFrom(
    'A',
    '(',
    ')',
    '`x`',
    '"',
    "'",
    '\\',
    '&&',
    '&',
    '||',
    '!',
    ',',
    '1',
    '-',
    '.',
    ' ',
    '\n',
    '$',
    '😀',
  );
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: piece, maxLength: 30 })), (text) => {
      const result = parse(text);
      if (result.ok) return;
      const [problem] = result.problems as [Problem];
      expect(problem.offset).toBeGreaterThanOrEqual(0);
      expect(problem.offset + problem.length).toBeLessThanOrEqual(text.length);
      expect(formatProblem(text, problem)).toContain(problem.message);
    }),
    { numRuns: 2_000 },
  );
});
