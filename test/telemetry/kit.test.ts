import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { findPrometheus } from './prometheus.ts';

const kit = join(import.meta.dirname, '../../deploy/observability');
const read = (name: string): string => readFileSync(join(kit, name), 'utf8');
const names = (
  parse(read('alerts.yaml')) as { groups: readonly { rules: readonly { alert: string }[] }[] }
).groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));

const installed = await findPrometheus();
if (installed === undefined) console.warn('skipped: prometheus is not installed (make tools)');

/** For each alert the series that make it fire, sampled each minute for half an hour, in promtool's notation. */
const troubles: readonly (readonly [alert: string, series: Readonly<Record<string, string>>])[] = [
  ['PortcullisDown', { 'up{job="portcullis",instance="a"}': '1x5 0x25' }],
  [
    'PortcullisFailures',
    {
      'traefik_router_requests_total{router="one@file",code="200"}': '0+60x30',
      'traefik_router_requests_total{router="one@file",code="502"}': '0+6x30',
    },
  ],
  [
    'PortcullisSlowOperations',
    {
      'mcp_server_operation_duration_seconds_bucket{mcp_method_name="tools/call",le="10"}': '0x30',
      'mcp_server_operation_duration_seconds_bucket{mcp_method_name="tools/call",le="30"}': '0+10x30',
      'mcp_server_operation_duration_seconds_bucket{mcp_method_name="tools/call",le="+Inf"}': '0+10x30',
    },
  ],
  ['PortcullisServerDown', { 'traefik_service_server_up{service="one@file",url="http://a"}': '1x5 0x25' }],
  ['PortcullisConfigurationRefused', { portcullis_config_ok: '1x5 0x25' }],
  [
    'PortcullisManyDenials',
    {
      'portcullis_decisions_total{middleware="m",outcome="allow"}': '0+4x30',
      'portcullis_decisions_total{middleware="m",outcome="deny"}': '0+6x30',
    },
  ],
  [
    'PortcullisRefusedCredentials',
    { 'portcullis_authentication_failures_total{router="one@file",reason="jwt_signature"}': '0+90x30' },
  ],
  ['PortcullisKeySetUnreachable', { 'portcullis_jwks_fetches_total{middleware="m",result="failed"}': '0+1x30' }],
  ['PortcullisCertificateEnds', { 'traefik_tls_certs_not_after{cn="a",serial="1",sans="a"}': '600000x30' }],
  // Counted from nothing on: the first loss is a change.
  ['PortcullisAuditLost', { 'portcullis_telemetry_dropped_total{signal="audit"}': '0x27 1x3' }],
  ['PortcullisTelemetryDropped', { 'portcullis_telemetry_dropped_total{signal="traces"}': '0+5x30' }],
];

/** What none of them is about. */
const quiet: Readonly<Record<string, string>> = {
  'up{job="portcullis",instance="a"}': '1x30',
  'up{job="other",instance="a"}': '0x30',
  'traefik_router_requests_total{router="one@file",code="200"}': '0+60x30',
  'traefik_router_requests_total{router="one@file",code="502"}': '0+1x30',
  'traefik_router_requests_total{router="one@file",code="403"}': '0+60x30',
  'mcp_server_operation_duration_seconds_bucket{mcp_method_name="tools/call",le="10"}': '0+10x30',
  'mcp_server_operation_duration_seconds_bucket{mcp_method_name="tools/call",le="+Inf"}': '0+10x30',
  // Open for as long as somebody listens.
  'mcp_server_operation_duration_seconds_bucket{mcp_method_name="subscriptions/listen",le="10"}': '0x30',
  'mcp_server_operation_duration_seconds_bucket{mcp_method_name="subscriptions/listen",le="300"}': '0+10x30',
  'mcp_server_operation_duration_seconds_bucket{mcp_method_name="subscriptions/listen",le="+Inf"}': '0+10x30',
  'traefik_service_server_up{service="one@file",url="http://a"}': '1x30',
  portcullis_config_ok: '1x30',
  'portcullis_decisions_total{middleware="m",outcome="allow"}': '0+6x30',
  'portcullis_decisions_total{middleware="m",outcome="deny"}': '0+4x30',
  'portcullis_authentication_failures_total{router="one@file",reason="jwt_missing"}': '0+90x30',
  'portcullis_jwks_fetches_total{middleware="m",result="failed"}': '0x20 1x10',
  'traefik_tls_certs_not_after{cn="a",serial="1",sans="a"}': '5000000x30',
  'portcullis_telemetry_dropped_total{signal="audit"}': '3x30',
  'portcullis_telemetry_dropped_total{signal="traces"}': '0x30',
};

describe.skipIf(installed === undefined)('alert rules', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'portcullis-kit-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Fails with promtool's words unless exactly these alerts fire after half an hour. */
  async function expectFiring(series: Readonly<Record<string, string>>, firing: readonly string[]): Promise<void> {
    const file = join(folder, 'test.yaml');
    const test = {
      rule_files: [join(kit, 'alerts.yaml')],
      evaluation_interval: '1m',
      tests: [
        {
          interval: '1m',
          input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
          promql_expr_test: [
            {
              expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
              eval_time: '29m',
              exp_samples: firing.map((alertname) => ({ labels: `{alertname="${alertname}"}`, value: 1 })),
            },
          ],
        },
      ],
    };
    writeFileSync(file, stringify(test));
    await promisify(execFile)('promtool', ['test', 'rules', file]);
  }

  test('[TEL-alerts] each has a case of its own', () => {
    expect(troubles.map(([alert]) => alert)).toEqual(names);
  });

  test.each(troubles)('[TEL-alerts] %s fires, and no other', async (alert, series) => {
    await expectFiring(series, [alert]);
  });

  test('[TEL-alerts] none fires while all is well', async () => {
    await expectFiring(quiet, []);
  });

  test('[TEL-kit] Prometheus takes its configuration', async () => {
    const { stdout } = await promisify(execFile)('promtool', ['check', 'config', join(kit, 'prometheus.yaml')]);
    expect(stdout).toContain(`${names.length} rules found`);
  });
});

describe('the compose file', () => {
  const { services } = parse(read('compose.yaml')) as {
    services: Readonly<Record<string, { image: string; command?: readonly string[]; volumes: readonly string[] }>>;
  };
  const mounts = Object.values(services).flatMap(({ volumes }) => volumes.map((one) => one.split(':')));
  const inside = (path: string): string | undefined => mounts.find(([, target]) => target === path)?.[0];

  test('[TEL-kit] mounts what there is, to where it is looked for, read-only', () => {
    for (const [source = '', , mode] of mounts) {
      expect(existsSync(join(kit, source)), source).toBe(true);
      expect(mode).toBe('ro');
    }
    const configuration = /--config\.file=(\S+)/.exec(services['prometheus']?.command?.join(' ') ?? '')?.[1] ?? '';
    expect(inside(configuration)).toBe('./prometheus.yaml');
    const [rules = ''] = (parse(read('prometheus.yaml')) as { rule_files: readonly string[] }).rule_files;
    expect(inside(join(configuration, '..', rules))).toBe('./alerts.yaml');
    const provider = parse(read('grafana/provisioning/dashboards/portcullis.yaml')) as {
      providers: readonly { options: { path: string } }[];
    };
    expect(inside(join(provider.providers[0]?.options.path ?? '', 'portcullis.json'))).toBe('./dashboard.json');
    expect(inside('/etc/grafana/provisioning')).toBe('./grafana/provisioning');
  });

  test('[TEL-kit] shows the demo: scrapes where it listens, and Grafana asks where Prometheus does', () => {
    const demo = readFileSync(join(kit, '../../demo/demo.ts'), 'utf8');
    const admin = /--entryPoints\.admin\.address=([\d.:]+)/.exec(demo)?.[1];
    const { scrape_configs: jobs } = parse(read('prometheus.yaml')) as {
      scrape_configs: readonly { job_name: string; static_configs: readonly { targets: readonly string[] }[] }[];
    };
    expect(jobs.map(({ job_name, static_configs }) => [job_name, static_configs[0]?.targets])).toEqual([
      ['portcullis', [admin]],
    ]);
    const listens = /--web\.listen-address=(\S+)/.exec(services['prometheus']?.command?.join(' ') ?? '')?.[1];
    const { datasources } = parse(read('grafana/provisioning/datasources/prometheus.yaml')) as {
      datasources: readonly { type: string; url: string; isDefault: boolean }[];
    };
    expect(datasources).toEqual([
      expect.objectContaining({ type: 'prometheus', url: `http://${listens}`, isDefault: true }),
    ]);
  });
});
