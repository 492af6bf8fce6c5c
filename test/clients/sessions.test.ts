import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFreePort } from '../peers/child.ts';
import { type RunningEverything, startEverything } from '../peers/everything.ts';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';
import { tokenRoute } from '../peers/routes.ts';
import { admin, developer, signToken } from '../peers/tokens.ts';
import { sdkV1 } from './sdk-v1-client.ts';
import { sdkV2 } from './sdk-v2-client.ts';

let upstream: RunningEverything;
let gateway: TestGateway;
let start: () => Promise<TestGateway>;
beforeAll(async () => {
  upstream = await startEverything();
  const port = await findFreePort();
  const route = tokenRoute(upstream.port).replace(
    '          defaultAction: allow\n',
    '          defaultAction: allow\n          sessionKey: a-key-that-all-replicas-of-a-gateway-share\n',
  );
  start = () =>
    startTestGateway({ files: { 'everything.yaml': route }, flags: [`--entryPoints.web.address=127.0.0.1:${port}`] });
  gateway = await start();
});
afterAll(async () => {
  await gateway?.stop();
  await upstream?.close();
});

const url = () => `${gateway.webUrl}/everything/mcp`;

test.each([sdkV1, sdkV2('legacy', 'legacy')])(
  '[DP-5.restart] $name goes on in its session after a restart',
  async (kind) => {
    const client = await kind.connect(url(), { authorization: `Bearer ${await signToken(developer)}` });
    await client.listTools();
    await gateway.stop();
    gateway = await start();
    const opened = upstream.seen.length;
    expect((await client.callTool('test_simple_text')).failed).toBe(false);
    // The call came in the old session: nobody had to shake hands again.
    expect(upstream.seen.slice(opened).filter(({ method }) => method === 'POST')).toHaveLength(1);
    await client.close();
  },
);

test('[DP-5.foreign-session] a session id is worth nothing to another caller, nor to one without a token', async () => {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const send = async (more: Record<string, string>, message: object, method = 'POST') => {
    const body = method === 'POST' ? JSON.stringify({ jsonrpc: '2.0', ...message }) : null;
    const response = await fetch(url(), { method, headers: { ...headers, ...more }, body });
    await response.body?.cancel();
    return { status: response.status, session: response.headers.get('mcp-session-id') ?? '' };
  };
  const asDeveloper = { authorization: `Bearer ${await signToken(developer)}` };
  const asAdmin = { authorization: `Bearer ${await signToken(admin)}` };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'sessions', version: '1' } };
  const opened = await send(asDeveloper, { id: 0, method: 'initialize', params });
  const session = { 'mcp-session-id': opened.session };
  await send({ ...asDeveloper, ...session }, { method: 'notifications/initialized' });
  expect((await send({ ...asDeveloper, ...session }, { id: 1, method: 'tools/list' })).status).toBe(200);

  const seen = upstream.seen.length;
  expect((await send({ ...asAdmin, ...session }, { id: 2, method: 'tools/list' })).status).toBe(404);
  expect((await send({ ...asAdmin, ...session }, {}, 'DELETE')).status).toBe(404);
  expect((await send({ ...asAdmin, ...session }, {}, 'GET')).status).toBe(404);
  expect((await send(session, { id: 3, method: 'tools/list' })).status).toBe(401);
  const altered = { 'mcp-session-id': `${opened.session.slice(0, -1)}${opened.session.endsWith('A') ? 'B' : 'A'}` };
  expect((await send({ ...asDeveloper, ...altered }, { id: 4, method: 'tools/list' })).status).toBe(404);
  expect(upstream.seen).toHaveLength(seen);
  // The id of the upstream itself never left the gateway.
  expect(opened.session).not.toBe(upstream.seen.at(-1)?.headers['mcp-session-id']);
});
