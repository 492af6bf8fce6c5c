import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { finderOf } from './text-search.ts';

describe('finding', () => {
  const few = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '😀'), maxLength: 200 });

  test('gives what the built-in search gives, for short and long needles', () => {
    fc.assert(
      fc.property(
        few,
        fc.nat({ max: 100 }),
        fc.nat({ max: 100 }),
        few,
        fc.nat({ max: 210 }),
        (text, start, length, other, from) => {
          for (const needle of [text.slice(start, start + length + 1), other, `${other}a`]) {
            if (needle === '') continue;
            expect(finderOf(needle).find(text, from)).toBe(text.indexOf(needle, Math.min(from, text.length)));
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test.each([32, 33])('a needle of %d characters at every place', (length) => {
    const needle = `${'ab'.repeat(20).slice(0, length - 1)}c`;
    const finder = finderOf(needle);
    for (let before = 0; before < 50; before += 1) {
      const text = `${'ab'.repeat(30).slice(0, before)}${needle}${needle}`;
      expect(finder.find(text, 0)).toBe(text.indexOf(needle));
      expect(finder.find(text, before + 1)).toBe(text.indexOf(needle, before + 1));
      expect(finder.find(text, before + length + 1)).toBe(-1);
    }
  });

  test('[PL-3.linear] takes linear time where the built-in search takes the product', () => {
    const text = 'a'.repeat(300_000);
    const needle = `b${'a'.repeat(100_000)}`;
    const started = performance.now();
    expect(finderOf(needle).find(text, 0)).toBe(-1);
    expect(finderOf(`${'a'.repeat(100_000)}b`).find(text, 0)).toBe(-1);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
