/** What telemetry promises; its tests cite these ids. */
export const requirements = [
  {
    id: 'TEL-spans.conventions',
    source: 'see everything; OpenTelemetry conventions for MCP',
    behaviour: 'Operations become SERVER and CLIENT spans with the names, kinds and attributes of the conventions.',
  },
  {
    id: 'TEL-spans.parent',
    source: 'OpenTelemetry conventions for MCP, context propagation',
    behaviour: 'The parent is what the message names, else the HTTP header; the other one is linked.',
  },
  {
    id: 'TEL-spans.refused',
    source: 'see everything',
    behaviour: 'Refused requests are traced, too.',
  },
  {
    id: 'TEL-logs.trace',
    source: 'see everything',
    behaviour: 'Log lines of a traced request carry its trace and span id.',
  },
  {
    id: 'TEL-logs.otlp',
    source: 'see everything: logs',
    behaviour: 'Application log, access log and audit records are sent as OpenTelemetry logs, with trace ids.',
  },
  {
    id: 'TEL-certificates',
    source: 'see everything: metrics',
    behaviour: 'traefik_tls_certs_not_after tells until when each certificate that is shown is valid.',
  },
  {
    id: 'TEL-headers',
    source: 'see everything: metrics',
    behaviour: 'Request headers become labels where the operator says so: bounded, and never a credential.',
  },
  {
    id: 'TEL-resource',
    source: 'OpenTelemetry specification, environment variables',
    behaviour: 'Resource attributes come from options and OTEL_* variables.',
  },
  {
    id: 'TEL-metrics.push',
    source: 'see everything',
    behaviour:
      'Pushed metrics have the names, units and buckets of the conventions and agree with the Prometheus endpoint.',
  },
  {
    id: 'TEL-metrics.options',
    source: 'see everything: metrics; Traefik’s metrics.otlp and metrics.prometheus',
    behaviour: 'Each way of showing metrics has the families and the bounds that its options ask for.',
  },
  {
    id: 'TEL-environment',
    source: 'OpenTelemetry specification, environment variables',
    behaviour: 'OTEL_* variables say where to, with which headers, how often and as whom, and switch pushing off.',
  },
  {
    id: 'TEL-tls',
    source: 'see everything: OTLP',
    behaviour: 'The certificate of a collector is checked over HTTP and gRPC, unless an option says otherwise.',
  },
  {
    id: 'TEL-sampling',
    source: 'OpenTelemetry specification, samplers; W3C Trace Context level 2',
    behaviour: 'Who calls decides whether a request is traced, else the rate, by the random part of the trace id.',
  },
  {
    id: 'AUD-before',
    source: 'see everything: audit',
    behaviour: 'Every call that reaches an upstream has exactly one allow record, written before it.',
  },
  {
    id: 'AUD-chain',
    source: 'see everything: audit',
    behaviour: 'The records of a process are chained by hashes, and checkpoints are signed.',
  },
  {
    id: 'AUD-tampering',
    source: 'see everything: audit',
    behaviour: 'Records that were removed, changed, moved, repeated or cut off are found.',
  },
  {
    id: 'AUD-fields',
    source: 'see everything: audit',
    behaviour: 'A record holds exactly the fields that the policies read, arguments only by opt-in.',
  },
  {
    id: 'AUD-strict',
    source: 'see everything: audit',
    behaviour: 'With audit.strict a call whose record cannot be written is refused with 503.',
  },
  {
    id: 'AUD-disk',
    source: 'see everything: audit',
    behaviour: 'Without audit.strict a full disk delays nothing; lost records are counted and said in the stream.',
  },
  {
    id: 'AUD-replay',
    source: 'see everything: replay',
    behaviour:
      'Recorded decisions are made again offline: the same policies change nothing, others exactly what they change.',
  },
  {
    id: 'TEL-prometheus.counts',
    source: 'see everything: metrics',
    behaviour: 'What a real Prometheus counts equals the traffic that was sent.',
  },
  {
    id: 'TEL-prometheus.format',
    source: 'Prometheus text format',
    behaviour: 'The exposition is well-formed.',
  },
  {
    id: 'TEL-encoding',
    source: 'telemetry',
    behaviour:
      'What is encoded for OTLP is what another decoder reads back, whatever texts, numbers and times there are.',
  },
  {
    id: 'TEL-kit',
    source: 'see everything: kit',
    behaviour: 'Every expression of the dashboard and every alert rule is accepted and evaluated by a real Prometheus.',
  },
  {
    id: 'TEL-alerts',
    source: 'see everything: kit',
    behaviour: 'Each alert rule fires for what it is about, and for nothing else.',
  },
  {
    id: 'TEL-lazy',
    source: 'see everything: never in the way',
    behaviour: 'What pushes telemetry is loaded only when something is to be pushed.',
  },
  {
    id: 'TEL-lost',
    source: 'see everything: drops counted',
    behaviour: 'Lines of logs that were dropped are counted as other telemetry is.',
  },
  {
    id: 'TEL-canary',
    source: 'see everything: nothing sensitive by default',
    behaviour:
      'Tokens, cookies, secrets and argument values are in no log, record, metric or payload unless asked for.',
  },
  {
    id: 'TEL-cardinality',
    source: 'see everything: bounded cardinality',
    behaviour: 'Made-up tool names, sessions, methods and versions leave the number of series bounded.',
  },
  {
    id: 'TEL-hang',
    source: 'see everything: never in the way',
    behaviour: 'A collector that accepts and never answers costs neither throughput nor memory.',
  },
  {
    id: 'TEL-grpc',
    source: 'see everything: OTLP',
    behaviour: 'Traces and metrics are pushed over gRPC as over HTTP.',
  },
  {
    id: 'TEL-inject',
    source: 'see everything: traces',
    behaviour: 'With tracing.injectMeta the context survives client, gateway and upstream in the message itself.',
  },
  {
    id: 'TEL-propagation',
    source: 'see everything: traces',
    behaviour:
      'An instrumented client, the gateway and an instrumented SDK server are one trace in both eras, by header and by message.',
  },
  {
    id: 'TEL-capture',
    source: 'see everything: traces',
    behaviour: 'Captured arguments and results hide what schemas and names mark as sensitive.',
  },
  {
    id: 'TEL-shadow',
    source: 'see everything: shadow',
    behaviour: 'Shadow policies change nothing; their differences are counted and logged.',
  },
] as const;
