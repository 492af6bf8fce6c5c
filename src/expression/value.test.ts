import { describe, expect, test } from 'vitest';
import { isArray, isNumber, isObject, kindOf, scalarText, type Value } from './value.ts';

const rows: readonly [string, Value, string, string | undefined][] = [
  ['null', null, 'null', 'null'],
  ['true', true, 'boolean', 'true'],
  ['false', false, 'boolean', 'false'],
  ['an empty text', '', 'string', ''],
  ['a text', 'a "b"', 'string', 'a "b"'],
  ['a number', { text: '1.0' }, 'number', '1.0'],
  ['an array', ['a'], 'array', undefined],
  ['an object', new Map([['text', 'a']]), 'object', undefined],
];

describe('values', () => {
  test.each(rows)('%s', (_, value, kind, text) => {
    expect(kindOf(value)).toBe(kind);
    expect(scalarText(value)).toBe(text);
    expect(isNumber(value)).toBe(kind === 'number');
    expect(isArray(value)).toBe(kind === 'array');
    expect(isObject(value)).toBe(kind === 'object');
  });

  test('nothing is of no kind', () => {
    expect([isNumber(undefined), isArray(undefined), isObject(undefined)]).toEqual([false, false, false]);
  });
});
