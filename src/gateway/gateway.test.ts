import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { generate } from 'selfsigned';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { serveFolder } from '../../test/support/gateway-within.ts';
import type { Gateway } from './gateway.ts';

let folder: string;
const running: Gateway[] = [];
let upstream: Server;
let upstreamPort: number;
let asked: string[] = [];

beforeAll(async () => {
  upstream = createServer((request, response) => {
    asked.push(request.url ?? '');
    request.resume();
    response.end('from upstream');
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  upstreamPort = (upstream.address() as AddressInfo).port;
  upstream.unref();
});
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.shutdown();
  rmSync(folder, { recursive: true, force: true });
  asked = [];
});

async function start(files: Record<string, string>, flags: readonly string[] = []): Promise<Gateway> {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-gateway-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const gateway = await serveFolder(folder, flags);
  running.push(gateway);
  return gateway;
}

/** Writes a file and waits until a new generation serves, or the change has been refused. */
async function change(gateway: Gateway, name: string, text: string | undefined): Promise<void> {
  const before = gateway.status();
  if (text === undefined) unlinkSync(join(folder, name));
  else writeFileSync(join(folder, name), text);
  for (let attempt = 0; attempt < 300; attempt++) {
    const now = gateway.status();
    if (now.generation !== before.generation || (now.refused.length > 0 && now.refused !== before.refused)) return;
    await pause(10);
  }
  throw new Error('nothing became of the change');
}

async function get(
  gateway: Gateway,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string }> {
  const response = await fetch(`http://127.0.0.1:${gateway.addresses.get('web')?.port}${path}`, { headers });
  return { status: response.status, body: await response.text() };
}

const router = (name: string, rule: string, middlewares: readonly string[] = [], priority = 0): string =>
  `    ${name}:\n      rule: ${rule}\n      service: up\n      priority: ${priority}\n      middlewares: [${middlewares.join(', ')}]\n`;
const routes = (...routers: readonly string[]): string =>
  `http:\n  routers:\n${routers.join('')}  services:\n    up:\n      loadBalancer:\n        servers:\n          - url: http://127.0.0.1:${upstreamPort}\n`;
const guard = (options: string): string => `http:\n  middlewares:\n    guard:\n${options}`;
const statusOf = (gateway: Gateway, name: string) => gateway.status().items.find((item) => item.name === name);

describe('[AR-closed-route] a broken item', () => {
  test('closes its own routes, which keep their claim; others go on', async () => {
    const gateway = await start({
      'a.yaml': routes(router('narrow', 'PathPrefix(`/narrow`)', ['guard']), router('wide', 'PathPrefix(`/`)')),
      'b.yaml': guard('      stripPrefx:\n        prefixes: [/a]\n'),
    });
    expect(await get(gateway, '/narrow/x')).toMatchObject({ status: 503 });
    expect(await get(gateway, '/else')).toEqual({ status: 200, body: 'from upstream' });
    expect(asked).toEqual(['/else']);
    expect(statusOf(gateway, 'guard@file')).toMatchObject({ status: 'disabled' });
    expect(statusOf(gateway, 'narrow@file')).toMatchObject({ status: 'disabled' });
    expect(statusOf(gateway, 'wide@file')).toMatchObject({ status: 'enabled' });
    expect(statusOf(gateway, 'guard@file')?.problems[0]?.hint).toContain('stripPrefix');
  });

  test.each([
    ['a middleware that does not exist', router('r', 'PathPrefix(`/`)', ['gaurd'])],
    ['a rule that does not parse', router('r', 'PathPrefix(`/`')],
    [
      'an entrypoint that does not exist',
      router('r', 'PathPrefix(`/`)').replace('      rule', '      entryPoints: [wbe]\n      rule'),
    ],
  ])('%s: nothing reaches the upstream', async (_name, broken) => {
    const gateway = await start({
      'a.yaml': routes(broken),
      'b.yaml': guard('      addPrefix:\n        prefix: /x\n'),
    });
    expect((await get(gateway, '/')).status).toBeGreaterThanOrEqual(404);
    expect(asked).toEqual([]);
    expect(statusOf(gateway, 'r@file')?.status).toBe('disabled');
  });

  test('is refused at a first start when it cannot be read at all', async () => {
    await expect(start({ 'a.yaml': 'http: [' })).rejects.toThrow('cannot be read');
  });
});

describe('[AR-last-good] a broken change', () => {
  const good = guard('      addPrefix:\n        prefix: /good\n');

  test.each([
    ['not YAML', 'http: ['],
    ['an unknown option', guard('      addPrefix:\n        prefx: /bad\n')],
    ['an unknown type', guard('      addPrefx:\n        prefix: /bad\n')],
    ['two types', guard('      addPrefix:\n        prefix: /bad\n      stripPrefix:\n        prefixes: [/]\n')],
    ['the file gone while a route needs it', undefined],
  ])('%s: the last good version goes on, and says so', async (_name, text) => {
    const gateway = await start({ 'a.yaml': routes(router('r', 'PathPrefix(`/`)', ['guard'])), 'b.yaml': good });
    expect((await get(gateway, '/x')).status).toBe(200);
    await change(gateway, 'b.yaml', text);
    expect((await get(gateway, '/y')).status).toBe(200);
    expect(asked).toEqual(['/good/x', '/good/y']);
    const { items, refused } = gateway.status();
    expect(refused.length > 0 || items.some((item) => item.lastGood && item.problems.length > 0)).toBe(true);
    await change(gateway, 'b.yaml', good.replace('/good', '/better'));
    expect((await get(gateway, '/z')).status).toBe(200);
    expect(asked.at(-1)).toBe('/better/z');
    expect(gateway.status().items.every((item) => item.status === 'enabled')).toBe(true);
  });

  test('what else the change holds is taken over', async () => {
    const gateway = await start({ 'a.yaml': routes(router('r', 'PathPrefix(`/r`)', ['guard'])), 'b.yaml': good });
    await change(gateway, 'a.yaml', routes(router('r', 'PathPrefix(`/r`', ['guard']), router('s', 'PathPrefix(`/s`)')));
    expect((await get(gateway, '/r')).status).toBe(200);
    expect((await get(gateway, '/s')).status).toBe(200);
    expect(asked).toEqual(['/good/r', '/s']);
    expect(statusOf(gateway, 'r@file')).toMatchObject({ lastGood: true, status: 'warning' });
  });

  /** Routes of manifests are named by a hash of their rule. */
  const manifest = (...matches: readonly string[]): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 'up' },
          spec: { type: 'ExternalName', externalName: '127.0.0.1', ports: [{ port: upstreamPort }] },
        },
        {
          apiVersion: 'traefik.io/v1alpha1',
          kind: 'IngressRoute',
          metadata: { name: 'r' },
          spec: {
            entryPoints: ['web'],
            routes: matches.map((match) => ({ kind: 'Rule', match, services: [{ name: 'up', port: upstreamPort }] })),
          },
        },
      ],
    });

  test('of the rule of a manifest: the route goes on by its last good rule', async () => {
    const gateway = await start({ 'a.json': manifest('PathPrefix(`/a`)', 'PathPrefix(`/b`)') });
    const statuses = () => Promise.all(['/a', '/b', '/c', '/d'].map(async (path) => (await get(gateway, path)).status));
    expect(await statuses()).toEqual([200, 200, 404, 404]);
    for (const again of [1, 2]) {
      await change(gateway, 'a.json', manifest('PathPrefix(/a)', `PathPrefix(\`/c\`) || Path(\`/${again}\`)`));
      expect(await statuses()).toEqual([200, 404, 200, 404]);
      const told = gateway.status().items.filter((item) => item.lastGood);
      expect(told).toMatchObject([{ kind: 'router', status: 'warning' }]);
      expect(told[0]?.problems.map((problem) => problem.code)).toEqual(['EXPRESSION_SYNTAX']);
    }
    await change(gateway, 'a.json', manifest('PathPrefix(`/d`)'));
    expect(await statuses()).toEqual([404, 404, 404, 200]);
    expect(gateway.status().items.every((item) => item.status === 'enabled' && !item.lastGood)).toBe(true);
  });

  test('before a route of a manifest that stays as it was: each keeps its own', async () => {
    const gateway = await start({ 'a.json': manifest('PathPrefix(`/a`)', 'PathPrefix(`/b`)') });
    await change(gateway, 'a.json', manifest('PathPrefix(/x)', 'PathPrefix(`/a`)', 'PathPrefix(`/b`)'));
    for (const [path, status] of [
      ['/a', 200],
      ['/b', 200],
      ['/x', 404],
    ] as const)
      expect((await get(gateway, path)).status).toBe(status);
    expect(gateway.status().items.some((item) => item.lastGood)).toBe(false);
  });
});

describe('[DP-4.metadata-conflict] two middlewares that claim one resource', () => {
  const metadata = (name: string, server: string): string =>
    `    ${name}:\n      plugin:\n        mcp:\n          defaultAction: allow\n          resourceMetadata:\n            resource: https://127.0.0.1/mcp\n            authorizationServers: [${server}]\n`;
  const both = (other: string): Record<string, string> => ({
    'a.yaml': routes(router('one', 'PathPrefix(`/one`)', ['first']), router('two', 'PathPrefix(`/two`)', ['second'])),
    'b.yaml': `http:\n  middlewares:\n${metadata('first', 'https://a.example')}${metadata('second', other)}`,
  });
  const path = '/.well-known/oauth-protected-resource/mcp';

  test('with equal content: served', async () => {
    const gateway = await start(both('https://a.example'));
    const { status, body } = await get(gateway, path);
    expect([status, JSON.parse(body)]).toMatchObject([200, { authorization_servers: ['https://a.example'] }]);
  });

  test('with different content: both are broken, neither is served', async () => {
    const gateway = await start(both('https://b.example'));
    expect(await get(gateway, path)).toEqual({ status: 404, body: '{"error":"not_found"}\n' });
    for (const name of ['first@file', 'second@file', 'one@file', 'two@file'])
      expect(statusOf(gateway, name)?.status).toBe('disabled');
  });
});

describe('[AR-gate] structural safety', () => {
  test('a route without authentication has the anonymous principal; a route with it lets nobody else through', async () => {
    const gateway = await start({
      'a.yaml': routes(router('open', 'PathPrefix(`/open`)'), router('shut', 'PathPrefix(`/shut`)', ['guard'])),
      'b.yaml': guard('      plugin:\n        jwt:\n          signingSecret: a-secret-that-is-long-enough-for-hs256\n'),
    });
    expect((await get(gateway, '/open')).status).toBe(200);
    expect((await get(gateway, '/shut')).status).toBe(401);
    expect((await get(gateway, '/shut', { authorization: 'Bearer x' })).status).toBe(401);
    expect(asked).toEqual(['/open']);
  });
});

describe('[AR-tls] TLS', () => {
  const pair = async (name: string): Promise<{ cert: string; key: string }> => {
    const made = await generate([{ name: 'commonName', value: name }], {
      keyType: 'ec',
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }],
    });
    return { cert: made.cert, key: made.private };
  };
  const certificates = (...pairs: readonly { cert: string; key: string }[]): string =>
    JSON.stringify({ tls: { certificates: pairs.map(({ cert, key }) => ({ certFile: cert, keyFile: key })) } });
  const shown = (gateway: Gateway, servername: string, options: object = {}): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connectTls(
        { port: gateway.addresses.get('websecure')?.port ?? 0, servername, rejectUnauthorized: false, ...options },
        () => {
          const name = socket.getPeerCertificate().subject.CN;
          // A server that refuses after the handshake closes right away.
          socket.once('close', () => reject(new Error('closed')));
          setTimeout(() => {
            socket.removeAllListeners('close');
            socket.end();
            resolve(String(name));
          }, 100);
        },
      );
      socket.once('error', reject);
    });

  test('certificates by server name, changed while running; others get the default', async () => {
    const [one, two] = [await pair('one.test'), await pair('two.test')];
    const gateway = await start({ 'a.yaml': routes(router('r', 'PathPrefix(`/`)')), 't.json': certificates(one) });
    expect(await shown(gateway, 'one.test')).toBe('one.test');
    expect(await shown(gateway, 'two.test')).toBe('PORTCULLIS DEFAULT CERT');
    await change(gateway, 't.json', certificates(one, two));
    expect(await shown(gateway, 'two.test')).toBe('two.test');
    await change(gateway, 't.json', certificates(two));
    expect(await shown(gateway, 'one.test')).toBe('PORTCULLIS DEFAULT CERT');
  });

  test('HTTP/2 and HTTP/1.1 side by side', async () => {
    const gateway = await start({ 'a.yaml': routes(router('r', 'PathPrefix(`/`)')) });
    const port = gateway.addresses.get('websecure')?.port;
    const session = connectHttp2(`https://localhost:${port}`, { rejectUnauthorized: false });
    const status = await new Promise<number>((resolve, reject) => {
      session.on('error', reject);
      const stream = session.request({ ':path': '/over-h2' });
      stream.on('response', (headers) => resolve(Number(headers[':status'])));
      stream.resume();
    });
    session.close();
    expect(status).toBe(200);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connectTls(
        { port: port ?? 0, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'], servername: 'localhost' },
        () => socket.write('GET /over-h1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
      );
      let text = '';
      socket.on('data', (chunk) => {
        text += String(chunk);
      });
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 200/);
    expect(asked).toEqual(['/over-h2', '/over-h1']);
  });

  test('options: least version, and names that no certificate covers', async () => {
    const one = await pair('one.test');
    const options = { options: { default: { minVersion: 'VersionTLS13', sniStrict: true } } };
    const gateway = await start({
      'a.yaml': routes(router('r', 'PathPrefix(`/`)')),
      't.json': certificates(one),
      'o.json': JSON.stringify({ tls: options }),
    });
    expect(await shown(gateway, 'one.test')).toBe('one.test');
    await expect(shown(gateway, 'one.test', { maxVersion: 'TLSv1.2' })).rejects.toThrow();
    await expect(shown(gateway, 'two.test')).rejects.toThrow();
  });

  test('client certificates: asked for, verified', async () => {
    const [server, client, stranger] = [await pair('one.test'), await pair('client'), await pair('stranger')];
    const options = {
      options: { default: { clientAuth: { caFiles: [client.cert], clientAuthType: 'RequireAndVerifyClientCert' } } },
    };
    const gateway = await start({
      'a.yaml': routes(router('r', 'PathPrefix(`/`)')),
      't.json': certificates(server),
      'o.json': JSON.stringify({ tls: options }),
    });
    expect(gateway.status().problems).toEqual([]);
    expect(await shown(gateway, 'one.test', client)).toBe('one.test');
    await expect(shown(gateway, 'one.test', stranger)).rejects.toThrow();
    await expect(shown(gateway, 'one.test')).rejects.toThrow();
  });
});

describe('[AR-admin] the admin endpoints', () => {
  const ask = (
    gateway: Gateway,
    path: string,
    entrypoint = 'admin',
    headers: Record<string, string> = {},
  ): Promise<Response> => fetch(`http://127.0.0.1:${gateway.addresses.get(entrypoint)?.port}${path}`, { headers });

  test('report every item with its status, and no secret', async () => {
    const secret = 'a-secret-that-is-long-enough-for-hs256';
    const gateway = await start({
      'a.yaml': routes(router('r', 'PathPrefix(`/`)', ['guard'])),
      'b.yaml': guard(`      plugin:\n        jwt:\n          signingSecret: ${secret}\n`),
    });
    expect(await (await ask(gateway, '/ping')).text()).toBe('OK');
    expect(await (await ask(gateway, '/api/overview')).json()).toMatchObject({
      http: { routers: { total: 1, errors: 0 }, middlewares: { total: 1 } },
    });
    expect(await (await ask(gateway, '/api/http/routers/r@file')).json()).toMatchObject({
      name: 'r@file',
      status: 'enabled',
      service: 'up@file',
    });
    expect(await (await ask(gateway, '/api/entrypoints')).json()).toHaveLength(3);
    expect(await (await ask(gateway, '/api/version')).json()).toHaveProperty('Version');
    const raw = await (await ask(gateway, '/api/rawdata')).text();
    expect(raw).toContain('guard@file');
    expect(raw).not.toContain(secret);
    expect((await ask(gateway, '/api/http/routers/none@file')).status).toBe(404);
    expect((await ask(gateway, '/api/nothing')).status).toBe(404);
  });

  test('are not on other entrypoints, and not for other origins', async () => {
    const gateway = await start({ 'a.yaml': routes(router('r', 'PathPrefix(`/mine`)')) });
    expect((await ask(gateway, '/ping', 'web')).status).toBe(404);
    expect((await ask(gateway, '/api/overview', 'web')).status).toBe(404);
    expect((await ask(gateway, '/api/overview', 'admin', { origin: 'https://evil.example' })).status).toBe(403);
    const response = await fetch(`http://127.0.0.1:${gateway.addresses.get('admin')?.port}/api/overview`, {
      method: 'POST',
    });
    expect(response.status).toBe(405);
  });
});
