import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalDecimal, compareDecimals, isNumberText, isStrictDecimal } from './decimal.ts';

describe('strict decimal text', () => {
  test.each([
    '0',
    '-0',
    '1',
    '-1',
    '10',
    '0.5',
    '-0.50',
    '1e5',
    '1E5',
    '1e+5',
    '1e-5',
    '1.5e9999',
    '9007199254740993',
    '123456789012345',
    '1234567890123456',
    '12345678901234.5',
    '0.0',
    '1e0001',
    '99999999999999.25e1',
  ])('[PL-3.strict-decimal] %s is one', (text) => {
    expect(isStrictDecimal(text)).toBe(true);
    expect(isNumberText(text)).toBe(true);
  });

  test.each([
    '',
    '-',
    '+1',
    '01',
    '-01',
    '00',
    '.5',
    '5.',
    '1.e5',
    '1. ',
    '1.\n',
    '-0.\t',
    '1e',
    '1e+',
    'e5',
    '1e12345',
    ' 1',
    '1 ',
    '1\n',
    '0x10',
    '1_000',
    '1,000',
    'NaN',
    'Infinity',
    '--1',
    '1.2.3',
    '1e5.5',
    '１',
    '1.5e99999',
    'true',
    '- 1',
    '1-',
    '1234567890123456a',
    '1/2',
    '1:',
    '-a',
    '0a',
  ])('[PL-3.strict-decimal] %j is none', (text) => {
    expect(isStrictDecimal(text)).toBe(false);
  });

  test('a JSON number may have any exponent', () => {
    expect(isNumberText('1e12345')).toBe(true);
    expect(isNumberText('1e')).toBe(false);
    expect(isNumberText('01')).toBe(false);
    expect(isNumberText('')).toBe(false);
  });
});

/** Ascending by value; the texts of one row are equal. */
const ladder = [
  ['-1e99999999999999999999'],
  ['-1e400', '-10e399', '-0.1e401'],
  ['-9007199254740993', '-9007199254740993.0'],
  ['-9007199254740992', '-9.007199254740992e15'],
  ['-100', '-1e2', '-100.000', '-1.0E+2'],
  ['-1.5'],
  ['-1'],
  ['-0.5', '-5e-1'],
  ['-1e-400'],
  ['-1e-99999999999999999999'],
  ['0', '-0', '0.0', '-0.000', '0e9999', '-0e-5', '0e99999999999999999999'],
  ['1e-100000000000000000000'],
  ['1e-99999999999999999999', '0.1e-99999999999999999998', '10e-100000000000000000000'],
  ['1e-9999'],
  ['1e-400', '0.00001e-395'],
  ['0.001', '1e-3'],
  ['0.1', '1e-1', '0.10'],
  ['0.10000000000000000001'],
  ['0.9'],
  ['1', '1.0', '1e0', '0.1e1', '10e-1', '1.000000000000000000000'],
  ['1.0000000000000000000001'],
  ['5', '5.0', '0.5e1', '50e-1', '500e-0002'],
  ['9'],
  ['10'],
  ['99999999999999', '99999999999999.0'],
  ['99999999999999.5'],
  ['999999999999999'],
  ['999999999999999.1'],
  ['1000000000000000', '1e15'],
  ['9007199254740991'],
  ['9007199254740992'],
  ['9007199254740993', '9007199254740993.000', '9.007199254740993e15'],
  ['1e308'],
  ['1e309'],
  ['1e400', '10e399'],
  ['1e9999'],
  ['1e999999999999999', '0.1e1000000000000000'],
  ['1e1000000000000000', '10e999999999999999'],
  ['2e1000000000000000'],
  ['1e9999999999999999'],
  ['1e10000000000000000', '10e9999999999999999', '0.01e10000000000000002'],
  ['1e99999999999999999999', '1e099999999999999999999', '10e99999999999999999998'],
  ['1e100000000000000000000', '10e99999999999999999999', '100e99999999999999999998'],
] as const;

describe('comparison', () => {
  const all = ladder.flatMap((texts, rank) => texts.map((text) => ({ text, rank })));

  test('[PL-3.exact-numbers] orders every pair of the ladder by mathematical value', () => {
    for (const a of all) {
      for (const b of all) {
        expect(Math.sign(compareDecimals(a.text, b.text)), `${a.text} ? ${b.text}`).toBe(Math.sign(a.rank - b.rank));
      }
    }
  });

  test('canonical texts are equal exactly for equal values', () => {
    for (const a of all) {
      for (const b of all) {
        expect(canonicalDecimal(a.text) === canonicalDecimal(b.text), `${a.text} ? ${b.text}`).toBe(a.rank === b.rank);
      }
    }
  });

  const decimal = fc
    .tuple(
      fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }),
      fc.integer({ min: 0, max: 30 }),
      fc.integer({ min: -20, max: 20 }),
      fc.integer({ min: 0, max: 4 }),
    )
    .map(([digits, scale, exponent, zeros]) => {
      const magnitude = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
      const integer = magnitude.slice(0, magnitude.length - scale).replace(/^0+(?=.)/, '');
      const fraction = magnitude.slice(magnitude.length - scale) + '0'.repeat(zeros);
      const text = `${digits < 0n ? '-' : ''}${integer}${fraction === '' ? '' : `.${fraction}`}${exponent === 0 ? '' : `e${exponent}`}`;
      // value × 10^60, exactly
      return { text, value: digits * 10n ** BigInt(60 - scale + exponent) };
    });

  test('[PL-3.exact-numbers] agrees with whole-number arithmetic', () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        const expected = a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
        expect(Math.sign(compareDecimals(a.text, b.text))).toBe(expected);
        expect(canonicalDecimal(a.text) === canonicalDecimal(b.text)).toBe(expected === 0);
      }),
      { numRuns: 2000 },
    );
  });

  test('shifting the point against the exponent changes nothing, however large the exponent', () => {
    // Beyond 15 digits the last ones are reckoned with alone: those near a carry are tried most.
    const carried = fc
      .tuple(fc.bigInt({ min: -99_999n, max: 99_999n }), fc.bigInt({ min: -45n, max: 45n }))
      .map(([thousands, near]) => thousands * 10n ** 15n + near);
    const exponent = fc.oneof(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), carried);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 999 }),
        exponent,
        fc.integer({ min: 0, max: 40 }),
        (digits, power, zeros) => {
          const plain = `${digits}e${power}`;
          const shifted = `${digits}${'0'.repeat(zeros)}e${power - BigInt(zeros)}`;
          const small = `0.${'0'.repeat(zeros)}${digits}e${power + BigInt(zeros + String(digits).length)}`;
          expect(compareDecimals(plain, shifted)).toBe(0);
          expect(compareDecimals(plain, small)).toBe(0);
          expect(compareDecimals(plain, `${digits}e${power + 1n}`)).toBeLessThan(0);
          expect(compareDecimals(`-${plain}`, `-${digits}e${power + 1n}`)).toBeGreaterThan(0);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['10e12999999999999999', '1e13000000000000001'],
    ['10e1299999999999999999', '1e1300000000000000001'],
    ['0.01e12000000000000001', '1e12000000000000000'],
    ['0.001e12000000000000001', '1e11999999999999999'],
    ['0.01e-12999999999999999', '1e-13000000000000000'],
    ['10e-12000000000000000', '1e-11999999999999998'],
    ['1e000', '1e1'],
    ['-0.0e5', '0'],
  ])('the canonical form of %s is %s', (text, canonical) => {
    expect(canonicalDecimal(text)).toBe(canonical);
  });

  test('refuses what is no number', () => {
    expect(() => compareDecimals('1', 'one')).toThrow(new RangeError('not a decimal number text'));
    expect(() => compareDecimals('', '1')).toThrow(RangeError);
  });

  test('[PL-3.linear] takes linear time in long digits, exponents and runs of zeros', () => {
    const long = [
      '9'.repeat(100_000),
      `1${'0'.repeat(100_000)}`,
      `0.${'0'.repeat(100_000)}1`,
      `1e${'9'.repeat(100_000)}`,
      `10e${'9'.repeat(100_000)}`,
      `1e${'0'.repeat(100_000)}1`,
      `1e-1${'0'.repeat(100_000)}`,
      `0.1e-1${'0'.repeat(100_000)}`,
    ];
    const started = performance.now();
    for (const a of long) for (const b of long) compareDecimals(a, b);
    for (const text of long) expect(isStrictDecimal(`${text}x`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
