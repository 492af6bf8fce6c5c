import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createDemoCertificates } from '../../demo/certificates.ts';
import { canary } from '../support/canaries.ts';
import { type CollectedPoint, type Collector, startCollector } from './collector.ts';
import { type Setting, startSetting, until } from './setting.ts';

let collector: Collector | undefined;
let setting: Setting | undefined;
let folder: string | undefined;
afterEach(async () => {
  await setting?.stop();
  await collector?.stop();
  setting = undefined;
  collector = undefined;
  if (folder !== undefined) rmSync(folder, { recursive: true });
  folder = undefined;
});

/** Bounds that the conventions of MCP and of HTTP prescribe, in seconds. */
const mcpBounds = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];
const httpBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

const overTcp = { 'network.transport': 'tcp', 'network.protocol.name': 'http', 'network.protocol.version': '1.1' };
const legacy = { 'mcp.protocol.version': '2025-11-25', ...overTcp };
const called = {
  'mcp.method.name': 'tools/call',
  'gen_ai.tool.name': 'fail',
  'gen_ai.operation.name': 'execute_tool',
  'error.type': 'tool_error',
  ...legacy,
};

/** What the conventions say of each histogram: where its bounds are, and the attributes of one of its series. */
const conventions: readonly (readonly [
  metric: string,
  bounds: readonly number[],
  attributes: Readonly<Record<string, string | number>>,
  toServer: boolean,
])[] = [
  ['mcp.server.operation.duration', mcpBounds, called, false],
  ['mcp.client.operation.duration', mcpBounds, called, true],
  ['mcp.server.session.duration', mcpBounds, legacy, false],
  ['mcp.client.session.duration', mcpBounds, legacy, true],
  [
    'http.server.request.duration',
    httpBounds,
    {
      'http.request.method': 'POST',
      'http.response.status_code': 500,
      'error.type': '500',
      'network.protocol.version': '1.1',
      'url.scheme': 'http',
    },
    false,
  ],
  [
    'http.client.request.duration',
    httpBounds,
    { 'http.request.method': 'POST', 'http.response.status_code': 500, 'error.type': '500' },
    true,
  ],
];

const pushTo = (url: string): string[] => [
  `--metrics.otlp.http.endpoint=${url}/v1/metrics`,
  '--metrics.otlp.pushInterval=100ms',
];

/** Opens a session, calls tools in it and closes it. */
async function session({ send, http, token }: Setting): Promise<void> {
  const clientInfo = { name: 't', version: '1' };
  const opened = await send('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
  const headers = { 'mcp-session-id': String(opened.headers['mcp-session-id']) };
  await send('tools/list', {}, { headers });
  for (const name of ['echo', 'fail', 'boom']) await send('tools/call', { name, arguments: {} }, { headers });
  await http('DELETE', '/mcp', { authorization: `Bearer ${token}`, ...headers });
}

describe('metrics that are pushed', () => {
  test('[TEL-metrics.push] have the names, units, kinds, bounds and attributes of the conventions', async () => {
    const peer = await startCollector();
    collector = peer;
    setting = await startSetting({ flags: () => pushTo(peer.httpUrl) });
    await session(setting);
    await until(() => peer.points().some(({ metric }) => metric === 'mcp.client.session.duration'), 'the session');
    const server = { 'server.address': '127.0.0.1', 'server.port': setting.upstream.port };
    for (const [metric, bounds, attributes, toServer] of conventions) {
      const points = peer.points().filter((point) => point.metric === metric);
      const shape = ({ unit, kind, temporality, bounds: found }: CollectedPoint) => ({
        unit,
        kind,
        temporality,
        found,
      });
      for (const point of points)
        expect(shape(point), metric).toEqual({ unit: 's', kind: 'histogram', temporality: 2, found: bounds });
      expect(
        points.map((point) => point.attributes),
        metric,
      ).toContainEqual(toServer ? { ...attributes, ...server } : attributes);
    }
  });

  test('[TEL-metrics.options] each way of showing them has Traefik’s families that it is asked for, and its bounds', async () => {
    const peer = await startCollector();
    collector = peer;
    setting = await startSetting({
      flags: () => [
        ...pushTo(peer.httpUrl),
        '--metrics.aliases=true',
        '--metrics.prometheus.addRoutersLabels=false',
        '--metrics.prometheus.buckets=0.3,1.2',
        '--metrics.otlp.addServicesLabels=false',
        '--metrics.otlp.explicitBoundaries=0.5,1.2,2',
      ],
    });
    await session(setting);
    await until(() => peer.points().some(({ metric }) => metric === 'mcp.client.session.duration'), 'the session');
    const page = (await setting.http('GET', '/metrics', {}, '', setting.gateway.adminUrl)).body;
    const shown = (name: string) => new RegExp(`^traefik_${name}_requests_total\\{`, 'm').test(page);
    const pushed = (name: string) => peer.points().filter(({ metric }) => metric.startsWith(`traefik_${name}_re`));
    expect(['entrypoint', 'router', 'service'].map(shown)).toEqual([true, false, true]);
    expect(['entrypoint', 'router', 'service'].map((name) => pushed(name).length > 4)).toEqual([true, true, false]);
    for (const { metric, bounds } of pushed('router').filter(({ kind }) => kind === 'histogram'))
      expect(bounds, metric).toEqual([0.3, 0.5, 1.2, 2]);
    expect(page.match(/traefik_service_request_duration_seconds_bucket\{code="500",.*le="([^"]+)"/g)).toHaveLength(5);
    // What servers are up is nobody's family.
    expect(page).toContain('traefik_service_server_up{');
    expect(page).toMatch(/mcp_server_operation_duration_seconds_count\{.*mcp_tool_name="echo"/);
    const echo = peer.points().find(({ attributes }) => attributes['gen_ai.tool.name'] === 'echo');
    expect(echo?.attributes['mcp.tool.name']).toBe('echo');
  });
});

describe('the standard variables', () => {
  test('[TEL-environment] say where to, with which headers, how often and as whom', async () => {
    const peer = await startCollector();
    collector = peer;
    const key = canary('key-of-the-collector-77', 'secret');
    setting = await startSetting({
      flags: () => ['--tracing=true', '--metrics.otlp=true', '--audit.otlp=true'],
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: peer.httpUrl,
        OTEL_EXPORTER_OTLP_HEADERS: `api-key=${key}`,
        OTEL_SERVICE_NAME: 'front-door',
        OTEL_METRIC_EXPORT_INTERVAL: '100',
        OTEL_BSP_SCHEDULE_DELAY: '50',
        OTEL_BLRP_SCHEDULE_DELAY: '50',
      },
    });
    await setting.send('tools/call', { name: 'echo', arguments: {} });
    await until(() => peer.spans.length > 2 && peer.points().length > 10 && peer.logs.length > 1, 'all signals');
    expect(new Set(peer.requests.map(({ path }) => path))).toEqual(new Set(['/v1/traces', '/v1/metrics', '/v1/logs']));
    expect(new Set(peer.requests.map(({ headers }) => headers['api-key']))).toEqual(new Set([key]));
    expect(peer.spans[0]?.resource['service.name']).toBe('front-door');
  });

  test('[TEL-environment] OTEL_SDK_DISABLED switches off what is pushed, and nothing else', async () => {
    const peer = await startCollector();
    collector = peer;
    setting = await startSetting({
      flags: (folder) => [
        ...pushTo(peer.httpUrl),
        `--tracing.otlp.http.endpoint=${peer.httpUrl}/v1/traces`,
        `--audit.otlp.http.endpoint=${peer.httpUrl}/v1/logs`,
        `--audit.filePath=${join(folder, 'audit.jsonl')}`,
      ],
      env: { OTEL_SDK_DISABLED: 'true', OTEL_BSP_SCHEDULE_DELAY: '50' },
    });
    await setting.send('tools/call', { name: 'echo', arguments: {} });
    const page = (await setting.http('GET', '/metrics', {}, '', setting.gateway.adminUrl)).body;
    expect(page).toMatch(/portcullis_audit_records_total\{type="decision"\} 1/);
    expect(await setting.gateway.stop()).toBe(0);
    expect(peer.requests).toEqual([]);
  });
});

describe('TLS towards the collector', () => {
  const signals = (peer: Collector) =>
    peer.spans.length > 2 && peer.points().length > 10 && peer.logs.some((line) => line.includes('"type":"decision"'));

  test.each(['http', 'grpc'] as const)(
    '[TEL-tls] is checked over %s, unless told otherwise',
    async (protocol) => {
      const { root, server } = await createDemoCertificates();
      const peer = await startCollector({ tls: server });
      collector = peer;
      const run = async (...tls: string[]): Promise<Setting> => {
        const endpoint = (path: string) =>
          protocol === 'grpc' ? peer.grpcAddress.replace('127.0.0.1', 'localhost') : `${peer.httpUrl}/v1/${path}`;
        const options = [
          ['tracing', 'traces'],
          ['metrics', 'metrics'],
          ['audit', 'logs'],
        ].flatMap(([name, path = '']) => [
          `--${name}.otlp.${protocol}.endpoint=${endpoint(path)}`,
          ...tls.map((one) => `--${name}.otlp.${protocol}.tls.${one}`),
        ]);
        const started = await startSetting({
          flags: () => [...options, '--metrics.otlp.pushInterval=100ms'],
          env: { OTEL_BSP_SCHEDULE_DELAY: '50', OTEL_BLRP_SCHEDULE_DELAY: '50', OTEL_BSP_EXPORT_TIMEOUT: '300' },
        });
        setting = started;
        await started.send('tools/call', { name: 'echo', arguments: {} });
        return started;
      };
      const unknown = await run();
      const lost = /portcullis_telemetry_dropped_total\{signal="traces"\} \d/;
      await until(
        async () => lost.test((await unknown.http('GET', '/metrics', {}, '', unknown.gateway.adminUrl)).body),
        'loss',
      );
      expect(peer.requests).toEqual([]);
      await unknown.stop();

      folder = mkdtempSync(join(tmpdir(), 'portcullis-push-'));
      const ca = join(folder, 'ca.pem');
      writeFileSync(ca, root.cert);
      const known = await run(`ca=${ca}`);
      await until(() => signals(peer), 'all signals under a known authority');
      await known.stop();
      for (const list of [peer.spans, peer.logs]) list.length = 0;

      await run('insecureSkipVerify=true');
      await until(() => signals(peer), 'all signals without a check');
    },
    60_000,
  );
});

test('[TEL-tls] an address, which gRPC cannot take for a name, is an error and not silence', async () => {
  await expect(startSetting({ flags: () => ['--tracing.otlp.grpc.endpoint=127.0.0.1:4317'] })).rejects.toThrow(
    /gRPC over TLS needs a host name, and 127\.0\.0\.1 is an address/,
  );
});

describe('a collector that accepts and never answers', () => {
  test.each(['http', 'grpc'] as const)(
    '[TEL-hang] over %s: every signal drops what finds no room, and says so',
    async (protocol) => {
      const peer = await startCollector({ hang: true });
      collector = peer;
      const options = (name: string, path: string): string[] =>
        protocol === 'http'
          ? [`--${name}.otlp.http.endpoint=${peer.httpUrl}/v1/${path}`]
          : [`--${name}.otlp.grpc.endpoint=${peer.grpcAddress}`, `--${name}.otlp.grpc.insecure=true`];
      setting = await startSetting({
        flags: () => [
          ...options('tracing', 'traces'),
          ...options('metrics', 'metrics'),
          ...options('audit', 'logs'),
          ...options('accessLog', 'logs'),
          ...options('log', 'logs'),
          '--metrics.otlp.pushInterval=200ms',
          '--log.level=DEBUG',
        ],
        env: {
          OTEL_BSP_SCHEDULE_DELAY: '50',
          OTEL_BLRP_SCHEDULE_DELAY: '50',
          OTEL_BSP_MAX_QUEUE_SIZE: '64',
          OTEL_BLRP_MAX_QUEUE_SIZE: '64',
        },
      });
      const { send, http, gateway } = setting;
      for (let round = 0; round < 20; round++) {
        const answers = await Promise.all(
          Array.from({ length: 20 }, () => send('tools/call', { name: 'echo', arguments: {} })),
        );
        expect(answers.every(({ status }) => status === 200)).toBe(true);
      }
      expect(peer.requests.length).toBeGreaterThan(0);
      const page = (await http('GET', '/metrics', {}, '', gateway.adminUrl)).body;
      for (const signal of ['traces', 'audit-push', 'access-push', 'log-push']) {
        const dropped = new RegExp(`portcullis_telemetry_dropped_total\\{signal="${signal}"\\} (\\d+)`).exec(page)?.[1];
        // 400 calls; 64 wait and 64 are on their way.
        expect(Number(dropped), signal).toBeGreaterThan(250);
      }
      const before = performance.now();
      expect(await gateway.stop()).toBe(0);
      expect(performance.now() - before).toBeLessThan(10_000);
    },
    60_000,
  );
});
