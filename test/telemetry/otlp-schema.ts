import protobuf from 'protobufjs';

/** The messages of OTLP that are looked at, with the field numbers of the protocol. What is not named here is skipped. */
const source = `syntax = "proto3";
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; ArrayValue array_value = 5; } }
message ArrayValue { repeated AnyValue values = 1; }
message Resource { repeated KeyValue attributes = 1; }
message Scope { string name = 1; string version = 2; }
message Traces { repeated ResourceSpans resources = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scopes = 2; }
message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
message Link { bytes trace_id = 1; bytes span_id = 2; }
message Status { string message = 2; int32 code = 3; }
message Span { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5; int32 kind = 6; fixed64 start = 7; fixed64 end = 8; repeated KeyValue attributes = 9; repeated Link links = 13; Status status = 15; fixed32 flags = 16; }
message Metrics { repeated ResourceMetrics resources = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scopes = 2; }
message ScopeMetrics { Scope scope = 1; repeated Metric metrics = 2; }
message Metric { string name = 1; string description = 2; string unit = 3; Points gauge = 5; Points sum = 7; Histogram histogram = 9; }
message Points { repeated NumberPoint points = 1; int32 temporality = 2; bool monotonic = 3; }
message NumberPoint { double as_double = 4; sfixed64 as_int = 6; repeated KeyValue attributes = 7; }
message Histogram { repeated HistogramPoint points = 1; int32 temporality = 2; }
message HistogramPoint { fixed64 count = 4; double sum = 5; repeated fixed64 bucket_counts = 6; repeated double bounds = 7; repeated KeyValue attributes = 9; }
message Logs { repeated ResourceLogs resources = 1; }
message ResourceLogs { Resource resource = 1; repeated ScopeLogs scopes = 2; }
message ScopeLogs { Scope scope = 1; repeated LogRecord records = 2; }
message LogRecord { fixed64 time = 1; int32 severity = 2; AnyValue body = 5; repeated KeyValue attributes = 6; bytes trace_id = 9; bytes span_id = 10; string event_name = 12; }`;

const { root } = protobuf.parse(source, { keepCase: false });

type Raw = Readonly<Record<string, unknown>>;

/** Decodes one export request of a signal. */
export function decodeRequest(type: 'Traces' | 'Metrics' | 'Logs', bytes: Uint8Array): Raw {
  const message = root.lookupType(type);
  return message.toObject(message.decode(bytes), {
    longs: Number,
    bytes: Buffer,
    defaults: false,
    arrays: true,
  }) as Raw;
}

export type Attributes = Readonly<Record<string, unknown>>;

/** A list of `KeyValue` as an object. */
export function attributesOf(list: unknown): Attributes {
  const pairs = (list ?? []) as readonly { key: string; value?: Raw }[];
  return Object.fromEntries(pairs.map(({ key, value }) => [key, plainValue(value)]));
}

function plainValue(value: Raw | undefined): unknown {
  if (value === undefined) return undefined;
  const array = value['arrayValue'] as { values: readonly Raw[] } | undefined;
  if (array !== undefined) return array.values.map(plainValue);
  return value['stringValue'] ?? value['intValue'] ?? value['doubleValue'] ?? value['boolValue'];
}
