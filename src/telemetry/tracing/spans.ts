import type { Exchange } from '../../http/exchange.ts';
import type { McpFacts, RequestFacts } from '../../http/facts.ts';
import type { ByteWriter } from '../byte-writer.ts';
import { errorTypeOf, knownHttpMethod, splitUrl } from '../metrics/label-values.ts';
import { writeCaptured } from './captured-attributes.ts';
import type { EndedRequest } from './ended-request.ts';
import { type RequestSpans, randomHex } from './request-trace.ts';
import { keys } from './span-keys.ts';
import type { SpanSettings } from './span-settings.ts';
import { attribute, beginSpan, endSpan, type SpanHead } from './span-writer.ts';

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
  const { mcp } = facts;
  const operation = mcp !== undefined && mcp.method !== '' ? mcp : undefined;
  const name = operation === undefined ? httpName(exchange) : operationName(operation);
  writeServerSpan(out, request, operation, name, settings);
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
    const error =
      facts.originStatus === undefined
        ? (facts.errorType ?? 'unknown')
        : errorTypeOf(facts, facts.originStatus, 'client');
    const start = beginSpan(out, trace, {
      spanId: trace.clientSpanId,
      parentSpanId: trace.spanId,
      name: operation === undefined ? knownHttpMethod(exchange.method) : name,
      kind: 'client',
      start: offset + facts.originStart,
      end: offset + (facts.originEnd === 0 ? end : facts.originEnd),
    });
    // Services speak HTTP/1.1, whatever the client speaks.
    writeCommon(out, operation, '1.1', error, settings);
    const [address, port] = splitUrl(facts.serverUrl);
    attribute(out, keys.upstreamAddress, address);
    attribute(out, keys.upstreamPort, Number(port));
    attribute(out, keys.httpMethod, knownHttpMethod(exchange.method));
    if (facts.originStatus !== undefined) attribute(out, keys.originStatus, facts.originStatus);
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

function writeServerSpan(
  out: ByteWriter,
  request: EndedRequest,
  operation: McpFacts | undefined,
  name: string,
  settings: SpanSettings,
): void {
  const { exchange, status, end, trace } = request;
  const { facts, target } = exchange;
  const error = serverError(facts, status, operation);
  const start = beginSpan(out, trace, {
    spanId: trace.spanId,
    parentSpanId: trace.parent?.spanId,
    name,
    kind: 'server',
    start: facts.startedAtWall,
    end: facts.startedAtWall + (end - facts.startedAt),
  });
  writeCommon(out, operation, exchange.protocol, error, settings);
  attribute(out, keys.clientAddress, exchange.clientAddress);
  attribute(out, keys.httpMethod, knownHttpMethod(exchange.method));
  attribute(out, keys.status, status);
  attribute(out, keys.path, exchange.originalPath);
  attribute(out, keys.scheme, target.scheme);
  attribute(out, keys.serverAddress, target.host);
  if (target.port !== undefined) attribute(out, keys.serverPort, target.port);
  attribute(out, keys.entrypoint, exchange.entrypoint);
  if (facts.router !== undefined) attribute(out, keys.router, facts.router);
  if (facts.service !== undefined) attribute(out, keys.service, facts.service);
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
  const start = beginSpan(out, trace, inner('authenticate', trace, offset + facts.authenticationStart, offset + until));
  if (identity !== undefined) attribute(out, keys.identityKind, identity.kind);
  else if (facts.errorType !== undefined) attribute(out, keys.error, facts.errorType);
  endSpan(out, start, { failed: identity === undefined, remoteParent: false, link: undefined });
}

function writeDecision(out: ByteWriter, facts: RequestFacts, trace: RequestSpans, offset: number): void {
  const { decision } = facts;
  if (decision === undefined) return;
  const start = beginSpan(out, trace, inner('decide', trace, offset + facts.decisionStart, offset + facts.decisionEnd));
  attribute(out, keys.outcome, decision.outcome);
  attribute(out, keys.reason, decision.reason);
  attribute(out, keys.middleware, decision.middleware);
  if (decision.rule !== undefined) attribute(out, keys.rule, decision.rule);
  if (decision.ruleName !== undefined) attribute(out, keys.ruleName, decision.ruleName);
  endSpan(out, start, { failed: false, remoteParent: false, link: undefined });
}

function inner(name: string, trace: RequestSpans, start: number, end: number): SpanHead {
  return { spanId: randomHex(8), parentSpanId: trace.spanId, name, kind: 'internal', start, end };
}

/** `{mcp.method.name} {target}`; a resource's URI is not in the name, there are too many of them. */
function operationName(mcp: McpFacts): string {
  return mcp.name === undefined ? mcp.method : `${mcp.method} ${mcp.name}`;
}

function httpName(exchange: Exchange): string {
  return exchange.facts.router === undefined
    ? knownHttpMethod(exchange.method)
    : `${knownHttpMethod(exchange.method)} ${exchange.facts.router}`;
}

/** A span has an `error.type` whenever it failed. What plain HTTP clients do wrong is no failure of a server. */
function serverError(facts: RequestFacts, status: number, operation: McpFacts | undefined): string {
  const error = operation === undefined ? '' : errorTypeOf(facts, status, 'server');
  return error === '' && status >= 500 ? (facts.errorType ?? String(status)) : error;
}

/** What both sides say about an operation. */
function writeCommon(
  out: ByteWriter,
  mcp: McpFacts | undefined,
  protocol: string,
  errorType: string,
  { aliases }: SpanSettings,
): void {
  attribute(out, keys.transport, 'tcp');
  attribute(out, keys.protocol, 'http');
  attribute(out, keys.protocolVersion, protocol);
  if (errorType !== '') attribute(out, keys.error, errorType);
  if (mcp === undefined) return;
  attribute(out, keys.method, mcp.method);
  if (mcp.protocolVersion !== undefined) attribute(out, keys.mcpVersion, mcp.protocolVersion);
  if (mcp.requestId !== undefined) {
    attribute(out, keys.requestId, mcp.requestId);
    if (aliases) attribute(out, keys.requestIdAlias, mcp.requestId);
  }
  if (mcp.uri !== undefined) attribute(out, keys.uri, mcp.uri);
  if (mcp.errorCode !== undefined) attribute(out, keys.rpcStatus, String(mcp.errorCode));
  if (mcp.method === 'tools/call') {
    attribute(out, keys.operation, 'execute_tool');
    if (mcp.name !== undefined) {
      attribute(out, keys.tool, mcp.name);
      if (aliases) attribute(out, keys.toolAlias, mcp.name);
    }
  } else if (mcp.method === 'prompts/get' && mcp.name !== undefined) attribute(out, keys.prompt, mcp.name);
}
