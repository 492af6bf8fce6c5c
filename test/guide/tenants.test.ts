import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningEverything, startEverything } from '../peers/everything.ts';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';
import { guideSecret, signToken } from '../peers/tokens.ts';
import { bearer, curlMessage, openSession } from './curl.ts';

const routes = (port: number) => `http:
  routers:
    tenants:
      rule: Host(\`127.0.0.1\`)
      entryPoints: [web]
      middlewares: [token, tenants]
      service: upstream
  middlewares:
    token:
      plugin:
        jwt:
          signingSecret: ${guideSecret}
    tenants:
      plugin:
        mcp:
          policies:
            # Users can only access their tenant's resources
            - match: Contains(\`mcp.params.uri\`, \`tenant-\${jwt.tenant_id}\`)
              action: allow
          defaultAction: deny
  services:
    upstream:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:${port}
`;

let upstream: RunningEverything;
let gateway: TestGateway;
beforeAll(async () => {
  upstream = await startEverything();
  gateway = await startTestGateway({ files: { 'tenants.yaml': routes(upstream.port) } });
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.close();
});

/** Status of reading a resource of `tenant` with a token that says `claims`. */
async function readAs(claims: Readonly<Record<string, unknown>>, uri: string): Promise<number> {
  const url = `${gateway.webUrl}/mcp`;
  const session = await openSession(url, bearer(await signToken({ sub: 'user', ...claims })));
  return (await curlMessage(url, { id: 1, method: 'resources/read', params: { uri } }, session)).status;
}

test.each([
  ['a user of the tenant', { tenant_id: 'blue' }, 'test://template/tenant-blue/data', 200],
  ['a user of another tenant', { tenant_id: 'green' }, 'test://template/tenant-blue/data', 403],
  ['a user without a tenant', {}, 'test://template/tenant-blue/data', 403],
  ['a user without a tenant, for a URI that an empty claim would match', {}, 'test://template/tenant-/data', 403],
  ['a user whose tenant looks like a reference', { tenant_id: '${jwt.sub}' }, 'test://template/tenant-user/data', 403],
  ['a user with a list of tenants', { tenant_id: ['blue'] }, 'test://template/tenant-blue/data', 403],
  ['a tenant by number', { tenant_id: 42 }, 'test://template/tenant-42/data', 200],
] as const)('[G-next.tenants] %s', async (_, claims, uri, status) => {
  expect(await readAs(claims, uri)).toBe(status);
});
