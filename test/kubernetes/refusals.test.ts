import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Document, parseAllDocuments } from 'yaml';
import { helmBinaries, renderChart } from '../helm/chart.ts';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';
import { type Cluster, podEnvironment, programs, root, startCluster } from './cluster.ts';

const patience = { timeout: 60_000, interval: 100 } as const;
const helm = programs === undefined ? undefined : [...helmBinaries().values()].at(-1);

interface Rule {
  readonly apiGroups: string[];
  readonly resources: string[];
}

/** The chart's own rules, for the account that the tests' gateway shows, without those that mention `resource`. */
async function rulesWithout(resource: string): Promise<string> {
  const values = { fullnameOverride: 'portcullis', serviceAccount: { name: 'portcullis' } };
  const rendering = await renderChart(helm ?? '', values, ['--namespace', 'portcullis']);
  const kept = parseAllDocuments(rendering).filter((document): document is Document.Parsed => {
    const kind: unknown = document.get('kind');
    return typeof kind === 'string' && /Role/.test(kind);
  });
  return kept
    .map((document) => {
      const object = document.toJS() as { rules?: Rule[] };
      const rules = object.rules
        ?.map((rule) => ({ ...rule, resources: rule.resources.filter((one) => one !== resource) }))
        .filter(({ resources }) => resources.length > 0);
      return JSON.stringify({ ...object, ...(rules === undefined ? {} : { rules }) });
    })
    .join('\n---\n');
}

describe.skipIf(helm === undefined)('what RBAC keeps back', () => {
  let cluster: Cluster;
  const account = 'system:serviceaccount:portcullis:portcullis';
  const conditionOf = async (name: string) => {
    const { output } = await cluster.kubectl(['get', '-n', 'apps', 'middleware', name, '-o', 'json']);
    const { status } = JSON.parse(output) as { status?: { conditions?: { status: string; message: string }[] } };
    return status?.conditions?.[0];
  };
  const start = (...flags: readonly string[]): Promise<TestGateway> =>
    startTestGateway({ files: {}, flags: [...cluster.flags, ...flags], env: podEnvironment });

  beforeAll(async () => {
    cluster = await startCluster();
    await cluster.kubectl(['delete', 'clusterrolebinding', 'portcullis']);
    await cluster.kubectl(['delete', '-n', 'portcullis', 'rolebinding', 'portcullis']);
    for (const file of ['02-service', '03-jwt', '04-mcp', '05-strip-prefix', '06-ingress-route']) {
      await cluster.apply(join(root, `examples/guide/${file}.yaml`));
    }
  }, 120_000);
  afterAll(() => cluster?.stop());

  test('[AR-withheld] a Secret that may not be read is told as that, with what to grant, and found once it is granted', async () => {
    await cluster.apply(await rulesWithout('secrets'));
    const gateway = await start();
    try {
      await expect.poll(async () => (await conditionOf('deepwiki-mcp-jwt'))?.status, patience).toBe('False');
      const { message } = (await conditionOf('deepwiki-mcp-jwt')) ?? { message: '' };
      expect(message).toContain('Secret apps/mcp-jwt-secret may not be read: RBAC forbids it');
      expect(message).toContain(
        `grant \`list\` and \`watch\` on \`secrets\` (resourceNames: [mcp-jwt-secret]) in namespace \`apps\` to \`${account}\``,
      );
      expect(message).not.toContain('does not exist');
      expect(gateway.log()).toContain('Secret may not be read: RBAC forbids it');

      // What the hint says is enough.
      const role = ['create', 'role', 'secrets', '-n', 'apps', '--verb=list,watch', '--resource=secrets'];
      await cluster.kubectl([...role, '--resource-name=mcp-jwt-secret']);
      const binding = ['create', 'rolebinding', 'secrets', '-n', 'apps', '--role=secrets'];
      await cluster.kubectl([...binding, '--serviceaccount=portcullis:portcullis']);
      await expect.poll(async () => (await conditionOf('deepwiki-mcp-jwt'))?.status, patience).toBe('True');
    } finally {
      await gateway.stop();
    }
  }, 120_000);

  test('[AR-withheld] a Secret that is not there is told as that once it may be looked for', async () => {
    const other = readFileSync(join(root, 'examples/guide/03-jwt.yaml'), 'utf8').split('---')[1] ?? '';
    await cluster.apply(other.replaceAll('deepwiki-mcp-jwt', 'other-jwt').replaceAll('mcp-jwt-secret', 'absent'));
    const gateway = await start();
    try {
      await expect.poll(async () => (await conditionOf('other-jwt'))?.message, patience).toContain('may not be read');
      await cluster.apply(await rulesWithout('nothing'));
      await expect
        .poll(async () => (await conditionOf('other-jwt'))?.message, patience)
        .toContain('Secret apps/absent does not exist');
    } finally {
      await gateway.stop();
    }
  }, 120_000);

  test('[AR-withheld] an object of a namespace that is not read is told as that', async () => {
    await cluster.kubectl(['create', 'namespace', 'elsewhere']);
    const route = readFileSync(join(root, 'examples/guide/06-ingress-route.yaml'), 'utf8');
    await cluster.apply(
      route
        .replace('name: deepwiki-mcp-route', 'name: crossing')
        .replace('- name: deepwiki-mcp-jwt', '- { name: deepwiki-mcp-jwt, namespace: elsewhere }')
        .replace('name: deepwiki-mcp-server', 'name: deepwiki-mcp-server\n          namespace: elsewhere'),
    );
    const gateway = await start(
      '--providers.kubernetesCRD.namespaces=apps',
      '--providers.kubernetesCRD.allowCrossNamespace',
    );
    try {
      const said = 'namespace `elsewhere` is not among those that are';
      await expect.poll(() => gateway.log(), patience).toContain(said);
    } finally {
      await gateway.stop();
    }
  }, 120_000);

  test('[AR-withheld] a kind that may not be listed is logged with what to grant, and nothing is served half', async () => {
    await cluster.apply(await rulesWithout('middlewares'));
    const starting = start();
    const failed = await starting.then(
      (gateway) => gateway.stop().then(() => ''),
      (error: Error) => error.message,
    );
    expect(failed).toContain('Middleware may not be read: RBAC forbids it; nothing is known of it yet');
    expect(failed).toContain(
      `grant \`list\` and \`watch\` on \`middlewares.traefik.io\` in all namespaces to \`${account}\``,
    );
    expect(failed).not.toContain('Portcullis is ready');
  }, 120_000);
});
