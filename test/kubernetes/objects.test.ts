import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bearer, callTool, curl } from '../guide/curl.ts';
import { run } from '../peers/child.ts';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';
import { developer, signToken } from '../peers/tokens.ts';
import { podEnvironment, programs, root } from './cluster.ts';
import { applyAndWait, type GuideInCluster, startGuideInCluster } from './guide-in-cluster.ts';

const patience = { timeout: 10_000, interval: 100 } as const;

/** A middleware whose rule has a slip in it. */
const slip = `apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata:
  name: slip
  namespace: apps
spec:
  plugin:
    mcp:
      policies:
        - action: allow
          match: Equals(\`mcp.params.name\`, \`x\`) && Containz(\`jwt.groups\`, \`admin\`)
`;
const routeOver = (name: string, middleware: string, service: string, port: number) => `apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: { name: ${name}, namespace: apps }
spec:
  entryPoints: [web]
  routes:
    - match: Host(\`${name}.localhost\`)
      kind: Rule
      middlewares: [${middleware === '' ? '' : `{ name: ${middleware} }`}]
      services: [{ name: ${service}, port: ${port} }]
`;

describe.skipIf(programs === undefined)('objects in a cluster', () => {
  let guide: GuideInCluster;
  let upstream: Server;
  const endpoint = '10.1.2.3:8080';
  const describeObject = async (kind: string, name: string) =>
    (await guide.cluster.kubectl(['describe', '-n', 'apps', kind, name])).output;
  const conditionOf = async (kind: string, name: string) => {
    const { output } = await guide.cluster.kubectl(['get', '-n', 'apps', kind, name, '-o', 'json']);
    const { status } = JSON.parse(output) as { status?: { conditions?: Record<string, unknown>[] } };
    return status?.conditions?.find(({ type }) => type === 'Accepted');
  };
  const eventsOf = async (name: string) => {
    const selector = `--field-selector=involvedObject.name=${name}`;
    const { output } = await guide.cluster.kubectl(['get', 'events', '-n', 'apps', selector, '-o', 'json']);
    return (JSON.parse(output) as { items: { type: string; reason: string; message: string; count: number }[] }).items;
  };
  const at = (name: string, path = '/') =>
    curl(`http://${name}.localhost:${new URL(guide.gateway.webUrl).port}${path}`).then(({ status }) => status);

  beforeAll(async () => {
    upstream = createServer((_, response) => response.end('here\n'));
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    guide = await startGuideInCluster([
      `--resolve=${endpoint}=127.0.0.1:${(upstream.address() as AddressInfo).port}`,
      `--resolve=outside.example:80=127.0.0.1:${(upstream.address() as AddressInfo).port}`,
    ]);
  }, 120_000);
  afterAll(async () => {
    await guide?.stop();
    upstream?.close();
  });

  describe('definitions', () => {
    test('[AR-crds] are structural, and every example passes them', async () => {
      const { output } = await guide.cluster.kubectl(['get', 'crd', '-o', 'json']);
      const { items } = JSON.parse(output) as {
        items: { metadata: { name: string }; status: { conditions: { type: string; status: string }[] } }[];
      };
      expect(items).toHaveLength(6);
      for (const { metadata, status } of items) {
        const found = Object.fromEntries(status.conditions.map((one) => [one.type, one.status]));
        expect(found, metadata.name).toEqual({ NamesAccepted: 'True', Established: 'True' });
      }
      // As somebody would: a folder with all that is in it.
      const examples = readdirSync(join(root, 'examples')).filter((name) => name !== 'guide');
      const folders = examples.map((name) => `-f=${join(root, 'examples', name)}`);
      const tried = await guide.cluster.kubectl(['apply', '--dry-run=server', '--validate=strict', ...folders]);
      expect(tried.code, tried.output).toBe(0);
    });

    test('[AR-crds] explain the options', async () => {
      const { output } = await guide.cluster.kubectl(['explain', 'middleware.spec.plugin.mcp.policies.match']);
      expect(output).toContain('FIELD: match <string>');
    });
  });

  describe('broken objects', () => {
    beforeAll(() =>
      applyAndWait(guide.cluster, guide.gateway, `${slip}---\n${routeOver('slip', 'slip', 'outside', 80)}`),
    );

    test('[AR-status] a condition says what `portcullis check` says', async () => {
      await expect.poll(() => conditionOf('middleware', 'slip'), patience).toMatchObject({ status: 'False' });
      const condition = await conditionOf('middleware', 'slip');
      expect(condition).toMatchObject({ reason: 'EXPRESSION_UNKNOWN_FUNCTION', observedGeneration: 1 });
      const folder = mkdtempSync(join(tmpdir(), 'portcullis-slip-'));
      writeFileSync(join(folder, 'slip.yaml'), slip);
      const checked = await run(join(root, 'bin/portcullis'), ['check', join(folder, 'slip.yaml')], {
        PATH: process.env['PATH'] ?? '',
      });
      rmSync(folder, { recursive: true });
      const said = checked.stderr.trim().split('\n');
      expect(said.length).toBeGreaterThan(2);
      // In a cluster there is no file to name.
      const expected = said.map((line) => line.replace(/^\S+slip\.yaml:\d+:\d+: /, '').replace(/^ +\|( +)/, '  |$1'));
      const withoutIndent = (lines: readonly string[]) =>
        lines.map((line) => line.replace(/^ +/, '').replace(/\| +/, '| '));
      expect(withoutIndent(String(condition?.['message']).split('\n'))).toEqual(withoutIndent(expected));
    });

    test('[AR-status] `kubectl describe` shows the line with the caret, as condition and as Event', async () => {
      await expect.poll(() => eventsOf('slip'), patience).toHaveLength(2);
      const lines = (await describeObject('middleware', 'slip')).split('\n');
      const carets = lines.flatMap((line, index) => (/^ *\| +\^+$/.test(line) ? [[lines[index - 1] ?? '', line]] : []));
      expect(carets).toHaveLength(2);
      for (const [text = '', caret = ''] of carets) {
        expect(text.slice(caret.indexOf('^'), caret.lastIndexOf('^') + 1)).toBe('Containz');
      }
    });

    test('[AR-status] what uses them is closed, and says because of what', async () => {
      expect(await at('slip')).toBe(503);
      await expect
        .poll(() => describeObject('ingressroute', 'slip'), patience)
        .toContain('apps-slip@kubernetescrd is broken');
    });

    test('[AR-status] when they are mended, that is said too', async () => {
      await applyAndWait(guide.cluster, guide.gateway, slip.replace('Containz', 'Contains'));
      await expect
        .poll(() => conditionOf('middleware', 'slip'), patience)
        .toMatchObject({ status: 'True', reason: 'Accepted', message: '', observedGeneration: 2 });
      await expect
        .poll(async () => (await eventsOf('slip')).filter(({ type }) => type === 'Normal').length, patience)
        .toBeGreaterThan(0);
    });

    test('[AR-status] objects that were never broken are left alone', async () => {
      expect(await conditionOf('middleware', 'deepwiki-mcp-jwt')).toBeUndefined();
      expect(await eventsOf('deepwiki-mcp-jwt')).toEqual([]);
    });

    test('[AR-leader] one replica writes; when it goes, another one does', async () => {
      const second = await startTestGateway({ files: {}, flags: guide.cluster.flags, env: podEnvironment });
      const third = await startTestGateway({ files: {}, flags: guide.cluster.flags, env: podEnvironment });
      const leads = (gateway: TestGateway) => gateway.log().includes('this replica writes the status');
      try {
        await applyAndWait(guide.cluster, second, slip.replace('Containz', 'Containers').replaceAll('slip', 'twice'));
        await expect.poll(() => eventsOf('twice'), patience).toMatchObject([{ count: 1, type: 'Warning' }]);
        expect([leads(guide.gateway), leads(second), leads(third)]).toEqual([true, false, false]);
      } finally {
        await third.stop();
        await second.stop();
      }
    }, 60_000);
  });

  describe('upstreams', () => {
    test('[AR-endpoints] endpoints come and go with their EndpointSlices', async () => {
      const slice = (ready: boolean) => `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: inside-1, namespace: apps, labels: { kubernetes.io/service-name: inside } }
addressType: IPv4
ports: [{ name: http, port: 8080 }]
endpoints: [{ addresses: [10.1.2.3], conditions: { ready: ${ready} } }]
`;
      const service = `apiVersion: v1
kind: Service
metadata: { name: inside, namespace: apps }
spec: { ports: [{ name: http, port: 80, targetPort: 8080 }] }
`;
      await applyAndWait(guide.cluster, guide.gateway, `${service}---\n${routeOver('inside', '', 'inside', 80)}`);
      await expect.poll(() => at('inside'), patience).toBe(503);
      await applyAndWait(guide.cluster, guide.gateway, slice(true));
      await expect.poll(() => at('inside'), patience).toBe(200);
      await applyAndWait(guide.cluster, guide.gateway, slice(false));
      await expect.poll(() => at('inside'), patience).toBe(503);
    });

    test('[AR-external-name] ExternalName leads outside, but never to the machine’s own metadata', async () => {
      const service = (name: string, target: string) => `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: apps }
spec: { type: ExternalName, externalName: ${target}, ports: [{ port: 80 }] }
`;
      const objects = [
        service('outside', 'outside.example'),
        routeOver('outside', '', 'outside', 80),
        service('metadata', 'metadata.localhost'),
        routeOver('metadata', '', 'metadata', 80),
      ];
      await applyAndWait(guide.cluster, guide.gateway, objects.join('---\n'));
      await expect.poll(() => at('outside'), patience).toBe(200);
      await applyAndWait(guide.cluster, guide.gateway, service('metadata', '169.254.169.254'));
      expect(await at('metadata')).toBeGreaterThanOrEqual(502);
    });
  });

  test('[AR-secrets] a rotated Secret counts at once, and unreferenced Secrets make no difference', async () => {
    const call = async (secret: string) =>
      (
        await callTool(
          guide.mcpUrl,
          'read_wiki_structure',
          { repoName: 'kubernetes/kubernetes' },
          bearer(await signToken(developer, secret)),
        )
      ).status;
    const rotated = 'another-secret-that-is-long-enough-to-sign-with';
    expect(await call(rotated)).toBe(401);
    const manifest = readFileSync(join(root, 'examples/guide/03-jwt.yaml'), 'utf8').split('---')[0] ?? '';
    const from = guide.gateway.lines().length;
    await guide.cluster.apply(manifest.replaceAll('mcp-jwt-secret', 'unrelated'));
    await applyAndWait(
      guide.cluster,
      guide.gateway,
      manifest.replace(/signingSecret: .*/, `signingSecret: ${rotated}`),
    );
    expect(await call(rotated)).toBe(200);
    expect(await call('my-super-secret-key-change-in-production')).toBe(401);
    const loads = guide.gateway
      .lines()
      .slice(from)
      .filter(({ message }) => message === 'configuration loaded');
    expect(loads).toHaveLength(1);
    expect(guide.gateway.log()).not.toContain(rotated);
  });

  describe('choosing objects', () => {
    const startWith = async (...options: readonly string[]) => {
      const flags = [...guide.cluster.flags, ...options.map((option) => `--providers.kubernetesCRD.${option}`)];
      return startTestGateway({ files: {}, flags, env: podEnvironment });
    };
    const routes = async (gateway: TestGateway) =>
      ((await (await fetch(`${gateway.adminUrl}/api/http/routers`)).json()) as { name: string }[]).map(({ name }) =>
        name.replace(/-[0-9a-f]{20}@.*/, ''),
      );

    test('[AR-choice] by class and by label', async () => {
      const classed = routeOver('classed', '', 'inside', 80).replace('spec:', 'spec:\n  ingressClassName: inner');
      const labelled = routeOver('labelled', '', 'inside', 80).replace(
        'name: labelled,',
        'name: labelled, labels: { tier: gold },',
      );
      await guide.cluster.apply(`${classed}---\n${labelled}`);
      const inner = await startWith('ingressClass=inner');
      expect(await routes(inner)).toEqual(['apps-classed']);
      await inner.stop();
      const gold = await startWith('labelSelector=tier=gold');
      expect(await routes(gold)).toEqual(['apps-labelled']);
      await gold.stop();
      expect(await routes(guide.gateway)).not.toContain('apps-classed');
    });

    test('[AR-rbac] with the rights of one namespace and one Secret only', async () => {
      await guide.cluster.kubectl(['delete', 'clusterrolebinding', 'portcullis']);
      await guide.cluster.apply(join(root, 'deploy/rbac/namespaced.yaml'));
      try {
        const gateway = await startWith('namespaces=apps');
        expect(await routes(gateway)).toContain('apps-deepwiki-mcp-route');
        const { output } = await run('curl', ['-s', `${gateway.adminUrl}/api/http/routers`]).then(({ stdout }) => ({
          output: stdout,
        }));
        const found = (JSON.parse(output) as { name: string; status: string }[]).find(({ name }) =>
          name.startsWith('apps-deepwiki'),
        );
        expect(found?.status).toBe('enabled');
        expect(gateway.log()).not.toContain('forbidden');
        await gateway.stop();
      } finally {
        await guide.cluster.apply(join(root, 'deploy/rbac/cluster.yaml'));
      }
    });

    test('[AR-foreign-crds] with definitions of others: some missing, and none with a status', async () => {
      await guide.cluster.kubectl(['delete', 'crd', 'tlsstores.traefik.io', 'serverstransports.traefik.io']);
      const removal = '[{"op":"remove","path":"/spec/versions/0/subresources"}]';
      await guide.cluster.kubectl(['patch', 'crd', 'middlewares.traefik.io', '--type=json', '-p', removal]);
      await guide.gateway.stop();
      const gateway = await startWith();
      try {
        await gateway.waitForLine(({ message }) => message.startsWith('TLSStore (traefik.io/v1alpha1) is not known'));
        await guide.cluster.apply(slip.replaceAll('slip', 'event-only'));
        await expect.poll(() => eventsOf('event-only'), { ...patience, timeout: 20_000 }).toHaveLength(1);
        expect(await conditionOf('middleware', 'event-only')).toBeUndefined();
      } finally {
        await gateway.stop();
      }
    }, 60_000);
  });
});
