import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { version } from '../admin/version.ts';
import type { StaticConfiguration } from '../config/static/schema.ts';
import type { Entrypoint } from '../entrypoint/entrypoint.ts';
import type { IncomingExchange } from '../entrypoint/incoming-exchange.ts';
import type { ReplyEnd } from '../entrypoint/reply-writer.ts';
import { PortcullisError } from '../errors.ts';
import type { Exchange, Reply } from '../http/exchange.ts';
import { textReply } from '../http/refusal.ts';
import { type AccessLog, createAccessLog } from '../telemetry/access-log.ts';
import { openAuditFile } from '../telemetry/audit/audit-file.ts';
import { AuditTrail } from '../telemetry/audit/audit-trail.ts';
import { AuditChain } from '../telemetry/audit/chain.ts';
import type { Logger } from '../telemetry/log.ts';
import { expositionType, writeExposition } from '../telemetry/metrics/exposition.ts';
import { GatewayMetrics } from '../telemetry/metrics/gateway-metrics.ts';
import { type Environment, otlpRoute, resourceAttributesOf } from '../telemetry/otlp-options.ts';
import { RequestSpans, type TraceSettings } from '../telemetry/tracing/request-trace.ts';
import { chooseSampler } from '../telemetry/tracing/sampling.ts';
import { countSpans, type SpanRecord, type SpanSettings, spansOf } from '../telemetry/tracing/spans.ts';
import type { Witness } from '../telemetry/witness.ts';

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
}

type Part = { close(withinMs: number): Promise<void> };

/**
 * Wires up what the install options ask for. What pushes is loaded only when something is to be pushed.
 *
 * @throws PortcullisError when a file cannot be written or a key cannot be read.
 */
export async function createObserver(
  configuration: StaticConfiguration,
  log: Logger,
  env: Environment = process.env,
): Promise<Observer> {
  const parts: Part[] = [];
  const accessLog: AccessLog | undefined =
    configuration.accessLog === undefined ? undefined : createAccessLog(configuration.accessLog, log);
  const { metrics: metricsOptions } = configuration;
  const metrics = metricsOptions === undefined ? undefined : new GatewayMetrics(metricsOptions);
  const dropped = (signal: string) => (records: number) => metrics?.instruments.dropped.add(records, signal);

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
        interval: options?.pushInterval ?? 10_000,
      }),
    );
  }
  const tracer = disabled ? undefined : await createTracer(configuration, env, dropped('traces'));
  if (tracer !== undefined) parts.push(tracer);
  const audit = await createAudit(configuration, log, env, metrics, dropped, parts);
  const sweep = metrics === undefined ? undefined : setInterval(() => metrics.sweep(), 60_000).unref();

  const witness: Witness = {
    jwksFetched: (middleware, result) => metrics?.instruments.jwksFetches.add(1, middleware, result),
    tokenLookedUp: (middleware, hit) => metrics?.instruments.tokenCache.add(1, middleware, hit ? 'hit' : 'miss'),
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

  return {
    witness,
    documents:
      metrics === undefined || metricsOptions?.prometheus === undefined || metricsOptions.prometheus.manualRouting
        ? new Map()
        : new Map([
            ['/metrics', () => Promise.resolve(textReply(200, writeExposition(metrics.registry), expositionType))],
          ]),
    began: tracer?.began,
    finished(exchange, status) {
      const { facts } = exchange;
      const now = performance.now();
      accessLog?.record(exchange, status, facts.trace);
      metrics?.record(exchange, {
        status,
        duration: now - facts.startedAt,
        tls: exchange.target.scheme === 'https',
      });
      tracer?.finished(exchange, status, now);
      if (facts.authenticationStart > 0 && exchange.identity === undefined && facts.errorType !== undefined) {
        metrics?.instruments.authenticationFailures.add(1, facts.router ?? '', facts.errorType);
        audit
          ?.record({
            type: 'authentication-failure',
            time: Date.now(),
            outcome: 'refused',
            ...aboutExchange(exchange),
            errorType: facts.errorType,
            status,
          })
          ?.catch(ignore);
      }
      if (facts.mcp !== undefined && facts.mcp.hidden > 0) {
        audit
          ?.record({
            type: 'list-filtered',
            time: Date.now(),
            outcome: 'filtered',
            ...aboutExchange(exchange),
            mcp: { kind: facts.mcp.kind, method: facts.mcp.method, requestId: facts.mcp.requestId },
            hidden: facts.mcp.hidden,
          })
          ?.catch(ignore);
      }
    },
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
    watch({ entrypoints, servers }) {
      if (metrics === undefined) return;
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
      accessLog?.reopen();
      audit?.reopen();
    },
    async close() {
      clearInterval(sweep);
      await Promise.all([accessLog?.close(), audit?.close()]);
      await Promise.all(parts.map((part) => part.close(1_000)));
    },
  };
}

/** The record is one more witness of what has happened already; nothing can be refused any more. */
function ignore(): void {}

function aboutExchange(exchange: Exchange) {
  const { facts, identity } = exchange;
  return {
    exchange: exchange.id,
    router: facts.router,
    client: exchange.clientAddress,
    identity:
      identity === undefined ? undefined : { kind: identity.kind, issuer: identity.issuer, subject: identity.subject },
    trace: facts.trace?.traceId,
  };
}

interface Tracer extends Part {
  began(exchange: Exchange): void;
  finished(exchange: Exchange, status: number, end: number): void;
}

async function createTracer(
  configuration: StaticConfiguration,
  env: Environment,
  dropped: (records: number) => void,
): Promise<Tracer | undefined> {
  const { tracing } = configuration;
  if (tracing === undefined) return undefined;
  const { pushSpans } = await import('../telemetry/opentelemetry.ts');
  const push = await pushSpans({
    route: otlpRoute(tracing.otlp, 'traces', env),
    resource: resourceAttributesOf(tracing, version, env),
    env,
    dropped,
  });
  const settings: TraceSettings = {
    sample: chooseSampler(tracing.sampleRate, env),
    intoMessage: tracing.injectMeta,
    captureArguments: tracing.captureArguments,
    captureResults: tracing.captureResults,
  };
  const spanSettings: SpanSettings = tracing;
  return {
    began(exchange) {
      const { headers } = exchange;
      const trace = new RequestSpans(settings, headers.get('traceparent'), headers.get('tracestate'));
      exchange.facts.trace = trace;
      headers.set('traceparent', trace.upstreamParent);
      // What a stranger says about a request is nothing that the servers behind us should take for our word.
      headers.delete('baggage');
    },
    finished(exchange, status, end) {
      const { trace } = exchange.facts;
      if (trace === undefined || !trace.sampled) return;
      if (push.full) {
        // Spans that nobody can take are not worth making.
        dropped(countSpans(exchange.facts));
        return;
      }
      const spans: SpanRecord[] = spansOf(exchange, status, end, trace as RequestSpans, spanSettings);
      for (const span of spans) push.add(span);
    },
    close: (withinMs) => push.close(withinMs),
  };
}

async function createAudit(
  configuration: StaticConfiguration,
  log: Logger,
  env: Environment,
  metrics: GatewayMetrics | undefined,
  dropped: (signal: string) => (records: number) => void,
  parts: Part[],
): Promise<AuditTrail | undefined> {
  const { audit } = configuration;
  if (audit === undefined) return undefined;
  const chain = new AuditChain(await signingKey(audit.signingKeyFile));
  let copy: ((line: string) => void) | undefined;
  if (audit.otlp !== undefined) {
    const { pushAuditLines } = await import('../telemetry/opentelemetry.ts');
    const push = await pushAuditLines({
      route: otlpRoute(audit.otlp, 'logs', env),
      resource: resourceAttributesOf(configuration.tracing ?? {}, version, env),
      env,
      dropped: dropped('audit-push'),
    });
    parts.push(push);
    copy = (line) => push.add(line);
  }
  let outlet: ReturnType<typeof openAuditFile> | undefined;
  try {
    outlet = audit.filePath === undefined ? undefined : openAuditFile(audit.filePath, { sync: audit.sync });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PortcullisError('CONFIG_INVALID_VALUE', `audit.filePath: ${audit.filePath} cannot be written: ${why}`, {
      cause,
    });
  }
  log.info('audit checkpoints are signed', { chain: chain.name, publicKey: chain.publicKey });
  return new AuditTrail({
    chain,
    outlet,
    copy,
    strict: audit.strict,
    arguments: audit.arguments,
    checkpointInterval: audit.checkpointInterval,
    version,
    recorded: (type) => metrics?.instruments.auditRecords.add(1, type),
    dropped: dropped('audit'),
    failing: (error) =>
      error === undefined
        ? log.info('audit records are written again')
        : log.error('audit records cannot be written', { error: error.message, strict: audit.strict }),
  });
}

async function signingKey(file: string | undefined) {
  if (file === undefined) return undefined;
  try {
    const key = createPrivateKey(await readFile(file, 'utf8'));
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new PortcullisError('CONFIG_UNREADABLE', `audit.signingKeyFile: ${file} holds no private key in PEM`, {
      cause,
    });
  }
  throw new PortcullisError('CONFIG_INVALID_VALUE', `audit.signingKeyFile: ${file} holds no Ed25519 key`);
}
