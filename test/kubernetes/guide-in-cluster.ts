import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDemoCertificates } from '../../demo/certificates.ts';
import { startWiki } from '../../demo/wiki/wiki.ts';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';
import type { GuideSetting } from '../peers/guide.ts';
import { type Cluster, podEnvironment, root, startCluster } from './cluster.ts';

export type GuideInCluster = GuideSetting & { readonly cluster: Cluster };

const manifestOf = (path: string) => readFileSync(join(root, 'examples', path), 'utf8');

/** The guide as `startGuide` sets it up from files, by `kubectl apply` instead. */
export async function startGuideInCluster(more: readonly string[] = []): Promise<GuideInCluster> {
  const cluster = await startCluster();
  const certificates = await createDemoCertificates();
  const seen: IncomingHttpHeaders[] = [];
  const wiki = await startWiki({ tls: certificates.server, observe: ({ headers }) => void seen.push(headers) });
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-guide-'));
  const rootFile = join(folder, 'root.pem');
  writeFileSync(rootFile, certificates.root.cert);
  let gateway: TestGateway | undefined;
  const stop = async () => {
    await gateway?.stop();
    await wiki.close();
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const file of globSync(join(root, 'examples/guide/0*.yaml')).sort()) await cluster.apply(file);
    gateway = await startTestGateway({
      files: {},
      flags: [
        ...cluster.flags,
        `--resolve=mcp.deepwiki.com:443=127.0.0.1:${wiki.port}`,
        `--serversTransport.rootCAs=${rootFile}`,
        ...more,
      ],
      env: podEnvironment,
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const edit = async (change: (manifest: string) => string) => {
    await applyAndWait(cluster, gateway as TestGateway, change(manifestOf('guide-step-12/12-policy.yaml')));
  };
  const base = `http://mcp.localhost:${new URL(gateway.webUrl).port}`;
  return {
    cluster,
    gateway,
    base,
    mcpUrl: `${base}/deepwiki-mcp/mcp`,
    seen,
    restrict: () => edit((manifest) => manifest),
    edit,
    stop,
  };
}

/** Applies a manifest and waits until the gateway has taken it over. */
export async function applyAndWait(cluster: Cluster, gateway: TestGateway, yaml: string): Promise<void> {
  const from = gateway.lines().length;
  await cluster.apply(yaml);
  await gateway.waitForLine(({ message }) => message === 'configuration loaded', from);
}
