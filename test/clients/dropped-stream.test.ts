import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTargets, type Targets, targetNames } from './targets.ts';

let targets: Targets;
beforeAll(async () => {
  targets = await startTargets();
});
afterAll(() => targets?.close());

const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  progressToken: 'p',
};
const modernHeaders = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'wait' };
const accept = { accept: 'application/json, text/event-stream' };

describe.each(targetNames)('%s, a connection that breaks in the middle of a call', (name) => {
  const post = (headers: Readonly<Record<string, string>>, message: object, signal?: AbortSignal) => {
    const { url, headers: own } = targets.reach[name];
    const all = { ...own, ...accept, 'content-type': 'application/json', ...headers };
    return fetch(url, {
      method: 'POST',
      headers: all,
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
      signal: signal ?? null,
    });
  };

  test('[DP-6.legacy-goes-on] does not end a legacy call, whose answer waits on the resumed stream', async () => {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } };
    const opened = await post({}, { id: 0, method: 'initialize', params });
    await opened.text();
    const session = {
      'mcp-session-id': opened.headers.get('mcp-session-id') ?? '',
      'mcp-protocol-version': '2025-11-25',
    };
    await (await post(session, { method: 'notifications/initialized' })).text();

    const cancelled = targets.upstream.cancellations();
    const drop = new AbortController();
    const call = { id: 1, method: 'tools/call', params: { name: 'wait', arguments: { ms: 700 } } };
    const stream = await post(session, call, drop.signal);
    const eventId = /^id: (\S+)$/m.exec(await readUntil(stream, /\n\n/))?.[1] ?? '';
    drop.abort();
    // The upstream asks for 100 ms before a reconnection.
    await sleep(200);

    const { url, headers } = targets.reach[name];
    const resumed = await fetch(url, {
      headers: { ...headers, ...session, accept: 'text/event-stream', 'last-event-id': eventId },
    });
    expect(await readUntil(resumed, /waited 700 ms/)).toContain('"id":1');
    await resumed.body?.cancel();
    expect(targets.upstream.cancellations()).toBe(cancelled);
  });

  test('[DP-6.modern-ends] cancels a modern call at the upstream', async () => {
    const cancelled = targets.upstream.cancellations();
    const drop = new AbortController();
    const params = { name: 'wait', arguments: { ms: 30_000 }, _meta: modernMeta };
    const stream = await post(modernHeaders, { id: 1, method: 'tools/call', params }, drop.signal);
    await readUntil(stream, /notifications\/progress/);
    drop.abort();
    await vi.waitFor(() => expect(targets.upstream.cancellations()).toBe(cancelled + 1), {
      timeout: 5_000,
      interval: 20,
    });
  });
});

/** Reads a stream until its text matches, and leaves it open. */
async function readUntil({ body }: Response, pattern: RegExp): Promise<string> {
  const reader = body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  while (!pattern.test(text)) {
    const piece = await reader?.read();
    if (piece === undefined || piece.done) throw new Error(`the stream ended after: ${text}`);
    text += decoder.decode(piece.value, { stream: true });
  }
  reader?.releaseLock();
  return text;
}
