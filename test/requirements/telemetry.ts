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
    id: 'TEL-resource',
    source: 'OpenTelemetry specification, environment variables',
    behaviour: 'Resource attributes come from options and OTEL_* variables.',
  },
  {
    id: 'TEL-metrics.push',
    source: 'see everything',
    behaviour: 'Pushed metrics have the names, units and buckets of the conventions and agree with the Prometheus endpoint.',
  },
] as const;
