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

/** The Grafana dashboard, as the object that its file holds. */
export function dashboard(): object {
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
