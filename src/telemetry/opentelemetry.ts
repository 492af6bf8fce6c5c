import type { ChannelCredentials, Metadata } from '@grpc/grpc-js';
import { type HrTime, ValueType } from '@opentelemetry/api';
import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type MetricData,
  type MetricProducer,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import type { ByteWriter } from './byte-writer.ts';
import { ExportQueue } from './export-queue.ts';
import type { Instrument, MetricsRegistry } from './metrics/instruments.ts';
import { compileEnvelope, scope } from './otlp/envelope.ts';
import type { Environment, OtlpRoute } from './otlp-options.ts';

/**
 * The one place that knows OpenTelemetry's packages. It is loaded only when something is to be pushed. Spans and log
 * records are encoded by ourselves, straight from the facts of a request: the SDK's own way from span to bytes costs a
 * request ten times as much. How bytes travel, by which options, retries and credentials, is the packages' matter.
 */

/** Something that takes encoded records and sends them in the background. */
export interface Push {
  /** Adds what `write` encodes; it says how many records that were. `expected` is counted when there is no room. */
  add(expected: number, write: (out: ByteWriter) => number): void;
  /** True when what is added now would be dropped. */
  readonly full: boolean;
  close(withinMs: number): Promise<void>;
}

export interface PushOptions {
  readonly signal: keyof typeof signals;
  readonly route: OtlpRoute;
  readonly resource: Readonly<Record<string, string>>;
  readonly env: Environment;
  readonly dropped: (records: number) => void;
}

/** What the signals are called in URLs, variables and services. */
const signals = {
  traces: { path: 'v1/traces', variables: 'OTEL_BSP', service: 'TraceService', items: 'span' },
  logs: { path: 'v1/logs', variables: 'OTEL_BLRP', service: 'LogsService', items: 'log' },
} as const;

/** Sends spans or log records. */
export async function pushRecords(options: PushOptions): Promise<Push> {
  const { variables } = signals[options.signal];
  const exporter = new OTLPExporterBase(await openTransport(options));
  const envelope = compileEnvelope(options.resource);
  const number = (name: string, standard: number): number => {
    const value = Number(options.env[`${variables}_${name}`]);
    return Number.isFinite(value) && value > 0 ? value : standard;
  };
  const capacity = number('MAX_QUEUE_SIZE', 2_048);
  const queue = new ExportQueue({
    capacity,
    batch: Math.min(capacity, number('MAX_EXPORT_BATCH_SIZE', 512)),
    delay: number('SCHEDULE_DELAY', 5_000),
    timeout: number('EXPORT_TIMEOUT', 30_000),
    room: envelope.room,
    send: (batch) =>
      new Promise((resolve) => exporter.export(envelope.close(batch), ({ code }) => resolve(code === 0))),
    dropped: options.dropped,
  });
  return {
    add: (expected, write) => queue.add(expected, write),
    get full() {
      return queue.full;
    },
    async close(withinMs) {
      await queue.close(withinMs);
      await within(exporter.shutdown(), 500);
    },
  };
}

async function openTransport({ signal, route }: PushOptions) {
  const { path, service, items } = signals[signal];
  const asTheyAre = { serializeRequest: (bytes: Uint8Array) => bytes, deserializeResponse: () => ({}) };
  const helper = { name: items, countItems: () => 1 };
  if (route.protocol === 'grpc') {
    const grpc = await import('@opentelemetry/otlp-grpc-exporter-base');
    const config = grpc.convertLegacyOtlpGrpcOptions(await grpcConfig(route), signal.toUpperCase());
    const type = `otlp_grpc_${items}_exporter`;
    const name = `opentelemetry.proto.collector.${items === 'span' ? 'trace' : 'logs'}.v1.${service}`;
    return grpc.createOtlpGrpcExportDelegate(config, asTheyAre, type, helper, undefined, service, `/${name}/Export`);
  }
  const http = await import('@opentelemetry/otlp-exporter-base/node-http');
  const required = { 'Content-Type': 'application/x-protobuf' };
  const config = http.convertLegacyHttpOptions(httpConfig(route), signal.toUpperCase(), path, required);
  return http.createOtlpHttpExportDelegate(config, asTheyAre, `otlp_http_${items}_exporter`, helper, undefined);
}

/** Pushes the registry that the Prometheus endpoint shows, so that both always agree. */
export async function pushMetrics(
  registry: MetricsRegistry,
  options: Omit<PushOptions, 'dropped' | 'signal'> & {
    readonly interval: number;
    /** By the name of an instrument: whether it is pushed. */
    readonly keeps: (name: string) => boolean;
  },
): Promise<{ close(withinMs: number): Promise<void> }> {
  const exporter: PushMetricExporter =
    options.route.protocol === 'grpc'
      ? new (await import('@opentelemetry/exporter-metrics-otlp-grpc')).OTLPMetricExporter(
          await grpcConfig(options.route),
        )
      : new (await import('@opentelemetry/exporter-metrics-otlp-proto')).OTLPMetricExporter(httpConfig(options.route));
  const named = Number(options.env['OTEL_METRIC_EXPORT_INTERVAL']);
  const interval = named > 0 ? named : options.interval;
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: interval,
    exportTimeoutMillis: Math.min(interval, 10_000),
  });
  reader.setMetricProducer(producerOf(registry, options.keeps, resourceFromAttributes(options.resource)));
  return { close: (withinMs) => within(reader.shutdown(), withinMs) };
}

function httpConfig({ url, headers, tls }: OtlpRoute) {
  return {
    ...(url === undefined ? {} : { url }),
    headers: { ...headers },
    ...(tls === undefined ? {} : { httpAgentOptions: tls }),
  };
}

async function grpcConfig({
  url,
  headers,
  tls,
}: OtlpRoute): Promise<{ url?: string; metadata?: Metadata; credentials?: ChannelCredentials }> {
  const grpc = await import('@grpc/grpc-js');
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return {
    ...(url === undefined ? {} : { url }),
    metadata,
    ...(tls === undefined
      ? {}
      : {
          credentials: grpc.credentials.createSsl(tls.ca ?? null, tls.key ?? null, tls.cert ?? null, {
            rejectUnauthorized: tls.rejectUnauthorized,
          }),
        }),
  };
}

async function within(work: Promise<void>, milliseconds: number): Promise<void> {
  const limit = Promise.withResolvers<void>();
  const timer = setTimeout(limit.resolve, milliseconds);
  // A collector that is down must not keep a process from ending, nor make noise about it.
  await Promise.race([work.catch(() => undefined), limit.promise]);
  clearTimeout(timer);
}

function hrTime(milliseconds: number): HrTime {
  const seconds = Math.floor(milliseconds / 1_000);
  return [seconds, Math.round((milliseconds - seconds * 1_000) * 1e6)];
}

/** Attributes that the conventions want as numbers. */
const numeric = new Set(['server.port', 'http.response.status_code']);

function producerOf(registry: MetricsRegistry, keeps: (name: string) => boolean, resource: Resource): MetricProducer {
  return {
    collect: () =>
      Promise.resolve({
        resourceMetrics: {
          resource,
          scopeMetrics: [
            {
              scope,
              metrics: registry
                .collect()
                .filter(({ series, description }) => series.size > 0 && keeps(description.name))
                .map((instrument) => toMetricData(instrument, registry.startedAt)),
            },
          ],
        },
        errors: [],
      }),
  };
}

function toMetricData(instrument: Instrument, startedAt: number): MetricData {
  const { name, help, unit, labels } = instrument.description;
  const startTime = hrTime(startedAt);
  const endTime = hrTime(Date.now());
  const attributesOf = (values: readonly string[]): Record<string, string | number> => {
    const attributes: Record<string, string | number> = {};
    for (const [index, label] of labels.entries()) {
      const value = values[index] ?? '';
      if (value === '') continue;
      attributes[label] = numeric.has(label) && /^[0-9]+$/.test(value) ? Number(value) : value;
    }
    return attributes;
  };
  const descriptor = { name, description: help, unit, valueType: ValueType.DOUBLE };
  const aggregationTemporality = AggregationTemporality.CUMULATIVE;
  if (instrument.kind === 'histogram') {
    const boundaries = [...instrument.bounds];
    return {
      descriptor,
      aggregationTemporality,
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints: Array.from(instrument.series, ({ values, series }) => ({
        startTime,
        endTime,
        attributes: attributesOf(values),
        value: { buckets: { boundaries, counts: [...series.counts] }, sum: series.sum, count: series.count },
      })),
    };
  }
  const dataPoints: DataPoint<number>[] = Array.from(instrument.series, ({ values, series }) => ({
    startTime,
    endTime,
    attributes: attributesOf(values),
    value: series.value,
  }));
  return instrument.kind === 'counter'
    ? { descriptor, aggregationTemporality, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints }
    : { descriptor, aggregationTemporality, dataPointType: DataPointType.GAUGE, dataPoints };
}
