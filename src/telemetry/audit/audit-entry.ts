import type { JsonValue } from '../../http/json.ts';

/** What an audit record is about. */
export type AuditType = 'decision' | 'list-filtered' | 'authentication-failure' | 'configuration';

/** One thing that an auditor can rely on having been written down. All kinds share this shape; absent members are left out. */
export interface AuditEntry {
  readonly type: AuditType;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly outcome: 'allow' | 'deny' | 'filtered' | 'refused' | 'loaded' | 'rejected';
  /** Number of the exchange. Its id is written, the same as in the logs. */
  readonly exchange?: number | undefined;
  readonly router?: string | undefined;
  readonly client?: string | undefined;
  readonly identity?: AuditedIdentity | undefined;
  /** What was asked, without its arguments: of what kind, and the rest only with that. */
  readonly kind?: string | undefined;
  readonly method?: string | undefined;
  readonly name?: string | undefined;
  readonly uri?: string | undefined;
  readonly requestId?: string | undefined;
  readonly protocolVersion?: string | undefined;
  readonly decision?: AuditedDecision | undefined;
  /** What the policies read. */
  readonly reading?: AuditedReading | undefined;
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

/** Values of the fields that the policies read of one message. */
export interface AuditedReading {
  /** Paths of fields, and for each whether the operator did not opt in to record its values. */
  readonly shape: { readonly paths: readonly string[]; readonly withheld: readonly boolean[] };
  /** For each path: its value, `undefined` where there was none, anything else where it is withheld. */
  readonly values: readonly (JsonValue | undefined)[];
  /** One more path, and the value there. */
  readonly subject?: readonly [path: string, value: JsonValue] | undefined;
  /** True when the values are claims alone, which come again with the next message of the caller. */
  readonly claimsOnly: boolean;
}

export interface AuditedDecision {
  /** Unique: the exchange's id, a dash, and the number in base 36. */
  readonly id: string;
  readonly number: number;
  readonly reason: string;
  readonly rule?: number | undefined;
  readonly ruleName?: string | undefined;
  readonly middleware: string;
  readonly policySet: string;
}

/** Every member of a record, for the reference page. */
export const auditMembers: readonly { readonly name: string; readonly meaning: string }[] = [
  { name: 'v', meaning: 'Version of the format: 1.' },
  { name: 'chain', meaning: 'Random name of the process’s chain; each process writes one of its own.' },
  { name: 'seq', meaning: 'Number of the record in its chain, from 1, without gaps.' },
  {
    name: 'prev',
    meaning:
      'SHA-256 (base64url) of the lines of the chain from the last one that has this member up to the one before, each with its line feed; empty in the first record. Records written in the same moment follow without it.',
  },
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
