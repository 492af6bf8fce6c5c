import { ownString } from '../http/name-table.ts';
import type { AccessLogPart, FinishedExchange } from './access-log-fields.ts';

/** What all fields of a part are made of: while that is the same, their text is. */
interface PartSource<Kept> {
  same(kept: Kept, finished: FinishedExchange): boolean;
  keep(finished: FinishedExchange): Kept;
}

const way = source({
  keep: ({ exchange, facts: { router, service, serverUrl, generation } }) => ({
    router,
    service,
    serverUrl,
    generation,
    entrypoint: exchange.entrypoint,
  }),
  same: (kept, { exchange, facts }) =>
    kept.serverUrl === facts.serverUrl &&
    kept.service === facts.service &&
    kept.router === facts.router &&
    kept.generation === facts.generation &&
    kept.entrypoint === exchange.entrypoint,
});

const caller = source({
  keep: ({ exchange: { peerAddress, clientAddress }, facts: { username } }) => ({
    peerAddress,
    clientAddress,
    username: ownString(username),
  }),
  same: (kept, { exchange, facts }) =>
    kept.username === facts.username &&
    kept.peerAddress === exchange.peerAddress &&
    kept.clientAddress === exchange.clientAddress,
});

const request = source({
  keep: ({ exchange: { target, method, originalPath, protocol } }) => ({
    authority: ownString(target.authority),
    host: ownString(target.host),
    port: target.port,
    scheme: target.scheme,
    method,
    originalPath: ownString(originalPath),
    protocol,
  }),
  same: (kept, { exchange }) =>
    kept.originalPath === exchange.originalPath &&
    kept.method === exchange.method &&
    kept.protocol === exchange.protocol &&
    kept.authority === exchange.target.authority &&
    kept.host === exchange.target.host &&
    kept.port === exchange.target.port &&
    kept.scheme === exchange.target.scheme,
});

const result = source({
  keep: ({ status, facts: { originStatus, retryAttempts, errorType } }) => ({
    status,
    originStatus,
    retryAttempts,
    errorType,
  }),
  same: (kept, { status, facts }) =>
    kept.status === status &&
    kept.originStatus === facts.originStatus &&
    kept.retryAttempts === facts.retryAttempts &&
    kept.errorType === facts.errorType,
});

const message = source({
  keep: ({ facts: { mcp } }) =>
    mcp && {
      kind: mcp.kind,
      era: mcp.era,
      method: ownString(mcp.method),
      name: ownString(mcp.name),
      uri: ownString(mcp.uri),
      protocolVersion: ownString(mcp.protocolVersion),
      errorCode: mcp.errorCode,
      toolError: mcp.toolError,
      hidden: mcp.hidden,
    },
  same: (kept, { facts: { mcp } }) =>
    kept === undefined || mcp === undefined
      ? kept === mcp
      : kept.name === mcp.name &&
        kept.method === mcp.method &&
        kept.uri === mcp.uri &&
        kept.kind === mcp.kind &&
        kept.era === mcp.era &&
        kept.protocolVersion === mcp.protocolVersion &&
        kept.errorCode === mcp.errorCode &&
        kept.toolError === mcp.toolError &&
        kept.hidden === mcp.hidden,
});

const decision = source({
  keep: ({ facts: { decision: made } }) =>
    made && {
      outcome: made.outcome,
      reason: made.reason,
      rule: made.rule,
      ruleName: made.ruleName,
      middleware: made.middleware,
    },
  same: (kept, { facts: { decision: made } }) =>
    kept === undefined || made === undefined
      ? kept === made
      : kept.rule === made.rule &&
        kept.ruleName === made.ruleName &&
        kept.middleware === made.middleware &&
        kept.outcome === made.outcome &&
        kept.reason === made.reason,
});

/** Of each part, in the order they are written. */
export const accessLogParts: readonly (readonly [AccessLogPart, PartSource<unknown>])[] = [
  ['way', way],
  ['caller', caller],
  ['request', request],
  ['result', result],
  ['message', message],
  ['decision', decision],
];

/** Each source is only asked about what it kept itself. */
function source<Kept>(typed: PartSource<Kept>): PartSource<unknown> {
  return typed as PartSource<unknown>;
}
