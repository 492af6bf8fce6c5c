import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Call, callsOf, type Expression, fold } from './ast.ts';
import { compile, compileExpression, connect, type Program } from './compiler.ts';
import { conjoin, disjoin, FALSE, negate, type Outcome, TRUE, UNDETERMINED } from './outcome.ts';
import { parse } from './parser.ts';
import { formatProblem, problemAt } from './problem.ts';
import {
  argumentCount,
  defineVocabulary,
  describeVocabulary,
  type FunctionDefinition,
  type Leaf,
  type Parameter,
  signature,
} from './vocabulary.ts';

type Facts = ReadonlyMap<string, Outcome>;
type Asked = string[];

const text: Parameter = { name: 'key', kind: 'key', summary: 'A key.' };
const row = (name: string, parameters: readonly Parameter[]): FunctionDefinition<Facts, Asked> => ({
  name,
  parameters,
  summary: `${name} looks up its key.`,
  examples: [`${name}(\`a\`)`],
  compile(call, asked, report) {
    const key = call.arguments[0]?.value ?? '';
    if (key === 'bad') {
      report(problemAt(call.span, 'EXPRESSION_ARGUMENT', 'The key is bad.'));
      return undefined;
    }
    if (key === 'odd')
      report({ ...problemAt(call.span, 'EXPRESSION_ARGUMENT', 'The key is odd.'), severity: 'warning' });
    if (key === 'nothing') return undefined;
    return {
      evaluate(facts) {
        asked.push(key);
        return facts.get(key) ?? UNDETERMINED;
      },
    };
  },
});
const vocabulary = defineVocabulary([
  row('Look', [text]),
  row('LookTwice', [text, { ...text, optional: true }]),
  row('LookPairs', [text, text, { ...text, repeats: true, accepts: 'text or number' }]),
  row('LookMany', [text, { ...text, repeats: true, accepts: 'text or number' }]),
]);

function programOf(source: string, asked: Asked = []): Program<Facts> {
  const compiled = compile(source, vocabulary, asked);
  if (!compiled.ok) throw new Error(compiled.problems.map((problem) => formatProblem(source, problem)).join('\n'));
  return compiled.program;
}

function problemsOf(source: string): string[] {
  const compiled = compile(source, vocabulary, []);
  return compiled.ok ? [] : compiled.problems.map((problem) => formatProblem(source, problem));
}

const facts: Facts = new Map([
  ['f', FALSE],
  ['u', UNDETERMINED],
  ['t', TRUE],
]);

describe('[PL-3.kleene] evaluation', () => {
  test.each<[string, Outcome]>([
    ['Look(`f`)', FALSE],
    ['Look(`u`)', UNDETERMINED],
    ['Look(`t`)', TRUE],
    ['!Look(`u`)', UNDETERMINED],
    ['!Look(`t`)', FALSE],
    ['Look(`f`) && Look(`u`)', FALSE],
    ['Look(`u`) && Look(`f`)', FALSE],
    ['Look(`t`) && Look(`u`)', UNDETERMINED],
    ['Look(`u`) && Look(`t`)', UNDETERMINED],
    ['Look(`t`) && Look(`t`) && Look(`t`)', TRUE],
    ['Look(`t`) || Look(`u`)', TRUE],
    ['Look(`u`) || Look(`t`)', TRUE],
    ['Look(`f`) || Look(`u`)', UNDETERMINED],
    ['Look(`u`) || Look(`f`)', UNDETERMINED],
    ['Look(`f`) || Look(`f`)', FALSE],
    ['!(Look(`f`) || Look(`u`)) && Look(`t`)', UNDETERMINED],
  ])('%s', (source, outcome) => {
    const program = programOf(source);
    expect(program.evaluate(facts)).toBe(outcome);
    expect(program.test(facts)).toBe(outcome === TRUE);
  });

  test.each<[string, string[]]>([
    ['Look(`f`) && Look(`t`)', ['f']],
    ['Look(`u`) && Look(`f`) && Look(`t`)', ['u', 'f']],
    ['Look(`t`) || Look(`f`)', ['t']],
    ['Look(`u`) || Look(`t`) || Look(`f`)', ['u', 't']],
    ['Look(`t`) && Look(`f`) || Look(`u`)', ['t', 'f', 'u']],
  ])('%s asks only for %j', (source, expected) => {
    const asked: Asked = [];
    programOf(source, asked).evaluate(facts);
    expect(asked).toEqual(expected);
  });

  const key = fc.constantFrom('f', 'u', 't');
  const { source } = fc.letrec<{ source: string }>((tie) => ({
    source: fc.oneof(
      { maxDepth: 6 },
      key.map((name) => `Look(\`${name}\`)`),
      tie('source').map((inner) => `!(${inner})`),
      fc
        .array(tie('source'), { minLength: 2, maxLength: 4 })
        .map((parts) => parts.map((part) => `(${part})`).join('&&')),
      fc
        .array(tie('source'), { minLength: 2, maxLength: 4 })
        .map((parts) => parts.map((part) => `(${part})`).join('||')),
    ),
  }));

  test('agrees with plain recursion over the tree', () => {
    fc.assert(
      fc.property(source, (source) => {
        const program = programOf(source);
        const expected = fold<Outcome>(program.expression, {
          call: (call) => facts.get(call.arguments[0]?.value ?? '') ?? UNDETERMINED,
          not: negate,
          and: (operands) => operands.reduce(conjoin, TRUE),
          or: (operands) => operands.reduce(disjoin, FALSE),
        });
        expect(program.evaluate(facts)).toBe(expected);
        const leaf = (call: Call): Leaf<Facts> => program.leaves.get(call) as Leaf<Facts>;
        expect(connect(program.expression, leaf)(facts)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });
});

describe('[PL-1.names] the checker', () => {
  test.each<[string, string[]]>([
    [
      'Lok(`a`)',
      [
        'error[EXPRESSION_UNKNOWN_FUNCTION]: There is no function Lok.\n  | Lok(`a`)\n  | ^^^\n  = help: Did you mean Look?',
      ],
    ],
    [
      'look(`a`)',
      [
        'error[EXPRESSION_UNKNOWN_FUNCTION]: There is no function look.\n  | look(`a`)\n  | ^^^^\n  = help: Did you mean Look?',
      ],
    ],
    [
      'Fetch(`a`)',
      [
        'error[EXPRESSION_UNKNOWN_FUNCTION]: There is no function Fetch.\n  | Fetch(`a`)\n  | ^^^^^\n  = help: The functions are Look, LookTwice, LookPairs, LookMany.',
      ],
    ],
    [
      'constructor(`a`)',
      [
        'error[EXPRESSION_UNKNOWN_FUNCTION]: There is no function constructor.\n  | constructor(`a`)\n  | ^^^^^^^^^^^\n  = help: The functions are Look, LookTwice, LookPairs, LookMany.',
      ],
    ],
    [
      '!Look()',
      [
        'error[EXPRESSION_ARGUMENT]: Look takes 1 argument, not 0.\n  | !Look()\n  |  ^^^^^^\n  = help: Write Look(key).',
      ],
    ],
    [
      'Look(`a`, `b`)',
      [
        'error[EXPRESSION_ARGUMENT]: Look takes 1 argument, not 2.\n  | Look(`a`, `b`)\n  | ^^^^^^^^^^^^^^\n  = help: Write Look(key).',
      ],
    ],
    [
      'LookTwice(`a`, `b`, `c`)',
      [
        'error[EXPRESSION_ARGUMENT]: LookTwice takes 1 to 2 arguments, not 3.\n  | LookTwice(`a`, `b`, `c`)\n  | ^^^^^^^^^^^^^^^^^^^^^^^^\n  = help: Write LookTwice(key, [key]).',
      ],
    ],
    [
      'LookMany(`a`)',
      [
        'error[EXPRESSION_ARGUMENT]: LookMany takes at least 2 arguments, not 1.\n  | LookMany(`a`)\n  | ^^^^^^^^^^^^^\n  = help: Write LookMany(key, key, …).',
      ],
    ],
    [
      'Look(5)',
      [
        "error[EXPRESSION_ARGUMENT]: The key of Look is a quoted text, not a number.\n  | Look(5)\n  |      ^\n  = help: Write '5'.",
      ],
    ],
    [
      'LookTwice(`bad`, 5)',
      [
        "error[EXPRESSION_ARGUMENT]: The key of LookTwice is a quoted text, not a number.\n  | LookTwice(`bad`, 5)\n  |                  ^\n  = help: Write '5'.",
      ],
    ],
    ['LookMany(`a`, 1, `b`, 2, 3)', []],
    ['LookPairs(`a`, `b`, 1, 2, 3, 4)', []],
    ['LookTwice(`a`)', []],
    ['Look(`bad`)', ['error[EXPRESSION_ARGUMENT]: The key is bad.\n  | Look(`bad`)\n  | ^^^^^^^^^^^']],
  ])('%s', (source, expected) => {
    expect(problemsOf(source)).toEqual(expected);
  });

  test('reports every call that is wrong, warnings included', () => {
    const compiled = compile('Look(`odd`) && Lok(`a`) && !Look(5) && Look(`bad`)', vocabulary, []);
    expect(compiled.ok ? [] : compiled.problems.map(({ message }) => message)).toEqual([
      'The key is odd.',
      'There is no function Lok.',
      'The key of Look is a quoted text, not a number.',
      'The key is bad.',
    ]);
  });

  test('a warning alone does not stop the program', () => {
    const { warnings } = programOf('Look(`odd`)');
    expect(warnings).toMatchObject([{ message: 'The key is odd.', severity: 'warning', offset: 0, length: 11 }]);
    expect(programOf('Look(`a`)').warnings).toEqual([]);
  });

  test('a row that gives neither leaf nor problem is a defect', () => {
    expect(() => compile('Look(`nothing`)', vocabulary, [])).toThrow('Look compiled to nothing');
  });

  test('a syntax error is passed on', () => {
    expect(problemsOf('Look(')).toHaveLength(1);
  });

  test('a tree compiles like its text, and each call has its leaf', () => {
    const parsed = parse('Look(`t`) && !Look(`f`)');
    const tree = (parsed.ok ? parsed.expression : undefined) as Expression;
    const compiled = compileExpression(tree, vocabulary, []);
    expect(compiled.ok && compiled.program.test(facts)).toBe(true);
    expect(compiled.ok && callsOf(tree).map((call) => compiled.program.leaves.get(call)?.evaluate(facts))).toEqual([
      TRUE,
      FALSE,
    ]);
  });
});

describe('vocabularies', () => {
  test('names are exact unless the vocabulary follows Traefik', () => {
    const parameters = [text];
    const exact = defineVocabulary([row('PathPrefix', parameters)]);
    const loose = defineVocabulary([row('PathPrefix', parameters)], { nameCase: 'traefik' });
    const found = (name: string) => [exact.find(name) !== undefined, loose.find(name) !== undefined];
    expect(found('PathPrefix')).toEqual([true, true]);
    expect(found('pathprefix')).toEqual([false, true]);
    expect(found('PATHPREFIX')).toEqual([false, true]);
    expect(found('Pathprefix')).toEqual([false, true]);
    expect(found('pathPrefix')).toEqual([false, false]);
    expect([exact.nameCase, loose.nameCase]).toEqual(['exact', 'traefik']);
  });

  test('two rows for one name are a defect', () => {
    expect(() => defineVocabulary([row('A', []), row('A', [])])).toThrow('two functions are called A');
    expect(() => defineVocabulary([row('A', []), row('a', [])], { nameCase: 'traefik' })).toThrow(
      'two functions are called',
    );
    expect(defineVocabulary([row('A', []), row('a', [])]).functions).toHaveLength(2);
  });

  test.each<[readonly Parameter[], number, number]>([
    [[], 0, 0],
    [[text, text], 2, 2],
    [[text, { ...text, optional: true }], 1, 2],
    [[text, { ...text, repeats: true }], 2, Number.POSITIVE_INFINITY],
    [[text, { ...text, optional: true, repeats: true }], 1, Number.POSITIVE_INFINITY],
    [[text, text, { ...text, repeats: true }], 3, Number.POSITIVE_INFINITY],
  ])('argument counts %#', (parameters, least, most) => {
    expect(argumentCount(parameters)).toEqual({ least, most });
  });

  test('describe themselves as plain data', () => {
    expect(signature({ name: 'F', parameters: [text, { ...text, optional: true, repeats: true }] })).toBe(
      'F(key, [key, …])',
    );
    const described = describeVocabulary(vocabulary);
    expect(described.map((each) => each.signature)).toEqual([
      'Look(key)',
      'LookTwice(key, [key])',
      'LookPairs(key, key, key, …)',
      'LookMany(key, key, …)',
    ]);
    expect(described[0]).toEqual({
      name: 'Look',
      signature: 'Look(key)',
      summary: 'Look looks up its key.',
      parameters: [text],
      examples: ['Look(`a`)'],
    });
    expect(JSON.parse(JSON.stringify(described))).toEqual(described);
  });
});
