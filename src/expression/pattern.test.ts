import { describe, expect, test } from 'vitest';
import { compilePattern } from './pattern.ts';

function matches(source: string, text: string): boolean {
  const compiled = compilePattern(source);
  if (!compiled.ok) throw new Error(compiled.message);
  expect(compiled.pattern.source).toBe(source);
  return compiled.pattern.test(text);
}

describe('[PL-3.matches] patterns', () => {
  test.each([
    ['b', 'abc', true],
    ['^b', 'abc', false],
    ['^a.*c$', 'abc', true],
    ['^a.*c$', 'a\nc', false],
    ['(?s)^a.*c$', 'a\nc', true],
    ['^c', 'a\nc', false],
    ['(?m)^c', 'a\nc', true],
    ['a$', 'a\n', false],
    ['(?i)ABC', 'xabcx', true],
    ['', '', true],
    ['^\\p{Greek}+$', 'αβγ', true],
    ['^.$', '😀', true],
    ['^$', '', true],
    ['\\bfoo\\b', 'a foo b', true],
  ])('%s on %j: %s', (source, text, expected) => {
    expect(matches(source, text)).toBe(expected);
  });

  test.each([
    ['a(', 'missing closing ): `a(`'],
    ['[z-a]', 'invalid character class range: `z-a`'],
    ['(?=a)', 'invalid or unsupported Perl syntax: `(?=`'],
    ['(?<=a)b', 'invalid named capture: `(?<=a)b`'],
    ['(a)\\1', 'invalid escape sequence: `\\1`'],
    ['a{1001}', 'invalid repeat count: `{1001}`'],
    ['(a{1000}){1000}', 'invalid repeat count: `{1000}`'],
    ['*', 'missing argument to repetition operator: `*`'],
  ])('%s is refused: %s', (source, message) => {
    expect(compilePattern(source)).toEqual({ ok: false, message });
  });

  test('[PL-3.linear] take linear time where backtracking would take for ever', () => {
    const started = performance.now();
    expect(matches('^(a+)+$', `${'a'.repeat(50_000)}b`)).toBe(false);
    expect(matches('(.*)*x', 'a'.repeat(50_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
