import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDemoCertificates } from '../../demo/certificates.ts';
import { startWiki } from '../../demo/wiki/wiki.ts';
import { findFreePort } from '../peers/child.ts';
import { type Block, matchesShown, readBlocks } from './blocks.ts';

const root = join(import.meta.dirname, '../..');
const page = join(root, 'docs/guide/standalone.md');
const blocks = readBlocks(readFileSync(page, 'utf8'));

let folder: string;
let wiki: Awaited<ReturnType<typeof startWiki>>;
let gateway: ChildProcess | undefined;
let gatewayOutput = '';
/** What a person's shell would remember from block to block. */
let history = '';
let environment: Record<string, string>;
const ports = new Map<string, number>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-docs-'));
  symlinkSync(join(root, 'bin'), join(folder, 'bin'));
  const certificates = await createDemoCertificates();
  wiki = await startWiki({ tls: certificates.server });
  writeFileSync(join(folder, 'root.pem'), certificates.root.cert);
  for (const port of ['8000', '8443', '8080']) ports.set(port, await findFreePort());
  environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    // The wiki stands in for the public server, and other ports for those that may be taken.
    PORTCULLIS_RESOLVE: `mcp.deepwiki.com:443=127.0.0.1:${wiki.port}`,
    PORTCULLIS_SERVERSTRANSPORT_ROOTCAS: join(folder, 'root.pem'),
    PORTCULLIS_ENTRYPOINTS_WEB_ADDRESS: `:${ports.get('8000')}`,
    PORTCULLIS_ENTRYPOINTS_WEBSECURE_ADDRESS: `:${ports.get('8443')}`,
    PORTCULLIS_ENTRYPOINTS_ADMIN_ADDRESS: `127.0.0.1:${ports.get('8080')}`,
  };
});
afterAll(async () => {
  gateway?.kill('SIGTERM');
  await wiki?.close();
  rmSync(folder, { recursive: true, force: true });
});

const withPorts = (text: string): string =>
  text.replace(/:(8000|8443|8080)\b/g, (_whole, port: string) => `:${ports.get(port)}`);

async function runInShell(block: Block): Promise<string> {
  const command = withPorts(block.text);
  // Earlier blocks define functions and variables; their output is not wanted again.
  const script = `{ ${history === '' ? ':' : history}\n} >/dev/null 2>&1\n${command}`;
  const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd: folder, env: environment });
  const remembered = command.split('\n').filter((line) => line.startsWith('export '));
  const functions = /^\w+\(\) \{[\s\S]*?^\}$/gm.exec(command)?.[0];
  history = [history, ...remembered, functions ?? ''].filter((line) => line !== '').join('\n');
  return stdout;
}

async function startInBackground(block: Block): Promise<void> {
  const words = withPorts(block.text).trim().split(/\s+/);
  gateway = spawn(process.execPath, [join(root, words[0] as string), ...words.slice(1)], {
    cwd: folder,
    env: environment,
  });
  for (const stream of [gateway.stdout, gateway.stderr]) {
    stream?.on('data', (chunk) => {
      gatewayOutput += String(chunk);
    });
  }
  for (let attempt = 0; attempt < 200 && !gatewayOutput.includes('Portcullis is ready'); attempt++) await pause(50);
  expect(gatewayOutput).toContain('Portcullis is ready');
}

let output = '';
test.each(blocks.map((block) => [block.line, block.language, block] as const))(
  '[G-docs.standalone] docs/guide/standalone.md line %i (%s) does what it says',
  async (_line, _language, block) => {
    if (block.note?.startsWith('not run') === true) return;
    if (block.file !== undefined) {
      const path = join(folder, block.file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${block.text}\n`);
    } else if (block.note === 'background') await startInBackground(block);
    else if (block.language === 'sh') output = await runInShell(block);
    else if (block.language === 'json') expect(JSON.parse(output)).toEqual(JSON.parse(block.text));
    else if (block.text.includes('no policy matched')) expect(matchesShown(block.text, gatewayOutput)).toBe(true);
    else expect(matchesShown(withPorts(block.text), output), `shown:\n${block.text}\nreal:\n${output}`).toBe(true);
  },
);

test('[G-docs.same-manifests] the page shows the manifests of examples/guide', () => {
  const strip = (text: string): string => text.replace(/^#.*\n/gm, '').trim();
  const shown = new Map(blocks.filter((block) => block.file !== undefined).map((block) => [block.file, block.text]));
  for (const name of ['02-service', '03-jwt', '05-strip-prefix', '06-ingress-route']) {
    expect(strip(shown.get(`routes/${name}.yaml`) ?? '')).toBe(
      strip(readFileSync(join(root, `examples/guide/${name}.yaml`), 'utf8')),
    );
  }
  expect(strip(shown.get('routes/04-mcp.yaml') ?? '')).toBe(
    strip(readFileSync(join(root, 'examples/guide-step-12/12-policy.yaml'), 'utf8')),
  );
});
