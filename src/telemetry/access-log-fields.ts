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

/** One field of the access log. */
export interface AccessLogReader {
  readonly name: string;
  /** `undefined`: this exchange has no such field. */
  read(finished: FinishedExchange): string | number | boolean | undefined;
}

/** Every field, in the order they are written. Names are Traefik's where it has them; durations are in nanoseconds, as there. */
export const accessLogReaders: readonly AccessLogReader[] = [
  { name: 'StartUTC', read: ({ facts }) => isoTime(facts.startedAtWall) },
  { name: 'StartLocal', read: ({ facts }) => localTime(facts.startedAtWall) },
  { name: 'Duration', read: ({ duration }) => nanoseconds(duration) },
  { name: 'RouterName', read: ({ facts }) => facts.router },
  { name: 'ServiceName', read: ({ facts }) => facts.service },
  { name: 'ServiceURL', read: ({ facts }) => facts.serverUrl },
  { name: 'ServiceAddr', read: ({ facts }) => facts.serverUrl?.replace(/^[a-z0-9+.-]+:\/\/|\/.*$/gi, '') },
  { name: 'ClientAddr', read: ({ exchange }) => exchange.peerAddress },
  { name: 'ClientHost', read: ({ exchange }) => exchange.clientAddress },
  { name: 'ClientUsername', read: ({ facts }) => facts.username ?? '-' },
  { name: 'RequestAddr', read: ({ exchange }) => exchange.target.authority },
  { name: 'RequestHost', read: ({ exchange }) => exchange.target.host },
  {
    name: 'RequestPort',
    read: ({ exchange }) => (exchange.target.port === undefined ? '-' : String(exchange.target.port)),
  },
  { name: 'RequestMethod', read: ({ exchange }) => exchange.method },
  { name: 'RequestPath', read: ({ exchange }) => exchange.originalPath },
  {
    name: 'RequestProtocol',
    read: ({ exchange }) => (exchange.protocol === '2' ? 'HTTP/2.0' : `HTTP/${exchange.protocol}`),
  },
  { name: 'RequestScheme', read: ({ exchange }) => exchange.target.scheme },
  { name: 'RequestContentSize', read: ({ facts }) => facts.requestBytes },
  { name: 'RequestCount', read: ({ count }) => count },
  {
    name: 'OriginDuration',
    read: ({ facts }) => (facts.originDuration === undefined ? undefined : nanoseconds(facts.originDuration)),
  },
  { name: 'OriginStatus', read: ({ facts }) => facts.originStatus },
  { name: 'DownstreamStatus', read: ({ status }) => status },
  { name: 'DownstreamContentSize', read: ({ facts }) => facts.replyBytes },
  { name: 'Overhead', read: ({ facts, duration }) => nanoseconds(Math.max(0, duration - (facts.originDuration ?? 0))) },
  { name: 'RetryAttempts', read: ({ facts }) => facts.retryAttempts },
  { name: 'entryPointName', read: ({ exchange }) => exchange.entrypoint },
  { name: 'RequestId', read: ({ exchange }) => exchange.id },
  { name: 'Generation', read: ({ facts }) => facts.generation },
  { name: 'ErrorType', read: ({ facts }) => facts.errorType },
  { name: 'McpKind', read: ({ facts }) => facts.mcp?.kind },
  { name: 'McpEra', read: ({ facts }) => facts.mcp?.era },
  { name: 'McpMethod', read: ({ facts }) => facts.mcp?.method },
  { name: 'McpTarget', read: ({ facts }) => facts.mcp?.name ?? facts.mcp?.uri },
  { name: 'McpProtocolVersion', read: ({ facts }) => facts.mcp?.protocolVersion },
  { name: 'McpRequestId', read: ({ facts }) => facts.mcp?.requestId },
  { name: 'McpSession', read: ({ facts }) => fingerprint(facts.mcp?.sessionId) },
  { name: 'McpErrorCode', read: ({ facts }) => facts.mcp?.errorCode },
  { name: 'McpToolError', read: ({ facts }) => facts.mcp?.toolError },
  { name: 'McpHiddenItems', read: ({ facts }) => facts.mcp?.hidden },
  { name: 'Decision', read: ({ facts }) => facts.decision?.outcome },
  { name: 'DecisionId', read: ({ facts }) => facts.decision?.id },
  { name: 'DecisionReason', read: ({ facts }) => facts.decision?.reason },
  { name: 'DecisionRule', read: ({ facts }) => facts.decision?.ruleName ?? facts.decision?.rule },
  { name: 'DecisionMiddleware', read: ({ facts }) => facts.decision?.middleware },
  { name: 'TraceId', read: ({ trace }) => trace?.traceId },
  { name: 'SpanId', read: ({ trace }) => trace?.spanId },
];

function nanoseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1e6);
}

/** Who knows a session id may take part in the session, so a log only gets something to tell sessions apart by. */
function fingerprint(sessionId: string | undefined): string | undefined {
  return sessionId === undefined ? undefined : hash('sha256', sessionId, 'hex').slice(0, 12);
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
