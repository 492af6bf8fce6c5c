import { version } from '../admin/version.ts';
import type { StaticConfiguration } from '../config/static/schema.ts';
import type { Entrypoint } from '../entrypoint/entrypoint.ts';
import type { IncomingExchange } from '../entrypoint/incoming-exchange.ts';
import type { ReplyEnd } from '../entrypoint/reply-writer.ts';
import type { Exchange, Reply } from '../http/exchange.ts';
import { textReply } from '../http/refusal.ts';
import { type AccessLog, createAccessLog } from '../telemetry/access-log.ts';
import type { AuditType } from '../telemetry/audit/audit-entry.ts';
import type { Logger } from '../telemetry/log.ts';
import { expositionType, writeExposition } from '../telemetry/metrics/exposition.ts';
import { GatewayMetrics } from '../telemetry/metrics/gateway-metrics.ts';
import { compileShown } from '../telemetry/metrics/metrics-options.ts';
import { type Environment, otlpRoute, resourceAttributesOf } from '../telemetry/otlp-options.ts';
import type { Witness } from '../telemetry/witness.ts';
import { FinishedRequests } from './finished-requests.ts';
import { openAudit } from './open-audit.ts';
import { pushLogs } from './push-logs.ts';
import { watchCertificates } from './watch-certificates.ts';

/** Hears what happens in the gateway and hands it to telemetry. Nothing here may fail or delay a request. */
export interface Observer {
  /** A request was taken in; undefined when nobody wants to know so early. */
  readonly began: ((exchange: Exchange) => void) | undefined;
  finished(exchange: IncomingExchange, status: number, end: ReplyEnd): void;
  /** A configuration was taken over, or refused. */
  reloaded(ok: boolean, about: { readonly generation: number; readonly problems: number }): void;
  /** What middlewares tell. */
  readonly witness: Witness;
  /** Documents for the admin entrypoint, by path. */
  readonly documents: ReadonlyMap<string, (exchange: Exchange) => Promise<Reply>>;
  /** Gives access to what is read rather than heard. */
  watch(state: WatchedState): void;
  reopen(): void;
  close(): Promise<void>;
}

/** What can be looked at when somebody asks. */
export interface WatchedState {
  readonly entrypoints: () => readonly Entrypoint[];
  readonly servers: () => ReadonlyMap<string, readonly object[]>;
  /** Certificates that are shown, PEM. */
  readonly certificates: () => readonly string[];
}

/** Records of a signal that were lost so far. */
export type Lost = Readonly<Record<string, () => number>>;

/** What can be dropped. Each is counted from 0 on, so that the first loss is a change that alert rules see. */
const droppable = ['traces', 'audit', 'audit-push', 'access', 'access-push', 'log', 'log-push'] as const;

type Part = { close(withinMs: number): Promise<void> };

/**
 * Wires up what the install options ask for. What pushes is loaded only when something is to be pushed.
 *
 * @throws PortcullisError when a file cannot be written or a key cannot be read.
 */
export async function createObserver(
  configuration: StaticConfiguration,
  log: Logger,
  lost: Lost = {},
  env: Environment = process.env,
): Promise<Observer> {
  const parts: Part[] = [];
  const { metrics: metricsOptions } = configuration;
  const metrics = metricsOptions === undefined ? undefined : new GatewayMetrics(metricsOptions);
  for (const signal of droppable) metrics?.instruments.dropped.add(0, signal);
  const dropped = (signal: (typeof droppable)[number]) => (records: number) =>
    metrics?.instruments.dropped.add(records, signal);

  const accessLog = await openAccessLog(configuration, log, env, dropped('access-push'), parts);
  if (metrics !== undefined) {
    const elsewhere = Object.entries({ ...lost, access: () => accessLog?.dropped ?? 0 });
    const counter = metrics.instruments.dropped;
    counter.observe = () => {
      for (const [signal, read] of elsewhere) counter.series.get([signal]).value = read();
    };
  }
  const disabled = env['OTEL_SDK_DISABLED'] === 'true';
  const pushes = !disabled && (metricsOptions?.otlp !== undefined || env['OTEL_METRICS_EXPORTER'] === 'otlp');
  if (metrics !== undefined && pushes) {
    const { pushMetrics } = await import('../telemetry/opentelemetry.ts');
    const options = metricsOptions?.otlp;
    parts.push(
      await pushMetrics(metrics.registry, {
        route: otlpRoute(options, 'metrics', env),
        resource: resourceAttributesOf(options ?? {}, version, env),
        env,
        keeps: compileShown(options),
        interval: options?.pushInterval ?? 10_000,
      }),
    );
  }
  const tracer =
    disabled || configuration.tracing === undefined
      ? undefined
      : await (await import('./tracer.ts')).createTracer(configuration.tracing, env, dropped('traces'));
  if (tracer !== undefined) parts.push(tracer);
  const auditPush = await pushLogs(configuration.audit?.otlp, configuration, env, dropped('audit-push'));
  if (auditPush !== undefined) parts.push(auditPush);
  const audit = await openAudit(configuration, {
    log,
    recorded: metrics === undefined ? undefined : recordCounts(metrics),
    dropped: dropped('audit'),
    copy:
      auditPush === undefined
        ? undefined
        : (line) =>
            auditPush.add({
              time: Date.now(),
              severity: 'info',
              eventName: 'portcullis.audit',
              body: line.trimEnd(),
            }),
  });
  const sweep = metrics === undefined ? undefined : setInterval(() => metrics.sweep(), 60_000).unref();

  const witness: Witness = {
    jwksFetched: (middleware, result) => metrics?.instruments.jwksFetches.add(1, middleware, result),
    tokenLookups: (middleware) => tokenLookups(metrics, middleware),
    shadowDiffered: ({ middleware, live, shadow, rule, ruleName }) =>
      metrics?.instruments.shadowDifferences.add(
        1,
        middleware,
        live,
        shadow,
        rule === undefined ? '' : String(rule),
        ruleName ?? '',
      ),
    audit,
  };

  const finished = new FinishedRequests({ accessLog, metrics, tracer, audit });
  const page = (counted: GatewayMetrics, shown: (name: string) => boolean) => () => {
    finished.tell();
    return Promise.resolve(textReply(200, writeExposition(counted.registry, shown), expositionType));
  };

  return {
    witness,
    documents:
      metrics === undefined || metricsOptions?.prometheus === undefined || metricsOptions.prometheus.manualRouting
        ? new Map()
        : new Map([['/metrics', page(metrics, compileShown(metricsOptions.prometheus))]]),
    began: tracer?.began,
    finished: (exchange, status) => finished.add(exchange, status),
    reloaded(ok, { generation, problems }) {
      metrics?.instruments.configReloads.add(1);
      metrics?.instruments.configOk.set(ok ? 1 : 0);
      metrics?.instruments.generation.set(generation);
      if (ok) metrics?.instruments.configLastReload.set(Math.round(Date.now() / 1_000));
      audit
        ?.record({
          type: 'configuration',
          time: Date.now(),
          outcome: ok ? 'loaded' : 'rejected',
          generation,
          problems,
        })
        ?.catch(ignore);
    },
    watch({ entrypoints, servers, certificates }) {
      if (metrics === undefined) return;
      watchCertificates(metrics.instruments.certificateEnd, certificates);
      const { openConnections, openStreams, serverUp } = metrics.instruments;
      openConnections.observe = () => {
        for (const one of entrypoints()) openConnections.set(one.connections, one.name, 'TCP');
      };
      openStreams.observe = () => {
        for (const one of entrypoints()) openStreams.set(one.openStreams, one.name);
      };
      serverUp.observe = () => {
        const seen = new Set<string>();
        for (const [service, list] of servers()) {
          for (const server of list as readonly { url: string; state: string }[]) {
            seen.add(`${service}\n${server.url}`);
            serverUp.set(server.state === 'up' || server.state === 'fenced' ? 1 : 0, service, server.url);
          }
        }
        serverUp.series.forget(([service, url]) => !seen.has(`${service}\n${url}`));
      };
    },
    reopen() {
      finished.tell();
      accessLog?.reopen();
      audit?.reopen();
    },
    async close() {
      finished.tell();
      clearInterval(sweep);
      await Promise.all([accessLog?.close(), audit?.close()]);
      await Promise.all(parts.map((part) => part.close(1_000)));
    },
  };
}

async function openAccessLog(
  configuration: StaticConfiguration,
  log: Logger,
  env: Environment,
  dropped: (records: number) => void,
  parts: Part[],
): Promise<AccessLog | undefined> {
  const { accessLog } = configuration;
  if (accessLog === undefined) return undefined;
  const push = await pushLogs(accessLog.otlp, configuration, env, dropped);
  if (push === undefined) return createAccessLog(accessLog, log);
  parts.push(push);
  return createAccessLog(accessLog, log, {
    copy: (body, { facts: { trace } }, time) =>
      push.add({ time, severity: 'info', eventName: 'portcullis.access', body, trace }),
  });
}

/** The record is one more witness of what has happened already; nothing can be refused any more. */
function ignore(): void {}

function tokenLookups(metrics: GatewayMetrics | undefined, middleware: string): (hit: boolean) => void {
  if (metrics === undefined) return ignore;
  const { series } = metrics.instruments.tokenCache;
  const hits = series.get([middleware, 'hit']);
  const misses = series.get([middleware, 'miss']);
  return (hit) => {
    (hit ? hits : misses).value += 1;
  };
}

function recordCounts({ instruments }: GatewayMetrics): (type: AuditType) => void {
  const counts = new Map<AuditType, { value: number }>();
  return (type) => {
    let count = counts.get(type);
    if (count === undefined) {
      count = instruments.auditRecords.series.get([type]);
      counts.set(type, count);
    }
    count.value += 1;
  };
}
