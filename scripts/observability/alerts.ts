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

/** The alert rules, as Prometheus reads them. */
export function alertRules(): string {
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
