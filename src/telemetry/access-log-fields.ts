import { hash } from 'node:crypto';
import type { Exchange } from '../http/exchange.ts';
import type { RequestFacts } from '../http/facts.ts';
import { isoTime } from './iso-time.ts';

/** An exchange whose reply is done. */
export interface FinishedExchange {
  readonly exchange: Exchange;
  readonly facts: RequestFacts;
  /** Status that the client was sent. */
  readonly status: number;
  /** Milliseconds from the request's start to the end of the reply. */
  readonly duration: number;
  /** Requests since the process started, this one included. */
  readonly count: number;
  readonly trace: { readonly traceId: string; readonly spanId: string } | undefined;
}

/** Fields that requests have in common, by what they depend on. */
export type AccessLogPart = 'way' | 'caller' | 'request' | 'result' | 'message' | 'decision';

/** One field of the access log. */
export interface AccessLogReader {
  readonly name: string;
  /**
   * The part of the line to which it belongs, whose text is kept because other requests have it, too; absent: each request
   * has its own value. A field may depend on nothing but the source of its part.
   */
  readonly part?: AccessLogPart;
  /** `moment`: the same for all requests of one millisecond. `safe`: made by ourselves of characters that JSON takes as they are. */
  readonly nature?: 'moment' | 'safe';
  /** `undefined`: this exchange has no such field. */
  read(finished: FinishedExchange): string | number | boolean | undefined;
}

/** Every field, in the order they are written. Names are Traefik's where it has them; durations are in nanoseconds, as there. */
export const accessLogReaders: readonly AccessLogReader[] = [
  { name: 'StartUTC', nature: 'moment', read: ({ facts }) => isoTime(facts.startedAtWall) },
  { name: 'StartLocal', nature: 'moment', read: ({ facts }) => localTime(facts.startedAtWall) },
  { name: 'Duration', read: ({ duration }) => nanoseconds(duration) },
  { name: 'RequestContentSize', read: ({ facts }) => facts.requestBytes },
  { name: 'RequestCount', read: ({ count }) => count },
  {
    name: 'OriginDuration',
    read: ({ facts }) => (facts.originDuration === undefined ? undefined : nanoseconds(facts.originDuration)),
  },
  { name: 'DownstreamContentSize', read: ({ facts }) => facts.replyBytes },
  { name: 'Overhead', read: ({ facts, duration }) => nanoseconds(Math.max(0, duration - (facts.originDuration ?? 0))) },
  { name: 'RequestId', nature: 'safe', read: ({ exchange }) => exchange.id },
  { name: 'McpRequestId', read: ({ facts }) => facts.mcp?.requestId },
  { name: 'McpSession', nature: 'safe', read: ({ facts }) => fingerprint(facts.mcp?.sessionId) },
  { name: 'DecisionId', nature: 'safe', read: ({ facts }) => facts.decision?.id },
  { name: 'TraceId', nature: 'safe', read: ({ trace }) => trace?.traceId },
  { name: 'SpanId', nature: 'safe', read: ({ trace }) => trace?.spanId },
  { name: 'RouterName', part: 'way', read: ({ facts }) => facts.router },
  { name: 'ServiceName', part: 'way', read: ({ facts }) => facts.service },
  { name: 'ServiceURL', part: 'way', read: ({ facts }) => facts.serverUrl },
  {
    name: 'ServiceAddr',
    part: 'way',
    read: ({ facts }) => addressOf(facts.serverUrl),
  },
  { name: 'ClientAddr', part: 'caller', read: ({ exchange }) => exchange.peerAddress },
  { name: 'ClientHost', part: 'caller', read: ({ exchange }) => exchange.clientAddress },
  { name: 'ClientUsername', part: 'caller', read: ({ facts }) => facts.username ?? '-' },
  { name: 'RequestAddr', part: 'request', read: ({ exchange }) => exchange.target.authority },
  { name: 'RequestHost', part: 'request', read: ({ exchange }) => exchange.target.host },
  {
    name: 'RequestPort',
    part: 'request',
    read: ({ exchange }) => (exchange.target.port === undefined ? '-' : String(exchange.target.port)),
  },
  { name: 'RequestMethod', part: 'request', read: ({ exchange }) => exchange.method },
  { name: 'RequestPath', part: 'request', read: ({ exchange }) => exchange.originalPath },
  {
    name: 'RequestProtocol',
    part: 'request',
    read: ({ exchange }) => (exchange.protocol === '2' ? 'HTTP/2.0' : `HTTP/${exchange.protocol}`),
  },
  { name: 'RequestScheme', part: 'request', read: ({ exchange }) => exchange.target.scheme },
  { name: 'OriginStatus', part: 'result', read: ({ facts }) => facts.originStatus },
  { name: 'DownstreamStatus', part: 'result', read: ({ status }) => status },
  { name: 'RetryAttempts', part: 'result', read: ({ facts }) => facts.retryAttempts },
  { name: 'entryPointName', part: 'way', read: ({ exchange }) => exchange.entrypoint },
  { name: 'Generation', part: 'way', read: ({ facts }) => facts.generation },
  { name: 'ErrorType', part: 'result', read: ({ facts }) => facts.errorType },
  { name: 'McpKind', part: 'message', read: ({ facts }) => facts.mcp?.kind },
  { name: 'McpEra', part: 'message', read: ({ facts }) => facts.mcp?.era },
  { name: 'McpMethod', part: 'message', read: ({ facts }) => facts.mcp?.method },
  { name: 'McpTarget', part: 'message', read: ({ facts }) => facts.mcp?.name ?? facts.mcp?.uri },
  { name: 'McpProtocolVersion', part: 'message', read: ({ facts }) => facts.mcp?.protocolVersion },
  { name: 'McpErrorCode', part: 'message', read: ({ facts }) => facts.mcp?.errorCode },
  { name: 'McpToolError', part: 'message', read: ({ facts }) => facts.mcp?.toolError },
  { name: 'McpHiddenItems', part: 'message', read: ({ facts }) => facts.mcp?.hidden },
  { name: 'Decision', part: 'decision', read: ({ facts }) => facts.decision?.outcome },
  { name: 'DecisionReason', part: 'decision', read: ({ facts }) => facts.decision?.reason },
  { name: 'DecisionRule', part: 'decision', read: ({ facts }) => facts.decision?.ruleName ?? facts.decision?.rule },
  { name: 'DecisionMiddleware', part: 'decision', read: ({ facts }) => facts.decision?.middleware },
];

function nanoseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1e6);
}

/** Who knows a session id may take part in the session, so a log only gets something to tell sessions apart by. */
function fingerprint(sessionId: string | undefined): string | undefined {
  return sessionId === undefined ? undefined : hash('sha256', sessionId, 'hex').slice(0, 12);
}

let lastUrl: string | undefined;
let lastAddress: string | undefined;

function addressOf(url: string | undefined): string | undefined {
  if (url !== lastUrl) {
    lastUrl = url;
    lastAddress = url?.replace(/^[a-z0-9+.-]+:\/\/|\/.*$/gi, '');
  }
  return lastAddress;
}

let offsetMinute = Number.NaN;
let offset = 0;

function localTime(milliseconds: number): string {
  // Clocks are put forward and back at full minutes.
  const minute = Math.floor(milliseconds / 60_000);
  if (minute !== offsetMinute) {
    offset = -new Date(milliseconds).getTimezoneOffset();
    offsetMinute = minute;
  }
  if (offset === 0) return isoTime(milliseconds);
  const shifted = isoTime(milliseconds + offset * 60_000).slice(0, -1);
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${shifted}${offset < 0 ? '-' : '+'}${two(Math.abs(offset) / 60)}:${two(Math.abs(offset) % 60)}`;
}
