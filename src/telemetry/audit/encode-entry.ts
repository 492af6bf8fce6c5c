import { Buffer } from 'node:buffer';
import { JsonNumber, type JsonValue, stringify } from '../../http/json.ts';
import { ownString } from '../../http/name-table.ts';
import type { ByteWriter } from '../byte-writer.ts';
import { writeIsoTime } from '../iso-time.ts';
import { JoinedFragments, RecentFragments } from '../recent-fragments.ts';
import type { AuditEntry, AuditedDecision, AuditedMessage, AuditType } from './audit-entry.ts';

/** Writes the entry as JSON members, without the braces: the chain puts its own members in front. */
export function encodeEntry(out: ByteWriter, entry: AuditEntry): void {
  const { mcp, decision } = entry;
  out.bytes(typeMembers[entry.type]);
  writeIsoTime(out, entry.time);
  out.byte(quote);
  text(out, key.exchange, entry.exchange);
  count(out, key.hidden, entry.hidden);
  text(out, key.errorType, entry.errorType);
  count(out, key.status, entry.status);
  count(out, key.generation, entry.generation);
  count(out, key.problems, entry.problems);
  text(out, key.trace, entry.trace);
  if (decision !== undefined) text(out, key.decisionId, decision.id);
  if (entry.fields === undefined || entry.claimsOnly === true) common.write(out, entry);
  else {
    // Values of a message may be long, and come once.
    callersVerdicts.write(out, entry);
    writeReadings(out, entry);
    messages.write(out, entry);
  }
  if (mcp === undefined) return;
  text(out, key.requestId, mcp.requestId);
  out.byte(braceEnd);
}

const quote = 0x22;
const braceEnd = 0x7d;

/** Members' names with what precedes them. */
const key = {
  exchange: Buffer.from(',"exchange":'),
  router: Buffer.from(',"router":'),
  client: Buffer.from(',"client":'),
  identity: Buffer.from(',"identity":{"kind":'),
  issuer: Buffer.from(',"issuer":'),
  subject: Buffer.from(',"subject":'),
  mcp: Buffer.from(',"mcp":{"kind":'),
  method: Buffer.from(',"method":'),
  name: Buffer.from(',"name":'),
  uri: Buffer.from(',"uri":'),
  protocolVersion: Buffer.from(',"protocolVersion":'),
  requestId: Buffer.from(',"requestId":'),
  decisionId: Buffer.from(',"decision":{"id":'),
  reason: Buffer.from(',"reason":'),
  rule: Buffer.from(',"rule":'),
  ruleName: Buffer.from(',"ruleName":'),
  middleware: Buffer.from(',"middleware":'),
  policySet: Buffer.from(',"policySet":'),
  hidden: Buffer.from(',"hidden":'),
  errorType: Buffer.from(',"errorType":'),
  status: Buffer.from(',"status":'),
  generation: Buffer.from(',"generation":'),
  problems: Buffer.from(',"problems":'),
  trace: Buffer.from(',"trace":'),
} as const;

const typeMembers = members<AuditType>(
  ['decision', 'list-filtered', 'authentication-failure', 'configuration'],
  (type) => `"type":"${type}","time":"`,
);
const outcomeMembers = members<AuditEntry['outcome']>(
  ['allow', 'deny', 'filtered', 'refused', 'loaded', 'rejected'],
  (outcome) => `,"outcome":"${outcome}"`,
);

function members<Word extends string>(words: readonly Word[], of: (word: Word) => string): Record<Word, Buffer> {
  return Object.fromEntries(words.map((word) => [word, Buffer.from(of(word))])) as Record<Word, Buffer>;
}

/** Numbers keep their text, so that the same decision can be made again. */
function json(out: ByteWriter, value: JsonValue): void {
  if (typeof value === 'string') out.jsonText(value);
  else if (value instanceof JsonNumber) out.ascii(value.text);
  else if (Array.isArray(value)) {
    out.ascii('[');
    for (let index = 0; index < value.length; index++) {
      if (index > 0) out.ascii(',');
      json(out, value[index] as JsonValue);
    }
    out.ascii(']');
  } else out.text(stringify(value));
}

/** Who sent a request, by which way, and what became of it. */
const callers = new RecentFragments({
  same: (kept, { outcome, router, client, identity }) =>
    kept.subject === identity?.subject &&
    kept.issuer === identity?.issuer &&
    kept.kind === identity?.kind &&
    kept.client === client &&
    kept.router === router &&
    kept.outcome === outcome,
  keep: ({ outcome, router, client, identity }: AuditEntry) => ({
    outcome,
    router,
    client,
    kind: identity?.kind,
    issuer: identity?.issuer,
    subject: identity?.subject,
  }),
  encode(out, { outcome, router, client, identity }) {
    out.bytes(outcomeMembers[outcome]);
    text(out, key.router, router);
    text(out, key.client, client);
    if (identity === undefined) return;
    text(out, key.identity, identity.kind);
    text(out, key.issuer, identity.issuer);
    text(out, key.subject, identity.subject);
    out.byte(braceEnd);
  },
});

/** A message without its id, and without the end. */
const messages = new RecentFragments<AuditEntry, Omit<AuditedMessage, 'requestId'> | undefined>({
  same: (kept, { mcp }) =>
    kept === undefined || mcp === undefined
      ? kept === mcp
      : kept.name === mcp.name &&
        kept.method === mcp.method &&
        kept.uri === mcp.uri &&
        kept.kind === mcp.kind &&
        kept.protocolVersion === mcp.protocolVersion,
  keep: ({ mcp }) =>
    mcp && {
      kind: mcp.kind,
      method: ownString(mcp.method),
      name: ownString(mcp.name),
      uri: ownString(mcp.uri),
      protocolVersion: ownString(mcp.protocolVersion),
    },
  encode(out, { mcp }) {
    if (mcp === undefined) return;
    text(out, key.mcp, mcp.kind);
    text(out, key.method, mcp.method);
    text(out, key.name, mcp.name);
    text(out, key.uri, mcp.uri);
    text(out, key.protocolVersion, mcp.protocolVersion);
  },
});

/** A decision behind its id. */
const verdicts = new RecentFragments<AuditEntry, Omit<AuditedDecision, 'id'> | undefined>({
  same: (kept, { decision }) =>
    kept === undefined || decision === undefined
      ? kept === decision
      : kept.rule === decision.rule &&
        kept.reason === decision.reason &&
        kept.middleware === decision.middleware &&
        kept.ruleName === decision.ruleName &&
        kept.policySet === decision.policySet,
  keep: ({ decision }) =>
    decision && {
      reason: decision.reason,
      rule: decision.rule,
      ruleName: decision.ruleName,
      middleware: decision.middleware,
      policySet: decision.policySet,
    },
  encode(out, { decision }) {
    if (decision === undefined) return;
    text(out, key.reason, decision.reason);
    count(out, key.rule, decision.rule);
    text(out, key.ruleName, decision.ruleName);
    text(out, key.middleware, decision.middleware);
    text(out, key.policySet, decision.policySet);
    out.byte(braceEnd);
  },
});

interface KeptReadings extends Pick<AuditEntry, 'absent' | 'withheld'> {
  /** Paths and values in turn. */
  readonly values: readonly unknown[];
}

/** What was read of the caller, and what there was not or is withheld. */
const readings = new RecentFragments<AuditEntry, KeptReadings>({
  same: (kept, { fields, absent, withheld }) =>
    sameTexts(kept.absent, absent) && sameTexts(kept.withheld, withheld) && sameValues(kept.values, fields),
  keep: ({ fields, absent, withheld }) => ({
    absent,
    withheld,
    values: fields === undefined ? [] : [...fields].flat(),
  }),
  encode: writeReadings,
});

function writeReadings(out: ByteWriter, { fields, absent, withheld }: AuditEntry): void {
  if (absent !== undefined) list(out, ',"absent":[', absent);
  if (withheld !== undefined) list(out, ',"withheld":[', withheld);
  if (fields === undefined || fields.size === 0) return;
  let before = ',"fields":{';
  for (const [path, value] of fields) {
    out.ascii(before);
    out.jsonText(path);
    out.ascii(':');
    json(out, value);
    before = ',';
  }
  out.byte(braceEnd);
}

function sameValues(kept: readonly unknown[], fields: ReadonlyMap<string, JsonValue> | undefined): boolean {
  if (fields === undefined) return kept.length === 0;
  if (kept.length !== 2 * fields.size) return false;
  let index = 0;
  for (const [path, value] of fields) if (kept[index++] !== path || kept[index++] !== value) return false;
  return true;
}

/** The decision goes on where its id ends, and the message goes on behind all of them. */
const common = new JoinedFragments<AuditEntry>([verdicts, callers, readings, messages]);
const callersVerdicts = new JoinedFragments<AuditEntry>([verdicts, callers]);

/** Nothing is written for what is absent. */
function text(out: ByteWriter, before: Uint8Array, value: string | undefined): void {
  if (value === undefined) return;
  out.bytes(before);
  out.jsonText(value);
}

function count(out: ByteWriter, before: Uint8Array, value: number | undefined): void {
  if (value === undefined) return;
  out.bytes(before);
  out.number(value);
}

function list(out: ByteWriter, before: string, values: readonly string[]): void {
  out.ascii(before);
  for (const [index, value] of values.entries()) {
    if (index > 0) out.ascii(',');
    out.jsonText(value);
  }
  out.ascii(']');
}

function sameTexts(one: readonly string[] | undefined, other: readonly string[] | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}
