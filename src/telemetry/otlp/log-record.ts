import type { ByteWriter } from '../byte-writer.ts';
import { type AttributeKey, key, writeAttribute } from './attributes.ts';
import {
  closeLength,
  openLength,
  writeHexField,
  writeNanoseconds,
  writeTextField,
  writeVarintField,
} from './protobuf.ts';

/** A line of a log as OpenTelemetry's logs have it (opentelemetry-proto, logs/v1, `LogRecord`). */
export interface LogRecord {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly severity: keyof typeof severities;
  readonly eventName?: string | undefined;
  readonly body: string;
  readonly attributes?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  readonly trace?: { readonly traceId: string; readonly spanId: string; readonly sampled?: boolean } | undefined;
}

/** Numbers of the logs data model, "SeverityNumber". */
const severities = { debug: 5, info: 9, warn: 13, error: 17 } as const;

const keys = new Map<string, AttributeKey>();

/** Encodes a record as field 2 of `ScopeLogs`. */
export function writeLogRecord(out: ByteWriter, record: LogRecord): void {
  out.byte(0x12);
  const start = openLength(out);
  writeNanoseconds(out, 1, record.time);
  writeVarintField(out, 2, severities[record.severity]);
  writeTextField(out, 3, record.severity.toUpperCase());
  out.byte(0x2a);
  const body = openLength(out);
  writeTextField(out, 1, record.body);
  closeLength(out, body);
  for (const [name, value] of Object.entries(record.attributes ?? {})) {
    if (value !== undefined) writeAttribute(out, 6, keyOf(name), value);
  }
  if (record.trace !== undefined) {
    writeHexField(out, 9, record.trace.traceId);
    writeHexField(out, 10, record.trace.spanId);
  }
  writeNanoseconds(out, 11, record.time);
  if (record.eventName !== undefined) writeTextField(out, 12, record.eventName);
  closeLength(out, start);
}

/** Names of fields come from the program, so there are few. */
function keyOf(name: string): AttributeKey {
  let known = keys.get(name);
  if (known === undefined) {
    known = key(name);
    if (keys.size < 1_000) keys.set(name, known);
  }
  return known;
}
