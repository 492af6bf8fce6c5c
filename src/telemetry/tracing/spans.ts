import type { Exchange } from '../../http/exchange.ts';
import type { McpFacts, RequestFacts } from '../../http/facts.ts';
import { errorTypeOf, knownHttpMethod, splitUrl } from '../metrics/label-values.ts';
import { isCredentialHeader, redacted, scrub } from '../scrub.ts';
import { type RequestSpans, randomHex } from './request-trace.ts';
import type { RemoteParent } from './trace-context.ts';

export type AttributeValue = string | number | boolean | readonly string[];

/** A finished span, before any library sees it. */
export interface SpanRecord {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  /** True when the parent is another party's. */
  readonly remoteParent: boolean;
  readonly state: string | undefined;
  readonly name: string;
  readonly kind: 'server' | 'client' | 'internal';
  /** Milliseconds since 1970, with fractions. */
  readonly start: number;
  readonly end: number;
  readonly attributes: Record<string, AttributeValue>;
  readonly link: RemoteParent | undefined;
  readonly failed: boolean;
}

export interface SpanSettings {
  readonly capturedRequestHeaders: readonly string[];
  readonly aliases: boolean;
}

/**
 * The spans of a request that has ended: SERVER for what the gateway was asked, one each for authentication and decision,
 * CLIENT for what it asked the upstream. Names and attributes are those of the MCP conventions, for plain HTTP those of
 * the HTTP conventions.
 */
export function spansOf(
  exchange: Exchange,
  status: number,
  end: number,
  trace: RequestSpans,
  settings: SpanSettings,
): SpanRecord[] {
  const { facts } = exchange;
  // One wall-clock reading per request; the rest by the monotonic clock, so that spans nest exactly.
  const wall = (monotonic: number): number => facts.startedAtWall + (monotonic - facts.startedAt);
  const { mcp } = facts;
  const operation = mcp !== undefined && mcp.method !== '' ? mcp : undefined;
  const name = operation === undefined ? httpName(exchange) : operationName(operation);
  const serverError = errorTypeOf(facts, status, 'server');
  const server = attributesOf(exchange, operation, status, serverError, settings);
  Object.assign(server, {
    'client.address': exchange.clientAddress,
    'http.request.method': knownHttpMethod(exchange.method),
    'http.response.status_code': status,
    'url.path': exchange.originalPath,
    'url.scheme': exchange.target.scheme,
    'server.address': exchange.target.host,
    'portcullis.entrypoint': exchange.entrypoint,
  });
  if (exchange.target.port !== undefined) server['server.port'] = exchange.target.port;
  if (facts.router !== undefined) server['portcullis.router'] = facts.router;
  if (facts.service !== undefined) server['portcullis.service'] = facts.service;
  if (facts.decision !== undefined) server['portcullis.decision.id'] = facts.decision.id;
  if (mcp?.sessionId !== undefined) server['mcp.session.id'] = mcp.sessionId;
  if (trace.argumentsText !== undefined) server['gen_ai.tool.call.arguments'] = trace.argumentsText;
  if (settings.aliases && trace.argumentsText !== undefined) aliasArguments(trace.argumentsText, server);
  if (trace.resultText !== undefined) server['gen_ai.tool.call.result'] = trace.resultText;
  for (const header of settings.capturedRequestHeaders) captureHeader(exchange, header, server);

  const base = { traceId: trace.traceId, state: trace.state, link: undefined };
  const child = { ...base, parentSpanId: trace.spanId, remoteParent: false };
  const failed = status >= 500 || (serverError !== '' && operation !== undefined);
  const spans: SpanRecord[] = [
    {
      ...base,
      spanId: trace.spanId,
      parentSpanId: trace.parent?.spanId,
      remoteParent: trace.parent !== undefined,
      name,
      kind: 'server',
      start: facts.startedAtWall,
      end: wall(end),
      attributes: server,
      link: trace.link,
      failed,
    },
  ];
  if (facts.authenticationStart > 0) {
    const passed = exchange.identity !== undefined;
    const attributes: Record<string, AttributeValue> = {};
    if (exchange.identity !== undefined) attributes['portcullis.identity.kind'] = exchange.identity.kind;
    if (!passed && facts.errorType !== undefined) attributes['error.type'] = facts.errorType;
    spans.push({
      ...child,
      spanId: randomHex(8),
      name: 'authenticate',
      kind: 'internal',
      start: wall(facts.authenticationStart),
      end: wall(passed ? facts.authenticationEnd || facts.decisionStart || end : end),
      attributes,
      failed: !passed,
    });
  }
  if (facts.decision !== undefined && facts.decisionStart > 0) {
    const { decision } = facts;
    const attributes: Record<string, AttributeValue> = {
      'portcullis.decision.outcome': decision.outcome,
      'portcullis.decision.reason': decision.reason,
      'portcullis.decision.middleware': decision.middleware,
    };
    if (decision.rule !== undefined) attributes['portcullis.decision.rule'] = decision.rule;
    if (decision.ruleName !== undefined) attributes['portcullis.decision.rule_name'] = decision.ruleName;
    spans.push({
      ...child,
      spanId: randomHex(8),
      name: 'decide',
      kind: 'internal',
      start: wall(facts.decisionStart),
      end: wall(facts.decisionEnd),
      attributes,
      failed: false,
    });
  }
  if (facts.originStart > 0 && facts.serverUrl !== undefined) {
    const clientError =
      facts.originStatus === undefined
        ? (facts.errorType ?? 'unknown')
        : errorTypeOf(facts, facts.originStatus, 'client');
    const attributes = attributesOf(exchange, operation, facts.originStatus, clientError, settings);
    const [address, port] = splitUrl(facts.serverUrl);
    attributes['server.address'] = address;
    attributes['server.port'] = Number(port);
    attributes['http.request.method'] = knownHttpMethod(exchange.method);
    if (facts.originStatus !== undefined) attributes['http.response.status_code'] = facts.originStatus;
    if (facts.retryAttempts > 0) attributes['http.request.resend_count'] = facts.retryAttempts;
    spans.push({
      ...child,
      spanId: trace.clientSpanId,
      name: operation === undefined ? knownHttpMethod(exchange.method) : name,
      kind: 'client',
      start: wall(facts.originStart),
      end: wall(facts.originEnd === 0 ? end : facts.originEnd),
      attributes,
      failed: clientError !== '',
    });
  }
  return spans;
}

/** How many spans {@link spansOf} makes of a request. */
export function countSpans(facts: RequestFacts): number {
  return (
    1 +
    (facts.authenticationStart > 0 ? 1 : 0) +
    (facts.decision !== undefined && facts.decisionStart > 0 ? 1 : 0) +
    (facts.originStart > 0 && facts.serverUrl !== undefined ? 1 : 0)
  );
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

/** What both sides say about an operation. */
function attributesOf(
  exchange: Exchange,
  mcp: McpFacts | undefined,
  status: number | undefined,
  errorType: string,
  settings: SpanSettings,
): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = {
    'network.transport': 'tcp',
    'network.protocol.name': 'http',
    'network.protocol.version': exchange.protocol,
  };
  if (mcp !== undefined) {
    attributes['mcp.method.name'] = mcp.method;
    if (mcp.protocolVersion !== undefined) attributes['mcp.protocol.version'] = mcp.protocolVersion;
    if (mcp.requestId !== undefined) {
      attributes['jsonrpc.request.id'] = mcp.requestId;
      if (settings.aliases) attributes['mcp.request.id'] = mcp.requestId;
    }
    if (mcp.uri !== undefined) attributes['mcp.resource.uri'] = mcp.uri;
    if (mcp.errorCode !== undefined) attributes['rpc.response.status_code'] = String(mcp.errorCode);
    if (mcp.method === 'tools/call') {
      attributes['gen_ai.operation.name'] = 'execute_tool';
      if (mcp.name !== undefined) {
        attributes['gen_ai.tool.name'] = mcp.name;
        if (settings.aliases) attributes['mcp.tool.name'] = mcp.name;
      }
    } else if (mcp.method === 'prompts/get' && mcp.name !== undefined) attributes['gen_ai.prompt.name'] = mcp.name;
    if (errorType !== '') attributes['error.type'] = errorType;
  } else if (status === undefined || status >= 500) {
    attributes['error.type'] = exchange.facts.errorType ?? String(status ?? 'unknown');
  }
  return attributes;
}

function captureHeader(exchange: Exchange, header: string, attributes: Record<string, AttributeValue>): void {
  const lower = header.toLowerCase();
  const values = exchange.headers.getAll(lower);
  if (values.length > 0)
    attributes[`http.request.header.${lower}`] = isCredentialHeader(lower) ? [redacted] : values.map(scrub);
}

/** The guide's one attribute per argument, of what is redacted already. Text that was shortened is no longer JSON. */
function aliasArguments(text: string, attributes: Record<string, AttributeValue>): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [name, argument] of Object.entries(value).slice(0, 32))
    attributes[`mcp.request.argument.${name}`] = typeof argument === 'string' ? argument : JSON.stringify(argument);
}
