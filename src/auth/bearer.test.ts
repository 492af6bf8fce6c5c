import { describe, expect, test } from 'vitest';
import { headerFields } from '../../test/support/exchange.ts';
import { Refusal } from '../http/refusal.ts';
import { readBearer, readQueryToken, withoutParameter } from './bearer.ts';

const read = (values: string | readonly string[], name = 'Authorization') => {
  try {
    return readBearer(headerFields({ [name]: values }), name.toLowerCase());
  } catch (error) {
    if (error instanceof Refusal) return error.status;
    throw error;
  }
};

describe('[SEC-bearer] the bearer token of a request', () => {
  const rows: readonly (readonly [string | readonly string[], string | number | undefined])[] = [
    ['Bearer a.b.c', 'a.b.c'],
    ['bearer a.b.c', 'a.b.c'],
    ['BEARER a.b.c', 'a.b.c'],
    ['Bearer   a.b.c', 'a.b.c'],
    ['Bearer', undefined],
    ['Bearer ', undefined],
    ['Bearera.b.c', undefined],
    ['Bearer\ta.b.c', undefined],
    ['a.b.c', undefined],
    ['Basic YTpi', undefined],
    ['Token a.b.c', undefined],
    ['', undefined],
    ['Bearer a.b.c, Bearer d.e.f', 400],
    ['Bearer a.b.c,d.e.f', 400],
    ['Bearer a.b.c d.e.f', 400],
    ['Bearer a.b.c ', 400],
    ['Bearer a.b.c\td', 400],
    [['Bearer a.b.c', 'Bearer a.b.c'], 400],
    [['Bearer a.b.c', 'Basic YTpi'], 400],
    [['Basic YTpi', 'Bearer a.b.c'], 400],
  ];
  test.each(rows)('%j gives %j', (value, expected) => {
    expect(read(value)).toBe(expected);
  });

  test.each([
    ['a.b.c', 'a.b.c'],
    [' a.b.c ', 'a.b.c'],
    ['Bearer a.b.c', 'a.b.c'],
    [['a.b.c', 'd.e.f'], 400],
    ['', undefined],
  ] as const)('in a header of its own: %j gives %j', (value, expected) => {
    expect(read(value, 'X-Token')).toBe(expected);
  });

  test('no other header counts', () => {
    const headers = headerFields({
      'Proxy-Authorization': 'Bearer a',
      'X-Authorization': 'Bearer b',
      Cookie: 'authorization=c',
    });
    expect(readBearer(headers, 'authorization')).toBeUndefined();
  });
});

describe('tokens in the query, where that was asked for', () => {
  test.each([
    ['', undefined],
    ['?', undefined],
    ['?jwt=a.b.c', 'a.b.c'],
    ['?x=1&jwt=a.b.c&y', 'a.b.c'],
    ['?j%77t=a%2Eb', 'a.b'],
    ['?jwt=', undefined],
    ['?JWT=a', undefined],
    ['?xjwt=a', undefined],
  ])('%s', (query, expected) => {
    expect(readQueryToken(query, 'jwt')).toBe(expected);
  });

  test.each(['?jwt=a&jwt=a', '?jwt=a&j%77t=b', '?jwt&jwt=a'])('%s is ambiguous', (query) => {
    expect(() => readQueryToken(query, 'jwt')).toThrow(Refusal);
  });

  test.each([
    ['?jwt=a', ''],
    ['?jwt=a&x=%2f&&y', '?x=%2f&&y'],
    ['?x=1&j%77t=a&y=2', '?x=1&y=2'],
    ['?x=1', '?x=1'],
    ['?jwt', ''],
  ])('%s loses the token and nothing else', (query, expected) => {
    expect(withoutParameter(query, 'jwt')).toBe(expected);
  });
});
