import { ByteWriter } from '../byte-writer.ts';
import { key, writeAttribute } from './attributes.ts';
import { closeLength, openLength, writeBytesField, writeTextField, writeVarint } from './protobuf.ts';

/** Name and version of the instrumentation. */
export const scope = { name: 'portcullis', version: '1' } as const;

/**
 * What stands around encoded spans or log records: `ExportTraceServiceRequest` and `ExportLogsServiceRequest` have the
 * same shape (opentelemetry-proto, collector/trace/v1 and collector/logs/v1), one resource and one scope here.
 */
export function compileEnvelope(resource: Readonly<Record<string, string>>): (records: ByteWriter) => Uint8Array {
  const inner = new ByteWriter();
  for (const [name, value] of Object.entries(resource)) writeAttribute(inner, 1, key(name), value);
  const resourceField = new ByteWriter();
  writeBytesField(resourceField, 1, inner.written);
  inner.length = 0;
  writeTextField(inner, 1, scope.name);
  writeTextField(inner, 2, scope.version);
  const scopeField = new ByteWriter();
  writeBytesField(scopeField, 1, inner.written);
  return (records) => {
    const out = new ByteWriter(records.length + resourceField.length + scopeField.length + 32);
    out.byte(0x0a);
    const whole = openLength(out);
    out.append(resourceField);
    out.byte(0x12);
    writeVarint(out, scopeField.length + records.length);
    out.append(scopeField);
    out.append(records);
    closeLength(out, whole);
    return out.written;
  };
}
