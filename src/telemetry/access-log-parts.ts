import type { DecisionFacts, McpFacts } from '../http/facts.ts';
import { ownString } from '../http/name-table.ts';
import type { AccessLogPart, FinishedExchange } from './access-log-field.ts';

/** What all fields of a part are made of: while that is the same, their text is. */
interface PartSource<Kept> {
  same(kept: Kept, finished: FinishedExchange): boolean;
  keep(finished: FinishedExchange): Kept;
}

const way = source({
  keep: ({ exchange: { entrypoint, target, method, originalPath, protocol }, status, facts }) => ({
    entrypoint,
    router: facts.router,
    service: facts.service,
    serverUrl: facts.serverUrl,
    generation: facts.generation,
    authority: ownString(target.authority),
    host: ownString(target.host),
    port: target.port,
    scheme: target.scheme,
    method,
    originalPath: ownString(originalPath),
    protocol,
    status,
    originStatus: facts.originStatus,
    retryAttempts: facts.retryAttempts,
    errorType: facts.errorType,
  }),
  same: (kept, { exchange, status, facts }) =>
    kept.originalPath === exchange.originalPath &&
    kept.status === status &&
    kept.originStatus === facts.originStatus &&
    kept.retryAttempts === facts.retryAttempts &&
    kept.errorType === facts.errorType &&
    kept.serverUrl === facts.serverUrl &&
    kept.service === facts.service &&
    kept.router === facts.router &&
    kept.generation === facts.generation &&
    kept.entrypoint === exchange.entrypoint &&
    kept.method === exchange.method &&
    kept.protocol === exchange.protocol &&
    kept.authority === exchange.target.authority &&
    kept.host === exchange.target.host &&
    kept.port === exchange.target.port &&
    kept.scheme === exchange.target.scheme,
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

const message = source({
  keep: ({ facts: { mcp, decision } }) => ({
    mcp: mcp && {
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
    decision: decision && {
      outcome: decision.outcome,
      reason: decision.reason,
      rule: decision.rule,
      ruleName: decision.ruleName,
      middleware: decision.middleware,
    },
  }),
  same: (kept, { facts }) => sameMessage(kept.mcp, facts.mcp) && sameDecision(kept.decision, facts.decision),
});

function sameMessage(
  one: Omit<McpFacts, 'offered' | 'requestId' | 'sessionId'> | undefined,
  other: McpFacts | undefined,
) {
  if (one === undefined || other === undefined) return one === other;
  return (
    one.name === other.name &&
    one.method === other.method &&
    one.uri === other.uri &&
    one.kind === other.kind &&
    one.era === other.era &&
    one.protocolVersion === other.protocolVersion &&
    one.errorCode === other.errorCode &&
    one.toolError === other.toolError &&
    one.hidden === other.hidden
  );
}

function sameDecision(one: Omit<DecisionFacts, 'id' | 'number'> | undefined, other: DecisionFacts | undefined) {
  if (one === undefined || other === undefined) return one === other;
  return (
    one.rule === other.rule &&
    one.ruleName === other.ruleName &&
    one.middleware === other.middleware &&
    one.outcome === other.outcome &&
    one.reason === other.reason
  );
}

/** Of each part, in the order they are written. */
export const accessLogParts: readonly (readonly [AccessLogPart, PartSource<unknown>])[] = [
  ['way', way],
  ['caller', caller],
  ['message', message],
];

/** Each source is only asked about what it kept itself. */
function source<Kept>(typed: PartSource<Kept>): PartSource<unknown> {
  return typed as PartSource<unknown>;
}
