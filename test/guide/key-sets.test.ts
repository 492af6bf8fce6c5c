import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AuthorizationServer, startAuthorizationServer } from '../peers/authorization-server.ts';
import { findFreePort } from '../peers/child.ts';
import { type RunningEverything, startEverything } from '../peers/everything.ts';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';
import { signToken } from '../peers/tokens.ts';

const resource = 'https://mcp.localhost/everything';

const routes = (port: number, issuer: string) => `http:
  routers:
    everything:
      rule: Host(\`127.0.0.1\`)
      entryPoints: [web]
      middlewares: [token, policies]
      service: everything
  middlewares:
    token:
      plugin:
        jwt:
          jwksUrl: ${issuer}/jwks
          issuer: ${issuer}
    policies:
      plugin:
        mcp:
          resourceMetadata:
            resource: ${resource}
            authorizationServers: ["${issuer}"]
            scopesSupported: ["mcp:read", "mcp:admin"]
          policies:
            - match: Equals(\`mcp.method\`, \`tools/call\`) && Contains(\`jwt.groups\`, \`admin\`) && SplitContains(\`jwt.scope\`, \` \`, \`mcp:admin\`)
              action: allow
            - match: Equals(\`mcp.method\`, \`tools/list\`)
              action: allow
  services:
    everything:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:${port}
`;

let authority: AuthorizationServer;
let upstream: RunningEverything;
let gateway: TestGateway;
beforeAll(async () => {
  authority = await startAuthorizationServer();
  upstream = await startEverything();
  gateway = await startTestGateway({ files: { 'everything.yaml': routes(upstream.port, authority.issuer) } });
});
afterAll(async () => {
  await gateway?.stop();
  await Promise.all([upstream?.close(), authority?.close()]);
});

/** Sends one modern request and returns the status and the challenge. */
async function send(
  token: string,
  method: 'tools/list' | 'tools/call',
  to = gateway,
): Promise<{ status: number; challenge: string; retryAfter: string }> {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const name = method === 'tools/call' ? { name: 'test_simple_text' } : {};
  const response = await fetch(`${to.webUrl}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...('name' in name ? { 'mcp-name': name.name } : {}),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...name, _meta: meta } }),
  });
  await response.body?.cancel();
  return {
    status: response.status,
    challenge: response.headers.get('www-authenticate') ?? '',
    retryAfter: response.headers.get('retry-after') ?? '',
  };
}

describe('tokens of a real authorization server', () => {
  test('[G-next.jwks] are accepted, and their claims decide', async () => {
    const asDeveloper = await authority.issueToken('developer', resource, 'mcp:read mcp:admin');
    const asAdmin = await authority.issueToken('admin', resource, 'mcp:read mcp:admin');
    const asAdminWithoutScope = await authority.issueToken('admin', resource, 'mcp:read');
    expect((await send(asDeveloper, 'tools/list')).status).toBe(200);
    expect((await send(asDeveloper, 'tools/call')).status).toBe(403);
    expect((await send(asAdmin, 'tools/call')).status).toBe(200);
    expect((await send(asAdminWithoutScope, 'tools/call')).status).toBe(403);
  });

  test('[G-next.audience] made for another resource are refused', async () => {
    const token = await authority.issueToken('admin', 'https://mcp.localhost/other', 'mcp:admin');
    const { status, challenge } = await send(token, 'tools/list');
    expect(status).toBe(401);
    expect(challenge).toContain('error="invalid_token"');
    expect(challenge).toContain(
      'resource_metadata="https://mcp.localhost/.well-known/oauth-protected-resource/everything"',
    );
  });

  test('[G-next.confusion] signed with a secret of the attacker are refused', async () => {
    const token = await signToken(
      { iss: authority.issuer, aud: resource, groups: ['admin'] },
      'a-secret-that-is-long-enough-to-sign-with',
    );
    expect((await send(token, 'tools/list')).status).toBe(401);
  });
});

describe('after the authorization server changed its key', () => {
  test('[G-next.rotation] new tokens are accepted at once, at the price of one fetch, and those of the forgotten key are not', async () => {
    const old = await authority.issueToken('developer', resource);
    expect((await send(old, 'tools/list')).status).toBe(200);
    await authority.rotateKeys({ forgetOld: true });
    const fetches = authority.keySetFetches();
    const fresh = await Promise.all(Array.from({ length: 10 }, () => authority.issueToken('developer', resource)));
    const answers = await Promise.all(fresh.map((token) => send(token, 'tools/list')));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(authority.keySetFetches() - fetches).toBe(1);
    expect((await send(old, 'tools/list')).status).toBe(401);
  });

  test('[G-next.cooldown] tokens that name unknown keys cannot make the gateway fetch again and again', async () => {
    const fetches = authority.keySetFetches();
    await authority.rotateKeys();
    const unknown = await authority.issueToken('developer', resource);
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(unknown, 'tools/list')));
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
    expect(authority.keySetFetches()).toBe(fetches);
  });
});

test('[G-next.unreachable] without any key set the route answers 503 with Retry-After, not 401', async () => {
  const issuer = `http://127.0.0.1:${await findFreePort()}`;
  const lonely = await startTestGateway({ files: { 'everything.yaml': routes(upstream.port, issuer) } });
  try {
    const { status, retryAfter } = await send(await authority.issueToken('developer', resource), 'tools/list', lonely);
    expect(status).toBe(503);
    expect(Number(retryAfter)).toBeGreaterThan(0);
  } finally {
    await lonely.stop();
  }
});
