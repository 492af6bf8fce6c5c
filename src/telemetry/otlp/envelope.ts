import { ByteWriter } from '../byte-writer.ts';
import { key, writeAttribute } from './attributes.ts';
import { writeBytesField, writeTextField, writeVarint } from './protobuf.ts';

/** Name and version of the instrumentation. */
export const scope = { name: 'portcullis', version: '1' } as const;

/** What stands around encoded records. */
export interface Envelope {
  /** Bytes that must be left free in front of the records. */
  readonly room: number;
  /** Puts itself in front of them. What it returns lies in the buffer of the records. */
  close(records: ByteWriter): Uint8Array;
}

/**
 * What stands around encoded spans or log records: `ExportTraceServiceRequest` and `ExportLogsServiceRequest` have the
 * same shape (opentelemetry-proto, collector/trace/v1 and collector/logs/v1), one resource and one scope here. All of it
 * goes in front of the records, so that they need not be copied.
 */
export function compileEnvelope(resource: Readonly<Record<string, string>>): Envelope {
  const inner = new ByteWriter();
  for (const [name, value] of Object.entries(resource)) writeAttribute(inner, 1, key(name), value);
  const resourceField = new ByteWriter();
  writeBytesField(resourceField, 1, inner.written);
  inner.length = 0;
  writeTextField(inner, 1, scope.name);
  writeTextField(inner, 2, scope.version);
  const scopeField = new ByteWriter();
  writeBytesField(scopeField, 1, inner.written);
  const room = 2 * (1 + longestLength) + resourceField.length + scopeField.length;
  const scopeRecords = new ByteWriter();
  const front = new ByteWriter();
  return {
    room,
    close(records) {
      const count = records.length - room;
      scopeRecords.length = 0;
      scopeRecords.byte(0x12);
      writeVarint(scopeRecords, scopeField.length + count);
      scopeRecords.append(scopeField);
      front.length = 0;
      front.byte(0x0a);
      writeVarint(front, resourceField.length + scopeRecords.length + count);
      front.append(resourceField);
      front.append(scopeRecords);
      const start = room - front.length;
      front.buffer.copy(records.buffer, start, 0, front.length);
      return records.buffer.subarray(start, records.length);
    },
  };
}

/** Bytes of a length below 2^35. */
const longestLength = 5;
