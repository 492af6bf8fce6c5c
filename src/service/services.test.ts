import { describe, expect, it } from 'vitest';
import { testExchange } from '../../test/support/exchange.ts';
import { keptLogger } from '../../test/support/kept-log.ts';
import {
  balancer,
  clearance,
  closeUpstreams,
  httpUpstream,
  item,
  selfSigned,
  setUp,
  transportDefaults,
} from '../../test/support/upstreams.ts';
import type { ServersTransportConfig, ServiceConfig } from '../config/dynamic/model.ts';
import { type Diagnostic, PortcullisError } from '../errors.ts';
import type { LoadBalancer } from './load-balancer.ts';
import { ServiceRegistry } from './registry.ts';
import { createServices } from './services.ts';

closeUpstreams();

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const until = async (test: () => boolean): Promise<void> => {
  const end = performance.now() + 5_000;
  while (!test()) {
    if (performance.now() > end) throw new Error('it never came true');
    await pause(2);
  }
};

/** The diagnostics of a service that cannot be built. */
function problems(
  services: Readonly<Record<string, ServiceConfig>>,
  transports: Readonly<Record<string, ServersTransportConfig>> = {},
): Diagnostic[] {
  const registry = new ServiceRegistry({ log: keptLogger });
  const built = createServices(
    {
      services: new Map(Object.entries(services).map(([name, config]) => [name, item(name, config)])),
      serversTransports: new Map(Object.entries(transports).map(([name, config]) => [name, item(name, config)])),
    },
    registry,
  );
  try {
    built.get('a@file');
  } catch (error) {
    if (!(error instanceof PortcullisError)) throw error;
    expect(registry.sizes.balancers).toBeLessThanOrEqual(Object.keys(services).length);
    return [...error.diagnostics];
  }
  return [];
}

describe('services that cannot be', () => {
  const good = balancer({ servers: ['http://127.0.0.1:1'] });

  it('unknown, with the nearest name', () => {
    expect(problems({ 'b@file': good })).toMatchObject([
      { code: 'CONFIG_REFERENCE', message: 'there is no service a@file', hint: 'did you mean b@file?' },
    ]);
  });

  it.each<[string, Record<string, ServiceConfig>, string]>([
    ['itself', { 'a@file': { kind: 'weighted', services: [{ name: 'a@file', weight: 1 }] } }, 'a@file → a@file'],
    [
      'itself through another',
      {
        'a@file': { kind: 'failover', service: 'b@file', fallback: 'c@file' },
        'b@file': { kind: 'mirroring', service: 'a@file', mirrors: [], mirrorBody: true, maxBodySize: -1 },
        'c@file': good,
      },
      'a@file → b@file → a@file',
    ],
    [
      'a circle further in',
      {
        'a@file': { kind: 'highestRandomWeight', services: [{ name: 'b@file', weight: 1 }] },
        'b@file': { kind: 'weighted', services: [{ name: 'c@file', weight: 1 }] },
        'c@file': { kind: 'weighted', services: [{ name: 'b@file', weight: 1 }] },
      },
      'b@file → c@file → b@file',
    ],
  ])('%s', (_what, services, circle) => {
    expect(problems(services)).toMatchObject([
      { code: 'CONFIG_REFERENCE', message: `services refer to each other in a circle: ${circle}` },
    ]);
  });

  it('a reference to nothing, named where it stands', () => {
    expect(
      problems({ 'a@file': { kind: 'failover', service: 'b@file', fallback: 'bb@file' }, 'b@file': good }),
    ).toMatchObject([
      { code: 'CONFIG_REFERENCE', subject: 'Service a@file: failover.fallback', hint: 'did you mean b@file?' },
    ]);
  });

  it.each(['', 'ftp://x', 'http://', 'http://user:pass@x', 'http://x?q', 'http://x#f', 'http://x:99999', 'unix:/x'])(
    'a server at %j',
    (url) => {
      expect(problems({ 'a@file': balancer({ servers: ['http://ok', url] }) })).toMatchObject([
        { code: 'CONFIG_INVALID_VALUE', subject: 'Service a@file: loadBalancer.servers[1].url' },
      ]);
    },
  );

  it('cleartext HTTP/2, which is refused in words of its own', () => {
    const healthCheck = {
      path: '/',
      method: 'GET',
      interval: 5,
      timeout: 5,
      followRedirects: true,
      headers: {},
      scheme: 'h2c',
    };
    for (const config of [balancer({ servers: ['h2c://x:1'] }), balancer({ servers: ['http://x:1'], healthCheck })]) {
      expect(problems({ 'a@file': config })).toMatchObject([{ code: 'CONFIG_UNSUPPORTED' }]);
    }
  });

  it('a transport that is not there, or cannot be used', async () => {
    const { cert } = await selfSigned('a.test');
    const service = { 'a@file': balancer({ servers: ['http://x'], serversTransport: 't@file' }) };
    expect(problems(service)).toMatchObject([{ code: 'CONFIG_REFERENCE' }]);
    for (const broken of [
      { certificates: [{ cert, key: 'no key' }] },
      { minVersion: 'VersionTLS99' },
      { rootCAs: ['no certificate'] },
    ]) {
      const found = problems(service, { 't@file': { ...transportDefaults, ...broken } });
      expect(found.map(({ code }) => code)).toEqual(['CONFIG_INVALID_VALUE']);
      expect(JSON.stringify(found)).not.toContain('no key');
    }
    expect(problems(service, { 't@file': transportDefaults })).toEqual([]);
  });

  it('failover by something that is no status', () => {
    for (const status of ['600', '5xx', '500-', '599-500', '']) {
      const config: ServiceConfig = {
        kind: 'failover',
        service: 'b@file',
        fallback: 'b@file',
        errors: { status: [status] },
      };
      expect(problems({ 'a@file': config, 'b@file': good })).toMatchObject([{ code: 'CONFIG_INVALID_VALUE' }]);
    }
  });

  it('what uses a broken one is broken too, and says why', () => {
    const registry = new ServiceRegistry({ log: keptLogger });
    const problem: Diagnostic = { code: 'CONFIG_UNKNOWN_KEY', severity: 'error', message: 'unknown key sevrers' };
    const services = createServices(
      {
        services: new Map([
          ['a@file', item('a@file', { kind: 'weighted', services: [{ name: 'b@file', weight: 1 }] } as ServiceConfig)],
          ['b@file', { ...item('b@file', good), problems: [problem] }],
        ]),
        serversTransports: new Map(),
      },
      registry,
    );
    for (let i = 0; i < 2; i++) expect(() => services.get('a@file')).toThrow(PortcullisError);
    try {
      services.get('a@file');
    } catch (error) {
      expect((error as PortcullisError).diagnostics).toEqual([problem]);
    }
  });
});

describe('services that are odd', () => {
  it.each<[string, ServiceConfig]>([
    ['no servers', balancer({ servers: [] })],
    ['no weight', balancer({ servers: [{ url: 'http://127.0.0.1:1', weight: 0 }] })],
    ['all on their way out', balancer({ servers: [{ url: 'http://127.0.0.1:1', fenced: true }] })],
  ])('%s: a warning, and 503', async (_what, config) => {
    const { services, service } = setUp({ a: config });
    expect(services.warnings.get('a')).toMatchObject([{ severity: 'warning' }]);
    expect(service.available()).toBe(false);
    await expect(service.handle(testExchange(), clearance)).rejects.toMatchObject({ status: 503, unsent: true });
  });
});

describe('[SEC-reload] from one generation to the next', () => {
  it('equal configuration is the same service, with its connections', async () => {
    const upstream = await httpUpstream((_request, response) => response.end('ok'));
    const config = {
      top: { kind: 'weighted', services: [{ name: 'a', weight: 1 }] } as ServiceConfig,
      a: balancer({ servers: [upstream.url] }),
    };
    const first = setUp(config);
    await first.service.handle(testExchange(), clearance);
    const second = setUp(structuredClone(config), { registry: first.registry });
    expect(second.service).toBe(first.service);
    first.services.dispose();
    await pause(10);
    await second.service.handle(testExchange(), clearance);
    expect(upstream.connections).toBe(1);
    second.services.dispose();
    await until(() => upstream.sockets.size === 0);
    expect(first.registry.sizes).toEqual({ balancers: 0, composites: 0, pools: 0 });
  });

  it('a changed balancer keeps the connections of the servers that stay, and what checks said of them', async () => {
    const [a, b] = [
      await httpUpstream((_q, response) => response.end()),
      await httpUpstream((_q, response) => response.end()),
    ];
    const healthCheck = {
      path: '/',
      method: 'GET',
      interval: 60_000,
      timeout: 500,
      followRedirects: true,
      headers: {},
    };
    const first = setUp({ a: balancer({ servers: [a.url], healthCheck }) });
    await first.service.handle(testExchange(), clearance);
    await until(() => a.sockets.size === 2);
    for (const server of (first.service as LoadBalancer).servers) server.up = false;
    const second = setUp({ a: balancer({ servers: [a.url, b.url], healthCheck }) }, { registry: first.registry });
    expect(second.service.status().map(({ state }) => state)).toEqual(['down', 'up']);
    first.services.dispose();
    await until(() => second.service.status()[0]?.state === 'up');
    for (let i = 0; i < 2; i++) await second.service.handle(testExchange(), clearance);
    // One for requests, one for each generation's checks.
    expect(a.connections).toBe(3);
    second.services.dispose();
  });

  it('streams of a service that nobody wants any more go on to their end, its idle connections go at once', async () => {
    let finish: () => void = () => {};
    const upstream = await httpUpstream((request, response) => {
      if (request.url !== '/stream') {
        response.end();
        return;
      }
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: 1\n\n');
      finish = () => response.end('data: 2\n\n');
    });
    const { service, services, registry } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const stream = await service.handle(testExchange({ path: '/stream' }), clearance);
    await service.handle(testExchange(), clearance);
    await pause(5);
    expect(upstream.sockets.size).toBe(2);
    services.dispose();
    await until(() => upstream.sockets.size === 1);
    expect(registry.sizes.pools).toBe(0);
    let text = '';
    let ended = false;
    if (stream.body === null || Buffer.isBuffer(stream.body)) throw new Error('no stream');
    stream.body.start({
      chunk: (data) => {
        text += Buffer.from(data).toString();
      },
      end: () => {
        ended = true;
      },
      fail: (error) => {
        throw error;
      },
    });
    finish();
    await until(() => ended);
    expect(text).toBe('data: 1\n\ndata: 2\n\n');
    await until(() => upstream.sockets.size === 0);
  });

  it('nothing is connected or checked before it is asked for', async () => {
    const upstream = await httpUpstream((_request, response) => response.end());
    const healthCheck = { path: '/', method: 'GET', interval: 5, timeout: 500, followRedirects: true, headers: {} };
    setUp({
      used: balancer({ servers: ['http://127.0.0.1:1'] }),
      unused: balancer({ servers: [upstream.url], healthCheck }),
    });
    await pause(30);
    expect(upstream.connections).toBe(0);
  });
});

it.each([
  ['http://169.254.169.254:80', '169.254.169.254 is link-local: the gateway does not connect there'],
  ['http://[::ffff:a9fe:a9fe]', '::ffff:a9fe:a9fe is link-local: the gateway does not connect there'],
  ['https://100.100.100.200', '100.100.100.200 is a cloud metadata service: the gateway does not connect there'],
  ['http://10.0.0.1', undefined],
  ['http://metadata.example', undefined],
])('[SEC-upstream.addresses] a server at %s is warned of: %s', (url, message) => {
  const { services } = setUp({ a: balancer({ servers: [{ url: 'http://127.0.0.1:1' }, { url }] }) });
  expect(services.warnings.get('a')?.map((warning) => warning.message)).toEqual(
    message === undefined ? undefined : [message],
  );
});
