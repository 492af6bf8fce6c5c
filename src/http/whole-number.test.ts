import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readWholeNumber } from './whole-number.ts';

it('takes what its pattern takes', () => {
  const digits = fc.stringMatching(/^[0-9]{0,17}$/);
  fc.assert(
    fc.property(
      fc.oneof(
        digits,
        fc.string(),
        fc.tuple(digits, fc.string(), digits).map((parts) => parts.join('')),
      ),
      (text) => {
        expect(readWholeNumber(text)).toBe(/^[0-9]{1,15}$/.test(text) ? Number(text) : undefined);
      },
    ),
  );
});
