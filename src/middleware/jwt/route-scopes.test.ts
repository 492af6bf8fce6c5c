import { expect, test } from 'vitest';
import { compileChallenge } from '../../auth/challenge.ts';

const url = 'https://mcp.localhost/.well-known/oauth-protected-resource/x';

test.each([
  [url, false, ['a', 'b'], `Bearer resource_metadata="${url}", scope="a b"`],
  [url, true, ['a'], `Bearer resource_metadata="${url}", scope="a", error="invalid_token"`],
  [url, false, [], `Bearer resource_metadata="${url}"`],
  [url, false, undefined, `Bearer resource_metadata="${url}"`],
  [undefined, false, ['a'], `Bearer resource_metadata="${url}", scope="a"`],
  ['Bearer realm="mine"', true, ['a'], 'Bearer realm="mine"'],
])(
  '[DP-4.scope] the challenge %s (token sent: %s) with the scopes %j of the route',
  (configured, sent, scopes, expected) => {
    expect(compileChallenge(configured)(sent, 'https://mcp.localhost/x', scopes)).toBe(expected);
  },
);
