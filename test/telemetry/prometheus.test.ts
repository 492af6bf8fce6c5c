import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Agent, fetch as fetchWith } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startKeySet } from './key-set.ts';
import { findPrometheus, type Prometheus, startPrometheus } from './prometheus.ts';
import { policies, type Setting, startSetting, until } from './setting.ts';

const kit = join(import.meta.dirname, '../../deploy/observability');
const alerts = join(kit, 'alerts.yaml');
const dashboard = JSON.parse(readFileSync(join(kit, 'dashboard.json'), 'utf8')) as {
  panels: readonly { title: string; targets?: readonly { expr: string }[] }[];
};
const expressions = dashboard.panels.flatMap((panel) =>
  (panel.targets ?? []).map(({ expr }) => ({ title: panel.title, expr: expr.replaceAll('$__rate_interval', '5s') })),
);

const installed = await findPrometheus();
if (installed === undefined) console.warn('skipped: prometheus is not installed (make tools)');

describe.skipIf(installed === undefined)('a real Prometheus', () => {
  let folder: string;
  let setting: Setting;
  let prometheus: Prometheus;
  const more = (keySet: string): string => `http:
  routers:
    keys: { rule: PathPrefix(\`/keys\`), entryPoints: [web], middlewares: [keys], service: one }
    dead: { rule: PathPrefix(\`/dead\`), entryPoints: [websecure], tls: {}, middlewares: [again], service: dead }
  middlewares:
    keys: { plugin: { jwt: { jwksUrl: '${keySet}' } } }
    again: { retry: { attempts: 3, initialInterval: 1ms } }
  services:
    dead: { loadBalancer: { servers: [{ url: 'http://127.0.0.1:1' }] } }
`;
  const shadows = `          shadowPolicies:
            - name: no-prompts
              match: Equals(\`mcp.method\`, \`prompts/get\`)
              action: deny
            - match: Contains(\`jwt.groups\`, \`members\`)
              action: allow
`;
  let keySet: Awaited<ReturnType<typeof startKeySet>>;
  let stream: Response;
  const leave = new AbortController();
  const sent = { echo: 0, denied: 0, lists: 0, failed: 0, invalid: 0, refused: 0, prompts: 0 };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'portcullis-prometheus-'));
    keySet = await startKeySet();
    setting = await startSetting({
      mcp: policies + shadows,
      more: more(keySet.url),
      // Nobody takes the spans.
      env: { OTEL_BSP_SCHEDULE_DELAY: '100', OTEL_BSP_EXPORT_TIMEOUT: '300' },
      flags: (files) => [
        `--audit.filePath=${join(files, 'audit.jsonl')}`,
        '--tracing.otlp.http.endpoint=http://127.0.0.1:1/v1/traces',
        '--tracing.sampleRate=0.01',
        '--entryPoints.websecure.http.tls=true',
      ],
    });
    await setting.gateway.reload({ 'last.yaml': 'http: [' });
    await setting.gateway.reload({ 'last.yaml': 'http: { services: {} }' });
    prometheus = await startPrometheus(folder, new URL(setting.gateway.adminUrl).host, alerts);
    const call = (name: string) => setting.send('tools/call', { name, arguments: {} });
    // A tool's name is nobody's invention once the upstream has listed it.
    await setting.send('tools/list');
    sent.lists += 1;
    const deadline = performance.now() + 4_000;
    for (let round = 0; performance.now() < deadline; round++) {
      await Promise.all([call('echo'), call('echo'), call('secret_tool'), setting.send('tools/list')]);
      sent.echo += 2;
      sent.denied += 1;
      sent.lists += 1;
      if (round % 4 === 0) {
        await Promise.all([
          call('fail'),
          call('invalid'),
          setting.send('tools/list', {}, { token: 'x' }),
          setting.send('prompts/get', { name: 'greet' }),
        ]);
        sent.failed += 1;
        sent.invalid += 1;
        sent.refused += 1;
        sent.prompts += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const session = String(
      (
        await setting.send('initialize', {
          protocolVersion: '2025-11-25',
          capabilities: {},
          clientInfo: { name: 't', version: '1' },
        })
      ).headers['mcp-session-id'],
    );
    await setting.http('DELETE', '/mcp', { authorization: `Bearer ${setting.token}`, 'mcp-session-id': session });
    const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
    const dead = await fetchWith(`${setting.gateway.websecureUrl}/dead`, { dispatcher });
    expect(dead.status).toBe(502);
    await dispatcher.close();
    expect((await setting.http('GET', '/keys', { authorization: `Bearer ${keySet.token}` })).status).toBe(405);
    stream = await fetch(`${setting.gateway.webUrl}/plain/stream`, { signal: leave.signal });
    await until(
      async () => (await count('sum(portcullis_telemetry_dropped_total{signal="traces"})')) > 0,
      'the loss of spans',
    );
    await new Promise((resolve) => setTimeout(resolve, 700));
  }, 60_000);
  afterAll(async () => {
    leave.abort();
    await stream?.text().catch(() => '');
    await prometheus?.stop();
    await keySet?.stop();
    await setting?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const count = async (expression: string): Promise<number> => (await prometheus.query(expression))[0]?.value ?? 0;

  test('[TEL-prometheus.counts] counts exactly the traffic that was sent', async () => {
    const tool = (name: string, more = '') =>
      count(`sum(mcp_server_operation_duration_seconds_count{gen_ai_tool_name="${name}"${more}})`);
    expect(await tool('echo')).toBe(sent.echo);
    expect(await tool('fail', ',error_type="tool_error"')).toBe(sent.failed);
    expect(await tool('invalid', ',rpc_response_status_code="-32602",error_type=""')).toBe(sent.invalid);
    expect(await tool('secret_tool', ',error_type="denied"')).toBe(sent.denied);
    expect(await count('sum(mcp_client_operation_duration_seconds_count{gen_ai_tool_name="secret_tool"})')).toBe(0);
    expect(await count('mcp_server_operation_duration_seconds_count{mcp_method_name="tools/list"}')).toBe(sent.lists);
    expect(await count('mcp_client_operation_duration_seconds_count{gen_ai_prompt_name="greet"}')).toBe(sent.prompts);
    expect(await count('sum(portcullis_decisions_total{outcome="deny",rule_name="no-secrets"})')).toBe(sent.denied);
    expect(await count('sum(portcullis_list_items_hidden_total{method="tools/list"})')).toBe(sent.lists);
    expect(await count('sum(portcullis_authentication_failures_total)')).toBe(sent.refused);
    expect(await count('sum(traefik_router_requests_total{router="one@file",code="401"})')).toBe(sent.refused);
    const all = sent.echo + sent.denied + sent.lists + sent.failed + sent.invalid + sent.refused + sent.prompts + 2;
    // One with a key set; that of the stream has not ended.
    expect(await count('sum(traefik_entrypoint_requests_total{entrypoint="web"})')).toBe(all + 1);
    expect(await count('sum(traefik_service_requests_total{service="one@file"})')).toBe(
      all + 1 - sent.denied - sent.refused,
    );
    expect(await count('sum(mcp_server_session_duration_seconds_count)')).toBe(1);
    expect(await count('sum(mcp_client_session_duration_seconds_count)')).toBe(1);
    expect(await count('traefik_service_server_up')).toBe(1);
    expect(await count('traefik_config_last_reload_success')).toBeGreaterThan(1.7e9);
    expect(await count('sum(traefik_open_connections{entrypoint="web"})')).toBeGreaterThan(0);
    expect(await count('sum(portcullis_audit_records_total{type="decision"})')).toBe(all - sent.refused);
  });

  test('[TEL-prometheus.counts] counts what else happens', async () => {
    expect(await count('sum(portcullis_shadow_differences_total{shadow="deny",rule="0",rule_name="no-prompts"})')).toBe(
      sent.prompts,
    );
    expect(await count('sum(portcullis_shadow_differences_total{live="deny",shadow="allow",rule="1"})')).toBe(
      sent.denied,
    );
    expect(await count('sum(portcullis_jwks_fetches_total{middleware="keys@file",result="changed"})')).toBe(1);
    expect(await count('sum(portcullis_token_cache_total{middleware="keys@file",result="miss"})')).toBe(1);
    const looked = sent.echo + sent.denied + sent.lists + sent.failed + sent.invalid + sent.prompts + 2;
    expect(await count('sum(portcullis_token_cache_total{middleware="token@file",result="hit"})')).toBeGreaterThan(
      looked - 20,
    );
    expect(await count('sum(portcullis_token_cache_total{middleware="token@file"})')).toBeGreaterThanOrEqual(looked);
    expect(await count('portcullis_open_streams{entrypoint="web"}')).toBe(1);
    expect(await count('traefik_service_retries_total{service="dead@file"}')).toBe(2);
    expect(await count('traefik_config_reloads_total')).toBe(3);
    expect(await count('portcullis_config_generation')).toBe(2);
    expect(await count('portcullis_config_ok')).toBe(1);
    expect(await count('sum(portcullis_audit_records_total{type="configuration"})')).toBe(3);
    expect(await count('sum(traefik_entrypoint_requests_tls_total{entrypoint="websecure",code="502"})')).toBe(1);
    expect(await count('sum(traefik_router_requests_tls_total{router="dead@file"})')).toBe(1);
    expect(
      await count('http_server_request_duration_seconds_count{http_response_status_code="502",url_scheme="https"}'),
    ).toBe(1);
    expect(await count('http_client_request_duration_seconds_count{server_port="1"}')).toBe(1);
    expect(
      await count('sum(http_client_request_duration_seconds_count{http_response_status_code="200",error_type=""})'),
    ).toBeGreaterThan(sent.echo);
    // A byte for a byte: what the upstream was sent is what the route was sent.
    const bytes = (kind: string, what: string) => count(`sum(traefik_${kind}_${what}_bytes_total{service="one@file"})`);
    expect(await bytes('service', 'requests')).toBeGreaterThan(10_000);
    expect(await bytes('service', 'responses')).toBe(
      await count('sum(traefik_router_responses_bytes_total{service="one@file",code!~"401|403"})'),
    );
  });

  test('[TEL-kit] every expression of the dashboard is evaluated', async () => {
    expect(expressions.length).toBeGreaterThan(25);
    const empty: string[] = [];
    for (const { title, expr } of expressions) if ((await prometheus.query(expr)).length === 0) empty.push(title);
    expect(empty).toEqual([]);
  });

  test('[TEL-kit] every alert rule is accepted and evaluated', async () => {
    const { stdout } = await promisify(execFile)('promtool', ['check', 'rules', alerts]);
    expect(stdout).toContain('SUCCESS');
    const rules = await prometheus.rules();
    expect(rules.length).toBeGreaterThanOrEqual(10);
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
  });

  test('[TEL-kit] the dashboard and the rules name only metrics that there are', async () => {
    const page = readFileSync(join(kit, '../../docs/observability.md'), 'utf8');
    const named = [
      ...`${expressions.map(({ expr }) => expr).join('\n')}\n${readFileSync(alerts, 'utf8')}`.matchAll(
        /\b(?:traefik|portcullis|mcp|http)_[a-z_]+(?=[{[)\s]|$)/gm,
      ),
    ]
      .map(([name]) => name.replace(/_(bucket|count|sum)$/, ''))
      .filter((name) => !/^(mcp_method_name)$/.test(name));
    expect(named.length).toBeGreaterThan(30);
    expect([...new Set(named)].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  test('[TEL-prometheus.format] the text passes promtool', async () => {
    const text = (await setting.http('GET', '/metrics', {}, '', setting.gateway.adminUrl)).body;
    const checked = promisify(execFile)('promtool', ['check', 'metrics']);
    checked.child.stdin?.end(text);
    // Exit code 3 means lint only: Traefik's names are as they are.
    const problems = await checked.then(
      ({ stderr }) => stderr,
      (error: { code: number; stderr: string }) => (error.code === 3 ? '' : error.stderr),
    );
    expect(problems).toBe('');
  });
});
