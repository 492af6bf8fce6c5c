import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual, promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDemoCertificates } from '../../demo/certificates.ts';
import { startWiki } from '../../demo/wiki/wiki.ts';
import { type Block, matchesShown, readBlocks } from '../docs/blocks.ts';
import { helmBinaries } from '../helm/chart.ts';
import type { TestGateway } from '../peers/gateway.ts';
import { type Cluster, programs, root, startCluster } from './cluster.ts';
import { type ServiceNetwork, startPod, startServiceNetwork } from './stand-ins.ts';

const page = readFileSync(join(root, 'docs/guide/cluster.md'), 'utf8');
const helm = programs === undefined ? undefined : [...helmBinaries().values()].at(-1);
/** How long a command is repeated until it says what the page shows. */
const patience = 60_000;

describe.skipIf(helm === undefined)('the guide in a cluster', () => {
  const blocks = readBlocks(page);
  let folder: string;
  let cluster: Cluster;
  let network: ServiceNetwork;
  let wiki: Awaited<ReturnType<typeof startWiki>>;
  let pod: TestGateway | undefined;
  let outside: ChildProcess | undefined;
  /** What a person's shell would remember from block to block. */
  let history = '';
  let output = '';
  let repeat: () => Promise<string> = () => Promise.resolve(output);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'portcullis-docs-'));
    network = await startServiceNetwork();
    cluster = await startCluster({ crds: false, rbac: false, serviceNetwork: network.socket });
    const certificates = await createDemoCertificates();
    wiki = await startWiki({ tls: certificates.server });
    writeFileSync(join(folder, 'root.pem'), certificates.root.cert);
    for (const name of ['bin', 'deploy', 'examples']) symlinkSync(join(root, name), join(folder, name));
    mkdirSync(join(folder, 'tools'));
    mkdirSync(join(folder, '.kube'));
    writeFileSync(join(folder, '.kube/config'), kubeconfig(cluster));
    for (const [name, program] of [
      ['kubectl', programs?.kubectl],
      ['helm', helm],
    ]) {
      const path = join(folder, 'tools', name ?? '');
      writeFileSync(path, `#!/bin/sh\nexec ${program} "$@"\n`);
      chmodSync(path, 0o755);
    }
  }, 120_000);
  afterAll(async () => {
    outside?.kill('SIGTERM');
    await pod?.stop();
    await wiki?.close();
    await cluster?.stop();
    await network?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const environment = (): Record<string, string> => ({
    PATH: `${join(folder, 'tools')}:${process.env['PATH'] ?? ''}`,
    HOME: folder,
    KUBECONFIG: join(folder, '.kube/config'),
  });
  const withPorts = (text: string): string =>
    pod === undefined
      ? text
      : text
          .replaceAll(':8000/', `:${new URL(pod.webUrl).port}/`)
          .replaceAll('127.0.0.1:8080/', `127.0.0.1:${new URL(pod.adminUrl).port}/`);

  async function runInShell(block: Block): Promise<string> {
    const command = withPorts(block.text);
    // Earlier blocks define functions and variables; their output is not wanted again.
    const script = `{ ${history === '' ? ':' : withPorts(history)}\n} >/dev/null 2>&1\n${command}`;
    const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd: folder, env: environment() });
    return stdout;
  }

  function remember({ text }: Block): void {
    const variables = text.split('\n').filter((line) => line.startsWith('export '));
    const functions = /^\w+\(\) \{[\s\S]*?^\}$/gm.exec(text)?.[0];
    history = [history, ...variables, functions ?? ''].filter((line) => line !== '').join('\n');
  }

  /** What the Deployment's controller and a node would do now. */
  async function replacePod(): Promise<void> {
    await pod?.stop();
    pod = await startPod(cluster, { namespace: 'portcullis', deployment: 'portcullis' }, [
      // The wiki stands in for the public server.
      `--resolve=mcp.deepwiki.com:443=127.0.0.1:${wiki.port}`,
      `--serversTransport.rootCAs=${join(folder, 'root.pem')}`,
    ]);
    await pod.waitForLine(({ message }) => message === 'Portcullis is ready');
    const webhook = pod.lines().find(({ message }) => message === 'webhook listening');
    network.target = Number(
      String(webhook?.['address'] ?? ':0')
        .split(':')
        .at(-1),
    );
  }

  async function startOutside(block: Block): Promise<void> {
    const addresses = ['WEB', 'WEBSECURE', 'ADMIN'].map((name) => [
      `PORTCULLIS_ENTRYPOINTS_${name}_ADDRESS`,
      '127.0.0.1:0',
    ]);
    outside = spawn('bash', ['-c', `exec env ${block.text}`], {
      cwd: folder,
      env: { ...environment(), ...Object.fromEntries(addresses) },
    });
    let said = '';
    for (const stream of [outside.stdout, outside.stderr]) stream?.on('data', (chunk) => (said += String(chunk)));
    await expect.poll(() => said, { timeout: patience, interval: 50 }).toContain('Portcullis is ready');
    expect(said).toContain(cluster.server);
  }

  async function expectShown({ language, text }: Block): Promise<void> {
    const begun = performance.now();
    const isShown = () =>
      language === 'json'
        ? isDeepStrictEqual(JSON.parse(output), JSON.parse(text))
        : matchesShown(withPorts(text), output);
    while (!isShown() && performance.now() - begun < patience) {
      await pause(200);
      output = await repeat();
    }
    expect(isShown(), `shown:\n${text}\nreal:\n${output}`).toBe(true);
  }

  test.each(blocks.map((block) => [block.line, block.language, block] as const))(
    '[G-docs.cluster] docs/guide/cluster.md line %i (%s) does what it says',
    async (_line, language, block) => {
      if (block.text.includes('--for=condition=ready pod')) return await replacePod();
      if (block.note?.startsWith('not run') === true) return;
      if (block.note === 'background') return await startOutside(block);
      if (language !== 'sh') return await expectShown(block);
      output = await runInShell(block);
      remember(block);
      // Once more is the same for what only asks; what changes something has said so already.
      repeat = /kubectl (?:create|apply -f examples)|helm/.test(block.text)
        ? () => Promise.resolve(output)
        : () => runInShell(block);
      if (block.text.startsWith('helm upgrade')) await replacePod();
    },
    120_000,
  );

  test('[G-docs.cluster] every block that is not run says why', () => {
    const reasons = blocks.filter(({ note }) => note?.startsWith('not run') === true).map(({ note }) => note);
    expect(reasons).toHaveLength(4);
    for (const reason of reasons) expect(reason).toMatch(/^not run: .{20}/);
  });
});

function kubeconfig({ server, certificate, adminToken }: Cluster): string {
  return `apiVersion: v1
kind: Config
current-context: test
contexts: [{ name: test, context: { cluster: test, user: admin } }]
clusters: [{ name: test, cluster: { server: "${server}", certificate-authority: "${certificate}" } }]
users: [{ name: admin, user: { token: ${adminToken} } }]
`;
}
