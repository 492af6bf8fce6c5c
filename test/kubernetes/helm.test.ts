import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chart, helmBinaries, renderChart, type Values } from '../helm/chart.ts';
import { type Cluster, programs, startCluster } from './cluster.ts';

const helms = programs === undefined ? new Map<string, string>() : helmBinaries();

const everything: Values = {
  autoscaling: { enabled: true },
  networkPolicy: { enabled: true },
  logs: { access: { enabled: true } },
  webhook: { enabled: true },
  hub: { token: 'any', mcpgateway: { enabled: true, maxRequestBodySize: 2_097_152 } },
};

describe.skipIf(programs === undefined)('the chart on a real API server', () => {
  let cluster: Cluster;
  const home = mkdtempSync(join(tmpdir(), 'portcullis-helm-home-'));
  beforeAll(async () => {
    cluster = await startCluster({ crds: false });
    await cluster.kubectl(['create', 'namespace', 'traefik']);
  }, 120_000);
  afterAll(async () => {
    await cluster?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  test.each([...helms])('[HELM-server] every object that %s renders is taken by the server', async (_name, helm) => {
    const rendering = await renderChart(helm, everything);
    const { code, output } = await cluster.kubectl(['apply', '--dry-run=server', '-f', '-'], rendering);
    expect(code, output).toBe(0);
    expect(output).toMatch(/deployment\.apps\/\S+ created \(server dry run\)/);
  });

  test.each([...helms])(
    '[HELM-server] %s installs it, CRDs and RBAC included, keeps the session key over upgrades, and takes it away',
    async (name, helm) => {
      const { server, adminToken: token, certificate: authority } = cluster;
      const run = (...args: string[]) =>
        promisify(execFile)(
          helm,
          [
            ...args,
            '--namespace',
            'traefik',
            `--kube-apiserver=${server}`,
            `--kube-token=${token}`,
            `--kube-ca-file=${authority}`,
          ],
          {
            env: { PATH: process.env['PATH'] ?? '', HOME: home },
          },
        );
      const release = `gateway-${name}`;
      const key = async () =>
        (
          await cluster.kubectl([
            '-n',
            'traefik',
            'get',
            'secret',
            `${release}-portcullis-session`,
            '-o',
            'jsonpath={.data.sessionKey}',
          ])
        ).output;
      await run(
        'install',
        release,
        chart,
        '--set',
        'hub.token=any',
        '--set',
        'hub.mcpgateway.enabled=true',
        '--set',
        'hub.mcpgateway.maxRequestBodySize=2097152',
      );
      const first = await key();
      expect(Buffer.from(first, 'base64').toString().length).toBeGreaterThanOrEqual(32);
      await run('upgrade', release, chart, '--set', 'deployment.replicas=3');
      expect(await key()).toBe(first);
      const established = await cluster.kubectl([
        'get',
        'crd',
        'middlewares.traefik.io',
        '-o',
        'jsonpath={.status.conditions[?(@.type=="Established")].status}',
      ]);
      expect(established.output).toBe('True');
      const account = `system:serviceaccount:traefik:${release}-portcullis`;
      const may = async (...what: string[]) =>
        (await cluster.kubectl(['auth', 'can-i', ...what, '--as', account])).output.trim();
      expect(await may('list', 'middlewares.traefik.io', '-A')).toBe('yes');
      expect(await may('delete', 'middlewares.traefik.io', '-A')).toBe('no');
      expect(await may('create', 'secrets', '-A')).toBe('no');
      await run('upgrade', release, chart, '--set', 'providers.kubernetesCRD.namespaces={traefik}');
      expect(await may('list', 'secrets', '-n', 'traefik')).toBe('yes');
      expect(await may('list', 'secrets', '-n', 'default')).toBe('no');
      await run('uninstall', release);
    },
  );
});
