import { isObject, JsonError, type JsonObject, type JsonValue, scanJsonText } from '../../http/json.ts';

/** A decision as an audit record tells it. */
export interface RecordedDecision {
  readonly outcome: 'allow' | 'deny';
  readonly kind: 'request' | 'notification' | 'response' | 'stream' | 'end-session';
  readonly method: string | undefined;
  readonly name: string | undefined;
  readonly uri: string | undefined;
  readonly protocolVersion: string | undefined;
  readonly route: string;
  readonly subject: string | undefined;
  readonly middleware: string;
  readonly policySet: string;
  readonly values: ReadonlyMap<string, JsonValue>;
  readonly absent: ReadonlySet<string>;
}

const kinds: ReadonlySet<unknown> = new Set(['request', 'notification', 'response', 'stream', 'end-session']);

/** Reads a line of an audit stream, numbers exact; undefined when it records no decision. */
export function readRecordedDecision(line: string): RecordedDecision | undefined {
  if (!line.includes('"type":"decision"')) return undefined;
  let record: JsonValue;
  try {
    record = scanJsonText(line, { maxDepth: 256 });
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
  if (!isObject(record) || record.get('type') !== 'decision') return undefined;
  const mcp = objectOf(record, 'mcp');
  const decision = objectOf(record, 'decision');
  const outcome = record.get('outcome');
  const kind = mcp.get('kind');
  if ((outcome !== 'allow' && outcome !== 'deny') || !kinds.has(kind)) return undefined;
  const absent = record.get('absent');
  return {
    outcome,
    kind: kind as RecordedDecision['kind'],
    method: textOf(mcp, 'method'),
    name: textOf(mcp, 'name'),
    uri: textOf(mcp, 'uri'),
    protocolVersion: textOf(mcp, 'protocolVersion'),
    route: textOf(record, 'router') ?? '',
    subject: textOf(objectOf(record, 'identity'), 'subject'),
    middleware: textOf(decision, 'middleware') ?? '',
    policySet: textOf(decision, 'policySet') ?? '',
    values: objectOf(record, 'fields'),
    absent: new Set(Array.isArray(absent) ? (absent as readonly JsonValue[]).map(String) : []),
  };
}

const empty: JsonObject = new Map();

function objectOf(object: JsonObject, key: string): JsonObject {
  const value = object.get(key);
  return isObject(value) ? value : empty;
}

function textOf(object: JsonObject, key: string): string | undefined {
  const value = object.get(key);
  return typeof value === 'string' ? value : undefined;
}
