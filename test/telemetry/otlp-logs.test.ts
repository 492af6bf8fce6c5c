import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
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

describe('logs as OpenTelemetry’s logs', () => {
  test.each([false, true])(
    '[TEL-logs.otlp] application log, access log and audit records arrive (dual output: %s)',
    async (dual) => {
      const peer = await startCollector();
      collector = peer;
      const endpoint = `${peer.httpUrl}/v1/logs`;
      setting = await startSetting({
        env: { OTEL_BLRP_SCHEDULE_DELAY: '50', OTEL_BSP_SCHEDULE_DELAY: '50' },
        flags: (folder) => [
          `--log.otlp.http.endpoint=${endpoint}`,
          `--accessLog.otlp.http.endpoint=${endpoint}`,
          `--accessLog.dualOutput=${dual}`,
          '--accessLog.format=json',
          `--accessLog.filePath=${join(folder, 'access.log')}`,
          `--audit.otlp.http.endpoint=${endpoint}`,
          `--tracing.otlp.http.endpoint=${peer.httpUrl}/v1/traces`,
        ],
      });
      const traceId = 'f'.repeat(32);
      const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
      const answer = await setting.send(
        'tools/call',
        { name: 'secret_tool', arguments: {} },
        { id: 'denied', headers },
      );
      expect(answer.status).toBe(403);
      const span = await until(() => peer.spans.find((one) => one.traceId === traceId && one.kind === 2), 'the span');
      const denial = await until(
        () => peer.logRecords.find(({ body }) => body.startsWith('The request has been denied')),
        'the line of the denial',
      );
      expect(denial).toMatchObject({
        severity: 5,
        attributes: { middlewareName: 'policy@file', policyName: 'no-secrets' },
      });
      const access = await until(
        () => peer.logRecords.find(({ eventName, traceId: id }) => eventName === 'portcullis.access' && id === traceId),
        'the access log line',
      );
      expect(access).toMatchObject({ severity: 9, spanId: span.spanId });
      expect(JSON.parse(access.body)).toMatchObject({
        DownstreamStatus: 403,
        McpTarget: 'secret_tool',
        TraceId: traceId,
      });
      const record = await until(
        () =>
          peer.logRecords.find(({ eventName, body }) => eventName === 'portcullis.audit' && body.includes('"denied"')),
        'the audit record',
      );
      expect(JSON.parse(record.body)).toMatchObject({ type: 'decision', outcome: 'deny', trace: traceId });
      const file = join(setting.folder, 'access.log');
      if (dual) await until(() => readFileSync(file, 'utf8').includes(access.body), 'the line in the file');
      else expect(existsSync(file)).toBe(false);
      expect(await setting.gateway.stop()).toBe(0);
      // What was said before the collector was known, and at the very end, is there as well.
      expect(peer.logs).toContain('Portcullis starts');
      expect(peer.logs).toContain('Portcullis ends');
    },
  );
});
