import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { context, defaultTextMapSetter, SpanKind, trace } from '@opentelemetry/api';
import { afterEach, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';
import { signToken } from '../peers/tokens.ts';
import { type CollectedSpan, type Collector, startCollector } from './collector.ts';
import {
  type InstrumentedUpstream,
  propagator,
  type SdkTracer,
  startInstrumentedUpstream,
  startTracer,
} from './instrumented-upstream.ts';
import { routes, until } from './setting.ts';

let collector: Collector | undefined;
let upstream: InstrumentedUpstream | undefined;
let gateway: TestGateway | undefined;
let caller: SdkTracer | undefined;
afterEach(async () => {
  await gateway?.stop();
  await upstream?.stop();
  await caller?.stop();
  await collector?.stop();
});

describe('client, gateway and upstream, each with its own spans', () => {
  test.each([
    ['legacy', 'headers'],
    ['legacy', 'message'],
    ['modern', 'headers'],
    ['modern', 'message'],
  ] as const)(
    '[TEL-propagation] %s era, context in the %s: one trace, each the child of the one before',
    async (era, where) => {
      const peer = await startCollector();
      collector = peer;
      upstream = await startInstrumentedUpstream(where, peer.httpUrl);
      caller = startTracer('caller', peer.httpUrl);
      gateway = await startTestGateway({
        files: { 'routes.yaml': routes(upstream.port) },
        flags: [
          `--tracing.otlp.http.endpoint=${peer.httpUrl}/v1/traces`,
          `--tracing.injectMeta=${where === 'message'}`,
          '--tracing.serviceName=gateway',
        ],
        env: { OTEL_BSP_SCHEDULE_DELAY: '50' },
      });
      const token = await signToken({ sub: 'alice', groups: ['members'] });
      const span = caller.tracer.startSpan('call echo', { kind: SpanKind.CLIENT });
      const carrier: Record<string, string> = {};
      propagator.inject(trace.setSpan(context.active(), span), carrier, defaultTextMapSetter);
      const headers = { authorization: `Bearer ${token}`, ...(where === 'headers' ? carrier : {}) };
      const client = new Client(
        { name: 'caller', version: '1.0.0' },
        { versionNegotiation: { mode: era === 'modern' ? { pin: '2026-07-28' } : 'legacy' } },
      );
      await client.connect(
        new StreamableHTTPClientTransport(new URL('/mcp', gateway.webUrl), { requestInit: { headers } }),
      );
      const result = await client.callTool({
        name: 'echo',
        arguments: { value: 'hello' },
        ...(where === 'message' ? { _meta: carrier } : {}),
      });
      expect(result.content).toEqual([{ type: 'text', text: 'hello' }]);
      await client.close();
      span.end();

      const { traceId } = span.spanContext();
      const seen = (service: string, kind: number, name: string): CollectedSpan | undefined =>
        peer.spans.find(
          (one) =>
            one.traceId === traceId &&
            one.resource['service.name'] === service &&
            one.kind === kind &&
            one.name === name,
        );
      const [asked, server, call, served] = await until(() => {
        const all = [
          seen('caller', 3, 'call echo'),
          seen('gateway', 2, 'tools/call echo'),
          seen('gateway', 3, 'tools/call echo'),
          seen('upstream', 2, 'upstream tools/call'),
        ];
        return all.every((one) => one !== undefined) ? all : undefined;
      }, 'the spans of all three');
      expect(server?.parentSpanId).toBe(asked?.spanId);
      expect(call?.parentSpanId).toBe(server?.spanId);
      expect(served?.parentSpanId).toBe(call?.spanId);
      // What the upstream did, it did while the gateway waited for it. (One clock, read in two processes.)
      expect(served?.start ?? 0).toBeGreaterThan((call?.start ?? 0) - 5e6);
    },
  );
});
