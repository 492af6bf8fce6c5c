import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  isLegacyRequest,
  McpServer,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { defaultTextMapGetter, ROOT_CONTEXT, SpanKind, type Tracer } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { z } from 'zod';

/** A tracer of OpenTelemetry's own SDK that sends its spans to a collector. */
export interface SdkTracer {
  readonly tracer: Tracer;
  stop(): Promise<void>;
}

export const propagator = new W3CTraceContextPropagator();

export function startTracer(serviceName: string, collectorUrl: string): SdkTracer {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName }),
    spanProcessors: [
      new SimpleSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${collectorUrl}/v1/traces` }) }),
    ],
  });
  return { tracer: provider.getTracer(serviceName), stop: () => provider.shutdown() };
}

export interface InstrumentedUpstream {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * An MCP server of both eras by the SDK, with one SERVER span per message by OpenTelemetry's SDK. Its parent is looked for
 * in the header fields or, as the MCP conventions have it, in `params._meta` of the message: only there.
 */
export async function startInstrumentedUpstream(
  from: 'headers' | 'message',
  collectorUrl: string,
): Promise<InstrumentedUpstream> {
  const { tracer, stop } = startTracer('upstream', collectorUrl);
  const create = (): McpServer => {
    const server = new McpServer({ name: 'instrumented', version: '1.0.0' });
    server.registerTool('echo', { description: 'echo', inputSchema: z.object({ value: z.string() }) }, ({ value }) => ({
      content: [{ type: 'text', text: value }],
    }));
    return server;
  };
  const modern = createMcpHandler(create, { legacy: 'reject' });
  const answer = async (request: Request): Promise<Response> => {
    if (!(await isLegacyRequest(request.clone()))) return await modern.fetch(request);
    if (request.method !== 'POST') return new Response(null, { status: 405 });
    const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
    await create().connect(transport);
    return await transport.handleRequest(request);
  };
  const fetch = async (request: Request): Promise<Response> => {
    if (request.method !== 'POST') return await answer(request);
    const { method, params } = (await request.clone().json()) as {
      method?: string;
      params?: { _meta?: Readonly<Record<string, unknown>> };
    };
    const carrier = from === 'headers' ? Object.fromEntries(request.headers) : { ...params?._meta };
    const parent = propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
    const span = tracer.startSpan(`upstream ${method}`, { kind: SpanKind.SERVER }, parent);
    try {
      return await answer(request);
    } finally {
      span.end();
    }
  };
  const serve = toNodeHandler({ fetch });
  const server = createServer((request, response) => void serve(request as NodeIncomingMessageLike, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      await modern.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await stop();
    },
  };
}
