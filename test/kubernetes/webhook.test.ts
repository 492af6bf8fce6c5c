import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDemoCertificates } from '../../demo/certificates.ts';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';
import { type Cluster, podEnvironment, programs, root, startCluster } from './cluster.ts';

const middleware = (options: string) => `apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: { name: judged, namespace: apps }
spec:
  plugin:
${options}
`;

describe.skipIf(programs === undefined)('the webhook', () => {
  let cluster: Cluster;
  let gateway: TestGateway;
  let registration: string;
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-webhook-'));
  const tryToApply = async (yaml: string) => cluster.kubectl(['apply', '-f', '-'], yaml);

  beforeAll(async () => {
    cluster = await startCluster();
    const certificates = await createDemoCertificates();
    writeFileSync(join(folder, 'tls.crt'), certificates.server.cert);
    writeFileSync(join(folder, 'tls.key'), certificates.server.key);
    gateway = await startTestGateway({
      files: {},
      flags: [
        ...cluster.flags,
        '--webhook.address=127.0.0.1:0',
        `--webhook.certFile=${join(folder, 'tls.crt')}`,
        `--webhook.keyFile=${join(folder, 'tls.key')}`,
      ],
      env: podEnvironment,
    });
    const { address } = await gateway.waitForLine(({ message }) => message === 'webhook listening');
    const port = String(address).split(':').at(-1);
    registration = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: portcullis }
webhooks:
  - name: objects.portcullis.example
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Fail
    timeoutSeconds: 10
    rules:
      - apiGroups: [traefik.io]
        apiVersions: [v1alpha1]
        operations: [CREATE, UPDATE]
        resources: ['*']
    clientConfig:
      url: https://localhost:${port}/admission/validate
      caBundle: ${Buffer.from(certificates.root.cert).toString('base64')}
`;
    await cluster.apply(registration);
  }, 120_000);
  afterAll(async () => {
    await gateway?.stop();
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('[AR-webhook] lets pass what is right, in any order', async () => {
    await expect
      .poll(async () => (await tryToApply(middleware('    mcp: { defaultAction: allow }'))).code, { timeout: 10_000 })
      .toBe(0);
    const files = ['06-ingress-route', '04-mcp', '05-strip-prefix', '03-jwt', '02-service'];
    for (const file of files) await cluster.apply(join(root, `examples/guide/${file}.yaml`));
  });

  test('[AR-webhook] refuses a slip in a policy, with the line and the caret', async () => {
    const rule = 'Equals(`mcp.params.name`, `x`) && Containz(`jwt.groups`, `admin`)';
    const { code, output } = await tryToApply(
      middleware(`    mcp: { policies: [{ action: allow, match: "${rule}" }] }`),
    );
    expect(code).not.toBe(0);
    expect(output).toContain('There is no function Containz');
    const lines = output.split('\n');
    const caret = lines.findIndex((line) => /\| +\^+$/.test(line));
    const [text = '', marks = ''] = lines.slice(caret - 1, caret + 1);
    expect(text.slice(marks.indexOf('^'), marks.lastIndexOf('^') + 1)).toBe('Containz');
  });

  test.each([
    ['an unknown option', middleware('    mcp: { defaultActoin: deny }'), 'did you mean `defaultAction`?'],
    [
      'an unknown option beside a Secret that is not there yet',
      middleware('    jwt: { signingSecret: "urn:k8s:secret:later:key", forwardHeader: {} }'),
      'unknown key `forwardHeader`',
    ],
    [
      'a rule of a route',
      readFileSync(join(root, 'examples/guide/06-ingress-route.yaml'), 'utf8').replace('PathPrefix(', 'PathPrefx('),
      'PathPrefx',
    ],
  ])('[AR-webhook] refuses %s', async (_, yaml, said) => {
    const { code, output } = await tryToApply(yaml);
    expect(code).not.toBe(0);
    expect(output).toContain(said);
    expect(output).toMatch(/\| +\^+/);
  });

  test('[AR-webhook] lets a broken object that was there before be labelled and deleted', async () => {
    await cluster.kubectl(['delete', 'validatingwebhookconfiguration', 'portcullis']);
    await cluster.apply(middleware('    mcp: { defaultActoin: deny }'));
    await cluster.apply(registration);
    const other = middleware('    mcp: { defaultActoin: deny }').replace('judged', 'other');
    await expect.poll(async () => (await tryToApply(other)).code, { timeout: 10_000 }).not.toBe(0);
    const labelled = await cluster.kubectl(['label', '-n', 'apps', 'middleware', 'judged', 'a=b']);
    expect(labelled.code, labelled.output).toBe(0);
    const answer = await cluster.kubectl(['delete', '-n', 'apps', 'middleware', 'judged']);
    expect(answer.code, answer.output).toBe(0);
  });
});
