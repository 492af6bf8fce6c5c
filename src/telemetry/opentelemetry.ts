import type { ChannelCredentials, Metadata } from '@grpc/grpc-js';
import { type HrTime, SpanKind, SpanStatusCode, TraceFlags, ValueType } from '@opentelemetry/api';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { LogRecordExporter, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type MetricData,
  type MetricProducer,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { ExportQueue } from './export-queue.ts';
import type { Instrument, MetricsRegistry } from './metrics/instruments.ts';
import type { Environment, OtlpRoute } from './otlp-options.ts';
import type { SpanRecord } from './tracing/spans.ts';

/**
 * The one place that knows OpenTelemetry's packages. It is loaded only when something is to be pushed. We make records
 * ourselves and use the exporters, because that costs a request a third of what the SDK's own spans cost.
 */

const scope = { name: 'portcullis', version: '1' };

/** Something that takes records and sends them in the background. */
export interface Push<Record> {
  add(record: Record): void;
  /** True when what is added now would be dropped. */
  readonly full: boolean;
  close(withinMs: number): Promise<void>;
}

export interface PushOptions {
  readonly route: OtlpRoute;
  readonly resource: Readonly<Record<string, string>>;
  readonly env: Environment;
  readonly dropped: (records: number) => void;
}

/** Exporters differ in their types only. */
interface Exporter<Item> {
  export(items: Item[], done: (result: { readonly code: number }) => void): void;
  shutdown(): Promise<void>;
}

function queueFor<Item>(exporter: Exporter<Item>, prefix: string, options: PushOptions): ExportQueue<Item> {
  const number = (name: string, standard: number): number => {
    const value = Number(options.env[`${prefix}_${name}`]);
    return Number.isFinite(value) && value > 0 ? value : standard;
  };
  const capacity = number('MAX_QUEUE_SIZE', 2_048);
  return new ExportQueue<Item>({
    capacity,
    batch: Math.min(capacity, number('MAX_EXPORT_BATCH_SIZE', 512)),
    delay: number('SCHEDULE_DELAY', 5_000),
    timeout: number('EXPORT_TIMEOUT', 30_000),
    send: (items) => new Promise((resolve) => exporter.export(items, ({ code }) => resolve(code === 0))),
    dropped: options.dropped,
  });
}

/** Sends spans. */
export async function pushSpans(options: PushOptions): Promise<Push<SpanRecord>> {
  const resource = resourceFromAttributes(options.resource);
  const exporter: SpanExporter =
    options.route.protocol === 'grpc'
      ? new (await import('@opentelemetry/exporter-trace-otlp-grpc')).OTLPTraceExporter(await grpcConfig(options.route))
      : new (await import('@opentelemetry/exporter-trace-otlp-proto')).OTLPTraceExporter(httpConfig(options.route));
  const queue = queueFor<ReadableSpan>(exporter, 'OTEL_BSP', options);
  return {
    add: (record) => queue.add(toReadableSpan(record, resource)),
    get full() {
      return queue.full;
    },
    async close(withinMs) {
      await queue.close(withinMs);
      await within(exporter.shutdown(), 500);
    },
  };
}

/** Sends lines of the audit stream as log records. */
export async function pushAuditLines(options: PushOptions): Promise<Push<string>> {
  const resource = resourceFromAttributes(options.resource);
  const exporter: LogRecordExporter =
    options.route.protocol === 'grpc'
      ? new (await import('@opentelemetry/exporter-logs-otlp-grpc')).OTLPLogExporter(await grpcConfig(options.route))
      : new (await import('@opentelemetry/exporter-logs-otlp-proto')).OTLPLogExporter(httpConfig(options.route));
  const queue = queueFor<ReadableLogRecord>(exporter as Exporter<ReadableLogRecord>, 'OTEL_BLRP', options);
  return {
    get full() {
      return queue.full;
    },
    add(line) {
      const now = hrTime(Date.now());
      queue.add({
        hrTime: now,
        hrTimeObserved: now,
        severityNumber: 9,
        severityText: 'INFO',
        body: line.trimEnd(),
        eventName: 'portcullis.audit',
        resource,
        instrumentationScope: scope,
        attributes: {},
        droppedAttributesCount: 0,
      });
    },
    async close(withinMs) {
      await queue.close(withinMs);
      await within(exporter.shutdown(), 500);
    },
  };
}

/** Pushes the registry that the Prometheus endpoint shows, so that both always agree. */
export async function pushMetrics(
  registry: MetricsRegistry,
  options: Omit<PushOptions, 'dropped'> & { readonly interval: number },
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
  reader.setMetricProducer(producerOf(registry, resourceFromAttributes(options.resource)));
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
      : { credentials: grpc.credentials.createSsl(tls.ca ?? null, tls.key ?? null, tls.cert ?? null) }),
  };
}

async function within(work: Promise<void>, milliseconds: number): Promise<void> {
  const limit = Promise.withResolvers<void>();
  const timer = setTimeout(limit.resolve, milliseconds);
  // A collector that is down must not keep a process from ending, nor make noise about it.
  await Promise.race([work.catch(() => undefined), limit.promise]);
  clearTimeout(timer);
}

const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL } as const;

function toReadableSpan(record: SpanRecord, resource: Resource): ReadableSpan {
  const { traceId, spanId, parentSpanId, state } = record;
  const traceState = state === undefined ? undefined : passedOn(state);
  const contextOf = (id: string, isRemote: boolean) => ({
    traceId,
    spanId: id,
    traceFlags: TraceFlags.SAMPLED,
    isRemote,
    ...(traceState === undefined ? {} : { traceState }),
  });
  const own = contextOf(spanId, false);
  return {
    name: record.name,
    kind: kinds[record.kind],
    spanContext: () => own,
    ...(parentSpanId === undefined ? {} : { parentSpanContext: contextOf(parentSpanId, record.remoteParent) }),
    startTime: hrTime(record.start),
    endTime: hrTime(record.end),
    duration: hrTime(Math.max(0, record.end - record.start)),
    status: { code: record.failed ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes: record.attributes as ReadableSpan['attributes'],
    links:
      record.link === undefined
        ? []
        : [
            {
              context: {
                traceId: record.link.traceId,
                spanId: record.link.spanId,
                traceFlags: record.link.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
                isRemote: true,
              },
            },
          ],
    events: [],
    ended: true,
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** A `tracestate` that nobody here changes. */
function passedOn(text: string) {
  const state = { serialize: () => text, get: () => undefined, set: () => state, unset: () => state };
  return state;
}

function hrTime(milliseconds: number): HrTime {
  const seconds = Math.floor(milliseconds / 1_000);
  return [seconds, Math.round((milliseconds - seconds * 1_000) * 1e6)];
}

/** Attributes that the conventions want as numbers. */
const numeric = new Set(['server.port', 'http.response.status_code']);

function producerOf(registry: MetricsRegistry, resource: Resource): MetricProducer {
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
                .filter((instrument) => instrument.series.size > 0)
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
