import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readHead } from './upstream-headers.ts';

/** How the bytes of one field's name or value come: in the buffer of the others or in their own, and how far from them. */
const piece = fc.record({
  text: fc.stringMatching(/^[\x20-\x7e\x80-\xff]{0,24}$/),
  apart: fc.boolean(),
  gap: fc.nat(40),
});
const fields = fc.array(
  fc.tuple(fc.record({ text: fc.stringMatching(/^X-[A-Za-z]{1,12}$/), apart: fc.boolean(), gap: fc.nat(40) }), piece),
  { maxLength: 8 },
);

test('fields are read alike wherever their bytes lie', () => {
  fc.assert(
    fc.property(fields, fc.boolean(), (pairs, backwards) => {
      const pieces = pairs.flat();
      const arena = Buffer.alloc(
        pieces.reduce((sum, { text, gap }) => sum + text.length + gap, 0),
        '~',
      );
      let at = backwards ? arena.length : 0;
      const raw = pieces.map(({ text, apart, gap }) => {
        if (apart) return Buffer.from(text, 'latin1');
        if (backwards) at -= text.length;
        const start = at;
        arena.write(text, start, 'latin1');
        at = backwards ? start - gap : start + text.length + gap;
        return arena.subarray(start, start + text.length);
      });
      const seen: [string, string][] = [];
      readHead(raw, 'POST', 200).headers.forEach((name, value) => void seen.push([name, value]));
      expect(seen).toEqual(pairs.map(([name, value]) => [name.text, value.text]));
    }),
  );
});
