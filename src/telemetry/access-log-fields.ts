import { hash } from 'node:crypto';
import type { AccessLogReader } from './access-log-field.ts';
import { ownFields } from './access-log-own-fields.ts';
import { isoTime } from './iso-time.ts';

/** Every field, in the order they are written. Names are Traefik's where it has them; durations are in nanoseconds, as there. */
export const accessLogReaders: readonly AccessLogReader[] = [
  { name: 'StartUTC', part: 'moment', read: ({ facts }) => isoTime(facts.startedAtWall) },
  { name: 'StartLocal', part: 'moment', read: ({ facts }) => localTime(facts.startedAtWall) },
  ...ownFields,
  { name: 'McpSession', read: ({ facts }) => fingerprint(facts.mcp?.sessionId) },
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
  { name: 'RequestAddr', part: 'way', read: ({ exchange }) => exchange.target.authority },
  { name: 'RequestHost', part: 'way', read: ({ exchange }) => exchange.target.host },
  {
    name: 'RequestPort',
    part: 'way',
    read: ({ exchange }) => (exchange.target.port === undefined ? '-' : String(exchange.target.port)),
  },
  { name: 'RequestMethod', part: 'way', read: ({ exchange }) => exchange.method },
  { name: 'RequestPath', part: 'way', read: ({ exchange }) => exchange.originalPath },
  {
    name: 'RequestProtocol',
    part: 'way',
    read: ({ exchange }) => (exchange.protocol === '2' ? 'HTTP/2.0' : `HTTP/${exchange.protocol}`),
  },
  { name: 'RequestScheme', part: 'way', read: ({ exchange }) => exchange.target.scheme },
  { name: 'OriginStatus', part: 'way', read: ({ facts }) => facts.originStatus },
  { name: 'DownstreamStatus', part: 'way', read: ({ status }) => status },
  { name: 'RetryAttempts', part: 'way', read: ({ facts }) => facts.retryAttempts },
  { name: 'entryPointName', part: 'way', read: ({ exchange }) => exchange.entrypoint },
  { name: 'Generation', part: 'way', read: ({ facts }) => facts.generation },
  { name: 'ErrorType', part: 'way', read: ({ facts }) => facts.errorType },
  { name: 'McpKind', part: 'message', read: ({ facts }) => facts.mcp?.kind },
  { name: 'McpEra', part: 'message', read: ({ facts }) => facts.mcp?.era },
  { name: 'McpMethod', part: 'message', read: ({ facts }) => facts.mcp?.method },
  { name: 'McpTarget', part: 'message', read: ({ facts }) => facts.mcp?.name ?? facts.mcp?.uri },
  { name: 'McpProtocolVersion', part: 'message', read: ({ facts }) => facts.mcp?.protocolVersion },
  { name: 'McpErrorCode', part: 'message', read: ({ facts }) => facts.mcp?.errorCode },
  { name: 'McpToolError', part: 'message', read: ({ facts }) => facts.mcp?.toolError },
  { name: 'McpHiddenItems', part: 'message', read: ({ facts }) => facts.mcp?.hidden },
  { name: 'Decision', part: 'message', read: ({ facts }) => facts.decision?.outcome },
  { name: 'DecisionReason', part: 'message', read: ({ facts }) => facts.decision?.reason },
  { name: 'DecisionRule', part: 'message', read: ({ facts }) => facts.decision?.ruleName ?? facts.decision?.rule },
  { name: 'DecisionMiddleware', part: 'message', read: ({ facts }) => facts.decision?.middleware },
];

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
