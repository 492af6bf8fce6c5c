import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { loadStaticConfiguration } from '../../src/config/static/load.ts';
import { chart, helmBinaries, type RenderedObject, readObjects, renderChart, type Values } from './chart.ts';

const helms = helmBinaries();

/** What people change, and the guide's own command. */
const matrix: Readonly<Record<string, Values>> = {
  defaults: {},
  guide: { hub: { token: 'any', mcpgateway: { enabled: true, maxRequestBodySize: 2_097_152 } } },
  namespaces: { providers: { kubernetesCRD: { namespaces: ['apps', 'tools'] } } },
  namespaced: { rbac: { namespaced: true } },
  'own-secrets': { mcp: { session: { existingSecret: 'my-session' } }, serviceAccount: { name: 'mine' } },
  everything: {
    autoscaling: { enabled: true },
    networkPolicy: { enabled: true, adminFrom: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }] },
    metrics: { prometheus: { serviceMonitor: { enabled: true, labels: { release: 'prometheus' } } } },
    logs: { access: { enabled: true } },
    additionalArguments: ['--entryPoints.web.forwardedHeaders.trustedIPs=10.0.0.0/8'],
    env: [{ name: 'PORTCULLIS_LOG_NOCOLOR', value: 'true' }],
    image: { digest: `sha256:${'a'.repeat(64)}` },
    service: { type: 'NodePort', annotations: { a: 'b' } },
    ports: { web: { nodePort: 30_000 }, websecure: { nodePort: 30_001 } },
    podDisruptionBudget: { minAvailable: 1 },
    commonLabels: { team: 'platform' },
    tolerations: [{ key: 'edge', operator: 'Exists' }],
  },
  webhook: {
    webhook: { enabled: true, failurePolicy: 'Fail' },
    networkPolicy: { enabled: true },
    providers: { kubernetesCRD: { namespaces: ['apps'] } },
  },
  'webhook-own-certificate': {
    webhook: { enabled: true, certificate: { existingSecret: 'my-webhook', caBundle: 'PEM of an authority' } },
  },
  'webhook-cert-manager': { webhook: { enabled: true, certificate: { certManager: { enabled: true } } } },
  'webhook-cert-manager-issuer': {
    webhook: {
      enabled: true,
      port: 10_250,
      certificate: { certManager: { enabled: true, issuerRef: { kind: 'ClusterIssuer', name: 'inner' } } },
    },
    metrics: { prometheus: { enabled: false } },
  },
  small: {
    service: { enabled: false },
    podDisruptionBudget: { enabled: false },
    rbac: { enabled: false },
    deployment: { replicas: 1 },
    topologySpreadConstraints: [],
  },
};

const stable = (rendering: string): string =>
  rendering.replace(
    /((?:sessionKey|ca\.crt|tls\.crt|tls\.key|caBundle): )"?[A-Za-z0-9+/=]{40,}"?/g,
    '$1MADE-AT-INSTALL',
  );

/** The majors of Helm do not agree about the order of kinds that they do not know. */
const inOrder = (rendering: string): readonly RenderedObject[] =>
  readObjects(rendering).toSorted((a, b) =>
    `${a.kind} ${a.metadata.name}`.localeCompare(`${b.kind} ${b.metadata.name}`),
  );

describe.each([...helms])('with %s', (name, helm) => {
  test('[HELM-lint] the chart is clean', async () => {
    const { stdout } = await promisify(execFile)(helm, ['lint', '--strict', chart]);
    expect(stdout).toContain('0 chart(s) failed');
  });

  test.each(Object.entries(matrix))('[HELM-golden] values "%s" render as they did', async (title, values) => {
    const rendering = stable(await renderChart(helm, values));
    const path = join(import.meta.dirname, 'golden', `${title}.yaml`);
    if (process.env['UPDATE_FIXTURES'] === '1' && name === 'helm4') writeFileSync(path, rendering);
    expect(existsSync(path), `${path} is missing: run with UPDATE_FIXTURES=1`).toBe(true);
    expect(inOrder(rendering)).toEqual(inOrder(readFileSync(path, 'utf8')));
  });

  test.each(Object.entries(matrix))(
    '[HELM-options] the gateway takes the arguments of values "%s"',
    async (_title, values) => {
      const args = containerOf(readObjects(await renderChart(helm, values)))['args'] as string[];
      // The session key is a file that only the pod has.
      const argv = args.slice(1).filter((arg) => !arg.includes('sessionKeyFile'));
      const loaded = loadStaticConfiguration({ argv, env: {}, cwd: '/' });
      expect(loaded.ok ? [] : loaded.diagnostics).toEqual([]);
    },
  );

  test.each([
    ['a misspelt key', { deploymnt: {} }, /deploymnt/],
    ['a misspelt key inside', { deployment: { replica: 2 } }, /replica/],
    ['a wrong type', { deployment: { replicas: 'two' } }, /replicas/],
    ['a wrong level', { logs: { general: { level: 'CHATTY' } } }, /level/],
    ['a misspelt failure policy', { webhook: { failurePolicy: 'Abort' } }, /failurePolicy/],
    ['a tag for a digest', { image: { digest: 'latest' } }, /digest/],
    [
      'a certificate of unknown origin',
      { webhook: { enabled: true, certificate: { existingSecret: 'x' } } },
      /caBundle/,
    ],
    [
      'a monitor of metrics that are off',
      { metrics: { prometheus: { enabled: false, serviceMonitor: { enabled: true } } } },
      /nothing to scrape/,
    ],
  ])('[HELM-schema] %s is refused', async (_title, values, expected) => {
    await expect(renderChart(helm, values as Values)).rejects.toThrow(expected);
  });
});

describe.skipIf(helms.size === 0)('what is rendered', () => {
  const helm = helms.get('helm4') ?? helms.get('helm3') ?? '';
  const objects = async (values: Values = {}): Promise<RenderedObject[]> =>
    readObjects(await renderChart(helm, values));

  test('[HELM-secure] runs without root, without privileges, on a read-only root', async () => {
    const pod = podOf(await objects());
    expect(pod['securityContext']).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 65_532,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(containerOf(await objects())['securityContext']).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    });
  });

  test('[HELM-rbac] may write nothing but statuses, events and its own lease', async () => {
    const rules = (await objects())
      .filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role')
      .flatMap((role) => role['rules'] as { verbs: string[]; resources: string[]; apiGroups: string[] }[]);
    const writes = rules.filter(({ verbs }) => verbs.some((verb) => !['get', 'list', 'watch'].includes(verb)));
    expect([...new Set(writes.flatMap(({ resources }) => resources))].toSorted()).toEqual([
      'events',
      'ingressroutes/status',
      'leases',
      'middlewares/status',
      'serverstransports/status',
      'tlsoptions/status',
      'tlsstores/status',
      'traefikservices/status',
    ]);
    expect(rules.flatMap(({ verbs, resources, apiGroups }) => [...verbs, ...resources, ...apiGroups])).not.toContain(
      '*',
    );
  });

  test.each([
    ['namespaces', ['apps', 'tools']],
    ['namespaced', ['traefik']],
  ])('[HELM-rbac] values "%s": no ClusterRole, but a Role in each namespace that is read: %j', async (title, read) => {
    const rendered = await objects(matrix[title] as Values);
    expect(containerOf(rendered)['args']).toContain(`--providers.kubernetesCRD.namespaces=${read.join(',')}`);
    expect(rendered.some(({ kind }) => kind.startsWith('ClusterRole'))).toBe(false);
    const roles = rendered.filter(({ kind, metadata }) => kind === 'Role' && !metadata.name.endsWith('-leader'));
    expect(roles.map(({ metadata }) => metadata.namespace)).toEqual(read);
  });

  test('[HELM-drain] a pod may take longer to end than the gateway needs', async () => {
    const args = (containerOf(await objects())['args'] as string[]).join(' ');
    const seconds = (key: string): number =>
      Number(new RegExp(`web\\.transport\\.lifeCycle\\.${key}=(\\d+)s`).exec(args)?.[1]);
    expect(podOf(await objects())['terminationGracePeriodSeconds']).toBeGreaterThan(
      seconds('requestAcceptGraceTimeout') + seconds('graceTimeOut'),
    );
  });

  test('[HELM-admin] the Service exposes no admin port', async () => {
    const service = (await objects()).find(({ kind }) => kind === 'Service');
    expect((specOf(service) as { ports: { name: string }[] }).ports.map((port) => port.name)).toEqual([
      'web',
      'websecure',
    ]);
  });

  test('[HELM-crds] installs the generated CRDs', async () => {
    const rendered = readObjects(await renderChart(helm, {}, ['--include-crds']));
    const crds = rendered
      .filter(({ kind }) => kind === 'CustomResourceDefinition')
      .map(({ metadata }) => metadata.name);
    expect(crds).toContain('middlewares.traefik.io');
    expect(crds).toContain('ingressroutes.traefik.io');
  });
});

function specOf(object: RenderedObject | undefined): unknown {
  if (object === undefined) throw new Error('the object was not rendered');
  return object['spec'];
}

function podOf(objects: readonly RenderedObject[]): Record<string, unknown> {
  const deployment = objects.find(({ kind }) => kind === 'Deployment');
  return (specOf(deployment) as { template: { spec: Record<string, unknown> } }).template.spec;
}

function containerOf(objects: readonly RenderedObject[]): Record<string, unknown> {
  return (podOf(objects)['containers'] as Record<string, unknown>[])[0] ?? {};
}
