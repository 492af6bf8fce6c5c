import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectProblems } from '../../config/dynamic/merge.ts';
import { loadPaths } from './load-paths.ts';

const examples = join(import.meta.dirname, '../../../examples');

async function load(...paths: string[]) {
  const update = await loadPaths(paths);
  if (!update.ok) throw new Error(update.diagnostics.map(({ message }) => message).join('\n'));
  return update.configuration;
}

describe('the examples', () => {
  it.each(readdirSync(examples))('[G-6.manifests] %s have no problems', async (name) => {
    expect(collectProblems(await load(join(examples, name)))).toEqual([]);
  });

  it('[G-12.names] of the guide give the names that its log lines show', async () => {
    const configuration = await load(join(examples, 'guide'));
    expect([...configuration.middlewares.keys()]).toEqual([
      'apps-deepwiki-mcp-jwt@kubernetescrd',
      'apps-deepwiki-mcp-gateway@kubernetescrd',
      'apps-deepwiki-strip-prefix@kubernetescrd',
    ]);
    const [router] = configuration.routers.values();
    expect(router?.config.middlewares).toEqual([...configuration.middlewares.keys()]);
    expect(router?.config.rule).toBe('Host(`mcp.localhost`) && PathPrefix(`/deepwiki-mcp`)');
  });

  it('[G-3.secret] of the guide resolve the secret of the middleware, and say which string it is', async () => {
    const { middlewares } = await load(join(examples, 'guide'));
    expect(middlewares.get('apps-deepwiki-mcp-jwt@kubernetescrd')?.config).toMatchObject({
      type: 'plugin.jwt',
      options: { signingSecret: 'my-super-secret-key-change-in-production' },
      secretPaths: [['signingSecret']],
    });
  });

  it('[G-2.external-name] of the guide reach the public server without a switch', async () => {
    const { services, routers } = await load(join(examples, 'guide'));
    const [router] = routers.values();
    expect(services.get(router?.config.service ?? '')?.config).toMatchObject({
      kind: 'loadBalancer',
      loadBalancer: { servers: [{ url: 'https://mcp.deepwiki.com:443' }], passHostHeader: false },
    });
  });
});

describe('paths', () => {
  let folder: string;
  const write = (name: string, text: string) => {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  const middleware = (name: string) =>
    `apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: ${name}}\nspec: {stripPrefix: {}}\n`;
  const names = async (...paths: string[]) =>
    [...(await load(...paths.map((path) => join(folder, path)))).middlewares.keys()].map((name) => name.split('@')[0]);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'portcullis-paths-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('may be several, and the same one twice', async () => {
    write('a.yaml', middleware('a'));
    write('b/b.yaml', middleware('b'));
    expect(await names('b', 'a.yaml', 'a.yaml', 'b/b.yaml', '.')).toEqual(['default-b', 'default-a']);
    expect(collectProblems(await load(join(folder, 'b'), folder))).toEqual([]);
  });

  it('that are folders leave out files of other tools, hidden ones and other formats', async () => {
    write('a.yaml', middleware('a'));
    for (const name of [
      'kustomization.yaml',
      'policy-test.schema.json',
      'policy.test.yaml',
      'README.md',
      '.b.yaml',
      '.git/c.yaml',
      'node_modules/d.yaml',
      'package.json',
      'x.yaml.bak',
    ]) {
      write(name, 'a: [');
    }
    expect(await names('.')).toEqual(['default-a']);
  });

  it('that are files count whatever they are called', async () => {
    write('config', middleware('a'));
    expect(await names('config')).toEqual(['default-a']);
  });

  it('that lead in circles are read once', async () => {
    write('a.yaml', middleware('a'));
    symlinkSync('.', join(folder, 'again'));
    symlinkSync('a.yaml', join(folder, 'b.yaml'));
    expect(await names('.')).toEqual(['default-a']);
    expect(collectProblems(await load(folder))).toEqual([]);
  });

  it('that cannot be read are named', async () => {
    const update = await loadPaths([join(folder, 'absent')]);
    expect(update).toMatchObject({
      ok: false,
      diagnostics: [{ code: 'CONFIG_UNREADABLE', message: expect.stringContaining('does not exist') }],
    });
  });

  it('of every broken file are told, not only of the first', async () => {
    write('a.yaml', '{');
    write('b.yaml', '{');
    write('c.toml', '');
    const update = await loadPaths([folder]);
    expect(update.ok ? [] : update.diagnostics.map(({ at }) => at?.file.slice(folder.length + 1))).toEqual([
      'a.yaml',
      'b.yaml',
      'c.toml',
    ]);
  });
});
