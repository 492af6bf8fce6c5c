import type { AccessLogReader, FinishedExchange, LineWriter } from './access-log-field.ts';
import type { JsonField } from './access-log-json-field.ts';

/** Fields that each request has of its own, in the order they are written. Durations are in nanoseconds. */
export const ownFields: readonly AccessLogReader[] = [
  { name: 'Duration', read: ({ duration }) => nanoseconds(duration) },
  { name: 'RequestContentSize', read: ({ facts }) => facts.requestBytes },
  { name: 'RequestCount', read: ({ count }) => count },
  {
    name: 'OriginDuration',
    read: ({ facts: { originDuration } }) => (originDuration === undefined ? undefined : nanoseconds(originDuration)),
  },
  { name: 'DownstreamContentSize', read: ({ facts }) => facts.replyBytes },
  { name: 'Overhead', read: overhead },
  { name: 'RequestId', read: ({ exchange }) => exchange.id },
  { name: 'McpRequestId', read: ({ facts }) => facts.mcp?.requestId },
  { name: 'DecisionId', read: ({ facts }) => facts.decision?.id },
  { name: 'TraceId', read: ({ facts }) => facts.trace?.traceId },
  { name: 'SpanId', read: ({ facts }) => facts.trace?.spanId },
];

/**
 * Compiles what writes those of {@link ownFields} that are wanted. Every line has them, so they are read in one go and not one
 * by one through that table.
 */
export function compileOwnFields(fieldOf: (name: string) => JsonField | undefined): LineWriter {
  const durationField = fieldOf('Duration');
  const requestSizeField = fieldOf('RequestContentSize');
  const countField = fieldOf('RequestCount');
  const originField = fieldOf('OriginDuration');
  const replySizeField = fieldOf('DownstreamContentSize');
  const overheadField = fieldOf('Overhead');
  const idField = fieldOf('RequestId');
  const mcpIdField = fieldOf('McpRequestId');
  const decisionField = fieldOf('DecisionId');
  const traceField = fieldOf('TraceId');
  const spanField = fieldOf('SpanId');
  return (finished, out) => {
    const { exchange, facts, duration, count } = finished;
    const { originDuration, mcp, decision, trace } = facts;
    durationField?.number(out, nanoseconds(duration));
    requestSizeField?.number(out, facts.requestBytes);
    countField?.number(out, count);
    if (originDuration !== undefined) originField?.number(out, nanoseconds(originDuration));
    replySizeField?.number(out, facts.replyBytes);
    overheadField?.number(out, overhead(finished));
    idField?.id(out, exchange.number);
    if (mcp?.requestId !== undefined) mcpIdField?.text(out, mcp.requestId);
    if (decision !== undefined) decisionField?.id(out, exchange.number, decision.number);
    if (trace === undefined) return;
    traceField?.text(out, trace.traceId);
    spanField?.text(out, trace.spanId);
  };
}

function overhead({ duration, facts }: FinishedExchange): number {
  return nanoseconds(Math.max(0, duration - (facts.originDuration ?? 0)));
}

function nanoseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1e6);
}
