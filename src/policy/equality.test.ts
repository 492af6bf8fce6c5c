import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonValue, number, type Plain } from '../../test/support/policy.ts';
import { Candidates, equals, isScalar, numericText } from './equality.ts';

/** Values of one row equal one another; those of different rows do not, except as `also` says. */
const classes: readonly (readonly Plain[])[] = [
  [5, number('5.0'), number('50e-1'), '5'],
  [number('0'), number('-0'), number('0e5'), '0'],
  [number('9007199254740993'), '9007199254740993'],
  [number('9007199254740992'), '9007199254740992'],
  [number('1e400'), number('10e399'), '1e400'],
  [number('1e99999'), number('10e99998')],
  [true, 'true'],
  [false, 'false'],
  [null, 'null'],
  [''],
  [' 5'],
  ['05'],
  ['\u00e9'],
  ['e\u0301'],
  ['True'],
];

describe('[PL-3.equality] equality', () => {
  const all = classes.flatMap((values, row) => values.map((plain) => ({ plain, row })));

  test('within and across the rows, both ways', () => {
    for (const a of all) {
      for (const b of all) {
        expect(
          equals(jsonValue(a.plain), jsonValue(b.plain)),
          `${JSON.stringify(a.plain)} ? ${JSON.stringify(b.plain)}`,
        ).toBe(a.row === b.row);
      }
    }
  });

  test('two texts of one number are two texts', () => {
    expect(equals('5', '5.0')).toBe(false);
    expect(equals('5.0', jsonValue(5))).toBe(true);
    expect(equals(jsonValue(5), '5.00')).toBe(true);
  });

  test('arrays and objects equal nothing', () => {
    for (const compound of [jsonValue([]), jsonValue(['a']), jsonValue({}), jsonValue({ text: '5' })]) {
      for (const other of [compound, 'a', jsonValue(5), null, true]) {
        expect([equals(compound, other), equals(other, compound)]).toEqual([false, false]);
      }
      expect(isScalar(compound)).toBe(false);
    }
    expect([null, true, 'a', jsonValue(5)].map(isScalar)).toEqual([true, true, true, true]);
  });

  test('a number whose text is none equals nothing and is no number', () => {
    const broken = { text: 'NaN' };
    expect([equals(broken, broken), equals(broken, 'NaN'), numericText(broken)]).toEqual([false, false, undefined]);
    expect(new Candidates([broken]).has(broken)).toBe(false);
    expect(new Candidates([jsonValue(5)]).has(broken)).toBe(false);
  });

  test.each<[Plain, string | undefined]>([
    [5, '5'],
    [number('1e99999'), '1e99999'],
    ['5.0', '5.0'],
    ['1e99999', undefined],
    ['five', undefined],
    [true, undefined],
    [null, undefined],
    [[5], undefined],
    [{}, undefined],
  ])('the number of %j is %s', (plain, text) => {
    expect(numericText(jsonValue(plain))).toBe(text);
  });
});

describe('candidates', () => {
  const scalar = fc.oneof(
    fc.constantFrom<Plain>(...classes.flat(), '5.0', '5.00', '1.0', 'a', [], {}, ['5'], number('1.0'), number('1')),
    fc.integer().map((value) => value as Plain),
    fc.string(),
  );

  test('find exactly what comparing one by one finds', () => {
    fc.assert(
      fc.property(fc.array(scalar, { maxLength: 5 }), scalar, (candidates, subject) => {
        const values = candidates.map(jsonValue);
        const value = jsonValue(subject);
        expect(new Candidates(values).has(value)).toBe(values.some((candidate) => equals(candidate, value)));
      }),
      { numRuns: 3_000 },
    );
  });
});
