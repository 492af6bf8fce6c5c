import { JsonNumber, type JsonValue, stringify } from '../../http/json.ts';
import { ownString } from '../../http/name-table.ts';
import { type ByteWriter, FixedText } from '../byte-writer.ts';
import { writeExchangeId } from '../exchange-id-text.ts';
import { writeIsoTime } from '../iso-time.ts';
import { JoinedFragments, RecentFragments } from '../recent-fragments.ts';
import type { AuditEntry, AuditedDecision, AuditedReading, AuditType } from './audit-entry.ts';

/** Writes the entry as JSON members, without the braces: the chain puts its own members in front. */
export function encodeEntry(out: ByteWriter, entry: AuditEntry): void {
  const { decision, reading } = entry;
  out.fixed(typeMembers[entry.type]);
  writeIsoTime(out, entry.time);
  out.byte(quote);
  if (entry.exchange !== undefined) {
    out.fixed(key.exchange);
    writeExchangeId(out, entry.exchange);
  }
  count(out, key.hidden, entry.hidden);
  text(out, key.errorType, entry.errorType);
  count(out, key.status, entry.status);
  count(out, key.generation, entry.generation);
  count(out, key.problems, entry.problems);
  text(out, key.trace, entry.trace);
  if (decision !== undefined) {
    out.fixed(key.decisionId);
    if (entry.exchange === undefined) out.jsonText(decision.id);
    else writeExchangeId(out, entry.exchange, decision.number);
  }
  if (reading === undefined || reading.claimsOnly) common.write(out, entry);
  else {
    // Values of a message may be long, and come once.
    callersVerdicts.write(out, entry);
    writeReading(out, entry);
    messages.write(out, entry);
  }
  if (entry.kind === undefined) return;
  text(out, key.requestId, entry.requestId);
  out.byte(braceEnd);
}

const quote = 0x22;
const braceEnd = 0x7d;

/** Members' names with what precedes them. */
const key = {
  exchange: new FixedText(',"exchange":'),
  router: new FixedText(',"router":'),
  client: new FixedText(',"client":'),
  identity: new FixedText(',"identity":{"kind":'),
  issuer: new FixedText(',"issuer":'),
  subject: new FixedText(',"subject":'),
  mcp: new FixedText(',"mcp":{"kind":'),
  method: new FixedText(',"method":'),
  name: new FixedText(',"name":'),
  uri: new FixedText(',"uri":'),
  protocolVersion: new FixedText(',"protocolVersion":'),
  requestId: new FixedText(',"requestId":'),
  decisionId: new FixedText(',"decision":{"id":'),
  reason: new FixedText(',"reason":'),
  rule: new FixedText(',"rule":'),
  ruleName: new FixedText(',"ruleName":'),
  middleware: new FixedText(',"middleware":'),
  policySet: new FixedText(',"policySet":'),
  hidden: new FixedText(',"hidden":'),
  errorType: new FixedText(',"errorType":'),
  status: new FixedText(',"status":'),
  generation: new FixedText(',"generation":'),
  problems: new FixedText(',"problems":'),
  trace: new FixedText(',"trace":'),
} as const;

const typeMembers = members<AuditType>(
  ['decision', 'list-filtered', 'authentication-failure', 'configuration'],
  (type) => `"type":"${type}","time":"`,
);
const outcomeMembers = members<AuditEntry['outcome']>(
  ['allow', 'deny', 'filtered', 'refused', 'loaded', 'rejected'],
  (outcome) => `,"outcome":"${outcome}"`,
);

function members<Word extends string>(words: readonly Word[], of: (word: Word) => string): Record<Word, FixedText> {
  return Object.fromEntries(words.map((word) => [word, new FixedText(of(word))])) as Record<Word, FixedText>;
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
    out.fixed(outcomeMembers[outcome]);
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
const messages = new RecentFragments({
  same: (kept, entry) =>
    kept.name === entry.name &&
    kept.method === entry.method &&
    kept.uri === entry.uri &&
    kept.kind === entry.kind &&
    kept.protocolVersion === entry.protocolVersion,
  keep: ({ kind, method, name, uri, protocolVersion }: AuditEntry) => ({
    kind,
    method: ownString(method),
    name: ownString(name),
    uri: ownString(uri),
    protocolVersion: ownString(protocolVersion),
  }),
  encode(out, { kind, method, name, uri, protocolVersion }) {
    if (kind === undefined) return;
    text(out, key.mcp, kind);
    text(out, key.method, method);
    text(out, key.name, name);
    text(out, key.uri, uri);
    text(out, key.protocolVersion, protocolVersion);
  },
});

/** A decision behind its id. */
const verdicts = new RecentFragments<AuditEntry, Omit<AuditedDecision, 'id' | 'number'> | undefined>({
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

/** What was read of the caller, and what there was not or is withheld. */
const readings = new RecentFragments<AuditEntry, AuditedReading | undefined>({
  same: (kept, { reading }) =>
    kept === undefined || reading === undefined ? kept === reading : sameReading(kept, reading),
  keep: ({ reading }) => reading,
  encode: writeReading,
});

function sameReading(one: AuditedReading, other: AuditedReading): boolean {
  if (one.shape !== other.shape || one.subject !== other.subject) return false;
  const { length } = one.values;
  for (let index = 0; index < length; index++) if (one.values[index] !== other.values[index]) return false;
  return true;
}

function writeReading(out: ByteWriter, { reading }: AuditEntry): void {
  if (reading === undefined) return;
  const { shape, values, subject } = reading;
  writePaths(out, ',"absent":[', shape.paths, (index) => values[index] === undefined);
  writePaths(out, ',"withheld":[', shape.paths, (index) => isWithheld(reading, index));
  const { length } = out;
  let before = ',"fields":{';
  for (const [index, path] of shape.paths.entries()) {
    const value = values[index];
    if (value === undefined || isWithheld(reading, index)) continue;
    out.ascii(before);
    out.jsonText(path);
    out.ascii(':');
    json(out, value);
    before = ',';
  }
  if (subject !== undefined) {
    out.ascii(before);
    out.jsonText(subject[0]);
    out.ascii(':');
    json(out, subject[1]);
  }
  if (out.length > length) out.byte(braceEnd);
}

function isWithheld({ shape, values }: AuditedReading, index: number): boolean {
  return shape.withheld[index] === true && values[index] !== undefined;
}

/** Those of the paths that are meant, if there are any. */
function writePaths(
  out: ByteWriter,
  begin: string,
  paths: readonly string[],
  isMeant: (index: number) => boolean,
): void {
  let before = begin;
  for (const [index, path] of paths.entries()) {
    if (!isMeant(index)) continue;
    out.ascii(before);
    out.jsonText(path);
    before = ',';
  }
  if (before === ',') out.ascii(']');
}

/** The decision goes on where its id ends, and the message goes on behind all of them. */
const common = new JoinedFragments<AuditEntry>([verdicts, callers, readings, messages]);
const callersVerdicts = new JoinedFragments<AuditEntry>([verdicts, callers]);

/** Nothing is written for what is absent. */
function text(out: ByteWriter, before: FixedText, value: string | undefined): void {
  if (value === undefined) return;
  out.fixed(before);
  out.jsonText(value);
}

function count(out: ByteWriter, before: FixedText, value: number | undefined): void {
  if (value === undefined) return;
  out.fixed(before);
  out.number(value);
}
