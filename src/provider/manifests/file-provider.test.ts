import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { generate } from 'selfsigned';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keptLogger } from '../../../test/support/kept-log.ts';
import type { ProviderUpdate } from '../definition.ts';
import { createProviders } from '../registry.ts';
import { createFileProvider, type FileProviderOptions } from './file-provider.ts';

let folder: string;
let stop: AbortController;
let updates: ProviderUpdate[];
const path = (...names: string[]) => join(folder, ...names);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-files-'));
  stop = new AbortController();
  updates = [];
});
afterEach(() => {
  stop.abort();
  rmSync(folder, { recursive: true, force: true });
});

const middleware = (name: string, prefix = '/a') =>
  `apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: ${name}}\nspec: {stripPrefix: {prefixes: [${prefix}]}}\n`;

async function start(options: Partial<FileProviderOptions> = {}) {
  const provider = createFileProvider({ directory: folder, throttleDuration: 0, ...options });
  await provider.provide((update) => updates.push(update), stop.signal, keptLogger);
  expect(updates).toHaveLength(1);
  return provider;
}

/** What is known now: names of middlewares, or what keeps it from being known. */
function known(): string[] {
  const last = updates.at(-1);
  if (last === undefined) return [];
  return last.ok
    ? [...last.configuration.middlewares.keys()].map((name) => name.split('@')[0] ?? '')
    : last.diagnostics.map(({ code }) => code);
}

const prefixes = () => {
  const last = updates.at(-1);
  return last?.ok === true
    ? [...last.configuration.middlewares.values()].map(({ config }) => JSON.stringify(config.options))
    : [];
};

/** Waits for a state, and that it stays. */
async function becomes(expected: string[], read: () => string[] = known) {
  await vi.waitFor(() => expect(read()).toEqual(expected), { timeout: 5_000, interval: 10 });
}

/** Time in which a change would have been published. */
const quiet = () => sleep(400);

describe('a folder', () => {
  beforeEach(() => {
    writeFileSync(path('a.yaml'), middleware('a'));
  });

  it('[AR-reload] is published again when it changes while it is published, before anything is watched', async () => {
    const provider = createFileProvider({ directory: folder, throttleDuration: 0 });
    const publish = (update: ProviderUpdate) => {
      if (updates.push(update) === 1) writeFileSync(path('a.yaml'), middleware('a', '/b'));
    };
    await provider.provide(publish, stop.signal, keptLogger);
    await becomes(['{"prefixes":["/b"]}'], prefixes);
  });

  it('[AR-reload] is published again for a new, a changed and a deleted file', async () => {
    await start();
    expect(known()).toEqual(['default-a']);
    writeFileSync(path('b.yml'), middleware('b'));
    await becomes(['default-a', 'default-b']);
    writeFileSync(path('b.yml'), middleware('b', '/changed'));
    await becomes(['{"prefixes":["/a"]}', '{"prefixes":["/changed"]}'], prefixes);
    rmSync(path('a.yaml'));
    await becomes(['default-b']);
    expect(updates.every(({ ok }) => ok)).toBe(true);
  });

  it('[AR-broken-change] tells of a file that cannot be parsed, and of its being mended', async () => {
    await start();
    writeFileSync(path('b.yaml'), 'a: [');
    await becomes(['CONFIG_SYNTAX']);
    writeFileSync(path('b.yaml'), middleware('b'));
    await becomes(['default-a', 'default-b']);
  });

  it('is not published again when nothing in it changed', async () => {
    await start();
    writeFileSync(path('a.yaml'), middleware('a'));
    writeFileSync(path('notes.txt'), 'not configuration');
    await quiet();
    expect(updates).toHaveLength(1);
  });

  it('is read with its subfolders, also new ones, and without what begins with a dot', async () => {
    mkdirSync(path('.hidden'));
    writeFileSync(path('.hidden', 'x.yaml'), middleware('hidden'));
    writeFileSync(path('.x.yaml.swp'), 'a: [');
    await start();
    mkdirSync(path('sub', 'deeper'), { recursive: true });
    writeFileSync(
      path('sub', 'deeper', 'c.json'),
      JSON.stringify({
        apiVersion: 'traefik.io/v1alpha1',
        kind: 'Middleware',
        metadata: { name: 'c' },
        spec: { stripPrefix: {} },
      }),
    );
    await becomes(['default-a', 'default-c']);
    writeFileSync(path('sub', 'deeper', 'c.json'), '{}');
    await becomes(['default-a']);
    rmSync(path('sub'), { recursive: true });
    writeFileSync(path('d.yaml'), middleware('d'));
    await becomes(['default-a', 'default-d']);
  });

  it('follows editors, which write beside a file and then exchange it', async () => {
    await start();
    for (const name of ['one', 'two', 'three']) {
      writeFileSync(path('.a.tmp'), middleware(name));
      renameSync(path('.a.tmp'), path('a.yaml'));
      await becomes([`default-${name}`]);
    }
  });

  it('does not take a half-written file for the whole', async () => {
    await start();
    truncateSync(path('a.yaml'));
    await sleep(20);
    for (const line of middleware('written').split(/(?<=\n)/)) {
      appendFileSync(path('a.yaml'), line);
      await sleep(15);
    }
    await becomes(['default-written']);
    expect(updates.map((update) => (update.ok ? update.configuration.middlewares.size : 0))).not.toContain(0);
  });

  it('[AR-config-map] follows a mounted ConfigMap, whose folder is exchanged behind a link', async () => {
    const mount = path('mount');
    const version = (name: string, content: string) => {
      mkdirSync(join(mount, name), { recursive: true });
      writeFileSync(join(mount, name, 'routes.yaml'), content);
    };
    version('..2026_01', middleware('first'));
    symlinkSync('..2026_01', join(mount, '..data'));
    symlinkSync('..data/routes.yaml', join(mount, 'routes.yaml'));
    await start({ directory: mount });
    expect(known()).toEqual(['default-first']);
    for (const [old, name] of [
      ['..2026_01', '..2026_02'],
      ['..2026_02', '..2026_03'],
    ] as const) {
      version(name, middleware(`from-${name.slice(-2)}`));
      symlinkSync(name, join(mount, '..data_tmp'));
      renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
      rmSync(join(mount, old), { recursive: true });
      await becomes([`default-from-${name.slice(-2)}`]);
    }
  });

  it('may go away and come back', async () => {
    const inner = path('inner');
    cpSync(path('a.yaml'), join(inner, 'a.yaml'));
    await start({ directory: inner });
    rmSync(inner, { recursive: true });
    await becomes(['CONFIG_UNREADABLE']);
    mkdirSync(inner);
    writeFileSync(join(inner, 'b.yaml'), middleware('b'));
    await becomes(['default-b']);
    writeFileSync(join(inner, 'c.yaml'), middleware('c'));
    await becomes(['default-b', 'default-c']);
  });

  it('may itself be a link that is exchanged', async () => {
    for (const release of ['r1', 'r2']) {
      mkdirSync(path(release));
      writeFileSync(path(release, 'x.yaml'), middleware(release));
    }
    symlinkSync('r1', path('current'));
    await start({ directory: path('current') });
    symlinkSync('r2', path('next'));
    renameSync(path('next'), path('current'));
    await becomes(['default-r2']);
  });

  it('is not watched when that is not wanted, but read again when asked', async () => {
    const provider = await start({ watch: false });
    writeFileSync(path('b.yaml'), middleware('b'));
    await quiet();
    expect(updates).toHaveLength(1);
    provider.reload?.();
    await becomes(['default-a', 'default-b']);
  });

  it('is not published more often than the throttle allows, and its last state always is', async () => {
    await start({ throttleDuration: 600 });
    const started = performance.now();
    while (performance.now() - started < 1_000) {
      writeFileSync(path('b.yaml'), middleware('b', `/${Math.floor(performance.now())}`));
      await sleep(90);
    }
    writeFileSync(path('b.yaml'), middleware('b', '/last'));
    await becomes(['{"prefixes":["/a"]}', '{"prefixes":["/last"]}'], prefixes);
    expect(updates.length).toBeLessThanOrEqual(5);
  });

  it('is left alone after an abort', async () => {
    await start();
    stop.abort();
    writeFileSync(path('b.yaml'), middleware('b'));
    await quiet();
    expect(updates).toHaveLength(1);
  });
});

describe('a file', () => {
  it('is published alone, and again when it changes', async () => {
    writeFileSync(path('a.yaml'), middleware('a'));
    writeFileSync(path('b.yaml'), middleware('b'));
    await start({ directory: undefined, filename: path('a.yaml') });
    expect(known()).toEqual(['default-a']);
    writeFileSync(path('a.yaml'), middleware('changed'));
    await becomes(['default-changed']);
  });

  it.each([
    ['that does not exist', 'absent.yaml', undefined, 'CONFIG_UNREADABLE'],
    ['in TOML', 'a.toml', '[http.routers]\n', 'CONFIG_UNSUPPORTED'],
    ['that is not YAML', 'a.yaml', '{', 'CONFIG_SYNTAX'],
  ])('%s is refused with a reason', async (_, name, content, code) => {
    if (content !== undefined) writeFileSync(path(name), content);
    await start({ directory: undefined, filename: path(name) });
    expect(known()).toEqual([code]);
  });
});

describe('certificates', () => {
  it('[AR-certificates-reload] in files of their own are read anew when they change', async () => {
    const [first, second] = await Promise.all([certificate(), certificate()]);
    mkdirSync(path('certs'));
    mkdirSync(path('routes'));
    const put = (pair: { cert: string; private: string }) => {
      writeFileSync(path('certs', 'a.crt'), pair.cert);
      writeFileSync(path('certs', 'a.key'), pair.private);
    };
    writeFileSync(
      path('routes', 'tls.yaml'),
      'tls: {certificates: [{certFile: ../certs/a.crt, keyFile: ../certs/a.key}]}\n',
    );
    await start({ directory: path('routes') });
    const shown = () => {
      const last = updates.at(-1);
      const item = last?.ok === true ? last.configuration.tls.certificates[0] : undefined;
      return [item?.config.cert ?? '', String(item?.problems.length)];
    };
    expect(shown()).toEqual(['', '2']);
    put(first);
    await becomes([readFileSync(path('certs', 'a.crt'), 'utf8'), '0'], shown);
    put(second);
    await becomes([second.cert, '0'], shown);
  });

  const certificate = () => generate([{ name: 'commonName', value: 'a.example' }], { keyType: 'ec', curve: 'P-256' });
});

describe('the registry', () => {
  it('makes the providers that are configured', async () => {
    expect(await createProviders({ providersThrottleDuration: 0 })).toEqual([]);
    const [provider] = await createProviders({
      providersThrottleDuration: 0,
      file: { directory: folder, watch: true },
    });
    expect(provider?.name).toBe('file');
  });
});
