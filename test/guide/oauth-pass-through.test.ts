import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type FetchLike, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import type { Browser } from 'playwright-core';
import { Agent, fetch as undiciFetch } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDemoCertificates } from '../../demo/certificates.ts';
import { WalkingOAuthClient } from '../clients/oauth-client.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../peers/authorization-server.ts';
import { findFreePort } from '../peers/child.ts';
import { hasChromium, launchChromium } from '../peers/chromium.ts';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';
import { startOAuthMcp } from '../peers/oauth-mcp.ts';
import { type RunningServer, serve } from '../peers/single-era.ts';
import { curl } from './curl.ts';

/** The guide's Notion example: an HTTPS route, metadata of its own, CORS for browsers, and no JWT middleware. */
const manifests = (parts: { resource: string; issuer: string; origin: string }) => `apiVersion: v1
kind: Service
metadata:
  name: notion-mcp-server
  namespace: apps
spec:
  type: ExternalName
  externalName: mcp.notion.com
  ports:
    - name: https
      port: 443
      protocol: TCP
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata:
  name: notion-cors
  namespace: apps
spec:
  headers:
    accessControlAllowMethods: ["GET", "POST", "DELETE", "OPTIONS"]
    accessControlAllowHeaders: ["Authorization", "Content-Type", "Accept", "MCP-Protocol-Version", "Mcp-Session-Id"]
    accessControlAllowOriginList: ["${parts.origin}"]
    accessControlExposeHeaders: ["*"]
    accessControlMaxAge: 100
    addVaryHeader: true
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata:
  name: notion-mcp-gateway
  namespace: apps
spec:
  plugin:
    mcp:
      resourceMetadata:
        resource: ${parts.resource}
        authorizationServers:
          - ${parts.issuer}
      defaultAction: allow
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata:
  name: notion-mcp-route
  namespace: apps
spec:
  entryPoints:
    - websecure
  routes:
    - kind: Rule
      match: Host(\`notion-mcp.localhost\`)
      middlewares:
        - name: notion-cors
        - name: notion-mcp-gateway
      services:
        - name: notion-mcp-server
          port: 443
          scheme: https
          passHostHeader: false
  tls: {}
`;

let authority: AuthorizationServer;
let upstream: RunningServer;
let gateway: TestGateway;
let pages: RunningServer;
let folder: string;
let resource: string;
/** Accepts the gateway's self-signed certificate, as the guide has a person do in the browser, and finds its name. */
const dispatcher = new Agent({
  connect: {
    rejectUnauthorized: false,
    lookup: (_, options, answer) =>
      options.all === true ? answer(null, [{ address: '127.0.0.1', family: 4 }]) : answer(null, '127.0.0.1', 4),
  },
});
const fetchInsecurely = ((url: string | URL, init?: RequestInit) =>
  undiciFetch(url, { ...init, dispatcher } as never)) as unknown as FetchLike;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-oauth-'));
  const [port, certificates] = await Promise.all([findFreePort(), createDemoCertificates(['mcp.notion.com'])]);
  resource = `https://notion-mcp.localhost:${port}/mcp`;
  authority = await startAuthorizationServer();
  upstream = await startOAuthMcp({
    authority,
    resource: 'https://mcp.notion.com/mcp',
    audiences: [resource],
    tls: certificates.server,
  });
  pages = await serve((_, response) => response.setHeader('content-type', 'text/html').end('<title>a page</title>'));
  const rootFile = join(folder, 'root.pem');
  writeFileSync(rootFile, certificates.root.cert);
  gateway = await startTestGateway({
    files: { 'notion.yaml': manifests({ resource, issuer: authority.issuer, origin: new URL(pages.url).origin }) },
    flags: [
      `--entryPoints.websecure.address=127.0.0.1:${port}`,
      `--resolve=mcp.notion.com:443=127.0.0.1:${upstream.port}`,
      `--serversTransport.rootCAs=${rootFile}`,
    ],
  });
});
afterAll(async () => {
  await gateway?.stop();
  await Promise.all([upstream?.close(), authority?.close(), pages?.close(), dispatcher.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const metadataUrl = () => resource.replace('/mcp', '/.well-known/oauth-protected-resource/mcp');

test('[G-next.oauth-metadata] the metadata names the gateway as the resource and the servers of the upstream', async () => {
  const { status, body } = await curl(metadataUrl(), ['-k']);
  expect([status, JSON.parse(body)]).toEqual([
    200,
    { resource, authorization_servers: [authority.issuer], bearer_methods_supported: ['header'] },
  ]);
});

test('[G-next.oauth-flow] an SDK client finds its way from the refusal to a token and a call', async () => {
  const person = new WalkingOAuthClient();
  const connect = async () => {
    const client = new Client({ name: 'oauth-test', version: '1' });
    const transport = new StreamableHTTPClientTransport(new URL(resource), {
      authProvider: person,
      fetch: fetchInsecurely,
    });
    return { client, transport, connected: client.connect(transport) };
  };
  const first = await connect();
  await expect(first.connected).rejects.toBeInstanceOf(UnauthorizedError);
  await first.transport.finishAuth(person.callback ?? new URLSearchParams());
  const second = await connect();
  await second.connected;
  expect(JSON.stringify(await second.client.callTool({ name: 'hello' }))).toContain('hello');
  await second.client.close();
});

if (!hasChromium)
  console.warn('Left out: CORS as a browser sees it. No Chromium here; set CHROMIUM to the path of one.');

describe.runIf(hasChromium)('a page in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  /** What a script on a page of `origin` can learn of a request. */
  async function fetchFromPage(
    origin: string,
    url: string,
    init: { method: string; headers?: Record<string, string>; body?: string },
  ) {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    try {
      const page = await context.newPage();
      await page.goto(origin);
      return await page.evaluate(
        async ([target, options]) => {
          try {
            const response = await fetch(target, options);
            return {
              status: response.status,
              headers: Object.fromEntries(response.headers),
              body: await response.text(),
            };
          } catch (error) {
            return { blocked: String(error) };
          }
        },
        [url, init] as const,
      );
    } finally {
      await context.close();
    }
  }

  const initialize = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'page', version: '1' } },
  });
  const post = (more: Record<string, string>) => ({
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
      ...more,
    },
    body: initialize,
  });

  test('[G-next.oauth-cors-metadata] may read the metadata', async () => {
    const answer = await fetchFromPage(new URL(pages.url).origin, metadataUrl(), {
      method: 'GET',
      headers: { 'mcp-protocol-version': '2025-11-25' },
    });
    expect(answer).toMatchObject({ status: 200, body: expect.stringContaining(resource) });
  });

  test('[G-next.oauth-cors-challenge] reads the challenge of the 401 after a preflight that needs no token', async () => {
    const answer = await fetchFromPage(new URL(pages.url).origin, resource, post({}));
    expect(answer).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': expect.stringContaining('resource_metadata=') },
    });
  });

  test('[G-next.oauth-cors-session] reads the session id when it has a token', async () => {
    const token = await authority.issueToken('developer', resource);
    const answer = await fetchFromPage(new URL(pages.url).origin, resource, post({ authorization: `Bearer ${token}` }));
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'mcp-session-id': expect.any(String) },
      body: expect.stringContaining('owns-oauth'),
    });
  });

  test('[G-next.oauth-cors-foreign] of an origin that is not allowed learns nothing', async () => {
    const { port } = new URL(pages.url);
    const token = await authority.issueToken('developer', resource);
    const answer = await fetchFromPage(
      `http://localhost:${port}`,
      resource,
      post({ authorization: `Bearer ${token}` }),
    );
    expect(answer).toEqual({ blocked: expect.stringContaining('Failed to fetch') });
  });
});
