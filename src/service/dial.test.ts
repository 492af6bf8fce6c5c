import type { TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { testExchange } from '../../test/support/exchange.ts';
import {
  balancer,
  clearance,
  closeUpstreams,
  httpsUpstream,
  httpUpstream,
  rawUpstream,
  selfSigned,
  setUp,
} from '../../test/support/upstreams.ts';
import type { ServersTransportConfig } from '../config/dynamic/model.ts';
import type { ServicesContext } from './context.ts';
import type { ResolvedAddress } from './name-cache.ts';

closeUpstreams();

const at = (...addresses: string[]): ResolvedAddress[] =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

async function ask(
  url: string,
  options: { transport?: Partial<ServersTransportConfig>; context?: Partial<ServicesContext>; host?: string } = {},
): Promise<string> {
  const { service } = setUp({ a: balancer({ servers: [url] }) }, options);
  try {
    const exchange = testExchange(options.host === undefined ? {} : { origin: options.host });
    const reply = await service.handle(exchange, clearance);
    return `${reply.status} ${String(reply.body)}`;
  } catch (error) {
    const { status, errorType, unsent } = error as { status: number; errorType: string; unsent: boolean };
    expect(unsent).toBe(true);
    return `${status} ${errorType}`;
  }
}

describe('[SEC-upstream.addresses] the guard judges what is dialled', () => {
  it.each(['http://169.254.169.254/', 'http://[fe80::1]:80', 'https://[::ffff:169.254.169.254]', 'http://2852039166'])(
    '%s is refused',
    async (url) => {
      expect(await ask(url)).toBe('502 upstream_forbidden');
    },
  );

  it('a name that resolves there is refused', async () => {
    expect(await ask('http://metadata.test', { context: { lookup: async () => at('169.254.169.254') } })).toBe(
      '502 upstream_forbidden',
    );
  });

  it('of several addresses only the good ones are dialled', async () => {
    const upstream = await httpUpstream((_request, response) => response.end('ok'));
    const lookup = async () => at('169.254.169.254', '127.0.0.1', 'fe80::1');
    for (let i = 0; i < 3; i++) {
      expect(await ask(`http://mixed.test:${upstream.port}`, { context: { lookup } })).toBe('200 ok');
    }
  });

  it('a `resolve` rule cannot point there either', async () => {
    const resolve = [{ host: 'a.test', port: 80, toHost: '169.254.169.254', toPort: 80 }];
    expect(await ask('http://a.test', { context: { resolve } })).toBe('502 upstream_forbidden');
  });
});

describe('connections', () => {
  it('go on to the next address when the first does not answer', async () => {
    const upstream = await httpUpstream((_request, response) => response.end('ok'));
    const lookup = async () => at('127.0.0.2', '127.0.0.1');
    for (let i = 0; i < 2; i++) {
      expect(await ask(`http://two.test:${upstream.port}`, { context: { lookup } })).toBe('200 ok');
    }
  });

  it('fail with 502 for a name that there is not', async () => {
    const lookup = () => Promise.reject(new Error('ENOTFOUND'));
    expect(await ask('http://nowhere.test', { context: { lookup } })).toBe('502 upstream_name');
  });

  it('fail with 504 after dialTimeout, whatever hangs', async () => {
    const forwardingTimeouts = { dialTimeout: 40, responseHeaderTimeout: 0, idleConnTimeout: 1_000 };
    const lookup = () => new Promise<ResolvedAddress[]>(() => {});
    expect(await ask('http://slow.test', { context: { lookup }, transport: { forwardingTimeouts } })).toBe(
      '504 upstream_connect_timeout',
    );
    // A server that accepts and never answers the TLS greeting.
    const mute = await rawUpstream(() => {});
    const url = mute.url.replace('http:', 'https:');
    expect(await ask(url, { transport: { forwardingTimeouts } })).toBe('504 upstream_connect_timeout');
  });
});

describe('TLS with upstream servers', () => {
  let upstreamName: { cert: string; key: string };
  let upstreamAddress: { cert: string; key: string };
  let client: { cert: string; key: string };
  beforeAll(async () => {
    [upstreamName, upstreamAddress, client] = await Promise.all([
      selfSigned('mcp.example.test'),
      selfSigned('127.0.0.1'),
      selfSigned('client.test'),
    ]);
  });
  const named = (port: number): Partial<ServicesContext> => ({
    resolve: [{ host: 'mcp.example.test', port: 443, toHost: '127.0.0.1', toPort: port }],
  });

  it('is refused when nobody we trust vouches for the server', async () => {
    const upstream = await httpsUpstream(upstreamName, (_request, response) => response.end('ok'));
    expect(await ask('https://mcp.example.test', { context: named(upstream.port) })).toBe('502 upstream_tls');
  });

  it('is refused for another name than the server has', async () => {
    const upstream = await httpsUpstream(upstreamName, (_request, response) => response.end('ok'));
    const transport = { rootCAs: [upstreamName.cert] };
    expect(await ask(upstream.url, { transport })).toBe('502 upstream_tls');
    expect(await ask(`https://localhost:${upstream.port}`, { transport })).toBe('502 upstream_tls');
  });

  it('asks for the name, and checks it, that `serverName` says', async () => {
    let asked: unknown;
    const upstream = await httpsUpstream(upstreamName, (request, response) => {
      asked = (request.socket as TLSSocket & { servername: string }).servername;
      response.end('ok');
    });
    const transport = { rootCAs: [upstreamName.cert], serverName: 'mcp.example.test' };
    expect(await ask(upstream.url, { transport })).toBe('200 ok');
    expect(asked).toBe('mcp.example.test');
  });

  it('checks addresses as addresses', async () => {
    const upstream = await httpsUpstream(upstreamAddress, (_request, response) => response.end('ok'));
    expect(await ask(upstream.url, { transport: { rootCAs: [upstreamAddress.cert] } })).toBe('200 ok');
  });

  it('does not ask for the name that the client knows us by', async () => {
    const seen: unknown[] = [];
    const upstream = await httpsUpstream(upstreamName, (request, response) => {
      seen.push((request.socket as TLSSocket & { servername: string }).servername, request.headers.host);
      response.end('ok');
    });
    const options = { transport: { rootCAs: [upstreamName.cert] }, context: named(upstream.port) };
    const { service } = setUp({ a: balancer({ servers: ['https://mcp.example.test'] }) }, options);
    for (const origin of ['http://one.localhost:8000', 'http://two.localhost:8000']) {
      expect((await service.handle(testExchange({ origin }), clearance)).status).toBe(200);
    }
    expect(seen).toEqual(['mcp.example.test', 'one.localhost:8000', 'mcp.example.test', 'two.localhost:8000']);
    expect(upstream.connections).toBe(1);
  });

  it('shows a client certificate', async () => {
    const upstream = await httpsUpstream(
      { ...upstreamName, ca: [client.cert], requestCert: true, rejectUnauthorized: true },
      (request, response) => response.end((request.socket as TLSSocket).getPeerCertificate().subject.CN),
    );
    const context = named(upstream.port);
    const transport = { rootCAs: [upstreamName.cert], certificates: [client] };
    expect(await ask('https://mcp.example.test', { context, transport })).toBe('200 client.test');
    const { service } = setUp(
      { a: balancer({ servers: ['https://mcp.example.test'] }) },
      { context, transport: { rootCAs: [upstreamName.cert] } },
    );
    await expect(service.handle(testExchange(), clearance)).rejects.toMatchObject({ status: 502 });
  });

  it('accepts anything where `insecureSkipVerify` says so', async () => {
    const upstream = await httpsUpstream(upstreamName, (_request, response) => response.end('ok'));
    expect(await ask(upstream.url, { transport: { insecureSkipVerify: true } })).toBe('200 ok');
  });

  it('keeps to its versions', async () => {
    const upstream = await httpsUpstream({ ...upstreamName, minVersion: 'TLSv1.3' }, (request, response) =>
      response.end((request.socket as TLSSocket).getProtocol()),
    );
    const context = named(upstream.port);
    const rootCAs = [upstreamName.cert];
    const ask12 = ask('https://mcp.example.test', { context, transport: { rootCAs, maxVersion: 'VersionTLS12' } });
    expect(await ask12).toBe('502 upstream_tls');
    const ask13 = ask('https://mcp.example.test', { context, transport: { rootCAs, minVersion: 'VersionTLS13' } });
    expect(await ask13).toBe('200 TLSv1.3');
  });
});

describe('the Host that a server sees', () => {
  it.each([
    [true, 'mcp.localhost:8000'],
    [false, '127.0.0.1:'],
  ])('passHostHeader %s', async (passHostHeader, expected) => {
    const upstream = await httpUpstream((request, response) => response.end(request.headers.host));
    const { service } = setUp({ a: balancer({ servers: [upstream.url], passHostHeader }) });
    const reply = await service.handle(testExchange(), clearance);
    expect(String(reply.body)).toBe(passHostHeader ? expected : `${expected}${upstream.port}`);
  });

  it.each([
    ['/base', false, '/mcp'],
    ['/base', true, '/base/mcp'],
    ['/base/', true, '/base/mcp'],
    ['', true, '/mcp'],
  ])('a path %s in the URL, preservePath %s', async (path, preservePath, expected) => {
    const upstream = await httpUpstream((request, response) => response.end(request.url));
    const { service } = setUp({ a: balancer({ servers: [{ url: upstream.url + path, preservePath }] }) });
    const reply = await service.handle(testExchange({ path: '/mcp', query: '?q' }), clearance);
    expect(String(reply.body)).toBe(`${expected}?q`);
  });
});
