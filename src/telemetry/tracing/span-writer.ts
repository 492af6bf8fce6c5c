import { ByteWriter } from '../byte-writer.ts';
import { type AttributeKey, writeAttribute } from '../otlp/attributes.ts';
import {
  closeLength,
  openLength,
  writeHexField,
  writeNanoseconds,
  writeTextField,
  writeVarintField,
} from '../otlp/protobuf.ts';
import { type RequestSpans, writeRandomId } from './request-trace.ts';
import type { RemoteParent } from './trace-context.ts';

interface SpanTail {
  readonly failed: boolean;
  /** True when the parent is another party's. */
  readonly remoteParent: boolean;
  readonly link: RemoteParent | undefined;
}

const kinds = { internal: 1, server: 2, client: 3 } as const;
/** `SpanFlags` above the W3C trace flags: whether the parent is remote is known, and whether it is. */
const knowsRemote = 0x100;
const isRemote = 0x200;
const sampled = 0x01;

/** What the spans of a request have in common, encoded once: trace and state, and the span of the request itself as parent. */
const common = new ByteWriter(128);
const parentField = new ByteWriter(16);

/** Goes before the spans of a request. */
export function beginSpans({ traceId, spanId, state }: RequestSpans): void {
  common.length = 0;
  writeHexField(common, 1, traceId);
  if (state !== undefined) writeTextField(common, 3, state);
  parentField.length = 0;
  writeHexField(parentField, 4, spanId);
}

/**
 * Begins a span (opentelemetry-proto, trace/v1, `Span`) as field 2 of `ScopeSpans`; its name and attributes follow, and then
 * {@link endSpan}. Times in milliseconds since 1970, with fractions.
 */
export function beginSpan(
  out: ByteWriter,
  trace: RequestSpans,
  kind: keyof typeof kinds,
  begin: number,
  end: number,
): number {
  out.byte(0x12);
  const start = openLength(out);
  out.append(common);
  if (kind === 'server') {
    writeHexField(out, 2, trace.spanId);
    if (trace.parent !== undefined) writeHexField(out, 4, trace.parent.spanId);
  } else {
    if (kind === 'client') writeHexField(out, 2, trace.clientSpanId);
    else {
      out.byte(0x12);
      out.byte(8);
      writeRandomId(out);
    }
    out.append(parentField);
  }
  writeVarintField(out, 6, kinds[kind]);
  writeNanoseconds(out, 7, begin);
  writeNanoseconds(out, 8, Math.max(begin, end));
  return start;
}

/** Names the span that was begun. */
export function spanName(out: ByteWriter, name: string): void {
  writeTextField(out, 5, name);
}

/** Adds an attribute to the span that was begun. */
export function attribute(out: ByteWriter, key: AttributeKey, value: string | number): void {
  writeAttribute(out, 9, key, value);
}

export function endSpan(out: ByteWriter, start: number, { failed, remoteParent, link }: SpanTail): void {
  if (link !== undefined) {
    out.byte(0x6a);
    const inner = openLength(out);
    writeHexField(out, 1, link.traceId);
    writeHexField(out, 2, link.spanId);
    if (link.state !== undefined) writeTextField(out, 3, link.state);
    writeFlags(out, 6, knowsRemote | isRemote | (link.sampled ? sampled : 0));
    closeLength(out, inner);
  }
  if (failed) {
    // `Status { code: ERROR }`
    out.byte(0x7a);
    out.byte(2);
    out.byte(0x18);
    out.byte(2);
  }
  writeFlags(out, 16, sampled | knowsRemote | (remoteParent ? isRemote : 0));
  closeLength(out, start);
}

function writeFlags(out: ByteWriter, field: 6 | 16, flags: number): void {
  if (field === 16) {
    out.byte(0x85);
    out.byte(0x01);
  } else out.byte(0x35);
  out.byte(flags & 0xff);
  out.byte(flags >> 8);
  out.byte(0);
  out.byte(0);
}
