import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';
import { allowEverythingRoute } from '../peers/routes.ts';
import { type RunningServer, startLegacyOnly, startModernOnly } from '../peers/single-era.ts';
import type { ClientKind } from './client-under-test.ts';
import { sdkV1 } from './sdk-v1-client.ts';
import { sdkV2 } from './sdk-v2-client.ts';

const clients = [sdkV1, sdkV2('legacy', 'legacy'), sdkV2('auto', 'auto'), sdkV2('pinned', { pin: '2026-07-28' })];

/** What came of connecting and calling: the era, or the name of the error. Addresses differ, so messages lose them. */
async function outcome(kind: ClientKind, url: string): Promise<string> {
  try {
    const client = await kind.connect(url, {});
    const { text } = await client.callTool('hello');
    await client.close();
    return `${client.era}: ${text}`;
  } catch (error) {
    return error instanceof Error
      ? `${error.name}: ${error.message.replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')}`
      : String(error);
  }
}

/** The probe of a client that wants to know the era, and the requests it would follow up with. */
const probes = [
  ['server/discover', { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'server/discover' }],
  ['initialize', {}],
  ['tools/list', { 'mcp-protocol-version': '2025-11-25' }],
] as const;

async function probe(url: string, method: string, headers: Readonly<Record<string, string>>) {
  const modern = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const handshake = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'probe', version: '1' } };
  const params = { 'server/discover': { _meta: modern }, initialize: handshake }[method] ?? {};
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id: 7, method, params }),
  });
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
}

describe.each([
  ['legacy-only', startLegacyOnly, ['legacy', 'legacy', 'legacy', 'error']],
  ['modern-only', startModernOnly, ['error', 'error', 'modern', 'modern']],
] as const)('a %s upstream', (_, start, expected) => {
  let upstream: RunningServer;
  let gateway: TestGateway;
  beforeAll(async () => {
    upstream = await start();
    gateway = await startTestGateway({ files: { 'route.yaml': allowEverythingRoute(upstream.port) } });
  });
  afterAll(async () => {
    await gateway?.stop();
    await upstream?.close();
  });

  test.each(clients.map((kind, index) => [kind.name, kind, expected[index]] as const))(
    '[DP-1.era-evidence] leads %s to the same end through the gateway',
    async (_name, kind, era) => {
      const direct = await outcome(kind, upstream.url);
      expect(direct).toMatch(era === 'error' ? /Error/ : new RegExp(`^${era}: .*hello`));
      expect(await outcome(kind, `${gateway.webUrl}/mcp`)).toBe(direct);
    },
  );

  test.each(probes)(
    '[DP-4.untouched] answers the probe %s with the status, type and bytes of the upstream',
    async (method, headers) => {
      const direct = await probe(upstream.url, method, headers);
      expect(await probe(`${gateway.webUrl}/mcp`, method, headers)).toEqual(direct);
    },
  );
});
