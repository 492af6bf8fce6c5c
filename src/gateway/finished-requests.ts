import { performance } from 'node:perf_hooks';
import type { IncomingExchange } from '../entrypoint/incoming-exchange.ts';
import type { Exchange } from '../http/exchange.ts';
import type { AccessLog } from '../telemetry/access-log.ts';
import type { AuditTrail } from '../telemetry/audit/audit-trail.ts';
import type { GatewayMetrics } from '../telemetry/metrics/gateway-metrics.ts';

/** Who hears of requests that are over. */
export interface Hearers {
  readonly accessLog: AccessLog | undefined;
  readonly metrics: GatewayMetrics | undefined;
  readonly tracer: { finished(exchange: Exchange, status: number, end: number): void } | undefined;
  readonly audit: AuditTrail | undefined;
}

interface Finished {
  readonly exchange: IncomingExchange;
  readonly status: number;
  /** By the clock of `facts.startedAt`. */
  readonly end: number;
}

/** Milliseconds in which requests end together: long enough for a busy gateway, and nobody's eyes are quicker. */
const togetherWithin = 2;
/** So many are not kept waiting: the processor would have forgotten what they are about. */
const many = 8;

/**
 * Tells of requests that are over: some at a time, to one hearer after the other. Between two requests the processor forgets
 * the code that writes a record, so one after the other they cost less; a dozen requests later it has also forgotten what is
 * to be written.
 */
export class FinishedRequests {
  readonly #hearers: Hearers;
  #waiting: Finished[] = [];
  #timed = false;

  constructor(hearers: Hearers) {
    this.#hearers = hearers;
  }

  add(exchange: IncomingExchange, status: number): void {
    const waiting = this.#waiting.push({ exchange, status, end: performance.now() });
    if (waiting >= many) {
      this.tell();
      return;
    }
    if (this.#timed) return;
    this.#timed = true;
    setTimeout(tellInTime, togetherWithin, this).unref();
  }

  tellInTime(): void {
    this.#timed = false;
    this.tell();
  }

  /** Tells of those that wait. */
  tell(): void {
    const list = this.#waiting;
    if (list.length === 0) return;
    this.#waiting = [];
    const { accessLog, metrics, tracer, audit } = this.#hearers;
    if (accessLog !== undefined) for (const one of list) accessLog.record(one.exchange, one);
    if (metrics !== undefined) for (const one of list) count(metrics, one);
    if (tracer !== undefined) for (const { exchange, status, end } of list) tracer.finished(exchange, status, end);
    if (audit !== undefined) for (const one of list) account(audit, one);
  }
}

function tellInTime(requests: FinishedRequests): void {
  requests.tellInTime();
}

function count(metrics: GatewayMetrics, { exchange, status, end }: Finished): void {
  const { facts } = exchange;
  metrics.record(exchange, { status, duration: end - facts.startedAt, tls: exchange.target.scheme === 'https' });
  const reason = failedAuthentication(exchange);
  if (reason !== undefined) metrics.instruments.authenticationFailures.add(1, facts.router ?? '', reason);
}

/** What is known only at the end: decisions have been accounted for when they were made. */
function account(audit: AuditTrail, { exchange, status }: Finished): void {
  const { facts } = exchange;
  const errorType = failedAuthentication(exchange);
  if (errorType !== undefined) {
    audit
      .record({
        type: 'authentication-failure',
        time: Date.now(),
        outcome: 'refused',
        ...aboutExchange(exchange),
        errorType,
        status,
      })
      ?.catch(ignore);
  }
  if (facts.mcp !== undefined && facts.mcp.hidden > 0) {
    audit
      .record({
        type: 'list-filtered',
        time: Date.now(),
        outcome: 'filtered',
        ...aboutExchange(exchange),
        kind: facts.mcp.kind,
        method: facts.mcp.method,
        requestId: facts.mcp.requestId,
        hidden: facts.mcp.hidden,
      })
      ?.catch(ignore);
  }
}

/** Why the caller is not known, where that was asked. */
function failedAuthentication({ facts, identity }: Exchange): string | undefined {
  return facts.authenticationStart > 0 && identity === undefined ? facts.errorType : undefined;
}

/** The record is one more witness of what has happened already; nothing can be refused any more. */
function ignore(): void {}

function aboutExchange(exchange: Exchange) {
  const { facts, identity } = exchange;
  return {
    exchange: exchange.number,
    router: facts.router,
    client: exchange.clientAddress,
    identity:
      identity === undefined ? undefined : { kind: identity.kind, issuer: identity.issuer, subject: identity.subject },
    trace: facts.trace?.traceId,
  };
}
