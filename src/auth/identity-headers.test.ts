import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { headerFields } from '../../test/support/exchange.ts';
import { scanJsonText } from '../http/json.ts';
import { foldHeaderName, identityHeaderProblem, identityHeaderValue, ManagedHeaders } from './identity-headers.ts';

describe('[SEC-header-spoof] managed headers', () => {
  const managed = new ManagedHeaders(['X-User-ID', 'X-User-Groups']);

  test.each([
    'X-User-ID',
    'x-user-id',
    'X-USER-ID',
    'X_User_ID',
    'X-User_ID',
    'X.User.ID',
    'XUserID',
    'X--User--ID',
    'X-User-ID-',
    '-X-User-ID',
    "X-User'ID",
    'X~User-ID',
    'x_user_groups',
    'X-UserGroups',
  ])('%s is dropped', (name) => {
    const headers = headerFields({ [name]: ['admin', 'root'], Accept: 'a', 'X-User': 'kept' });
    expect(managed.drop(headers)).toBe(2);
    expect(headers.toRaw()).toEqual(['Accept', 'a', 'X-User', 'kept']);
  });

  test.each(['X-User-IDs', 'X-User', 'User-ID', 'X-User-I', 'X-User-Group', 'XX-User-ID'])('%s is not', (name) => {
    const headers = headerFields({ [name]: 'a' });
    expect(managed.drop(headers)).toBe(0);
    expect(headers.size).toBe(1);
  });

  test('a client cannot make it forget what it manages by sending many names', () => {
    for (let index = 0; index < 2_000; index++) managed.drop(headerFields({ [`X-Noise-${index}`]: 'a' }));
    const headers = headerFields({ 'x_user-id': 'admin' });
    expect(managed.drop(headers)).toBe(1);
  });

  test('names fold as upstreams may read them', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[A-Za-z0-9]{1,12}$/),
        fc.array(fc.constantFrom('-', '_', '.', '+', '!')),
        (name, marks) => {
          const disguised = [...name].map((letter, index) => letter + (marks[index] ?? '')).join('');
          expect(foldHeaderName(disguised)).toBe(foldHeaderName(name.toUpperCase()));
        },
      ),
    );
  });

  test.each([
    'Host',
    'Content-Length',
    'content_length',
    'Transfer-Encoding',
    'Connection',
    'Mcp-Session-Id',
    'X User',
    'Ünicode',
    '',
    '---',
    'X_User',
  ])('%j cannot be filled from a claim', (name) => {
    expect(identityHeaderProblem(name)).toBeDefined();
  });
});

describe('[DP-5.forward-headers] claims as header values', () => {
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['"alice"', 'alice'],
    ['"Alice Smith"', 'Alice Smith'],
    ['""', ''],
    ['42', '42'],
    ['9007199254740993', '9007199254740993'],
    ['1e400', '1e400'],
    ['true', 'true'],
    ['null', undefined],
    ['{}', undefined],
    ['{"admin":true}', undefined],
    ['[]', undefined],
    ['["developer"]', 'developer'],
    ['["a","b"]', 'a,b'],
    ['["a,b"]', 'a%2Cb'],
    ['"a,b"', 'a%2Cb'],
    ['["a%2Cb"]', 'a%252Cb'],
    ['["100%"]', '100%25'],
    ['[1,true,"x"]', '1,true,x'],
    ['[["admin"]]', undefined],
    ['["a",null]', undefined],
    ['["a",{}]', undefined],
    ['"a\\r\\nX-Admin: 1"', 'a%0D%0AX-Admin: 1'],
    ['"a\\u0000b"', 'a%00b'],
    ['"\\u007f"', '%7F'],
    ['"\\t"', '%09'],
    ['"é"', '%C3%A9'],
    ['"𝒳"', '%F0%9D%92%B3'],
    ['"\\u2028"', '%E2%80%A8'],
    ['" admin"', '%20admin'],
    ['"admin  "', 'admin%20%20'],
    ['["a "," b"]', 'a%20,%20b'],
    ['"   "', '%20%20%20'],
  ];
  test.each(rows)('%s becomes %j', (claim, expected) => {
    expect(identityHeaderValue(scanJsonText(claim))).toBe(expected);
  });

  test('a missing claim has no value', () => {
    expect(identityHeaderValue(undefined)).toBeUndefined();
  });

  test('splitting at commas and decoding gives back what was signed, and no byte that a header cannot carry', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 12 }), { minLength: 1, maxLength: 5 }), (groups) => {
        const value = identityHeaderValue(groups) ?? '';
        expect(value).toMatch(/^[\x20-\x7e]*$/);
        expect(value).toBe(value.trim());
        expect(value.split(',').map(decodeURIComponent)).toEqual(groups);
      }),
    );
  });
});
