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

  // Beginnings of the needle before the needle: the search has to go back by exactly as much as fits again.
  test.each(['a', 'ab', 'aab', 'abaab', 'aabaaab', 'abaababa'])('a long needle of repeated %s', (part) => {
    for (const end of ['', 'a', 'b', 'ba', 'c']) {
      const needle = part.repeat(40).slice(0, 36) + end;
      const finder = finderOf(needle);
      for (let first = 0; first <= needle.length; first += 1) {
        for (const second of [0, 1, 2, 5, 17, needle.length - 1]) {
          for (const rest of [needle, needle.slice(1), '']) {
            const text = needle.slice(0, first) + needle.slice(0, second) + rest;
            expect([text, finder.find(text, 0)]).toEqual([text, text.indexOf(needle)]);
            expect(finder.find(text, 3)).toBe(text.indexOf(needle, 3));
          }
        }
      }
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
