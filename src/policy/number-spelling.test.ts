import { describe, expect, test } from 'vitest';
import { canonicalDecimal, isStrictDecimal } from '../expression/index.ts';
import { canSpell } from './number-spelling.ts';
import type { TextPieces } from './text-pieces.ts';

/** A text with open pieces, written with `*` for each. */
function pieces(pattern: string): TextPieces {
  return pattern.split(/(\*)/).flatMap((piece) => (piece === '' ? [] : [piece === '*' ? undefined : piece]));
}

describe('[PL-6.open-numbers] a text with an open part equals a number only when some number text has its known parts', () => {
  test.each([
    ['4*', '4', true],
    ['4*', '5', false],
    ['4*', '40', true],
    ['4*', '4e9998', true],
    ['4*', '4e9999', true],
    ['4*', '4e10010', true],
    ['4*', '45', true],
    ['4*', '54', false],
    ['4*', '-4', false],
    ['-4*', '-4', true],
    ['-*', '4', false],
    ['-*', '0', true],
    ['-0*', '0', true],
    ['00*', '0', false],
    ['0*', '5', true],
    ['05*', '5', false],
    ['0.5*', '5', true],
    ['0.05*', '5', true],
    ['0.6*', '5', false],
    ['5.*', '5', true],
    ['5.0*', '5', true],
    ['5.0*1', '5', false],
    ['5.0*1', '50', true],
    ['5.01*', '5', false],
    ['*5', '5', true],
    ['*5', '50', true],
    ['*e5', '50', true],
    ['*e+5', '50', true],
    ['*e-05*', '50', true],
    ['*e00005', '50', false],
    ['*e5e*', '50', false],
    ['*e*e*', '50', false],
    ['5e*', '50', true],
    ['5e*2', '50', false],
    ['5e*1', '50', true],
    ['5e*1', '0.5', true],
    ['5e+*', '0.5', false],
    ['*e-', '5', false],
    ['5e*5', '5e20', false],
    ['5e*5', '5e25', true],
    ['5e*5', '5e2005', true],
    ['5e+*', '5', true],
    ['5e-0*', '5', true],
    ['5e-0*', '50', false],
    ['5e+0*', '0.5', false],
    ['5e+000*', '50', true],
    ['5e000*1', '50', true],
    ['5e0000*1', '50', false],
    ['5e*', '5e9999', true],
    ['5e*', '5e10000', false],
    ['5e*', '5e-9999', true],
    ['5e*', '5e-10000', false],
    ['5e1000*', '5e10000', false],
    ['5e1000*', '5e1000', true],
    ['*e9999', '5', true],
    ['*e-9999', '5', true],
    ['0.*5', '5', true],
    ['0*1', '0', true],
    ['1*', '0', false],
    ['*~', '5', false],
    ['*.', '5', false],
    ['+*', '5', false],
    [' *', '5', false],
    ['a*', '5', false],
    ['*', '5', true],
    ['**', '1e400', true],
    ['1*', '1e20000', true],
    ['1*', '1e99999999999999999999', false],
    ['1*', '1e-99999999999999999999', false],
    ['1*e9999', '1e9999', true],
    ['9*', '9007199254740993', true],
    ['9*2', '9007199254740993', true],
    ['92*', '9007199254740993', false],
    ['*7e*', '0', false],
    ['*0e7*', '0', true],
    ['*.*', '0', true],
    ['0e*', '0', true],
    ['-0e*', '0', true],
    ['*.5', '50', false],
    ['5*e-*', '5e400', true],
    ['5*e1000*', '5e1500', true],
    ['0.*5e1*', '5e500', true],
    ['0.*5e10*', '5e500', true],
    ['0.*5e100*', '5e500', true],
    ['0.*5e1000*', '5e500', true],
    ['0.*5e10000*', '5e500', false],
    ['0.*5e+*', '5e500', true],
    ['5*e*', '5e500', true],
    ['5*e+*', '5e-500', false],
    ['5*e1*', '5e-500', false],
    ['0.*5e1*', '5e-500', true],
  ])('%s and %s: %s', (pattern, number, expected) => {
    expect(canSpell(pieces(pattern), number)).toBe(expected);
  });

  test('says possible where the number is too long to look at', () => {
    const digits = '3'.repeat(41);
    expect([canSpell(pieces('4*'), digits), canSpell(pieces('4*'), digits.slice(1))]).toEqual([true, false]);
    expect([canSpell(pieces(`${digits}*`), '4'), canSpell(pieces(`${digits.slice(1)}*`), '4')]).toEqual([true, false]);
  });

  test('as all texts of the number say, one by one', () => {
    const numbers = ['0', '5', '-0.15', '101'];
    const spelled = new Map(numbers.map((number) => [canonicalDecimal(number), textsOf(number)]));
    for (const [canonical, texts] of spelled) {
      for (const text of texts) expect([text, canonicalDecimal(text)]).toEqual([text, canonical]);
    }
    const parts = ['', '0', '1', '5', '-', '.', 'e', 'E-', '50', '.0', '0.', 'e1', 'e-0', '05', '10'];
    const patterns = parts.flatMap((a) => parts.map((b) => `${a}*${b}`));
    patterns.push(...parts.flatMap((a) => ['0', 'e', '.', '5'].map((b) => `${a}*${b}*5`)));
    const wrong: string[] = [];
    for (const pattern of patterns) {
      const known = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
      for (const number of numbers) {
        const texts = spelled.get(canonicalDecimal(number)) ?? [];
        const expected = texts.some((text) => known.test(text));
        if (canSpell(pieces(pattern), number) !== expected) wrong.push(`${pattern} and ${number}: not ${expected}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

/** The strict decimal texts of a number, with its point moved by up to 56 places. */
function textsOf(number: string): string[] {
  const negative = number.startsWith('-');
  const [whole = '', fraction = ''] = number.replace('-', '').split('.');
  const all: string[] = [];
  for (let moved = -56; moved <= 56; moved += 1) {
    // Exponents that the patterns tell apart: small ones, and those about 50.
    if (Math.abs(moved) > 12 && Math.abs(moved) < 47) continue;
    // The point stands `places` digits from the left.
    const padded = '0'.repeat(57) + whole + fraction + '0'.repeat(57);
    const places = 57 + whole.length + moved;
    const before = padded.slice(0, places).replace(/^0+(?=.)/, '');
    const after = padded.slice(places).replace(/0+$/, '');
    const points = after === '' ? ['', '.0', '.00', '.000'] : [`.${after}`, `.${after}0`, `.${after}00`];
    for (const point of points) all.push(...exponentsOf(-moved).map((exponent) => before + point + exponent));
  }
  const signs = canonicalDecimal(number) === '0' ? ['', '-'] : [negative ? '-' : ''];
  return signs.flatMap((sign) => all.map((text) => sign + text)).filter(isStrictDecimal);
}

function exponentsOf(exponent: number): string[] {
  const signs = exponent < 0 ? ['-'] : exponent > 0 ? ['', '+'] : ['', '+', '-'];
  const digits = String(Math.abs(exponent));
  const texts = ['e', 'E'].flatMap((mark) =>
    signs.flatMap((sign) => [1, 2, 3, 4].map((length) => mark + sign + digits.padStart(length, '0'))),
  );
  return exponent === 0 ? ['', ...texts] : texts;
}
