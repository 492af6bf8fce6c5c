import type { Exchange } from '../../http/exchange.ts';
import {
  compileFieldReader,
  type Decision,
  isArgumentPath,
  type PolicyRequest,
  type PolicySet,
  type RecordedFields,
} from '../../policy/index.ts';
import type { AuditEntry } from '../../telemetry/audit/audit-entry.ts';
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
  return (exchange, question, decision) =>
    trail.record(new AccountedDecision(exchange, question, decision, read(question)));
}

/**
 * The entry of a decision. It is read at the end of the turn, and until then nothing is made of it: what it tells is fixed,
 * but for the caller and for what the policies read of a message.
 */
class AccountedDecision implements AuditEntry {
  readonly type = 'decision';
  readonly decision: Decision;
  readonly reading: RecordedFields;
  readonly identity: AuditEntry['identity'];
  readonly #exchange: Exchange;
  readonly #question: PolicyRequest;

  constructor(exchange: Exchange, question: PolicyRequest, decision: Decision, reading: RecordedFields) {
    this.decision = decision;
    this.reading = reading;
    this.identity = exchange.identity;
    this.#exchange = exchange;
    this.#question = question;
  }

  get time(): number {
    return this.decision.time;
  }

  get outcome(): 'allow' | 'deny' {
    return this.decision.outcome;
  }

  get exchange(): number {
    return this.#exchange.number;
  }

  get router(): string {
    return this.decision.route;
  }

  get client(): string {
    return this.#exchange.clientAddress;
  }

  get kind(): string {
    return this.#question.kind;
  }

  get method(): string | undefined {
    return this.decision.method;
  }

  get name(): string | undefined {
    return this.decision.name;
  }

  get uri(): string | undefined {
    return this.decision.uri;
  }

  get requestId(): string | undefined {
    return this.#exchange.facts.mcp?.requestId;
  }

  get protocolVersion(): string | undefined {
    return this.#question.protocolVersion;
  }

  get trace(): string | undefined {
    return this.#exchange.facts.trace?.traceId;
  }
}
