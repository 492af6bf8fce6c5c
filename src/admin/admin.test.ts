import { describe, expect, test } from 'vitest';
import { answer, answering, testExchange } from '../../test/support/exchange.ts';
import type { ItemStatus } from '../config/runtime/status.ts';
import { loadFromSettings } from '../config/static/load.ts';
import { adminHandler } from './admin.ts';
import type { AdminFacts } from './admin-facts.ts';

const item = (name: string, more: Partial<ItemStatus> = {}): ItemStatus => ({
  kind: 'router',
  name,
  provider: 'file',
  status: 'enabled',
  problems: [],
  usedBy: [],
  lastGood: false,
  config: { rule: 'Path(`/`)' },
  ...more,
});
const items = [
  ...['a@file', 'b@file', 'a b@file', 'größe@file'].map((name) => item(name)),
  item('c@file', { status: 'disabled' }),
  item('s@file', { kind: 'service', config: { kind: 'weighted' } }),
];

/** Asks the admin endpoints; what is not theirs is answered with 299. */
async function ask(path: string, given: { readonly options?: readonly string[]; readonly entrypoint?: string } = {}) {
  const { options = [], entrypoint = 'admin' } = given;
  const settings = options.map((option) => {
    const [name = '', value] = option.split('=');
    return { path: name.split('.'), value, origin: { source: 'flag', place: `--${name}` } } as const;
  });
  const loaded = loadFromSettings(settings, { env: {}, cwd: '/' });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
  const facts: AdminFacts = {
    entrypoint,
    isAdmin: entrypoint === 'admin',
    status: () => ({ generation: 3, loadedAt: new Date(0), items, problems: [], refused: [] }),
    terminating: () => false,
    services: () => new Map([['s@file', [{ url: 'http://127.0.0.1:1' }]]]),
    addresses: new Map(),
    extra: new Map(),
  };
  const [bare = '', query] = path.split('?');
  const next = answering(299);
  const handler = adminHandler(loaded.configuration, facts)?.(next) ?? next;
  const sent = { path: bare, query: query === undefined ? '' : `?${query}`, origin: 'http://127.0.0.1:8080' };
  const reply = await answer(handler, testExchange(sent));
  return { status: reply.status, text: String(reply.body ?? ''), next: reply.headers.get('x-next-page') };
}

describe('[AR-admin] which paths are the API’s', () => {
  test.each<[string, number, readonly string[]]>([
    ['/api/overview', 200, []],
    ['/api', 404, []],
    ['/api/', 404, []],
    ['/api/nothing', 404, []],
    ['/api/http/nothing', 404, []],
    ['/ping', 200, []],
    ['/ping/', 299, []],
    // A route may well have a prefix that only begins alike.
    ['/apis/overview', 299, []],
    ['/api-gateway', 299, []],
    ['/overview', 299, []],
    ['/api/overview', 299, ['api=false']],
    ['/gate/api/overview', 200, ['api.basePath=/gate']],
    ['/gate/apis', 299, ['api.basePath=/gate']],
    ['/api/overview', 299, ['api.basePath=/gate']],
  ])('%s: %i with %j', async (path, status, options) => {
    expect((await ask(path, { options })).status).toBe(status);
  });

  test.each<[string, number, readonly string[]]>([
    ['/api/overview', 299, []],
    ['/ping', 299, []],
    ['/api/overview', 299, ['api.entryPoint=web']],
    ['/api/overview', 200, ['api.entryPoint=web', 'api.insecure=true']],
    ['/ping', 200, ['ping.entryPoint=web']],
  ])('on a public entrypoint %s: %i with %j', async (path, status, options) => {
    expect((await ask(path, { options, entrypoint: 'web' })).status).toBe(status);
  });
});

describe('[AR-admin] items by name', () => {
  test.each([
    ['a@file', 'a@file'],
    ['a%40file', 'a@file'],
    ['a%20b@file', 'a b@file'],
    ['gr%C3%B6%C3%9Fe@file', 'größe@file'],
  ])('%s is %s', async (written, name) => {
    const { status, text } = await ask(`/api/http/routers/${written}`);
    expect([status, JSON.parse(text)]).toEqual([200, expect.objectContaining({ name, provider: 'file' })]);
  });

  test.each(['none@file', 'A@file', 's@file', '%FF', '%C3%28', '%', '__proto__'])('%s is none', async (written) => {
    expect(await ask(`/api/http/routers/${written}`)).toMatchObject({ status: 404, text: '{"error":"not found"}\n' });
  });

  test('a service comes with the state of its servers', async () => {
    const { text } = await ask('/api/http/services/s@file');
    expect(JSON.parse(text)).toMatchObject({ type: 'weighted', serverStatus: [{ url: 'http://127.0.0.1:1' }] });
  });
});

describe('[AR-admin] lists in pages', () => {
  test.each<[string, readonly string[], string]>([
    ['', ['a@file', 'b@file', 'a b@file', 'größe@file', 'c@file'], '1'],
    ['per_page=2', ['a@file', 'b@file'], '2'],
    ['per_page=2&page=3', ['c@file'], '1'],
    ['per_page=2&page=9', [], '1'],
    ['per_page=0&page=-1', ['a@file', 'b@file', 'a b@file', 'größe@file', 'c@file'], '1'],
    ['search=B', ['b@file', 'a b@file'], '1'],
    ['status=disabled', ['c@file'], '1'],
    ['status=disabled&search=a@', [], '1'],
  ])('%s', async (query, names, next) => {
    const asked = await ask(`/api/http/routers?${query}`);
    expect((JSON.parse(asked.text) as { name: string }[]).map(({ name }) => name)).toEqual(names);
    expect(asked.next).toBe(next);
  });
});
