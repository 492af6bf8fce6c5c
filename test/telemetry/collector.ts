import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import { keepOutput } from '../support/canaries.ts';
import { type Attributes, attributesOf, decodeRequest } from './otlp-schema.ts';

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly start: number;
  readonly end: number;
  readonly attributes: Attributes;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** 2: error. */
  readonly statusCode: number;
  readonly resource: Attributes;
}

export interface CollectedLogRecord {
  readonly body: string;
  readonly eventName: string;
  readonly severity: number;
  readonly attributes: Attributes;
  readonly traceId: string;
  readonly spanId: string;
}

export interface CollectedPoint {
  readonly metric: string;
  readonly unit: string;
  readonly kind: 'gauge' | 'sum' | 'histogram';
  readonly monotonic: boolean;
  readonly temporality: number;
  readonly attributes: Attributes;
  readonly value: number;
  readonly bounds: readonly number[];
}

export interface CollectedRequest {
  readonly path: string;
  readonly protocol: 'http' | 'grpc';
  /** Header fields, or metadata. */
  readonly headers: IncomingHttpHeaders;
}

/** A collector that understands OTLP over HTTP with protobuf and over gRPC, and keeps what it gets. */
export interface Collector {
  readonly httpUrl: string;
  readonly grpcAddress: string;
  /** Every byte that came, for searches. */
  readonly payloads: Buffer[];
  readonly spans: CollectedSpan[];
  /** The points of the newest push. */
  readonly points: () => readonly CollectedPoint[];
  /** Bodies of log records. */
  readonly logs: string[];
  readonly logRecords: CollectedLogRecord[];
  readonly requests: CollectedRequest[];
  stop(): Promise<void>;
}

/** Starts a collector. With `hang` it accepts everything and never answers. With `tls` it speaks nothing else. */
export async function startCollector(
  options: { readonly hang?: boolean; readonly tls?: { readonly key: string; readonly cert: string } } = {},
): Promise<Collector> {
  const payloads: Buffer[] = [];
  const spans: CollectedSpan[] = [];
  const logs: string[] = [];
  const logRecords: CollectedLogRecord[] = [];
  const requests: CollectedRequest[] = [];
  let points: CollectedPoint[] = [];
  const take = (signal: string, bytes: Buffer): void => {
    payloads.push(bytes);
    keepOutput('otlp', signal, bytes);
    if (signal === 'traces') spans.push(...readSpans(bytes));
    else if (signal === 'metrics') points = readPoints(bytes);
    else {
      const records = readLogs(bytes);
      logRecords.push(...records);
      logs.push(...records.map(({ body }) => body));
    }
  };

  const sockets = new Set<Socket>();
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({ path: request.url ?? '', protocol: 'http', headers: request.headers });
      if (options.hang === true) return;
      const body = Buffer.concat(chunks);
      take(
        request.url?.split('/').at(-1) ?? '',
        request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body,
      );
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  };
  const http = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  http.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));

  const grpc = new GrpcServer();
  for (const [signal, service] of [
    ['traces', 'trace.v1.TraceService'],
    ['metrics', 'metrics.v1.MetricsService'],
    ['logs', 'logs.v1.LogsService'],
  ] as const) {
    const path = `/opentelemetry.proto.collector.${service}/Export`;
    const same = (bytes: Buffer): Buffer => bytes;
    grpc.addService(
      {
        export: {
          path,
          requestStream: false,
          responseStream: false,
          requestSerialize: same,
          requestDeserialize: same,
          responseSerialize: same,
          responseDeserialize: same,
        },
      },
      {
        export: (
          call: { request: Buffer; metadata: { getMap(): Record<string, string | Buffer> } },
          done: (error: null, reply: Buffer) => void,
        ) => {
          requests.push({ path, protocol: 'grpc', headers: call.metadata.getMap() as IncomingHttpHeaders });
          if (options.hang === true) return;
          take(signal, call.request);
          done(null, Buffer.alloc(0));
        },
      },
    );
  }
  const grpcPort = await new Promise<number>((resolve, reject) =>
    grpc.bindAsync(
      '127.0.0.1:0',
      options.tls === undefined
        ? ServerCredentials.createInsecure()
        : ServerCredentials.createSsl(null, [
            { private_key: Buffer.from(options.tls.key), cert_chain: Buffer.from(options.tls.cert) },
          ]),
      (error, port) => (error === null ? resolve(port) : reject(error)),
    ),
  );
  return {
    httpUrl: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${(http.address() as AddressInfo).port}`,
    grpcAddress: `127.0.0.1:${grpcPort}`,
    payloads,
    spans,
    points: () => points,
    logs,
    logRecords,
    requests,
    async stop() {
      grpc.forceShutdown();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: decoded by a table of field numbers, checked by the tests that read it.
type Decoded = any;

function readSpans(bytes: Buffer): CollectedSpan[] {
  const hex = (id: Buffer | undefined): string => Buffer.from(id ?? []).toString('hex');
  return (decodeRequest('Traces', bytes) as Decoded).resources.flatMap((resource: Decoded) =>
    resource.scopes.flatMap((scope: Decoded) =>
      scope.spans.map((span: Decoded) => ({
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentSpanId: hex(span.parentSpanId),
        traceState: span.traceState ?? '',
        name: span.name,
        kind: span.kind,
        start: span.start,
        end: span.end,
        attributes: attributesOf(span.attributes),
        links: span.links.map((link: Decoded) => ({ traceId: hex(link.traceId), spanId: hex(link.spanId) })),
        statusCode: span.status?.code ?? 0,
        resource: attributesOf(resource.resource.attributes),
      })),
    ),
  );
}

function readPoints(bytes: Buffer): CollectedPoint[] {
  return (decodeRequest('Metrics', bytes) as Decoded).resources.flatMap((resource: Decoded) =>
    resource.scopes.flatMap((scope: Decoded) =>
      scope.metrics.flatMap((metric: Decoded) => {
        const kind = metric.histogram !== undefined ? 'histogram' : metric.sum !== undefined ? 'sum' : 'gauge';
        return metric[kind].points.map((point: Decoded) => ({
          metric: metric.name,
          unit: metric.unit ?? '',
          kind,
          monotonic: metric.sum?.monotonic ?? false,
          temporality: metric[kind].temporality ?? 0,
          attributes: attributesOf(point.attributes),
          value: kind === 'histogram' ? point.count : (point.asDouble ?? point.asInt ?? 0),
          bounds: point.bounds ?? [],
        }));
      }),
    ),
  );
}

function readLogs(bytes: Buffer): CollectedLogRecord[] {
  const hex = (id: Buffer | undefined): string => Buffer.from(id ?? []).toString('hex');
  return (decodeRequest('Logs', bytes) as Decoded).resources.flatMap((resource: Decoded) =>
    resource.scopes.flatMap((scope: Decoded) =>
      scope.records.map((record: Decoded) => ({
        body: record.body.stringValue,
        eventName: record.eventName ?? '',
        severity: record.severity,
        attributes: attributesOf(record.attributes),
        traceId: hex(record.traceId),
        spanId: hex(record.spanId),
      })),
    ),
  );
}
