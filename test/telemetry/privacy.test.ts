import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, describe, expect, test } from 'vitest';
import { spanAttributes } from '../../src/telemetry/tracing/span-attributes.ts';
import { signToken } from '../peers/tokens.ts';
import { canary } from '../support/canaries.ts';
import { type Collector, startCollector } from './collector.ts';
import { policies, type Setting, startSetting, until } from './setting.ts';

let collector: Collector | undefined;
let setting: Setting | undefined;
afterEach(async () => {
  await setting?.stop();
  await collector?.stop();
  setting = undefined;
  collector = undefined;
});

const fast = { OTEL_BSP_SCHEDULE_DELAY: '50', OTEL_BLRP_SCHEDULE_DELAY: '50' };

function everything(endpoint: string, folder: string): string[] {
  return [
    `--tracing.otlp.http.endpoint=${endpoint}/v1/traces`,
    `--metrics.otlp.http.endpoint=${endpoint}/v1/metrics`,
    '--metrics.otlp.pushInterval=200ms',
    `--audit.otlp.http.endpoint=${endpoint}/v1/logs`,
    `--audit.filePath=${join(folder, 'audit.jsonl')}`,
    `--accessLog.filePath=${join(folder, 'access.log')}`,
    '--accessLog.format=json',
    '--accessLog.fields.headers.defaultMode=keep',
    '--tracing.capturedRequestHeaders=Authorization,Cookie,X-Api-Key,User-Agent',
  ];
}

describe('canaries', () => {
  const canaries = {
    cookie: canary('canary-cookie-1f6d', 'cookie'),
    secret: canary('canary-secret-77aa'),
    argument: canary('canary-argument-90bb', 'argument'),
    query: canary('canary-query-c2c2'),
    claim: canary('canary-claim-5e5e'),
  };

  test('[TEL-canary] are in no log, record, metric or payload, also of requests that fail', async () => {
    const peer = await startCollector();
    collector = peer;
    setting = await startSetting({
      env: fast,
      flags: (folder) => everything(peer.httpUrl, folder),
      // A policy that reads the argument, and denies for what is in it.
      mcp: policies.replace(
        '            - name: members',
        '            - name: no-canaries\n              match: Prefix(`mcp.params.arguments.forbidden`, `canary-`)\n              action: deny\n            - name: members',
      ),
    });
    const { send, http, gateway, folder } = setting;
    const token = await signToken({ sub: 'alice', groups: ['members'], email: canaries.claim });
    const bad = `${token.slice(0, -8)}AAAAAAAA`;
    const headers = { cookie: `session=${canaries.cookie}`, 'x-api-key': canaries.secret };
    for (const era of ['legacy', 'modern'] as const) {
      for (const name of ['echo', 'fail', 'secret_tool', 'die', 'boom', 'invalid', 'unknown']) {
        for (const given of [token, bad, null]) {
          await send(
            'tools/call',
            { name, arguments: { value: canaries.argument, amount: 7 } },
            {
              era,
              headers,
              token: given,
              path: `/mcp?access_token=${canaries.query}`,
            },
          );
        }
      }
      const forbidden = await send(
        'tools/call',
        { name: 'echo', arguments: { forbidden: canaries.argument } },
        { era, headers, token },
      );
      expect(forbidden.status).toBe(403);
      await send('tools/list', {}, { era, headers, token });
      await send('prompts/get', { name: 'greet', arguments: { value: canaries.argument } }, { era, headers, token });
    }
    await http(
      'POST',
      '/mcp',
      { ...headers, authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      `{"broken":"${canaries.argument}`,
    );
    const scrape = (await http('GET', '/metrics', {}, '', gateway.adminUrl)).body;
    await until(() => peer.spans.length > 60 && peer.logs.length > 20 && peer.points().length > 50, 'all payloads');
    await gateway.stop();
    const written = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const);
    expect(written.map(([name]) => name).toSorted()).toEqual(['access.log', 'audit.jsonl']);
    const haystacks = new Map([
      ...written,
      ['application log', gateway.log()],
      ['metrics', scrape],
      ['payloads', Buffer.concat(peer.payloads).toString('latin1')],
    ]);
    const parts = {
      ...canaries,
      token: token.split('.')[2] ?? '',
      payload: token.split('.')[1] ?? '',
      bad: bad.slice(-12),
    };
    for (const [where, text] of haystacks) {
      expect(text.length, where).toBeGreaterThan(500);
      for (const [what, canary] of Object.entries(parts))
        expect(text.includes(canary), `${what} in ${where}`).toBe(false);
    }
    // They did go where they belong.
    expect(setting.upstream.receipts.some(({ body }) => body.includes(canaries.argument))).toBe(true);
    // And nothing is sent that the reference page does not have.
    const known = new Set(spanAttributes.map(({ name }) => name.replace(/<name>$/, '')));
    const sent = new Set(peer.spans.flatMap(({ attributes }) => Object.keys(attributes)));
    expect(
      [...sent].filter(
        (name) => !known.has(name) && ![...known].some((one) => one.endsWith('.') && name.startsWith(one)),
      ),
    ).toEqual([]);
    expect(peer.spans.find(({ attributes }) => 'http.request.header.cookie' in attributes)?.attributes).toMatchObject({
      'http.request.header.cookie': ['REDACTED'],
    });
  }, 60_000);
});

describe('passwords and keys', () => {
  const password = canary('canary-password-3b3b');
  const key = canary('canary-api-key-6d6d');
  const hashOf = (text: string) => canary(`{SHA}${createHash('sha1').update(text).digest('base64')}`);
  const basic = (text: string) => ({ authorization: `Basic ${canary(btoa(text))}` });
  const more = `http:
  routers:
    people: { rule: PathPrefix(\`/people\`), entryPoints: [web], middlewares: [password], service: one }
    header: { rule: PathPrefix(\`/header\`), entryPoints: [web], middlewares: [header-key], service: one }
    query: { rule: PathPrefix(\`/query\`), entryPoints: [web], middlewares: [query-key], service: one }
    cookie: { rule: PathPrefix(\`/cookie\`), entryPoints: [web], middlewares: [cookie-key], service: one }
  middlewares:
    password: { basicAuth: { users: ['alice:${hashOf(password)}'] } }
${['header: X-Api-Key', 'query: key', 'cookie: key']
  .map(
    (source) =>
      `    ${source.split(':')[0]}-key: { plugin: { apiKey: { secretNonBase64Encoded: true, keySource: { ${source} }, secretValues: ['ci:${hashOf(key)}'] } } }\n`,
  )
  .join('')}`;

  test('[TEL-canary] are in no log, record or payload, be they right or wrong', async () => {
    const peer = await startCollector();
    collector = peer;
    setting = await startSetting({ env: fast, more, flags: (folder) => everything(peer.httpUrl, folder) });
    const { http, gateway, folder } = setting;
    const attempts: readonly (readonly [string, Record<string, string>, boolean])[] = [
      ['/people', basic(`alice:${password}`), true],
      ['/people', basic(`alice:${password}x`), false],
      ['/people', basic(`mallory:${password}`), false],
      ['/people', { authorization: `Basic ${password}` }, false],
      ['/header', { 'x-api-key': key }, true],
      ['/header', { 'x-api-key': `${key}x` }, false],
      [`/query?key=${key}`, {}, true],
      [`/query?key=${key}x`, {}, false],
      ['/cookie', { cookie: `key=${key}` }, true],
      ['/cookie', { cookie: `key=${key}x` }, false],
    ];
    for (const [path, headers, right] of attempts) {
      const { status } = await http('GET', path, headers);
      expect(status === 401, `${path} ${right}`).toBe(!right);
    }
    await until(() => peer.spans.length >= attempts.length, 'all spans');
    await gateway.stop();
    const access = readFileSync(join(folder, 'access.log'), 'utf8');
    expect(access.match(/"RequestPath":"\/(people|header|query|cookie)"/g)).toHaveLength(attempts.length);
    const written = [access, gateway.log(), Buffer.concat(peer.payloads).toString('latin1')].join('\n');
    for (const secret of [password, key, btoa(`alice:${password}`), hashOf(password), hashOf(key)])
      expect(written).not.toContain(secret);
  }, 60_000);
});

describe('by opt-in', () => {
  test('[TEL-capture] arguments and results are captured, what is sensitive is not', async () => {
    const peer = await startCollector();
    collector = peer;
    setting = await startSetting({
      env: fast,
      flags: () => [
        `--tracing.otlp.http.endpoint=${peer.httpUrl}/v1/traces`,
        '--tracing.captureArguments=true',
        '--tracing.captureResults=true',
        '--tracing.aliases=true',
      ],
    });
    const args = {
      value: 'shown',
      pinCode: canary('hidden-by-schema', 'argument'),
      password: canary('hidden-by-name', 'argument'),
      deep: [{ apiKey: canary('hidden-in-depth', 'argument') }],
    };
    await setting.send('tools/call', { name: 'echo', arguments: args });
    const before = await until(() => peer.spans.find(({ kind }) => kind === 2), 'a span');
    // Nothing is known yet of what its schema says.
    expect(before.attributes['gen_ai.tool.call.arguments']).toMatch(/^withheld/);
    await setting.send('tools/list');
    await setting.send('tools/call', { name: 'echo', arguments: args }, { id: 'second' });
    const span = await until(
      () => peer.spans.find(({ kind, attributes }) => kind === 2 && attributes['jsonrpc.request.id'] === 'second'),
      'the second span',
    );
    expect(JSON.parse(String(span.attributes['gen_ai.tool.call.arguments']))).toEqual({
      value: 'shown',
      pinCode: 'REDACTED',
      password: 'REDACTED',
      deep: [{ apiKey: 'REDACTED' }],
    });
    expect(span.attributes).toMatchObject({
      'mcp.tool.name': 'echo',
      'mcp.request.id': 'second',
      'mcp.request.argument.value': 'shown',
      'mcp.request.argument.pinCode': 'REDACTED',
      'gen_ai.tool.call.result': expect.stringContaining('"content"'),
    });
  });
});

describe('cardinality', () => {
  test('[TEL-cardinality] 10,000 made-up tools, methods, sessions and versions', async () => {
    setting = await startSetting({ flags: () => ['--log.level=INFO', '--metrics.toolNames=50'] });
    const { send, http, gateway } = setting;
    const series = async () =>
      (await http('GET', '/metrics', {}, '', gateway.adminUrl)).body.split('\n').filter((line) => /^[a-z]/.test(line))
        .length;
    const round = async (from: number, count: number) => {
      let next = from;
      const worker = async () => {
        for (let index = next++; index < from + count; index = next++) {
          const answer = await send(
            'tools/call',
            { name: `tool-${index}`, arguments: {} },
            {
              id: `id-${index}`,
              headers: { 'mcp-protocol-version': `2025-${String((index % 89) + 10)}-11` },
            },
          );
          expect(answer.status).toBeLessThan(500);
          if (index % 10 === 0) {
            await send(`made/up-${index}`, {});
            await send('ping', {}, { headers: { 'mcp-session-id': `session-${index}` } });
            await send('initialize', {
              protocolVersion: `v${index}`,
              capabilities: {},
              clientInfo: { name: 'x', version: '1' },
            });
            await http(['PUT', 'PATCH', 'PURGE', 'LOCK'][index % 4] ?? 'PUT', `/plain/${index}`);
          }
        }
      };
      await Promise.all(Array.from({ length: 16 }, worker));
    };
    await round(0, 1_000);
    const early = await series();
    await round(1_000, 9_000);
    const late = await series();
    expect(late).toBeLessThanOrEqual(early + 60);
    expect(late).toBeLessThan(6_000);
    const text = (await http('GET', '/metrics', {}, '', gateway.adminUrl)).body;
    expect(new Set([...text.matchAll(/gen_ai_tool_name="([^"]*)"/g)].map(([, name]) => name)).size).toBe(51);
    expect(text).toContain('gen_ai_tool_name="_other"');
    expect(text).not.toMatch(/session-\d|id-\d|made\/up/);
  }, 120_000);
});

describe('over gRPC', () => {
  test('[TEL-grpc] spans, metrics and records arrive', async () => {
    const peer = await startCollector();
    collector = peer;
    setting = await startSetting({
      env: { ...fast, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: `http://${peer.grpcAddress}` },
      flags: () => [
        '--tracing=true',
        `--metrics.otlp.grpc.endpoint=${peer.grpcAddress}`,
        '--metrics.otlp.grpc.insecure=true',
        '--metrics.otlp.pushInterval=200ms',
        `--audit.otlp.grpc.endpoint=${peer.grpcAddress}`,
        '--audit.otlp.grpc.insecure=true',
      ],
    });
    await setting.send('tools/call', { name: 'echo', arguments: {} });
    await until(() => peer.spans.some(({ name }) => name === 'tools/call echo'), 'a span');
    await until(() => peer.points().some(({ metric }) => metric === 'mcp.server.operation.duration'), 'a metric');
    await until(() => peer.logs.some((line) => line.includes('"type":"decision"')), 'a record');
    expect(new Set(peer.requests.map(({ protocol }) => protocol))).toEqual(new Set(['grpc']));
  });
});

describe('context in the message', () => {
  test('[TEL-inject] an SDK client, the gateway and the upstream are in one trace; what was judged is what arrives', async () => {
    const peer = await startCollector();
    collector = peer;
    setting = await startSetting({
      env: fast,
      flags: () => [`--tracing.otlp.http.endpoint=${peer.httpUrl}/v1/traces`, '--tracing.injectMeta=true'],
    });
    const { upstream, gateway, token } = setting;
    const client = new Client({ name: 'instrumented', version: '1' });
    await client.connect(
      new StreamableHTTPClientTransport(new URL('/mcp', gateway.webUrl), {
        requestInit: { headers: { authorization: `Bearer ${token}` } },
      }) as Parameters<Client['connect']>[0],
    );
    const traceId = 'e'.repeat(32);
    await client.callTool({
      name: 'echo',
      arguments: { value: 'é\u2028', amount: 1 },
      _meta: { traceparent: `00-${traceId}-1234567890abcdef-01`, baggage: 'who=eve', progressToken: 5 },
    });
    await client.close();
    const span = await until(
      () => peer.spans.find((one) => one.traceId === traceId && one.kind === 3),
      'the CLIENT span',
    );
    const receipt = upstream.receipts.findLast(({ message }) => message?.method === 'tools/call');
    const expected = `00-${traceId}-${span.spanId}-01`;
    expect(receipt?.headers['traceparent']).toBe(expected);
    expect(Number(receipt?.headers['content-length'])).toBe(Buffer.byteLength(receipt?.body ?? ''));
    expect(receipt?.message?.params).toMatchObject({ name: 'echo', arguments: { value: 'é\u2028', amount: 1 } });
    expect(receipt?.message?.params?.['_meta']).toMatchObject({ traceparent: expected });
    expect(receipt?.message?.params?.['_meta']).not.toHaveProperty('baggage');
    // Numbers are not touched on the way.
    await setting.http(
      'POST',
      '/mcp',
      {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${token}`,
      },
      '{"jsonrpc":"2.0","id":9007199254740993,"method":"tools/call","params":{"name":"echo","arguments":{"n":1.10,"big":123456789012345678901234567890}}}',
    );
    expect(upstream.receipts.at(-1)?.body).toContain('"n":1.10,"big":123456789012345678901234567890');
    expect(upstream.receipts.at(-1)?.body).toContain('"id":9007199254740993');
  });
});

describe('shadow policies', () => {
  test('[TEL-shadow] are judged, counted and logged, and change nothing', async () => {
    setting = await startSetting({
      mcp: `          policies:
            - match: Contains(\`jwt.groups\`, \`members\`)
              action: allow
          shadowPolicies:
            - name: no-echo
              match: Equals(\`mcp.params.name\`, \`echo\`)
              action: deny
            - match: Contains(\`jwt.groups\`, \`members\`)
              action: allow
`,
    });
    const { send, http, gateway } = setting;
    for (const name of ['echo', 'echo', 'fail'])
      expect((await send('tools/call', { name, arguments: {} })).status).toBe(200);
    const stranger = await signToken({ sub: 'eve' });
    expect((await send('tools/call', { name: 'echo', arguments: {} }, { token: stranger })).status).toBe(403);
    const text = (await http('GET', '/metrics', {}, '', gateway.adminUrl)).body;
    expect(text.split('\n').filter((line) => line.startsWith('portcullis_shadow_differences_total'))).toEqual([
      'portcullis_shadow_differences_total{middleware="policy@file",live="allow",shadow="deny",rule="0",rule_name="no-echo"} 2',
    ]);
    const line = await gateway.waitForLine(({ message }) => message === 'Shadow policies would have decided otherwise');
    expect(line).toMatchObject({ live: 'allow', shadow: 'deny', shadowPolicyName: 'no-echo', subject: 'alice' });
  });

  test('[TEL-shadow] a broken one is reported, and what is live goes on', async () => {
    setting = await startSetting({
      mcp: `          policies:
            - match: Contains(\`jwt.groups\`, \`members\`)
              action: allow
          shadowPolicies:
            - match: Equal(\`mcp.method\`)
              action: deny
`,
    });
    expect((await setting.send('tools/call', { name: 'echo', arguments: {} })).status).toBe(200);
    const line = await setting.gateway.waitForLine(({ message }) => message.includes('shadow policies are not judged'));
    expect(line.level).toBe('warn');
  });
});
