import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonValue, number, type Plain } from '../../test/support/policy.ts';
import type { Value } from '../expression/index.ts';
import { valueText } from './value-text.ts';

test.each<[Plain, string]>([
  [null, 'null'],
  [true, 'true'],
  [number('1.0'), '1.0'],
  [number('1e400'), '1e400'],
  ['', '""'],
  ['a"b\n', '"a\\"b\\n"'],
  [[], '[]'],
  [['a', 1, [true]], '["a",1,[true]]'],
  [{}, '{}'],
  [{ a: 1, 'b"': { c: null } }, '{"a":1,"b\\"":{"c":null}}'],
])('%j is shown as %s', (plain, text) => {
  expect(valueText(jsonValue(plain))).toBe(text);
});

test('what fits is JSON, what does not is cut', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (plain) => {
      const json = JSON.stringify(plain);
      const text = valueText(jsonValue(plain as Plain));
      if (!json.includes('\\ud') && text.length <= 256) expect(JSON.stringify(JSON.parse(text))).toBe(json);
      expect(text.length).toBeLessThanOrEqual(257);
    }),
    { numRuns: 500 },
  );
});

test('is cut at 256 characters, at a whole character', () => {
  expect(valueText('a'.repeat(254))).toBe(`"${'a'.repeat(254)}"`);
  expect(valueText('a'.repeat(255))).toBe(`"${'a'.repeat(255)}…`);
  expect(valueText(jsonValue(number('1'.repeat(300))))).toBe(`${'1'.repeat(256)}…`);
  const full = `["${'a'.repeat(253)}"`;
  expect(valueText(['a'.repeat(253), 'b'])).toBe(`${full}…`);
  expect(valueText(['a'.repeat(252)])).toBe(`["${'a'.repeat(252)}"]`);
  expect(valueText('😀'.repeat(500)).isWellFormed()).toBe(true);
  expect(valueText(`a${'😀'.repeat(500)}`).isWellFormed()).toBe(true);
});

test('does no more work than it shows', () => {
  let deep: Value = 'x';
  for (let level = 0; level < 100_000; level += 1) deep = [deep];
  expect(valueText(deep)).toBe(`${'['.repeat(256)}…`);
  const wide = Array.from({ length: 1_000_000 }, () => 'abc');
  const started = performance.now();
  for (let n = 0; n < 100; n += 1) expect(valueText(wide)).toHaveLength(257);
  expect(valueText(new Map([['k'.repeat(1_000_000), 'v'.repeat(1_000_000)]]))).toHaveLength(257);
  expect(performance.now() - started).toBeLessThan(1_000);
});
