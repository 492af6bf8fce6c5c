import { afterEach, describe, expect, test } from 'vitest';
import { canary } from '../support/canaries.ts';
import { type Collector, startCollector } from './collector.ts';
import { type Setting, startSetting, until } from './setting.ts';

let collector: Collector | undefined;
let setting: Setting | undefined;
afterEach(async () => {
  await setting?.stop();
  await collector?.stop();
  setting = undefined;
  collector = undefined;
});

describe('what operators may add', () => {
  test('[TEL-headers] labels out of request headers are bounded, and never a credential', async () => {
    setting = await startSetting({
      flags: () => [
        '--metrics.prometheus.headerLabels.team=X-Team',
        '--metrics.prometheus.headerLabels.key=X-Api-Key',
        '--log.level=INFO',
      ],
    });
    const { send, http, gateway } = setting;
    const key = canary('key-of-a-team-4711');
    for (let index = 0; index < 150; index++) {
      const headers = { 'x-team': `team-${index}`, ...(index === 0 ? { 'x-api-key': key } : {}) };
      await send('tools/call', { name: 'echo', arguments: {} }, { headers });
    }
    await send('tools/call', { name: 'echo', arguments: {} });
    const lines = (await http('GET', '/metrics', {}, '', gateway.adminUrl)).body
      .split('\n')
      .filter((line) => line.startsWith('traefik_entrypoint_requests_total{') && line.includes('entrypoint="web"'));
    const counts = new Map(
      lines.map((line) => [/team="([^"]*)"/.exec(line)?.[1] ?? '', Number(line.split(' ').at(-1))] as const),
    );
    expect(counts.get('team-7')).toBe(1);
    expect(counts.get('_other')).toBe(50);
    expect(counts.get('')).toBe(1);
    expect(counts.size).toBe(102);
    expect(lines.filter((line) => line.includes('key="REDACTED"'))).toHaveLength(1);
  }, 60_000);

  test('[TEL-certificates] the end of each certificate that is shown', async () => {
    setting = await startSetting({ flags: () => ['--entryPoints.websecure.http.tls=true'] });
    const { body } = await setting.http('GET', '/metrics', {}, '', setting.gateway.adminUrl);
    const line = /traefik_tls_certs_not_after\{cn="([^"]*)",serial="([0-9A-F]+)",sans="([^"]*)"\} (\d+)/.exec(body);
    expect(line?.[1]).toBe('PORTCULLIS DEFAULT CERT');
    expect(line?.[3]).toBe('*.localhost,localhost');
    const days = (Number(line?.[4]) - Date.now() / 1_000) / 86_400;
    expect(days).toBeGreaterThan(360);
    expect(days).toBeLessThan(366);
  });

  test('[TEL-capture] chosen headers of both sides and chosen parameters of the query are in the spans', async () => {
    const peer = await startCollector();
    collector = peer;
    setting = await startSetting({
      env: { OTEL_BSP_SCHEDULE_DELAY: '50' },
      flags: () => [
        `--tracing.otlp.http.endpoint=${peer.httpUrl}/v1/traces`,
        '--tracing.capturedRequestHeaders=User-Agent',
        '--tracing.capturedResponseHeaders=Content-Type,Mcp-Session-Id,X-Absent',
        '--tracing.safeQueryParams=page,lang',
      ],
    });
    const token = canary('token-in-a-query-0815');
    await setting.send(
      'initialize',
      { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } },
      { path: `/mcp?page=2&access_token=${token}&lang=en`, headers: { 'user-agent': 'curious/1' } },
    );
    const span = await until(() => peer.spans.find(({ kind }) => kind === 2), 'the span');
    expect(span.attributes).toMatchObject({
      'http.request.header.user-agent': ['curious/1'],
      'http.response.header.content-type': ['application/json'],
      'http.response.header.mcp-session-id': ['REDACTED'],
      'url.query': 'page=2&lang=en',
    });
    expect(span.attributes).not.toHaveProperty('http.response.header.x-absent');
  });
});
