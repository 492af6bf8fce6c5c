import { accessLogFields } from '../../src/config/static/access-log.ts';
import { auditMembers } from '../../src/telemetry/audit/audit-entry.ts';
import { prometheusName } from '../../src/telemetry/metrics/exposition.ts';
import { GatewayMetrics } from '../../src/telemetry/metrics/gateway-metrics.ts';
import { spanAttributes } from '../../src/telemetry/tracing/span-attributes.ts';
import { accessLogMeanings, labelMeanings } from './meanings.ts';

const code = (text: string): string => `\`${text}\``;

/** Every label of every metric, with its meaning; throws when one has none. */
function labelRows(metrics: GatewayMetrics): string {
  const names = new Set(metrics.registry.collect().flatMap(({ description }) => description.labels));
  const rows = [...names].map((label) => {
    const name = label.replaceAll('.', '_');
    const meaning = labelMeanings[name];
    if (meaning === undefined)
      throw new TypeError(`say in scripts/observability/meanings.ts what the label ${name} means`);
    return `| ${code(name)} | ${meaning} |`;
  });
  return rows.toSorted().join('\n');
}

/** The reference page, made from the definitions that the gateway runs by. */
export function page(): string {
  const metrics = new GatewayMetrics({ aliases: false, toolNames: 200 });
  const metricRows = metrics.registry.collect().map((one) => {
    const { name, help, labels, unit } = one.description;
    const own = name.includes('.') ? code(name) : '';
    const kind = unit === '' ? one.kind : `${one.kind}, ${unit}`;
    return `| ${code(prometheusName(one))} | ${own} | ${kind} | ${help} | ${labels.map((label) => code(label.replaceAll('.', '_'))).join(' ')} |`;
  });
  return `<!-- Made from definitions by scripts/generate.ts. -->

# See what the gateway does

Metrics are on from the start: \`/metrics\` on the admin entrypoint. Everything else is asked for by install options, and
nothing of it is loaded before. None of it holds up a request: queues are bounded, and what is dropped is counted in
\`portcullis_telemetry_dropped_total\`.

| you want | set |
|---|---|
| metrics for Prometheus | nothing; \`metrics=false\` switches them off |
| metrics pushed to a collector | \`metrics.otlp=true\`, or \`metrics.otlp.http.endpoint\` / \`metrics.otlp.grpc.endpoint\` |
| traces | \`tracing=true\`, \`tracing.otlp.http.endpoint\` or \`tracing.otlp.grpc.endpoint\`, \`tracing.sampleRate\` |
| one line per request | \`accessLog=true\`, \`accessLog.format=json\` |
| an account of every decision | \`audit.filePath=/var/log/portcullis/audit.jsonl\`; \`audit.strict=true\` refuses what cannot be recorded |
| to try policies out | \`shadowPolicies\` of the \`mcp\` middleware; \`portcullis policy replay\` for what has been recorded |

Endpoints, headers, samplers, queues and intervals follow the standard \`OTEL_*\` variables where the options say nothing
(\`OTEL_EXPORTER_OTLP_ENDPOINT\`, \`OTEL_EXPORTER_OTLP_PROTOCOL\`, \`OTEL_EXPORTER_OTLP_HEADERS\`, \`OTEL_SERVICE_NAME\`,
\`OTEL_RESOURCE_ATTRIBUTES\`, \`OTEL_TRACES_SAMPLER\`, \`OTEL_BSP_*\`, \`OTEL_METRIC_EXPORT_INTERVAL\`, \`OTEL_SDK_DISABLED\`).

In \`deploy/observability/\` there are a Grafana dashboard, alert rules for Prometheus, and a compose file with both.

## What is never written

Tokens, cookies, secrets and argument values appear in no metric, span, log line or audit record. Arguments and results
of tools are added to spans by \`tracing.captureArguments\` and \`tracing.captureResults\`, without what the tool's schema
marks as \`x-sensitive\`, \`writeOnly\` or \`format: password\`, and without values whose name looks like a secret; a tool that
has never been listed is not captured at all. Argument values that policies read are recorded by \`audit.arguments\`.

## Metrics

Names of tools and prompts become labels only when an upstream offers them, at most \`metrics.toolNames\` (200) per router;
the rest is \`_other\`. An instrument has at most 2,000 series. Pushed metrics have the dotted names; labels of \`/metrics\` have
underscores. \`traefik_*\` mean what they mean in Traefik.

| in Prometheus | OpenTelemetry name | kind | meaning | labels |
|---|---|---|---|---|
${metricRows.join('\n')}

With \`metrics.aliases\` the two operation histograms also have the older label \`mcp_tool_name\`.

| label | meaning |
|---|---|
${labelRows(metrics)}

## Spans

A SERVER span for what the gateway was asked, named after the method and its tool or prompt; below it \`authenticate\`,
\`decide\`, and a CLIENT span for what the upstream was asked. The parent is what \`params._meta.traceparent\` names, else the
\`traceparent\` header; the other one is linked. The upstream gets \`traceparent\` and \`tracestate\` as headers, with
\`tracing.injectMeta\` in the message too. \`baggage\` from outside is dropped.

| attribute | spans | meaning |
|---|---|---|
${spanAttributes.map(({ name, spans, meaning }) => `| ${code(name)} | ${spans} | ${meaning} |`).join('\n')}

## Access log

The fields of \`accessLog.format=json\`, in this order; durations are nanoseconds. A field that a request does not have is
left out.

| field | meaning |
|---|---|
${accessLogFields.map((name) => `| ${code(name)} | ${accessLogMeanings[name]} |`).join('\n')}

Headers that \`accessLog.fields.headers\` keeps follow as \`request_<Name>\`.

## Application log

Each line has a level, a time and a message; fields follow in the order of the alphabet, or as members of the object with
\`log.format=json\`. Lines of a traced request have \`traceId\` and \`spanId\`. A denial is one line at INFO, \`Denied by policy\`,
and one at DEBUG that begins with \`The request has been denied\`; both name the decision (\`decisionId\`, \`outcome\`, \`reason\`,
\`rule\`, \`policyName\`, \`middlewareName\`), what it was about (\`mcpMethod\`, \`mcpName\`, \`mcpUri\`, \`router\`) and whom
(\`subject\`), and the second one what settled it (\`settledBy\`, \`settledValues\`: values of arguments are \`(withheld)\`).

## Audit

One JSON record per line. The record of a call that is let through is written before the upstream is called: every call of
an upstream has exactly one earlier record with \`outcome: allow\`. Records are chained: those written in one moment (at
most 64) are a block, the first record of each block names the hash of the block before, and checkpoints are signed.
\`portcullis audit verify FILE --key KEY\` finds what was removed, changed, moved or cut off. Keep the public key, which the
log says at the start, apart from the stream.

| member | meaning |
|---|---|
${auditMembers.map(({ name, meaning }) => `| ${code(name)} | ${meaning} |`).join('\n')}
`;
}
