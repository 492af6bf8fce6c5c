import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ConnectedClient } from './client-under-test.ts';
import { sdkV1 } from './sdk-v1-client.ts';
import { sdkV2 } from './sdk-v2-client.ts';
import { startTargets, type Targets, targetNames } from './targets.ts';

const kinds = [
  { kind: sdkV1, era: 'legacy' },
  { kind: sdkV2('legacy', 'legacy'), era: 'legacy' },
  { kind: sdkV2('auto', 'auto'), era: 'modern' },
  { kind: sdkV2('pinned', { pin: '2026-07-28' }), era: 'modern' },
] as const;

let targets: Targets;
beforeAll(async () => {
  targets = await startTargets();
});
afterAll(() => targets?.close());

const soon = { timeout: 5_000, interval: 20 };

/** Every client does the same things straight and through the gateway; the straight walk shows that the test is right. */
describe.each(targetNames)('%s', (target) => {
  describe.each(kinds)('$kind.name', ({ kind, era }) => {
    let client: ConnectedClient;
    /** Sessions and resumption ended with the legacy era. */
    const legacyTest = (name: string, check: () => Promise<void>) => {
      if (era === 'legacy') test(name, check);
    };
    beforeAll(async () => {
      const { url, headers } = targets.reach[target];
      client = await kind.connect(url, headers);
    });
    afterAll(() => client?.close());

    test('[DP-1.eras] speaks the era it would speak to the upstream', () => {
      expect(client.era).toBe(era);
    });

    test('[DP-1.tools] lists and calls tools', async () => {
      expect(await client.listTools()).toEqual(
        expect.arrayContaining(['test_simple_text', 'wait', 'test_x_mcp_header']),
      );
      expect(await client.callTool('test_simple_text')).toEqual({
        text: expect.stringContaining('simple text response'),
        failed: false,
      });
      expect((await client.callTool('test_multiple_content_types')).text).toContain('iVBORw0KGgo');
      expect(await client.callTool('test_error_handling')).toEqual({
        text: expect.stringContaining('intentionally'),
        failed: true,
      });
    });

    test.each(['eu-west', 'Zürich 東京', ' =?base64?x?= ', ''])(
      '[DP-3.mirrored] argument %j, mirrored in a header, arrives',
      async (region) => {
        const { text, failed } = await client.callTool('test_x_mcp_header', { region, limit: 42, note: 'n' });
        expect(failed).toBe(false);
        expect(text).toContain(JSON.stringify(JSON.stringify(region)).slice(1, -1));
      },
    );

    test('[DP-1.resources] lists and reads resources, templates included', async () => {
      expect(await client.listResources()).toContain('test://static-binary');
      expect(await client.listTemplates()).toEqual(['test://template/{id}/data']);
      expect((await client.readResource('test://static-text')).text).toContain('static text resource');
      expect((await client.readResource('test://template/a%20b/data')).text).toContain('templateTest');
      await expect(client.readResource('test://nothing')).rejects.toMatchObject({ code: -32602 });
    });

    test('[DP-1.prompts] lists, completes and gets prompts', async () => {
      expect(await client.listPrompts()).toContain('test_prompt_with_image');
      expect(await client.complete('test_prompt_with_arguments', 'arg1', 'par')).toEqual(['paris', 'park', 'party']);
      expect((await client.getPrompt('test_prompt_with_arguments', { arg1: 'one', arg2: 'two' })).text).toContain(
        "arg1='one', arg2='two'",
      );
    });

    test('[DP-6.progress] hears of progress in order', async () => {
      const heard: number[] = [];
      await client.callTool('test_tool_with_progress', {}, { onProgress: (progress) => void heard.push(progress) });
      expect(heard).toEqual([0, 50, 100]);
    });

    test('[DP-1.questions] answers sampling, elicitation and roots in the middle of a call', async () => {
      expect((await client.callTool('test_sampling', { prompt: 'capital?' })).text).toContain('LLM response: Paris');
      expect((await client.callTool('test_elicitation', { message: 'Who?' })).text).toContain('ada@example.com');
      expect((await client.callTool('test_input_required_result_list_roots')).text).toContain('file:///work/project');
      expect((await client.callTool('test_input_required_result_multi_round')).text).toContain('Ada likes teal');
      expect((await client.callTool('test_input_required_result_request_state')).text).toContain('state-ok');
      expect((await client.getPrompt('test_input_required_result_prompt')).text).toContain('Use this context: tests');
    });

    test('[DP-6.cancel] cancels a running call, and the upstream learns of it', async () => {
      const before = targets.upstream.cancellations();
      const stop = new AbortController();
      // The notice of progress that makes the client give up has to come while the call runs, not at its end.
      const call = client.callTool(
        'wait',
        { ms: 30_000 },
        { signal: stop.signal, onProgress: () => stop.abort('enough') },
      );
      await expect(call).rejects.toThrow();
      await vi.waitFor(() => expect(targets.upstream.cancellations()).toBe(before + 1), soon);
    });

    test('[DP-6.subscribe] is told of new content of a watched resource, and only of that', async () => {
      const uri = 'test://watched-resource';
      await client.watch(uri);
      await client.callTool('touch_resource', { uri: 'test://static-text' });
      await client.callTool('touch_resource', { uri });
      await vi.waitFor(
        () => expect(client.notices.filter((notice) => notice.startsWith('updated'))).toEqual([`updated ${uri}`]),
        soon,
      );
      await client.unwatch(uri);
    });

    test('[DP-6.list-changed] is told that the list of tools changed', async () => {
      const before = client.notices.filter((notice) => notice === 'tools changed').length;
      await client.callTool('test_trigger_tool_change');
      await vi.waitFor(
        () => expect(client.notices.filter((notice) => notice === 'tools changed').length).toBeGreaterThan(before),
        soon,
      );
    });

    legacyTest('[DP-6.resume] gets its answer on a resumed stream after the first one was closed', async () => {
      const from = targets.upstream.seen.length;
      expect((await client.callTool('test_reconnection')).text).toContain('after the stream was closed');
      const resumed = targets.upstream.seen
        .slice(from)
        .filter(({ method, headers }) => method === 'GET' && headers['last-event-id'] !== undefined);
      expect(resumed.length).toBeGreaterThan(0);
    });

    test('[DP-6.concurrent] keeps twenty calls apart that run at once', async () => {
      // The list is read first: a modern client learns from it which arguments it has to mirror.
      await client.listTools();
      const calls = Array.from({ length: 20 }, (_, index) =>
        client.callTool('test_x_mcp_header', { region: `r${index}` }),
      );
      const texts = (await Promise.all(calls)).map(({ text }) => text);
      expect(texts.every((text, index) => text.includes(`r${index}\\`))).toBe(true);
    });

    legacyTest('[DP-5.session-end] ends its session, after which the session is unknown', async () => {
      const { url, headers } = targets.reach[target];
      const another = await kind.connect(url, headers);
      await another.listTools();
      const sessionId = (await another.endSession?.()) ?? '';
      await another.close();
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-session-id': sessionId,
        },
        body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
      });
      await response.body?.cancel();
      expect([sessionId === '', response.status]).toEqual([false, 404]);
    });
  });
});

test('[DP-5.token-stays] the token never reaches the upstream', () => {
  expect(targets.upstream.seen.length).toBeGreaterThan(0);
  expect(targets.upstream.seen.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
});
