import type { McpFacts, RequestFacts } from '../../http/facts.ts';
import type { ByteWriter } from '../byte-writer.ts';
import { errorTypeOf } from '../metrics/label-values.ts';
import { writeCaptured } from './captured-attributes.ts';
import type { EndedRequest } from './ended-request.ts';
import type { RequestSpans } from './request-trace.ts';
import { callers, exchanges, type Operation, operationOf, operations, upstreams, verdicts } from './span-fragments.ts';
import { keys } from './span-keys.ts';
import type { SpanSettings } from './span-settings.ts';
import { attribute, beginSpan, beginSpans, endSpan, spanName } from './span-writer.ts';

/**
 * Writes the spans of a request that has ended: SERVER for what the gateway was asked, one each for authentication and
 * decision, CLIENT for what it asked the upstream. Names and attributes are those of the MCP conventions, for plain HTTP
 * those of the HTTP conventions.
 *
 * @returns how many spans they are.
 */
export function writeSpans(out: ByteWriter, request: EndedRequest, settings: SpanSettings): number {
  const { exchange, end, trace } = request;
  const { facts } = exchange;
  beginSpans(trace);
  writeServerSpan(out, request, settings);
  let count = 1;
  // One wall-clock reading per request; the rest by the monotonic clock, so that spans nest exactly.
  const offset = facts.startedAtWall - facts.startedAt;
  if (facts.authenticationStart > 0) {
    writeAuthentication(out, request, offset);
    count += 1;
  }
  if (facts.decision !== undefined && facts.decisionStart > 0) {
    writeDecision(out, facts, trace, offset);
    count += 1;
  }
  if (facts.originStart > 0 && facts.serverUrl !== undefined) {
    const until = facts.originEnd === 0 ? end : facts.originEnd;
    const start = beginSpan(out, trace, 'client', offset + facts.originStart, offset + until);
    const error =
      facts.originStatus === undefined
        ? (facts.errorType ?? 'unknown')
        : errorTypeOf(facts, facts.originStatus, 'client');
    // Services speak HTTP/1.1, whatever the client speaks.
    writeOperation(out, { exchange, side: 'client', protocol: '1.1', error, aliases: settings.aliases });
    upstreams.write(out, exchange);
    if (facts.retryAttempts > 0) attribute(out, keys.resendCount, facts.retryAttempts);
    endSpan(out, start, { failed: error !== '', remoteParent: false, link: undefined });
    count += 1;
  }
  return count;
}

/** How many spans {@link writeSpans} writes of a request. */
export function countSpans(facts: RequestFacts): number {
  return (
    1 +
    (facts.authenticationStart > 0 ? 1 : 0) +
    (facts.decision !== undefined && facts.decisionStart > 0 ? 1 : 0) +
    (facts.originStart > 0 && facts.serverUrl !== undefined ? 1 : 0)
  );
}

function writeServerSpan(out: ByteWriter, request: EndedRequest, settings: SpanSettings): void {
  const { exchange, status, end, trace } = request;
  const { facts } = exchange;
  const error = serverError(facts, status, operationOf(facts));
  const start = beginSpan(out, trace, 'server', facts.startedAtWall, facts.startedAtWall + (end - facts.startedAt));
  const { aliases } = settings;
  writeOperation(out, { exchange, side: 'server', protocol: exchange.protocol, error, aliases });
  callers.write(out, exchange);
  exchanges.write(out, request);
  if (facts.decision !== undefined) attribute(out, keys.decisionId, facts.decision.id);
  if (facts.mcp?.sessionId !== undefined) attribute(out, keys.session, facts.mcp.sessionId);
  writeCaptured(out, request, settings);
  endSpan(out, start, {
    failed: error !== '',
    remoteParent: trace.parent !== undefined,
    link: trace.link,
  });
}

function writeAuthentication(out: ByteWriter, { exchange, end, trace }: EndedRequest, offset: number): void {
  const { facts, identity } = exchange;
  const until = identity === undefined ? end : facts.authenticationEnd || facts.decisionStart || end;
  const start = beginSpan(out, trace, 'internal', offset + facts.authenticationStart, offset + until);
  spanName(out, 'authenticate');
  if (identity !== undefined) attribute(out, keys.identityKind, identity.kind);
  else if (facts.errorType !== undefined) attribute(out, keys.error, facts.errorType);
  endSpan(out, start, { failed: identity === undefined, remoteParent: false, link: undefined });
}

function writeDecision(out: ByteWriter, facts: RequestFacts, trace: RequestSpans, offset: number): void {
  const { decision } = facts;
  if (decision === undefined) return;
  const start = beginSpan(out, trace, 'internal', offset + facts.decisionStart, offset + facts.decisionEnd);
  spanName(out, 'decide');
  verdicts.write(out, decision);
  endSpan(out, start, { failed: false, remoteParent: false, link: undefined });
}

/** Name of an operation's span, and what both sides say about it. */
function writeOperation(out: ByteWriter, operation: Operation): void {
  operations.write(out, operation);
  const mcp = operationOf(operation.exchange.facts);
  if (mcp === undefined) return;
  if (mcp.requestId !== undefined) {
    attribute(out, keys.requestId, mcp.requestId);
    if (operation.aliases) attribute(out, keys.requestIdAlias, mcp.requestId);
  }
  if (mcp.uri !== undefined) attribute(out, keys.uri, mcp.uri);
}

/** A span has an `error.type` whenever it failed. What plain HTTP clients do wrong is no failure of a server. */
function serverError(facts: RequestFacts, status: number, operation: McpFacts | undefined): string {
  const error = operation === undefined ? '' : errorTypeOf(facts, status, 'server');
  return error === '' && status >= 500 ? (facts.errorType ?? String(status)) : error;
}
