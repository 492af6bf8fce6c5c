import { expect, test } from 'vitest';
import { HeaderFields } from '../../http/headers.ts';
import { pointToOwnMetadata } from './own-challenge.ts';

const own = 'https://gateway.example/.well-known/oauth-protected-resource/mcp';

const challengesAfter = (status: number, values: readonly string[], metadataUrl: string | undefined = own) => {
  const headers = HeaderFields.fromRaw(values.flatMap((value) => ['WWW-Authenticate', value]));
  pointToOwnMetadata({ status, headers, body: null }, metadataUrl);
  return headers.getAll('www-authenticate');
};

test.each([
  ['quoted', 401, 'Bearer resource_metadata="https://up.example/x"', `Bearer resource_metadata="${own}"`],
  [
    'a token',
    401,
    'Bearer resource_metadata=https://up.example/x, scope="a"',
    `Bearer resource_metadata="${own}", scope="a"`,
  ],
  [
    'with escapes',
    401,
    'Bearer resource_metadata="a\\"b", error="invalid_token"',
    `Bearer resource_metadata="${own}", error="invalid_token"`,
  ],
  [
    'after others, in capitals',
    401,
    'Bearer error="x", RESOURCE_METADATA = "y"',
    `Bearer error="x", resource_metadata="${own}"`,
  ],
  [
    'for more scope',
    403,
    'Bearer error="insufficient_scope", scope="a b", resource_metadata="y"',
    `Bearer error="insufficient_scope", scope="a b", resource_metadata="${own}"`,
  ],
  ['without the parameter', 401, 'Bearer realm="up"', 'Bearer realm="up"'],
  ['with another status', 200, 'Bearer resource_metadata="y"', 'Bearer resource_metadata="y"'],
])('[G-next.oauth-challenge] a challenge %s', (_, status, sent, expected) => {
  expect(challengesAfter(status, [sent])).toEqual([expected]);
});

test('[G-next.oauth-challenge] several challenges keep their order, and a route without metadata changes nothing', () => {
  const sent = ['Basic realm="up"', 'Bearer resource_metadata="y"'];
  expect(challengesAfter(401, sent)).toEqual(['Basic realm="up"', `Bearer resource_metadata="${own}"`]);
  const headers = HeaderFields.fromRaw(['WWW-Authenticate', 'Bearer resource_metadata="y"']);
  pointToOwnMetadata({ status: 401, headers, body: null }, undefined);
  expect(headers.get('www-authenticate')).toBe('Bearer resource_metadata="y"');
});
