import { JsonNumber, type JsonValue, stringify } from '../../http/json.ts';
import { ownString } from '../../http/name-table.ts';
import type { ByteWriter } from '../byte-writer.ts';
import { isoTime } from '../iso-time.ts';
import { RecentFragments } from '../recent-fragments.ts';

/** What an audit record is about. */
export type AuditType = 'decision' | 'list-filtered' | 'authentication-failure' | 'configuration';

/** One thing that an auditor can rely on having been written down. All kinds share this shape; absent members are left out. */
export interface AuditEntry {
  readonly type: AuditType;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly outcome: 'allow' | 'deny' | 'filtered' | 'refused' | 'loaded' | 'rejected';
  /** The exchange, the same as in the logs. */
  readonly exchange?: string | undefined;
  readonly router?: string | undefined;
  readonly client?: string | undefined;
  readonly identity?: AuditedIdentity | undefined;
  readonly mcp?: AuditedMessage | undefined;
  readonly decision?: AuditedDecision | undefined;
  /** Values of the fields that the policies read, by path. */
  readonly fields?: ReadonlyMap<string, JsonValue> | undefined;
  /** Fields that the policies read and that had no value. */
  readonly absent?: readonly string[] | undefined;
  /** Fields that the policies read and whose values the operator did not opt in to record. */
  readonly withheld?: readonly string[] | undefined;
  readonly hidden?: number | undefined;
  readonly errorType?: string | undefined;
  readonly status?: number | undefined;
  readonly generation?: number | undefined;
  readonly problems?: number | undefined;
  readonly trace?: string | undefined;
}

/** Who asked. */
export interface AuditedIdentity {
  readonly kind: string;
  readonly issuer?: string | undefined;
  readonly subject?: string | undefined;
}

/** What was asked, without its arguments. */
export interface AuditedMessage {
  readonly kind: string;
  readonly method?: string | undefined;
  readonly name?: string | undefined;
  readonly uri?: string | undefined;
  readonly requestId?: string | undefined;
  readonly protocolVersion?: string | undefined;
}

export interface AuditedDecision {
  readonly id: string;
  readonly reason: string;
  readonly rule?: number | undefined;
  readonly ruleName?: string | undefined;
  readonly middleware: string;
  readonly policySet: string;
}

/** Writes the entry as JSON members, without the braces: the chain puts its own members in front. */
export function encodeEntry(out: ByteWriter, entry: AuditEntry): void {
  const { identity, mcp, decision, fields, absent, withheld } = entry;
  out.ascii(`"type":"${entry.type}","time":"`);
  out.ascii(isoTime(entry.time));
  out.ascii(`","outcome":"${entry.outcome}"`);
  text(out, ',"exchange":', entry.exchange);
  ways.write(out, entry);
  if (identity !== undefined) identities.write(out, identity);
  if (mcp !== undefined) {
    messages.write(out, mcp);
    text(out, ',"requestId":', mcp.requestId);
    out.ascii('}');
  }
  if (decision !== undefined) {
    text(out, ',"decision":{"id":', decision.id);
    verdicts.write(out, decision);
  }
  if (absent !== undefined) absentNames.write(out, absent);
  if (withheld !== undefined) withheldNames.write(out, withheld);
  count(out, ',"hidden":', entry.hidden);
  text(out, ',"errorType":', entry.errorType);
  count(out, ',"status":', entry.status);
  count(out, ',"generation":', entry.generation);
  count(out, ',"problems":', entry.problems);
  text(out, ',"trace":', entry.trace);
  if (fields !== undefined && fields.size > 0) values.write(out, fields);
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

/** Where a request came from and went. */
const ways = new RecentFragments<AuditEntry, Pick<AuditEntry, 'router' | 'client'>>({
  same: (kept, { router, client }) => kept.client === client && kept.router === router,
  keep: ({ router, client }) => ({ router, client }),
  encode(out, { router, client }) {
    text(out, ',"router":', router);
    text(out, ',"client":', client);
  },
});

/** A message without its id, and without the end. */
const messages = new RecentFragments<AuditedMessage>({
  same: (kept, mcp) =>
    kept.name === mcp.name &&
    kept.method === mcp.method &&
    kept.uri === mcp.uri &&
    kept.kind === mcp.kind &&
    kept.protocolVersion === mcp.protocolVersion,
  keep: ({ kind, method, name, uri, protocolVersion }) => ({
    kind,
    method: ownText(method),
    name: ownText(name),
    uri: ownText(uri),
    protocolVersion: ownText(protocolVersion),
  }),
  encode(out, mcp) {
    text(out, ',"mcp":{"kind":', mcp.kind);
    text(out, ',"method":', mcp.method);
    text(out, ',"name":', mcp.name);
    text(out, ',"uri":', mcp.uri);
    text(out, ',"protocolVersion":', mcp.protocolVersion);
  },
});

const identities = new RecentFragments<AuditedIdentity>({
  same: (kept, identity) =>
    kept.subject === identity.subject && kept.issuer === identity.issuer && kept.kind === identity.kind,
  keep: (identity) => identity,
  encode(out, identity) {
    text(out, ',"identity":{"kind":', identity.kind);
    text(out, ',"issuer":', identity.issuer);
    text(out, ',"subject":', identity.subject);
    out.ascii('}');
  },
});

const absentNames = lists(',"absent":[');
const withheldNames = lists(',"withheld":[');

/** A decision without its id. */
const verdicts = new RecentFragments<AuditedDecision>({
  same: (kept, decision) =>
    kept.rule === decision.rule &&
    kept.reason === decision.reason &&
    kept.middleware === decision.middleware &&
    kept.ruleName === decision.ruleName &&
    kept.policySet === decision.policySet,
  keep: (decision) => decision,
  encode(out, decision) {
    text(out, ',"reason":', decision.reason);
    count(out, ',"rule":', decision.rule);
    text(out, ',"ruleName":', decision.ruleName);
    text(out, ',"middleware":', decision.middleware);
    text(out, ',"policySet":', decision.policySet);
    out.ascii('}');
  },
});

/** Values of fields. Those of a message are not kept: they may be long, and come once. */
const values = new RecentFragments<ReadonlyMap<string, JsonValue>, readonly unknown[]>({
  same(kept, fields) {
    if (kept.length !== 2 * fields.size) return false;
    let index = 0;
    for (const [path, value] of fields) if (kept[index++] !== path || kept[index++] !== value) return false;
    return true;
  },
  keep: (fields) => (onlyClaims(fields) ? [...fields].flat() : []),
  encode(out, fields) {
    let before = ',"fields":{';
    for (const [path, value] of fields) {
      text(out, before, path);
      out.ascii(':');
      json(out, value);
      before = ',';
    }
    out.ascii('}');
  },
});

function onlyClaims(fields: ReadonlyMap<string, JsonValue>): boolean {
  for (const path of fields.keys()) if (!path.startsWith('jwt.')) return false;
  return true;
}

/** A text of its own: a piece of a message would keep the whole of it. */
function ownText(piece: string | undefined): string | undefined {
  return piece === undefined ? undefined : ownString(piece);
}

/** `before` is the member's name with what precedes it, in ASCII. Nothing is written for what is absent. */
function text(out: ByteWriter, before: string, value: string | undefined): void {
  if (value === undefined) return;
  out.ascii(before);
  out.jsonText(value);
}

function count(out: ByteWriter, before: string, value: number | undefined): void {
  if (value === undefined) return;
  out.ascii(before);
  out.number(value);
}

/** Names of fields: a policy set has the same ones each time. */
function lists(before: string): RecentFragments<readonly string[]> {
  return new RecentFragments({
    same: sameTexts,
    keep: (names) => names,
    encode(out, names) {
      out.ascii(before);
      for (const [index, name] of names.entries()) text(out, index === 0 ? '' : ',', name);
      out.ascii(']');
    },
  });
}

function sameTexts(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}

/** Every member of a record, for the reference page. */
export const auditMembers: readonly { readonly name: string; readonly meaning: string }[] = [
  { name: 'v', meaning: 'Version of the format: 1.' },
  { name: 'chain', meaning: 'Random name of the process’s chain; each process writes one of its own.' },
  { name: 'seq', meaning: 'Number of the record in its chain, from 1, without gaps.' },
  { name: 'prev', meaning: 'SHA-256 (base64url) of the line before in the chain; empty in the first.' },
  {
    name: 'type',
    meaning:
      '`decision`, `list-filtered`, `authentication-failure`, `configuration`; of the chain itself: `start`, `checkpoint`, `lost`.',
  },
  { name: 'time', meaning: 'ISO 8601, UTC.' },
  { name: 'outcome', meaning: '`allow`, `deny`, `filtered`, `refused`, `loaded`, `rejected`.' },
  { name: 'exchange', meaning: 'Id of the HTTP exchange, `RequestId` in the access log.' },
  { name: 'router', meaning: 'Router that claimed the request.' },
  { name: 'client', meaning: 'Client address.' },
  { name: 'identity', meaning: '`kind` of credential, `issuer` and `subject`.' },
  { name: 'mcp', meaning: '`kind`, `method`, `name`, `uri`, `requestId`, `protocolVersion` of the message.' },
  {
    name: 'decision',
    meaning: '`id`, `reason`, `rule`, `ruleName`, `middleware`, `policySet` (SHA-256 of the policies).',
  },
  { name: 'fields', meaning: 'Values of exactly the fields that the policies read, by path.' },
  { name: 'absent', meaning: 'Fields that the policies read and that had no value.' },
  { name: 'withheld', meaning: 'Fields that the policies read and whose values were not to be recorded.' },
  { name: 'hidden', meaning: 'Items taken out of a list.' },
  { name: 'errorType', meaning: 'Why a credential was refused.' },
  { name: 'status', meaning: 'HTTP status of the refusal.' },
  { name: 'generation', meaning: 'Number of the configuration that serves.' },
  { name: 'problems', meaning: 'Errors in the configuration.' },
  { name: 'trace', meaning: 'Trace id, when requests are traced.' },
  { name: 'count', meaning: 'In `lost`: records that could not be kept. In `checkpoint`: records so far.' },
  { name: 'key', meaning: 'In `start`: the public key (SPKI, base64) of the checkpoints.' },
  { name: 'end', meaning: 'In the last `checkpoint` of a process that ended in order: true.' },
  { name: 'sig', meaning: 'In `checkpoint`: Ed25519 signature of the line without this member.' },
];
