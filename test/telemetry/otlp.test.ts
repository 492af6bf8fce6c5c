import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operationBounds } from '../../src/telemetry/metrics/catalogue.ts';
import { type CollectedSpan, type Collector, startCollector } from './collector.ts';
import { type CallOptions, type Setting, startSetting, until } from './setting.ts';

let collector: Collector;
let setting: Setting;
beforeAll(async () => {
  collector = await startCollector();
  setting = await startSetting({
    flags: () => [
      `--tracing.otlp.http.endpoint=${collector.httpUrl}/v1/traces`,
      `--metrics.otlp.http.endpoint=${collector.httpUrl}/v1/metrics`,
      '--metrics.otlp.pushInterval=200ms',
      '--tracing.resourceAttributes.region=north',
    ],
    env: { OTEL_BSP_SCHEDULE_DELAY: '50', OTEL_RESOURCE_ATTRIBUTES: 'team=a%20b' },
  });
});
afterAll(async () => {
  await setting?.stop();
  await collector?.stop();
});

let traces = 0;

/** Sends a message in a trace of its own, and gives the spans of it. */
async function traced(method: string, params: Readonly<Record<string, unknown>>, options: CallOptions = {}) {
  const traceId = (++traces).toString(16).padStart(32, 'a');
  const answer = await setting.send(method, params, {
    ...options,
    headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, ...options.headers },
  });
  const spans = await spansOf(traceId);
  return { answer, traceId, ...spans };
}

async function spansOf(traceId: string) {
  const find = (kind: number) => collector.spans.find((span) => span.traceId === traceId && span.kind === kind);
  const server = await until(() => find(2), `the SERVER span of ${traceId}`);
  const children = collector.spans.filter((span) => span.traceId === traceId && span.kind !== 2);
  return {
    server,
    client: find(3) as CollectedSpan,
    authenticate: children.find((span) => span.name === 'authenticate') as CollectedSpan,
    decide: children.find((span) => span.name === 'decide') as CollectedSpan,
    children,
  };
}

/** What the MCP conventions say about each operation: name, and attributes of the SERVER and the CLIENT span. */
interface Row {
  readonly what: string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly name: string;
  readonly both?: Readonly<Record<string, unknown>>;
  readonly server?: Readonly<Record<string, unknown>>;
  readonly client?: Readonly<Record<string, unknown>> | null;
  readonly status: number;
  readonly serverFailed?: boolean;
  readonly clientFailed?: boolean;
}

const rows: readonly Row[] = [
  {
    what: 'a tool',
    method: 'tools/call',
    params: { name: 'echo', arguments: { value: 'x' } },
    name: 'tools/call echo',
    both: { 'gen_ai.tool.name': 'echo', 'gen_ai.operation.name': 'execute_tool' },
    status: 200,
  },
  {
    what: 'a tool that says isError',
    method: 'tools/call',
    params: { name: 'fail', arguments: {} },
    name: 'tools/call fail',
    both: { 'error.type': 'tool_error', 'gen_ai.tool.name': 'fail' },
    status: 200,
    serverFailed: true,
    clientFailed: true,
  },
  {
    what: 'arguments that the server refuses',
    method: 'tools/call',
    params: { name: 'invalid', arguments: {} },
    name: 'tools/call invalid',
    both: { 'rpc.response.status_code': '-32602' },
    // The caller's fault is no error of a server; to a client every code is one.
    client: { 'error.type': '-32602' },
    status: 200,
    clientFailed: true,
  },
  {
    what: 'a resource, whose URI is not in the name',
    method: 'resources/read',
    params: { uri: 'file:///a' },
    name: 'resources/read',
    both: { 'mcp.resource.uri': 'file:///a' },
    status: 200,
  },
  {
    what: 'a prompt',
    method: 'prompts/get',
    params: { name: 'greet' },
    name: 'prompts/get greet',
    both: { 'gen_ai.prompt.name': 'greet' },
    status: 200,
  },
  { what: 'a list', method: 'tools/list', params: {}, name: 'tools/list', status: 200 },
  {
    what: 'a denial',
    method: 'tools/call',
    params: { name: 'secret_tool', arguments: {} },
    name: 'tools/call secret_tool',
    server: { 'error.type': 'denied', 'gen_ai.tool.name': 'secret_tool' },
    client: null,
    status: 403,
    serverFailed: true,
  },
  {
    what: 'an upstream that dies',
    method: 'tools/call',
    params: { name: 'die', arguments: {} },
    name: 'tools/call die',
    both: { 'error.type': expect.stringMatching(/^upstream_/) },
    status: 502,
    serverFailed: true,
    clientFailed: true,
  },
  {
    what: 'an upstream that answers 500',
    method: 'tools/call',
    params: { name: 'boom', arguments: {} },
    name: 'tools/call boom',
    both: { 'error.type': '500', 'http.response.status_code': 500 },
    status: 500,
    serverFailed: true,
    clientFailed: true,
  },
];

describe.each(['legacy', 'modern'] as const)('spans of the %s era', (era) => {
  test.each(rows)('[TEL-spans.conventions] $what', async (row) => {
    const { answer, traceId, server, client, authenticate, decide } = await traced(row.method, row.params, {
      era,
      id: 7,
    });
    expect(answer.status).toBe(row.status);
    const version = era === 'modern' ? '2026-07-28' : '2025-11-25';
    const common = {
      'mcp.method.name': row.method,
      'mcp.protocol.version': version,
      'jsonrpc.request.id': '7',
      'network.transport': 'tcp',
      'network.protocol.name': 'http',
      'network.protocol.version': '1.1',
      ...row.both,
    };
    expect(server).toMatchObject({
      name: row.name,
      traceId,
      parentSpanId: '00f067aa0ba902b7',
      links: [],
      statusCode: row.serverFailed === true ? 2 : 0,
      attributes: { ...common, 'client.address': '127.0.0.1', ...row.server },
    });
    expect('error.type' in server.attributes).toBe(row.serverFailed === true);
    expect(authenticate).toMatchObject({ kind: 1, parentSpanId: server.spanId, statusCode: 0 });
    expect(decide).toMatchObject({
      kind: 1,
      parentSpanId: server.spanId,
      attributes: { 'portcullis.decision.outcome': row.client === null ? 'deny' : 'allow' },
    });
    if (row.client === null) {
      expect(client).toBe(undefined);
      return;
    }
    expect(client).toMatchObject({
      name: row.name,
      parentSpanId: server.spanId,
      statusCode: row.clientFailed === true ? 2 : 0,
      attributes: {
        ...common,
        'server.address': '127.0.0.1',
        'server.port': setting.upstream.port,
        ...row.client,
      },
    });
    for (const child of [authenticate, decide, client]) {
      expect(child.start).toBeGreaterThanOrEqual(server.start);
      expect(child.end).toBeLessThanOrEqual(server.end);
    }
    expect(authenticate.end).toBeLessThanOrEqual(decide.start);
    expect(decide.end).toBeLessThanOrEqual(client.start);
    // The upstream was told who its parent is.
    const receipt = setting.upstream.receipts.findLast((one) => one.message?.method === row.method);
    expect(receipt?.headers['traceparent']).toBe(`00-${traceId}-${client.spanId}-01`);
  });
});

describe('where a trace comes from', () => {
  test('[TEL-spans.parent] the message goes before the header, which becomes a link', async () => {
    const inMessage = 'b'.repeat(32);
    const inHeader = 'c'.repeat(32);
    await setting.send(
      'tools/call',
      { name: 'echo', arguments: {} },
      {
        era: 'modern',
        meta: { traceparent: `00-${inMessage}-1111111111111111-01`, tracestate: 'vendor=1' },
        headers: { traceparent: `00-${inHeader}-2222222222222222-01`, tracestate: 'other=2', baggage: 'user=eve' },
      },
    );
    const { server, client } = await spansOf(inMessage);
    expect(server).toMatchObject({
      parentSpanId: '1111111111111111',
      links: [{ traceId: inHeader, spanId: '2222222222222222' }],
    });
    const receipt = setting.upstream.receipts.at(-1);
    expect(receipt?.headers).toMatchObject({
      traceparent: `00-${inMessage}-${client.spanId}-01`,
      tracestate: 'vendor=1',
    });
    expect(receipt?.headers['baggage']).toBe(undefined);
    // Without the option the message itself stays as it came.
    expect(receipt?.message?.params?.['_meta']).toMatchObject({ traceparent: `00-${inMessage}-1111111111111111-01` });
  });

  test('[TEL-spans.parent] a parent that was not sampled is not recorded, and the upstream is told so', async () => {
    const traceId = 'd'.repeat(32);
    await setting.send('ping', {}, { headers: { traceparent: `00-${traceId}-1111111111111111-00` } });
    expect(setting.upstream.receipts.at(-1)?.headers['traceparent']).toMatch(
      new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`),
    );
    await traced('ping', {});
    expect(collector.spans.filter((span) => span.traceId === traceId)).toEqual([]);
  });

  test('[TEL-spans.parent] what is no traceparent starts a trace of its own', async () => {
    const before = collector.spans.length;
    await setting.send('ping', {}, { headers: { traceparent: `00-${'0'.repeat(32)}-1111111111111111-01` } });
    const server = await until(() => collector.spans.slice(before).find((span) => span.kind === 2), 'the span');
    expect(server).toMatchObject({ parentSpanId: '', links: [] });
    expect(server.traceId).not.toMatch(/^0+$/);
  });
});

describe('requests that never become an operation', () => {
  test('[TEL-spans.conventions] plain HTTP: a status of 4xx is an error of the client side only, and both say which', async () => {
    const traceId = `${'f'.repeat(31)}1`;
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    expect((await setting.http('GET', '/plain/x', headers)).status).toBe(405);
    const { server, client } = await spansOf(traceId);
    expect(server).toMatchObject({ name: 'GET plain@file', statusCode: 0 });
    expect(server.attributes).not.toHaveProperty('error.type');
    expect(client).toMatchObject({
      name: 'GET',
      statusCode: 2,
      attributes: { 'error.type': '405', 'http.response.status_code': 405, 'network.protocol.version': '1.1' },
    });
  });

  test('[TEL-spans.refused] a missing token is traced as a failed authentication', async () => {
    const { answer, server, authenticate, children } = await traced('tools/list', {}, { token: null });
    expect(answer.status).toBe(401);
    expect(server).toMatchObject({ kind: 2, attributes: { 'http.response.status_code': 401 } });
    expect(authenticate).toMatchObject({ statusCode: 2, attributes: { 'error.type': 'jwt_missing' } });
    expect(children).toHaveLength(1);
  });

  test('[TEL-logs.trace] log lines of the request carry the ids of its span', async () => {
    const { server } = await traced('tools/call', { name: 'secret_tool', arguments: {} });
    const line = await setting.gateway.waitForLine((one) => one['traceId'] === server.traceId);
    expect(line).toMatchObject({ spanId: server.spanId, message: 'Denied by policy', policyName: 'no-secrets' });
  });
});

describe('what every signal says about itself', () => {
  test('[TEL-resource] service and attributes of options and environment', async () => {
    const { server } = await traced('ping', {});
    expect(server.resource).toMatchObject({
      'service.name': 'portcullis',
      'service.version': expect.any(String),
      region: 'north',
      team: 'a b',
    });
  });

  test('[TEL-metrics.push] pushed metrics are those of the conventions, and agree with /metrics', async () => {
    await setting.send('tools/call', { name: 'echo', arguments: {} });
    const scrape = (await setting.http('GET', '/metrics', {}, '', setting.gateway.adminUrl)).body;
    const seen = collector.requests.length;
    await until(() => collector.requests.slice(seen).some((one) => one.path.endsWith('metrics')), 'a push');
    await until(() => collector.requests.length > seen + 1, 'another push');
    const points = collector.points();
    for (const metric of ['mcp.server.operation.duration', 'mcp.client.operation.duration']) {
      const found = points.filter((point) => point.metric === metric);
      expect(found.length, metric).toBeGreaterThan(0);
      expect(found[0]).toMatchObject({ unit: 's', kind: 'histogram', temporality: 2, bounds: [...operationBounds] });
      const echo = found.find(
        ({ attributes }) =>
          attributes['gen_ai.tool.name'] === 'echo' && attributes['mcp.protocol.version'] === '2025-11-25',
      );
      expect(echo?.attributes).toEqual({
        'mcp.method.name': 'tools/call',
        'gen_ai.tool.name': 'echo',
        'gen_ai.operation.name': 'execute_tool',
        'mcp.protocol.version': '2025-11-25',
        'network.transport': 'tcp',
        'network.protocol.name': 'http',
        'network.protocol.version': '1.1',
        ...(metric.includes('client') ? { 'server.address': '127.0.0.1', 'server.port': setting.upstream.port } : {}),
      });
      const line = scrape
        .split('\n')
        .find(
          (one) =>
            one.startsWith(`${metric.replaceAll('.', '_')}_seconds_count{`) &&
            one.includes('gen_ai_tool_name="echo"') &&
            one.includes('"2025-11-25"'),
        );
      expect(line?.split(' ').at(-1)).toBe(String(echo?.value));
    }
    const decisions = points.filter(({ metric }) => metric === 'portcullis_decisions_total');
    expect(decisions.find(({ attributes }) => attributes['rule_name'] === 'no-secrets')).toMatchObject({
      kind: 'sum',
      monotonic: true,
      attributes: { outcome: 'deny', reason: 'rule', rule: '0', middleware: 'policy@file' },
    });
  });
});
