import { expect, test } from 'vitest';
import { compile, formatProblem, parse } from '../expression/index.ts';
import { policyVocabulary } from './functions.ts';
import { compilePolicyPath } from './path.ts';

function problemsOf(source: string): string {
  const compiled = compile(source, policyVocabulary, { reading: 'granting', compilePath: compilePolicyPath });
  return compiled.ok ? '' : compiled.problems.map((problem) => formatProblem(source, problem)).join('\n');
}

/** Mistakes around `${}` that would otherwise make a condition that nothing ever meets. */
test.each([
  [
    "Equals('jwt.sub', '${jwt.a }')",
    "error[EXPRESSION_ARGUMENT]: There is a blank inside this ${}.\n  | Equals('jwt.sub', '${jwt.a }')\n  |                           ^\n  = help: Write ${jwt.a}.",
  ],
  [
    "Equals('jwt.sub', 'x${ jwt.a \u00a0}')",
    "error[EXPRESSION_ARGUMENT]: There is a blank inside this ${}.\n  | Equals('jwt.sub', 'x${ jwt.a \u00a0}')\n  |                       ^\n  = help: Write ${jwt.a}.",
  ],
  [
    "Exists('jwt.${jwt.a}')",
    "error[POLICY_PATH]: Nothing is replaced inside a path.\n  | Exists('jwt.${jwt.a}')\n  |             ^^\n  = help: Values may hold ${path}, paths may not.",
  ],
  [
    "Equals('jwt.sub', '${jwt.${jwt.a}}')",
    "error[POLICY_PATH]: Nothing is replaced inside a path.\n  | Equals('jwt.sub', '${jwt.${jwt.a}}')\n  |                          ^^\n  = help: Values may hold ${path}, paths may not.",
  ],
  [
    "Exists('${jwt.a}')",
    "error[POLICY_PATH]: Nothing is replaced inside a path.\n  | Exists('${jwt.a}')\n  |         ^^\n  = help: Values may hold ${path}, paths may not.",
  ],
  ["OneOf('${', '${ ')", 2],
  // What is left of a value beside its mistake is not looked at.
  ["SplitContains('jwt.a', '${', 'x')", 1],
  ["SplitContains('jwt.a', '${nope}', 'x')", 1],
  ["SplitContains('jwt.a', '${jwt.a }', 'x')", 1],
  ["Matches('jwt.a', '(${')", 1],
])('%s', (source, expected) => {
  if (typeof expected === 'number') expect(problemsOf(source).split('error[')).toHaveLength(expected + 1);
  else expect(problemsOf(source)).toBe(expected);
});

test('half of a surrogate pair is an error in backticks too', () => {
  const parsed = parse('A(`\ud83d`)');
  expect(parsed.ok ? [] : parsed.problems).toMatchObject([
    {
      message: 'This text holds half of a surrogate pair.',
      offset: 2,
      length: 3,
      hint: 'Write both halves: \\uD83D\\uDE00.',
    },
  ]);
});
