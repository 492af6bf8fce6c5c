import { accessLogFields } from '../src/config/static/access-log.ts';
import { auditMembers } from '../src/telemetry/audit/audit-entry.ts';
import { prometheusName } from '../src/telemetry/metrics/exposition.ts';
import { GatewayMetrics } from '../src/telemetry/metrics/gateway-metrics.ts';
import { spanAttributes } from '../src/telemetry/tracing/span-attributes.ts';
import { accessLogMeanings, labelMeanings } from './observability-meanings.ts';

/** Panels: title, unit, and queries with their legends. */
interface Panel {
  readonly title: string;
  readonly unit: 'reqps' | 's' | 'short' | 'percentunit' | 'Bps';
  readonly queries: readonly (readonly [expression: string, legend: string])[];
  readonly kind?: 'timeseries' | 'stat' | 'table';
}

const rate = (metric: string, by: string, where = ''): string =>
  `sum by (${by}) (rate(${metric}${where === '' ? '' : `{${where}}`}[$__rate_interval]))`;
const quantile = (q: number, metric: string, by: string): string =>
  `histogram_quantile(${q}, sum by (le${by === '' ? '' : `, ${by}`}) (rate(${metric}_bucket[$__rate_interval])))`;

const server = 'mcp_server_operation_duration_seconds';
const client = 'mcp_client_operation_duration_seconds';

const rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[] = [
  {
    title: 'Overview',
    panels: [
      {
        title: 'Requests by status',
        unit: 'reqps',
        queries: [[rate('traefik_entrypoint_requests_total', 'code'), '{{code}}']],
      },
      {
        title: 'Share of failed requests',
        unit: 'percentunit',
        kind: 'stat',
        queries: [
          [
            '(sum(rate(traefik_entrypoint_requests_total{code=~"5.."}[$__rate_interval])) or vector(0)) / sum(rate(traefik_entrypoint_requests_total[$__rate_interval]))',
            '5xx',
          ],
        ],
      },
      {
        title: 'Duration of MCP operations',
        unit: 's',
        queries: [
          [quantile(0.5, server, ''), 'p50'],
          [quantile(0.95, server, ''), 'p95'],
          [quantile(0.99, server, ''), 'p99'],
        ],
      },
      {
        title: 'MCP operations by method',
        unit: 'reqps',
        queries: [[rate(`${server}_count`, 'mcp_method_name'), '{{mcp_method_name}}']],
      },
      {
        title: 'Open streams',
        unit: 'short',
        queries: [['sum by (entrypoint) (portcullis_open_streams)', '{{entrypoint}}']],
      },
      {
        title: 'Open connections',
        unit: 'short',
        queries: [['sum by (entrypoint) (traefik_open_connections)', '{{entrypoint}}']],
      },
      {
        title: 'Configuration',
        unit: 'short',
        kind: 'stat',
        queries: [
          ['min(portcullis_config_ok)', 'without errors'],
          ['max(portcullis_config_generation)', 'generation'],
        ],
      },
    ],
  },
  {
    title: 'Tools and prompts',
    panels: [
      {
        title: 'Calls by tool',
        unit: 'reqps',
        queries: [
          [rate(`${server}_count`, 'gen_ai_tool_name', 'mcp_method_name="tools/call"'), '{{gen_ai_tool_name}}'],
        ],
      },
      {
        title: 'p95 by tool',
        unit: 's',
        queries: [
          [
            `histogram_quantile(0.95, sum by (le, gen_ai_tool_name) (rate(${server}_bucket{mcp_method_name="tools/call"}[$__rate_interval])))`,
            '{{gen_ai_tool_name}}',
          ],
        ],
      },
      {
        title: 'Errors by tool and type',
        unit: 'reqps',
        queries: [
          [
            rate(`${server}_count`, 'gen_ai_tool_name, error_type', 'mcp_method_name="tools/call", error_type!=""'),
            '{{gen_ai_tool_name}} {{error_type}}',
          ],
        ],
      },
      {
        title: 'Prompts',
        unit: 'reqps',
        queries: [
          [rate(`${server}_count`, 'gen_ai_prompt_name', 'mcp_method_name="prompts/get"'), '{{gen_ai_prompt_name}}'],
        ],
      },
    ],
  },
  {
    title: 'Decisions',
    panels: [
      { title: 'Decisions', unit: 'reqps', queries: [[rate('portcullis_decisions_total', 'outcome'), '{{outcome}}']] },
      {
        title: 'Denials by rule',
        unit: 'reqps',
        queries: [
          [
            rate('portcullis_decisions_total', 'middleware, reason, rule, rule_name', 'outcome="deny"'),
            '{{middleware}} {{reason}} {{rule}} {{rule_name}}',
          ],
        ],
      },
      {
        title: 'List items hidden',
        unit: 'short',
        queries: [[rate('portcullis_list_items_hidden_total', 'router, method'), '{{router}} {{method}}']],
      },
      {
        title: 'Shadow policies would decide otherwise',
        unit: 'reqps',
        queries: [
          [
            rate('portcullis_shadow_differences_total', 'middleware, live, shadow, rule_name'),
            '{{middleware}} {{live}} → {{shadow}} {{rule_name}}',
          ],
        ],
      },
      {
        title: 'Refused credentials',
        unit: 'reqps',
        queries: [[rate('portcullis_authentication_failures_total', 'router, reason'), '{{router}} {{reason}}']],
      },
      {
        title: 'Verified tokens found in the cache',
        unit: 'reqps',
        queries: [[rate('portcullis_token_cache_total', 'result'), '{{result}}']],
      },
      {
        title: 'Fetches of key sets',
        unit: 'reqps',
        queries: [[rate('portcullis_jwks_fetches_total', 'middleware, result'), '{{middleware}} {{result}}']],
      },
      {
        title: 'Audit records',
        unit: 'reqps',
        queries: [[rate('portcullis_audit_records_total', 'type'), '{{type}}']],
      },
      {
        title: 'Telemetry dropped',
        unit: 'reqps',
        queries: [[rate('portcullis_telemetry_dropped_total', 'signal'), '{{signal}}']],
      },
    ],
  },
  {
    title: 'Upstreams',
    panels: [
      { title: 'Servers up', unit: 'short', queries: [['traefik_service_server_up', '{{service}} {{url}}']] },
      {
        title: 'Requests by service and status',
        unit: 'reqps',
        queries: [[rate('traefik_service_requests_total', 'service, code'), '{{service}} {{code}}']],
      },
      {
        title: 'p95 by server',
        unit: 's',
        queries: [[quantile(0.95, client, 'server_address, server_port'), '{{server_address}}:{{server_port}}']],
      },
      {
        title: 'Errors of upstream operations',
        unit: 'reqps',
        queries: [
          [
            rate(`${client}_count`, 'server_address, error_type', 'error_type!=""'),
            '{{server_address}} {{error_type}}',
          ],
        ],
      },
      { title: 'Retries', unit: 'reqps', queries: [[rate('traefik_service_retries_total', 'service'), '{{service}}']] },
      {
        title: 'Bytes',
        unit: 'Bps',
        queries: [
          [rate('traefik_service_requests_bytes_total', 'service'), '{{service}} in'],
          [rate('traefik_service_responses_bytes_total', 'service'), '{{service}} out'],
        ],
      },
      {
        title: 'Length of sessions (p50)',
        unit: 's',
        queries: [[quantile(0.5, 'mcp_server_session_duration_seconds', ''), 'sessions']],
      },
    ],
  },
];

function dashboard(): object {
  let id = 0;
  let y = 0;
  const panels: object[] = [];
  const datasource = { type: 'prometheus', uid: '${datasource}' };
  for (const row of rows) {
    panels.push({
      id: ++id,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { h: 1, w: 24, x: 0, y },
      panels: [],
    });
    y += 1;
    for (const [index, panel] of row.panels.entries()) {
      panels.push({
        id: ++id,
        type: panel.kind ?? 'timeseries',
        title: panel.title,
        datasource,
        gridPos: { h: 8, w: 8, x: (index % 3) * 8, y: y + Math.floor(index / 3) * 8 },
        fieldConfig: { defaults: { unit: panel.unit, min: 0 }, overrides: [] },
        targets: panel.queries.map(([expr, legendFormat], number) => ({
          refId: String.fromCharCode(65 + number),
          datasource,
          expr,
          legendFormat,
        })),
      });
    }
    y += Math.ceil(row.panels.length / 3) * 8;
  }
  return {
    uid: 'portcullis',
    title: 'Portcullis',
    tags: ['mcp', 'portcullis'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    refresh: '10s',
    time: { from: 'now-30m', to: 'now' },
    templating: {
      list: [{ name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', refresh: 1 }],
    },
    annotations: { list: [] },
    panels,
  };
}

const alerts: readonly {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly severity: 'warning' | 'critical';
  readonly summary: string;
  readonly description: string;
}[] = [
  {
    alert: 'PortcullisDown',
    expr: 'up{job="portcullis"} == 0',
    for: '1m',
    severity: 'critical',
    summary: 'A gateway does not answer',
    description: '{{ $labels.instance }} has not been scraped for a minute.',
  },
  {
    alert: 'PortcullisFailures',
    expr: 'sum by (router) (rate(traefik_router_requests_total{code=~"5.."}[5m])) / sum by (router) (rate(traefik_router_requests_total[5m])) > 0.05',
    for: '5m',
    severity: 'critical',
    summary: 'More than 5 % of the requests of a router fail',
    description: '{{ $labels.router }}: {{ $value | humanizePercentage }} answered with 5xx.',
  },
  {
    alert: 'PortcullisSlowOperations',
    expr: 'histogram_quantile(0.95, sum by (le, mcp_method_name) (rate(mcp_server_operation_duration_seconds_bucket{mcp_method_name!~"subscriptions/listen"}[5m]))) > 10',
    for: '10m',
    severity: 'warning',
    summary: 'MCP operations are slow',
    description: '95 % of {{ $labels.mcp_method_name }} take up to {{ $value | humanizeDuration }}.',
  },
  {
    alert: 'PortcullisServerDown',
    expr: 'traefik_service_server_up == 0',
    for: '1m',
    severity: 'critical',
    summary: 'An upstream server is down',
    description: '{{ $labels.url }} of {{ $labels.service }} fails its checks.',
  },
  {
    alert: 'PortcullisConfigurationRefused',
    expr: 'portcullis_config_ok == 0',
    for: '1m',
    severity: 'warning',
    summary: 'The newest configuration has errors',
    description: 'What has errors goes on as it was; see the log or /api/overview.',
  },
  {
    alert: 'PortcullisManyDenials',
    expr: 'sum by (middleware) (rate(portcullis_decisions_total{outcome="deny"}[10m])) / sum by (middleware) (rate(portcullis_decisions_total[10m])) > 0.5',
    for: '10m',
    severity: 'warning',
    summary: 'Policies deny more than they allow',
    description: '{{ $labels.middleware }} denies {{ $value | humanizePercentage }} of what it is asked.',
  },
  {
    alert: 'PortcullisRefusedCredentials',
    expr: 'sum by (router) (rate(portcullis_authentication_failures_total{reason!="jwt_missing"}[5m])) > 1',
    for: '10m',
    severity: 'warning',
    summary: 'Many credentials are refused',
    description: '{{ $labels.router }}: {{ $value | humanize }} a second. Somebody guesses, or keys have changed.',
  },
  {
    alert: 'PortcullisKeySetUnreachable',
    expr: 'sum by (middleware) (increase(portcullis_jwks_fetches_total{result="failed"}[10m])) > 3',
    for: '0m',
    severity: 'warning',
    summary: 'A key set cannot be fetched',
    description: '{{ $labels.middleware }} goes on with the keys from before for at most an hour.',
  },
  {
    alert: 'PortcullisCertificateEnds',
    expr: 'traefik_tls_certs_not_after - time() < 7 * 86400',
    for: '0m',
    severity: 'warning',
    summary: 'A certificate ends soon',
    description: '{{ $labels.cn }} ({{ $labels.sans }}) is valid for {{ $value | humanizeDuration }} only.',
  },
  {
    alert: 'PortcullisAuditLost',
    expr: 'increase(portcullis_telemetry_dropped_total{signal=~"audit.*"}[5m]) > 0',
    for: '0m',
    severity: 'critical',
    summary: 'Audit records are lost',
    description:
      'The disk or collector of {{ $labels.instance }} does not take them. With audit.strict calls would be refused.',
  },
  {
    alert: 'PortcullisTelemetryDropped',
    expr: 'rate(portcullis_telemetry_dropped_total{signal!~"audit.*"}[5m]) > 0',
    for: '10m',
    severity: 'warning',
    summary: 'Telemetry is dropped',
    description: '{{ $labels.signal }}: the collector is down or too slow.',
  },
];

function alertRules(): string {
  const lines = ['# Made from definitions by scripts/generate.ts.', 'groups:', '  - name: portcullis', '    rules:'];
  for (const one of alerts) {
    lines.push(
      `      - alert: ${one.alert}`,
      `        expr: ${JSON.stringify(one.expr)}`,
      `        for: ${one.for}`,
      '        labels:',
      `          severity: ${one.severity}`,
      '        annotations:',
      `          summary: ${JSON.stringify(one.summary)}`,
      `          description: ${JSON.stringify(one.description)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

const prometheusConfiguration = `# Scrapes a gateway whose admin entrypoint listens on port 8080 of this machine.
global:
  scrape_interval: 10s
rule_files:
  - alerts.yaml
scrape_configs:
  - job_name: portcullis
    static_configs:
      - targets: ['127.0.0.1:8080']
`;

const compose = `# Prometheus and Grafana for a gateway on this machine, for instance "portcullis demo". Dashboard: http://127.0.0.1:3000
# The containers share the network of the machine, because the admin entrypoint listens on 127.0.0.1 only.
services:
  prometheus:
    image: prom/prometheus:v3.5.0
    network_mode: host
    command: ['--config.file=/etc/prometheus/prometheus.yaml', '--web.listen-address=127.0.0.1:9090']
    volumes:
      - ./prometheus.yaml:/etc/prometheus/prometheus.yaml:ro
      - ./alerts.yaml:/etc/prometheus/alerts.yaml:ro
  grafana:
    image: grafana/grafana:12.1.0
    network_mode: host
    environment:
      GF_SERVER_HTTP_ADDR: 127.0.0.1
      GF_AUTH_ANONYMOUS_ENABLED: 'true'
      GF_AUTH_ANONYMOUS_ORG_ROLE: Viewer
    volumes:
      - ./grafana/provisioning:/etc/grafana/provisioning:ro
      - ./dashboard.json:/var/lib/grafana/dashboards/portcullis.json:ro
`;

const datasources = `apiVersion: 1
datasources:
  - name: Prometheus
    type: prometheus
    access: proxy
    url: http://127.0.0.1:9090
    isDefault: true
`;

const dashboardProvider = `apiVersion: 1
providers:
  - name: portcullis
    type: file
    options:
      path: /var/lib/grafana/dashboards
`;

const code = (text: string): string => `\`${text}\``;

/** Every label of every metric, with its meaning; throws when one has none. */
function labelRows(metrics: GatewayMetrics): string {
  const names = new Set(metrics.registry.collect().flatMap(({ description }) => description.labels));
  const rows = [...names].map((label) => {
    const name = label.replaceAll('.', '_');
    const meaning = labelMeanings[name];
    if (meaning === undefined)
      throw new TypeError(`say in scripts/observability-meanings.ts what the label ${name} means`);
    return `| ${code(name)} | ${meaning} |`;
  });
  return rows.toSorted().join('\n');
}

function page(): string {
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
an upstream has exactly one earlier record with \`outcome: allow\`. Each record names the hash of the one before; checkpoints
are signed. \`portcullis audit verify FILE --key KEY\` finds what was removed, changed, moved or cut off. Keep the public key,
which the log says at the start, apart from the stream.

| member | meaning |
|---|---|
${auditMembers.map(({ name, meaning }) => `| ${code(name)} | ${meaning} |`).join('\n')}
`;
}

/** The files of the observability kit and its page: path from the root, and content. */
export function observabilityFiles(): readonly (readonly [string, string])[] {
  const folder = 'deploy/observability';
  return [
    ['docs/observability.md', page()],
    [`${folder}/dashboard.json`, `${JSON.stringify(dashboard(), undefined, 2)}\n`],
    [`${folder}/alerts.yaml`, alertRules()],
    [`${folder}/prometheus.yaml`, prometheusConfiguration],
    [`${folder}/compose.yaml`, compose],
    [`${folder}/grafana/provisioning/datasources/prometheus.yaml`, datasources],
    [`${folder}/grafana/provisioning/dashboards/portcullis.yaml`, dashboardProvider],
  ];
}
