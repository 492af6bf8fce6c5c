import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectTls, type SecureVersion, type TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { serveFolder } from '../../test/support/gateway-within.ts';
import type { Gateway } from './gateway.ts';

interface Pair {
  readonly cert: string;
  readonly key: string;
}
const pairs: Record<'client' | 'other' | 'stranger', Pair> = Object.create(null);
const running: Gateway[] = [];
let upstream: Server;
let folder: string;

beforeAll(async () => {
  for (const name of ['client', 'other', 'stranger'] as const) {
    const made = await generate([{ name: 'commonName', value: name }], { keyType: 'ec' });
    pairs[name] = { cert: made.cert, key: made.private };
  }
  upstream = createServer((_request, response) => response.end());
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
});
afterAll(() => upstream.close());
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.shutdown();
  rmSync(folder, { recursive: true, force: true });
});

type Options = Readonly<Record<string, object>>;
type Routers = Readonly<Record<string, { rule: string; options?: string }>>;

function routesText(routers: Routers, options: Options): string {
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  return JSON.stringify({
    http: {
      routers: Object.fromEntries(
        Object.entries(routers).map(([name, one]) => [
          name,
          { rule: one.rule, service: 'up', tls: one.options === undefined ? {} : { options: one.options } },
        ]),
      ),
      services: { up: { loadBalancer: { servers: [{ url }] } } },
    },
    tls: { options },
  });
}

async function start(routers: Routers, options: Options, flags: readonly string[] = []): Promise<Gateway> {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-router-tls-'));
  writeFileSync(join(folder, 'routes.json'), routesText(routers, options));
  const gateway = await serveFolder(folder, flags);
  running.push(gateway);
  return gateway;
}

async function change(gateway: Gateway, routers: Routers, options: Options): Promise<void> {
  const { generation } = gateway.status();
  writeFileSync(join(folder, 'routes.json'), routesText(routers, options));
  for (let attempt = 0; attempt < 500 && gateway.status().generation === generation; attempt++) await pause(10);
  expect(gateway.status().generation).not.toBe(generation);
}

interface Request {
  /** Server name of the handshake; none when empty. */
  readonly sni: string;
  readonly host: string;
  readonly pair?: Pair | undefined;
  /** Another entrypoint than `websecure`. */
  readonly at?: string;
  readonly minVersion?: SecureVersion;
  readonly maxVersion?: SecureVersion;
}

function connection(gateway: Gateway, request: Partial<Request>, ALPNProtocols: string[]): TLSSocket {
  const { sni = '', host: _host, pair, at = 'websecure', ...versions } = request;
  const port = gateway.addresses.get(at)?.port ?? 0;
  const name = sni === '' ? {} : { servername: sni };
  return connectTls({
    host: '127.0.0.1',
    port,
    rejectUnauthorized: false,
    ALPNProtocols,
    ...name,
    ...pair,
    ...versions,
  });
}

/** The status of an HTTP/1.1 request, or `cut`. */
function ask(gateway: Gateway, request: Request): Promise<string> {
  const socket = connection(gateway, request, ['http/1.1']);
  return statusOver(socket, request.host, true);
}

function statusOver(socket: TLSSocket, host: string, close: boolean): Promise<string> {
  return new Promise((resolve) => {
    const done = (answer: string): void => {
      socket.off('close', cut).off('data', read);
      resolve(answer);
    };
    const cut = (): void => done('cut');
    const read = (chunk: Buffer): void => done(String(chunk).slice(9, 12));
    socket.on('error', () => {});
    socket.on('close', cut);
    socket.on('data', read);
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n${close ? 'Connection: close\r\n' : ''}\r\n`);
  });
}

/** The same over HTTP/2. */
function askHttp2(gateway: Gateway, request: Request): Promise<string> {
  return new Promise((resolve) => {
    const session = connectHttp2(`https://${request.host}`, {
      createConnection: () => connection(gateway, request, ['h2']),
    });
    const done = (answer: string): void => {
      session.destroy();
      resolve(answer);
    };
    session.on('error', () => done('cut'));
    session.on('close', () => done('cut'));
    const stream = session.request({ ':path': '/' });
    stream.on('response', (headers) => done(String(headers[':status'])));
    stream.on('error', () => done('cut'));
  });
}

const demand = (pair: Pair): object => ({ clientAuth: { caFiles: [pair.cert] } });

describe('[AR-tls.hosts] what TLS options demand is demanded of every request for their hosts', () => {
  const routers: Routers = {
    guarded: { rule: 'Host(`guarded.test`)', options: 'mutual' },
    shared: { rule: 'Host(`guarded.test`) && Path(`/shared`)' },
    wild: { rule: 'Host(`*.wild.test`)', options: 'mutual' },
    elsewhere: { rule: 'Host(`elsewhere.test`)', options: 'another' },
    modern: { rule: 'Host(`modern.test`)', options: 'modern' },
    open: { rule: 'Host(`open.test`)' },
  };
  const options = (): Options => ({
    mutual: demand(pairs.client),
    another: demand(pairs.other),
    modern: { minVersion: 'VersionTLS13' },
  });

  test.each<[string, Omit<Request, 'pair'> & { pair?: keyof typeof pairs }, string]>([
    ['without a certificate', { sni: 'guarded.test', host: 'guarded.test' }, 'cut'],
    ['with one', { sni: 'guarded.test', host: 'guarded.test', pair: 'client' }, '200'],
    ['with one, for another host', { sni: 'guarded.test', host: 'open.test', pair: 'client' }, '200'],
    ['with one that nobody knows', { sni: 'guarded.test', host: 'guarded.test', pair: 'stranger' }, 'cut'],
    ['without one, under another name', { sni: 'open.test', host: 'guarded.test' }, '421'],
    ['with one, under another name', { sni: 'open.test', host: 'guarded.test', pair: 'client' }, '421'],
    ['without one, under no name', { sni: '', host: 'guarded.test' }, '421'],
    ['without one, to a name that is complete', { sni: 'open.test', host: 'guarded.test.' }, '421'],
    ['without one, in capitals', { sni: 'open.test', host: 'GUARDED.test' }, '421'],
    ['a certificate for another host', { sni: 'elsewhere.test', host: 'guarded.test', pair: 'other' }, '421'],
    ['a wildcard, without a certificate', { sni: 'a.wild.test', host: 'a.wild.test' }, 'cut'],
    ['a wildcard, with one', { sni: 'a.wild.test', host: 'b.wild.test', pair: 'client' }, '200'],
    ['a wildcard, under another name', { sni: 'open.test', host: 'a.wild.test' }, '421'],
    ['an old version', { sni: 'modern.test', host: 'modern.test', maxVersion: 'TLSv1.2' }, 'cut'],
    ['an old version, under another name', { sni: 'open.test', host: 'modern.test', maxVersion: 'TLSv1.2' }, '421'],
    ['what demands nothing', { sni: 'open.test', host: 'open.test', maxVersion: 'TLSv1.2' }, '200'],
    ['what demands nothing, under no name', { sni: '', host: 'open.test' }, '200'],
  ])('%s', async (_name, { pair, ...request }, expected) => {
    const gateway = await start(routers, options());
    const given = pair === undefined ? request : { ...request, pair: pairs[pair] };
    expect([await ask(gateway, given), await askHttp2(gateway, given)]).toEqual([expected, expected]);
  });

  test('the default options demand, a host does not', async () => {
    const open = { relaxed: { minVersion: 'VersionTLS12' } };
    const both = { a: { rule: 'Host(`a.test`)' }, b: { rule: 'Host(`b.test`)', options: 'relaxed' } };
    const gateway = await start(both, { default: demand(pairs.client), ...open });
    expect(await ask(gateway, { sni: 'b.test', host: 'b.test' })).toBe('200');
    expect(await ask(gateway, { sni: 'b.test', host: 'a.test' })).toBe('421');
    expect(await ask(gateway, { sni: 'a.test', host: 'a.test', pair: pairs.client })).toBe('200');
  });

  test('a connection from before a change has not met new demands', async () => {
    const one = { a: { rule: 'Host(`a.test`)', options: 'o' } };
    const gateway = await start(one, { o: {} });
    const socket = connection(gateway, { sni: 'a.test' }, ['http/1.1']);
    expect(await statusOver(socket, 'a.test', false)).toBe('200');
    await change(gateway, one, { o: demand(pairs.client) });
    expect(await statusOver(socket, 'a.test', true)).toBe('421');
    expect(await ask(gateway, { sni: 'a.test', host: 'a.test' })).toBe('cut');
  });

  test('a session that was resumed shows no more than it did', async () => {
    const gateway = await start(routers, options());
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const first = connection(gateway, { sni: 'elsewhere.test', pair: pairs.other, maxVersion }, ['http/1.1']);
      const session = new Promise<Buffer>((resolve) => first.once('session', resolve));
      expect(await statusOver(first, 'elsewhere.test', true)).toBe('200');
      const port = gateway.addresses.get('websecure')?.port ?? 0;
      const given = { port, rejectUnauthorized: false, session: await session, maxVersion };
      const again = connectTls({ ...given, servername: 'guarded.test', ...pairs.other });
      expect(await statusOver(again, 'guarded.test', true)).toBe('cut');
    }
  });

  test('versions: a host may want newer ones than the default goes up to', async () => {
    const gateway = await start(routers, { ...options(), default: { maxVersion: 'VersionTLS12' } });
    expect(await ask(gateway, { sni: 'modern.test', host: 'modern.test' })).toBe('200');
    expect(await ask(gateway, { sni: 'open.test', host: 'open.test' })).toBe('200');
  });
});

describe('[AR-tls.hosts] TLS options of an entrypoint', () => {
  const inner = ['--entryPoints.inner.address=127.0.0.1:0', '--entryPoints.inner.http.tls.options=mutual'];
  const routers: Routers = {
    a: { rule: 'Host(`a.test`)' },
    b: { rule: 'Host(`b.test`)', options: 'relaxed' },
  };
  const relaxed = { minVersion: 'VersionTLS12' };

  test('hold for what has none of its own, there and not elsewhere, also after a change', async () => {
    const gateway = await start(routers, { mutual: demand(pairs.client), relaxed }, inner);
    const request = { sni: 'a.test', host: 'a.test' };
    expect(await ask(gateway, request)).toBe('200');
    expect(await ask(gateway, { ...request, at: 'inner' })).toBe('cut');
    expect(await ask(gateway, { ...request, at: 'inner', pair: pairs.client })).toBe('200');
    expect(await ask(gateway, { sni: 'b.test', host: 'b.test', at: 'inner' })).toBe('200');
    expect(await ask(gateway, { sni: 'b.test', host: 'a.test', at: 'inner' })).toBe('421');
    await change(gateway, routers, { mutual: demand(pairs.other), relaxed });
    expect(await ask(gateway, { ...request, at: 'inner', pair: pairs.client })).toBe('cut');
    expect(await ask(gateway, { ...request, at: 'inner', pair: pairs.other })).toBe('200');
    expect(await ask(gateway, request)).toBe('200');
  });

  test('every entrypoint hears of a change of the default options', async () => {
    const plain = ['--entryPoints.inner.address=127.0.0.1:0', '--entryPoints.inner.http.tls=true'];
    const gateway = await start(routers, { relaxed }, plain);
    const request = { sni: 'a.test', host: 'a.test' };
    for (const at of ['websecure', 'inner']) expect(await ask(gateway, { ...request, at })).toBe('200');
    await change(gateway, routers, { relaxed, default: demand(pairs.client) });
    for (const at of ['websecure', 'inner']) {
      expect(await ask(gateway, { ...request, at })).toBe('cut');
      expect(await ask(gateway, { ...request, at, pair: pairs.client })).toBe('200');
    }
  });

  test('that do not exist: nothing is served there', async () => {
    const gateway = await start(routers, { relaxed }, inner);
    expect(await ask(gateway, { sni: 'a.test', host: 'a.test', at: 'inner' })).toBe('503');
    expect(await ask(gateway, { sni: 'a.test', host: 'a.test' })).toBe('200');
    expect(await ask(gateway, { sni: 'b.test', host: 'b.test', at: 'inner' })).toBe('200');
    expect(gateway.status().problems.map((problem) => problem.message)).toEqual([
      expect.stringContaining('entryPoints.inner.http.tls.options: TLS options mutual do not exist'),
    ]);
  });
});

describe('[AR-tls.broken] options that cannot be had', () => {
  const problemsOf = (gateway: Gateway, name: string) =>
    gateway.status().items.find((item) => item.kind === 'router' && item.name === `${name}@file`)?.problems ?? [];
  const absent = { clientAuth: { caFiles: ['absent.pem'] } };

  test.each<[string, Routers, Options, string, RegExp]>([
    ['that do not exist', { a: { rule: 'Host(`a.test`)', options: 'mutaul' } }, { mutual: {} }, '503', /do not exist/],
    ['that are broken', { a: { rule: 'Host(`a.test`)', options: 'o' } }, { o: absent }, 'cut', /are broken/],
    [
      'that are broken and hold for all',
      { a: { rule: 'Host(`a.test`)' } },
      { default: absent },
      '503',
      /closed at websecure/,
    ],
    [
      'that a router on the same host has not asked for',
      { z: { rule: 'Host(`a.test`)', options: 'o' }, a: { rule: 'Host(`a.test`) && Path(`/`)', options: 'p' } },
      { o: {}, p: {} },
      '503',
      /router z@file asks for TLS options o@file for a\.test/,
    ],
    [
      'that no server name leads to',
      { a: { rule: 'HostRegexp(`^a`)', options: 'o' } },
      { o: { minVersion: 'VersionTLS13' } },
      '503',
      /nobody could meet them/,
    ],
    ['that demand nothing', { a: { rule: 'PathPrefix(`/`)', options: 'o' } }, { o: {} }, '200', /no effect/],
  ])('%s', async (_name, routers, options, status, message) => {
    const gateway = await start(routers, options);
    expect(await ask(gateway, { sni: 'a.test', host: 'a.test', minVersion: 'TLSv1.3' })).toBe(status);
    expect(problemsOf(gateway, 'a').map((problem) => problem.message)).toEqual([expect.stringMatching(message)]);
  });

  test.each<[string, Options]>([
    ['broken', { mutual: absent }],
    ['gone', {}],
  ])('options that worked go on when they are %s', async (_name, after) => {
    const routers = { a: { rule: 'Host(`a.test`)', options: 'mutual' } };
    const gateway = await start(routers, { mutual: demand(pairs.client) });
    await change(gateway, routers, after);
    expect(await ask(gateway, { sni: 'a.test', host: 'a.test' })).toBe('cut');
    expect(await ask(gateway, { sni: 'a.test', host: 'a.test', pair: pairs.client })).toBe('200');
    expect(gateway.status().items.find((item) => item.name === 'a@file')).toMatchObject({ lastGood: true });
  });

  test('default options that worked go on when they are broken, and it is told', async () => {
    const routers = { a: { rule: 'Host(`a.test`)' } };
    const gateway = await start(routers, { default: demand(pairs.client) });
    await change(gateway, routers, { default: absent });
    expect(await ask(gateway, { sni: 'a.test', host: 'a.test' })).toBe('cut');
    expect(await ask(gateway, { sni: 'a.test', host: 'a.test', pair: pairs.client })).toBe('200');
    expect(gateway.status().problems.map((problem) => problem.code)).toContain('CONFIG_UNREADABLE');
  });
});
