import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isCredentialHeader, scrub } from './scrub.ts';

const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl';

test.each([
  [`got ${token} there`, 'got REDACTED there'],
  [token, 'REDACTED'],
  [`Authorization: Bearer ${token}`, 'Authorization: Bearer REDACTED'],
  ['Authorization: Bearer opaque-token-1', 'Authorization: Bearer REDACTED'],
  ['authorization: basic dXNlcjpwYXNz', 'authorization: basic REDACTED'],
  ['a bearer of news', 'a bearer of news'],
  ['Bearer resource_metadata="https://a"', 'Bearer resource_metadata="https://a"'],
  ['nothing to hide', 'nothing to hide'],
  ['eyJ', 'eyJ'],
])('[SEC-logs-without-tokens] %s', (text, expected) => {
  expect(scrub(text)).toBe(expected);
});

test('[SEC-logs-without-tokens] a token is found in any surroundings', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, after) => {
      // What touches the token without a boundary makes it another word.
      const text = `${before} ${token} ${after}`;
      expect(scrub(text)).not.toContain(token);
    }),
  );
});

test('[SEC-logs-without-tokens] which headers are never shown', () => {
  const secret = [
    'authorization',
    'proxy-authorization',
    'cookie',
    'set-cookie',
    'x-api-key',
    'api-key',
    'x-auth-token',
    'x-amz-security-token',
    'mcp-session-id',
    'x-vault-token',
    'x-csrf-token',
    'x-client-secret',
    'x-forwarded-tls-client-cert',
    'x-goog-iam-authority-selector',
    'dpop-signature',
    'x-password',
    'x-jwt',
    'x-jwt-assertion',
  ];
  const harmless = [
    'user-agent',
    'accept',
    'mcp-protocol-version',
    'mcp-method',
    'content-type',
    'x-request-id',
    'www-authenticate',
    'x-forwarded-for',
  ];
  expect(secret.filter((name) => !isCredentialHeader(name))).toEqual([]);
  expect(harmless.filter((name) => isCredentialHeader(name))).toEqual([]);
});
