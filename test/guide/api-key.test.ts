import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDualEraEndpoint } from '../../demo/dual-era-endpoint.ts';
import { loadLibrary } from '../../demo/wiki/library.ts';
import { createWikiServerFactory } from '../../demo/wiki/server.ts';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';
import { type RunningServer, serve } from '../peers/single-era.ts';
import { developer, guideSecret, signToken } from '../peers/tokens.ts';
import { canary } from '../support/canaries.ts';
import { bearer, callTool } from './curl.ts';

const personalAccessToken = canary('ghp_YOUR_GITHUB_PAT');

/** The guide's `github-upstream-auth` behind its usual chain; only the upstream knows what the key is for. */
const manifests = `apiVersion: v1
kind: Service
metadata: { name: github-mcp-server, namespace: apps }
spec:
  type: ExternalName
  externalName: mcp.github.example
  ports: [{ name: http, port: 80, protocol: TCP }]
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: { name: gateway-jwt, namespace: apps }
spec:
  plugin:
    jwt: { signingSecret: ${guideSecret} }
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: { name: gateway-mcp, namespace: apps }
spec:
  plugin:
    mcp: { defaultAction: allow }
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata:
  name: github-upstream-auth
  namespace: apps
spec:
  headers:
    customRequestHeaders:
      Authorization: "Bearer ${personalAccessToken}"
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: { name: github-mcp-route, namespace: apps }
spec:
  entryPoints: [web]
  routes:
    - kind: Rule
      match: Host(\`127.0.0.1\`)
      middlewares: [{ name: gateway-jwt }, { name: gateway-mcp }, { name: github-upstream-auth }]
      services: [{ name: github-mcp-server, port: 80, passHostHeader: false }]
`;

let upstream: RunningServer;
let gateway: TestGateway;
const credentials: (string | undefined)[] = [];
beforeAll(async () => {
  const endpoint = createDualEraEndpoint({ createServer: createWikiServerFactory(await loadLibrary()) });
  upstream = await serve((request, response) => {
    credentials.push(request.headers.authorization);
    if (request.headers.authorization === `Bearer ${personalAccessToken}`) endpoint.listener(request, response);
    else response.writeHead(401).end();
  });
  gateway = await startTestGateway({
    files: { 'github.yaml': manifests },
    flags: [`--resolve=mcp.github.example:80=127.0.0.1:${upstream.port}`],
  });
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.close();
});

const call = (url: string, more: readonly string[]) =>
  callTool(url, 'read_wiki_structure', { repoName: 'portcullis/portcullis' }, more);

test('[G-next.api-key] the upstream gets its own key in the place of the token of the caller', async () => {
  const token = await signToken(developer);
  expect((await call(upstream.url, bearer(token))).status).toBe(401);
  credentials.length = 0;
  const { status, body } = await call(`${gateway.webUrl}/mcp`, bearer(token));
  expect(status).toBe(200);
  expect(body).toContain('Policies');
  expect(credentials).toEqual([`Bearer ${personalAccessToken}`]);
});

test('[G-next.api-key-closed] nobody reaches the upstream on its key without a token of the gateway', async () => {
  credentials.length = 0;
  const answers = [
    await call(`${gateway.webUrl}/mcp`, []),
    await call(`${gateway.webUrl}/mcp`, bearer(personalAccessToken)),
  ];
  expect(answers.map(({ status }) => status)).toEqual([401, 401]);
  expect(credentials).toEqual([]);
  expect(gateway.log()).not.toContain(personalAccessToken);
});
