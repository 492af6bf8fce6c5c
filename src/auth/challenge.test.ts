import { describe, expect, test } from 'vitest';
import {
  bearerChallenge,
  compileChallenge,
  InvalidChallenge,
  insufficientScopeChallenge,
  resourceMetadataUrl,
} from './challenge.ts';

const url = 'https://mcp.localhost/.well-known/oauth-protected-resource/deepwiki-mcp';
const resource = 'https://mcp.localhost/deepwiki-mcp';

describe('[DP-4.challenge] WWW-Authenticate', () => {
  const rows: readonly (readonly [string, string | undefined, string | undefined, string, string])[] = [
    [
      'a bare URL',
      url,
      resource,
      `Bearer resource_metadata="${url}"`,
      `Bearer resource_metadata="${url}", error="invalid_token"`,
    ],
    [
      'a bare URL with blanks around it',
      ` ${url}\n`,
      undefined,
      `Bearer resource_metadata="${url}"`,
      `Bearer resource_metadata="${url}", error="invalid_token"`,
    ],
    [
      'an http URL',
      'http://a/b',
      undefined,
      'Bearer resource_metadata="http://a/b"',
      'Bearer resource_metadata="http://a/b", error="invalid_token"',
    ],
    [
      'a challenge',
      `Bearer realm="x", scope="a"`,
      resource,
      'Bearer realm="x", scope="a"',
      'Bearer realm="x", scope="a"',
    ],
    ['a scheme alone', 'Negotiate', resource, 'Negotiate', 'Negotiate'],
    ['another scheme', 'DPoP algs="ES256"', resource, 'DPoP algs="ES256"', 'DPoP algs="ES256"'],
    [
      'nothing, with a resource',
      undefined,
      resource,
      `Bearer resource_metadata="${url}"`,
      `Bearer resource_metadata="${url}", error="invalid_token"`,
    ],
    ['nothing at all', '', undefined, 'Bearer realm="portcullis"', 'Bearer error="invalid_token"'],
  ];
  test.each(rows)('%s', (_, configured, known, without, sent) => {
    const challenge = compileChallenge(configured);
    expect(challenge(false, known)).toBe(without);
    expect(challenge(true, known)).toBe(sent);
  });

  test.each(['https://a b', 'https://a"b', 'http://', 'ü', 'Bearer\r\nX-Evil: 1', '"quoted"', '=x'])(
    '%j is refused',
    (value) => {
      expect(() => compileChallenge(value)).toThrow(InvalidChallenge);
    },
  );

  test('parameters are quoted', () => {
    expect(bearerChallenge({ resourceMetadata: 'https://a/?"\\', scope: ['a', 'b'], error: 'invalid_token' })).toBe(
      'Bearer resource_metadata="https://a/?\\"\\\\", scope="a b", error="invalid_token"',
    );
    expect(() => bearerChallenge({ resourceMetadata: 'a\r\nb' })).toThrow(TypeError);
  });

  test('[DP-4.insufficient-scope] names every scope that is needed', () => {
    expect(insufficientScopeChallenge({ scope: ['wiki:read', 'wiki:ask'], resourceMetadata: url })).toBe(
      `Bearer error="insufficient_scope", scope="wiki:read wiki:ask", resource_metadata="${url}"`,
    );
    expect(insufficientScopeChallenge({ scope: ['a'], description: 'say "please"' })).toBe(
      'Bearer error="insufficient_scope", scope="a", error_description="say \\"please\\""',
    );
  });
});

test.each([
  ['https://mcp.localhost', 'https://mcp.localhost/.well-known/oauth-protected-resource'],
  ['https://mcp.localhost/', 'https://mcp.localhost/.well-known/oauth-protected-resource'],
  [resource, url],
  ['https://a:8443/b/c', 'https://a:8443/.well-known/oauth-protected-resource/b/c'],
])('the metadata of %s is at %s', (one, expected) => {
  expect(resourceMetadataUrl(one)).toBe(expected);
});

test('what is no URL has no metadata URL', () => {
  expect(resourceMetadataUrl('urn-like')).toBeUndefined();
});
