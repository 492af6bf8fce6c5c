import { expect, test } from 'vitest';
import { isObject, scanJsonText } from '../http/json.ts';
import { findClaim, parseClaimPath } from './claim-path.ts';

const claims = scanJsonText(
  '{"sub":"alice","realm_access":{"roles":["a","b"]},"https://example.com/roles":["c"],"a\\\\b":1,"__proto__":{"x":1}}',
);

test.each([
  ['sub', '"alice"'],
  ['realm_access.roles.1', '"b"'],
  ['https://example\\.com/roles.0', '"c"'],
  ['a\\\\b', '{"text":"1"}'],
  ['__proto__.x', '{"text":"1"}'],
  ['sub.length', undefined],
  ['realm_access.roles.length', undefined],
  ['realm_access.roles.2', undefined],
  ['realm_access.roles.01', undefined],
  ['realm_access.roles.-1', undefined],
  ['constructor', undefined],
  ['toString', undefined],
])('%s', (path, expected) => {
  const parsed = parseClaimPath(path);
  expect(parsed).toBeDefined();
  expect(JSON.stringify(isObject(claims) ? findClaim(claims, parsed ?? []) : 'no claims')).toBe(expected);
});

test.each(['', '.', 'a.', '.a', 'a..b', 'a\\', 'a\\x'])('%j is no path', (path) => {
  expect(parseClaimPath(path)).toBeUndefined();
});
