import type { Exchange } from '../../http/exchange.ts';
import {
  compileFieldReader,
  type Decision,
  isArgumentPath,
  type PolicyRequest,
  type PolicySet,
} from '../../policy/index.ts';
import type { AuditTrail } from '../../telemetry/audit/audit-trail.ts';
import { isCredentialHeader } from '../../telemetry/scrub.ts';

/** Writes a decision into the audit stream. The promise is there only where the stream must be written first. */
export type Account = (exchange: Exchange, question: PolicyRequest, decision: Decision) => Promise<void> | undefined;

/** Compiles the account of decisions; `sets` are all policies whose fields are recorded. Undefined when none is kept. */
export function compileAccount(trail: AuditTrail | undefined, sets: readonly PolicySet[]): Account | undefined {
  if (trail === undefined) return undefined;
  const read = compileFieldReader(
    sets,
    (path) =>
      (!trail.arguments && isArgumentPath(path)) ||
      (path.names[0] === 'http' && path.names[1] === 'headers' && isCredentialHeader(path.names[2] ?? '')),
  );
  return (exchange, question, decision) => {
    const { identity, facts } = exchange;
    const { values, claimsOnly, absent, withheld } = read(question);
    return trail.record({
      type: 'decision',
      time: decision.time,
      outcome: decision.outcome,
      exchange: exchange.id,
      router: decision.route,
      client: exchange.clientAddress,
      identity,
      mcp: {
        kind: question.kind,
        method: decision.method,
        name: decision.name,
        uri: decision.uri,
        requestId: facts.mcp?.requestId,
        protocolVersion: question.protocolVersion,
      },
      decision,
      fields: values,
      claimsOnly,
      absent: absent.length === 0 ? undefined : absent,
      withheld: withheld.length === 0 ? undefined : withheld,
      trace: facts.trace?.traceId,
      hidden: undefined,
      errorType: undefined,
      status: undefined,
      generation: undefined,
      problems: undefined,
    });
  };
}
