import { describe, expect, test } from 'vitest';
import { excerptOf, formatProblem, type Problem, plainDiagnostic, problemAt, toDiagnostics } from './problem.ts';

const problem: Problem = problemAt({ offset: 6, length: 3 }, 'EXPRESSION_SYNTAX', 'This is wrong.', 'Write it right.');

describe('problems', () => {
  test('carry a hint only when there is one', () => {
    expect(problem).toEqual({
      code: 'EXPRESSION_SYNTAX',
      severity: 'error',
      message: 'This is wrong.',
      hint: 'Write it right.',
      offset: 6,
      length: 3,
    });
    expect(problemAt({ offset: 0, length: 1 }, 'EXPRESSION_LIMIT', 'Too much.')).toEqual({
      code: 'EXPRESSION_LIMIT',
      severity: 'error',
      message: 'Too much.',
      offset: 0,
      length: 1,
    });
  });

  test('[PL-1.errors] become diagnostics through the caller, who knows the file', () => {
    const seen: unknown[] = [];
    const diagnostics = toDiagnostics([problem], (what, range) => {
      seen.push(what, range);
      return { ...what, at: { file: 'a.yaml', line: 3, column: 10 + range.offset } };
    });
    expect(seen).toEqual([
      { code: 'EXPRESSION_SYNTAX', severity: 'error', message: 'This is wrong.', hint: 'Write it right.' },
      { offset: 6, length: 3 },
    ]);
    expect(diagnostics).toMatchObject([{ at: { file: 'a.yaml', line: 3, column: 16 } }]);
  });

  test('are shown with a caret when there is no file', () => {
    expect(plainDiagnostic('first bad last', problem)).toEqual({
      code: 'EXPRESSION_SYNTAX',
      severity: 'error',
      message: 'This is wrong.',
      hint: 'Write it right.',
      excerpt: { text: 'first bad last', column: 7, length: 3 },
    });
    expect(formatProblem('first bad last', problem)).toBe(
      'error[EXPRESSION_SYNTAX]: This is wrong.\n  | first bad last\n  |       ^^^\n  = help: Write it right.',
    );
  });
});

describe('excerpts', () => {
  const long = `${'a'.repeat(100)}HERE${'b'.repeat(100)}`;

  test.each<[string, string, number, number, { text: string; column: number; length: number }]>([
    ['one line', 'abc', 1, 1, { text: 'abc', column: 2, length: 1 }],
    ['nothing wide', 'abc', 3, 0, { text: 'abc', column: 4, length: 1 }],
    ['empty', '', 0, 0, { text: '', column: 1, length: 1 }],
    ['past the end', 'abc', 9, 2, { text: 'abc', column: 4, length: 1 }],
    ['first of lines', 'ab\ncd', 1, 1, { text: 'ab', column: 2, length: 1 }],
    ['at a line break', 'ab\ncd', 2, 1, { text: 'ab', column: 3, length: 1 }],
    ['last of lines', 'ab\ncd\nef', 7, 1, { text: 'ef', column: 2, length: 1 }],
    ['over several lines: the first', 'ab\ncd', 1, 4, { text: 'ab', column: 2, length: 1 }],
    ['control characters', 'a\tb\u001b[31mc', 7, 1, { text: 'a b [31mc', column: 8, length: 1 }],
    ['an empty first line', '\nab', 0, 1, { text: '', column: 1, length: 1 }],
    ['a short line after a long one', `${'a'.repeat(100)}\nbcd`, 103, 1, { text: 'bcd', column: 3, length: 1 }],
    ['exactly as wide as is shown', 'a'.repeat(60), 60, 0, { text: 'a'.repeat(60), column: 61, length: 1 }],
    ['a long line', long, 100, 4, { text: `…${'a'.repeat(60)}HERE${'b'.repeat(60)}…`, column: 62, length: 4 }],
    ['a long range', 'a'.repeat(200), 0, 200, { text: `${'a'.repeat(120)}…`, column: 1, length: 60 }],
    ['near the end of a long line', 'a'.repeat(200), 190, 2, { text: `…${'a'.repeat(70)}`, column: 62, length: 2 }],
  ])('%s', (_, text, offset, length, expected) => {
    expect(excerptOf(text, { offset, length })).toEqual(expected);
  });
});
