import { version } from '../admin/version.ts';
import type { StaticConfiguration } from '../config/static/schema.ts';
import type { Exchange } from '../http/exchange.ts';
import { pushRecords } from '../telemetry/opentelemetry.ts';
import { type Environment, otlpRoute, resourceAttributesOf } from '../telemetry/otlp-options.ts';
import { RequestSpans, type TraceSettings } from '../telemetry/tracing/request-trace.ts';
import { chooseSampler } from '../telemetry/tracing/sampling.ts';
import { countSpans, writeSpans } from '../telemetry/tracing/spans.ts';

/** Gives each request its place in a trace, and sends the spans of those that are sampled. */
export interface Tracer {
  began(exchange: Exchange): void;
  /** `end` by the clock of `facts.startedAt`. */
  finished(exchange: Exchange, status: number, end: number): void;
  close(withinMs: number): Promise<void>;
}

/** This module and all that it needs are loaded only when requests are traced. */
export async function createTracer(
  tracing: NonNullable<StaticConfiguration['tracing']>,
  env: Environment,
  dropped: (records: number) => void,
): Promise<Tracer> {
  const push = await pushRecords({
    signal: 'traces',
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
      // Spans that nobody can take are not worth making.
      push.add(countSpans(exchange.facts), (out) =>
        writeSpans(out, { exchange, status, end, trace: trace as RequestSpans }, tracing),
      );
    },
    close: (withinMs) => push.close(withinMs),
  };
}
