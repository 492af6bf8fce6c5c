import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDemoCertificates } from '../../demo/certificates.ts';
import { startWiki } from '../../demo/wiki/wiki.ts';
import { type Files, startTestGateway, type TestGateway } from './gateway.ts';

const folderOf = (name: string) => fileURLToPath(new URL(`../../examples/${name}/`, import.meta.url));

/** The guide as far as Step 11: its manifests as they are, a wiki in place of the public server, a gateway process. */
export type GuideSetting = {
  readonly gateway: TestGateway;
  /** `http://mcp.localhost:<port>` */
  readonly base: string;
  readonly mcpUrl: string;
  /** Headers of the requests that reached the wiki. */
  readonly seen: readonly IncomingHttpHeaders[];
  /** Step 12: puts the restrictive policy in the place of the one that allows all, while the gateway runs. */
  readonly restrict: () => Promise<void>;
  /** Changes the manifest of Step 12 further. */
  readonly edit: (change: (manifest: string) => string) => Promise<void>;
  readonly stop: () => Promise<void>;
};

export async function startGuide(): Promise<GuideSetting> {
  const certificates = await createDemoCertificates();
  const seen: IncomingHttpHeaders[] = [];
  const wiki = await startWiki({ tls: certificates.server, observe: ({ headers }) => void seen.push(headers) });
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-guide-'));
  const rootFile = join(folder, 'root.pem');
  writeFileSync(rootFile, certificates.root.cert);
  const gateway = await startTestGateway({
    files: readManifests('guide'),
    flags: [`--resolve=mcp.deepwiki.com:443=127.0.0.1:${wiki.port}`, `--serversTransport.rootCAs=${rootFile}`],
  });
  const edit = async (change: (manifest: string) => string) => {
    const restrictive = readManifests('guide-step-12')['12-policy.yaml'] ?? '';
    await gateway.reload({ '04-mcp.yaml': change(restrictive) });
  };
  const base = `http://mcp.localhost:${new URL(gateway.webUrl).port}`;
  return {
    gateway,
    base,
    mcpUrl: `${base}/deepwiki-mcp/mcp`,
    seen,
    restrict: () => edit((manifest) => manifest),
    edit,
    stop: async () => {
      await gateway.stop();
      await wiki.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The files of a folder of `examples/`. */
function readManifests(name: string): Files {
  const folder = folderOf(name);
  const names = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  return Object.fromEntries(names.map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
}
