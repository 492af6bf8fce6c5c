import { describe, expect, it } from 'vitest';
import { testExchange } from '../../test/support/exchange.ts';
import { balancer, clearance, closeUpstreams, httpUpstream, rawUpstream, setUp } from '../../test/support/upstreams.ts';
import type { HealthCheckConfig } from '../config/dynamic/model.ts';
import type { ServerChange, Service } from './service.ts';

closeUpstreams();

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const until = async (test: () => boolean): Promise<void> => {
  const end = performance.now() + 5_000;
  while (!test()) {
    if (performance.now() > end) throw new Error('it never came true');
    await pause(2);
  }
};
const check: HealthCheckConfig = {
  path: '/health',
  method: 'GET',
  interval: 15,
  timeout: 100,
  followRedirects: true,
  headers: {},
};
const states = (service: Service): string =>
  service
    .status()
    .map(({ state }) => state)
    .join(' ');
const body = async (service: Service): Promise<string> =>
  String((await service.handle(testExchange(), clearance)).body);

describe('[DP-7.strategies] active health checks', () => {
  it('take a server out and back in, and say so once each', async () => {
    let well = true;
    const flaky = await httpUpstream((request, response) => {
      if (request.url === '/health') response.statusCode = well ? 204 : 503;
      response.end('flaky');
    });
    const steady = await httpUpstream((_request, response) => response.end('steady'));
    const changes: ServerChange[] = [];
    const { service, services } = setUp(
      { a: balancer({ servers: [flaky.url, steady.url], healthCheck: check }) },
      { context: { onServerChange: (change) => changes.push(change) } },
    );
    expect(states(service)).toBe('up up');
    well = false;
    await until(() => states(service) === 'down up');
    for (let i = 0; i < 4; i++) expect(await body(service)).toBe('steady');
    well = true;
    await until(() => states(service) === 'up up');
    expect(changes).toEqual([
      { service: 'a', url: flaky.url, up: false, by: 'active', reason: 'answered 503' },
      { service: 'a', url: flaky.url, up: true, by: 'active', reason: 'answered 204' },
    ]);
    services.dispose();
  });

  it('all down: 503, unavailable, and the words of Traefik', async () => {
    const upstream = await httpUpstream((_request, response) => {
      response.statusCode = 500;
      response.end();
    });
    const { service, services } = setUp({ a: balancer({ servers: [upstream.url], healthCheck: check }) });
    await until(() => !service.available());
    const refusal = await service.handle(testExchange(), clearance).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ status: 503, errorType: 'upstream_unavailable', unsent: true });
    expect(String((refusal as { toReply(): { body: Buffer } }).toReply().body)).toBe('no available server\n');
    services.dispose();
  });

  it.each<[string, Partial<HealthCheckConfig>, string]>([
    ['a wanted status', { status: 418, path: '/418' }, 'up'],
    ['another than the wanted status', { status: 200, path: '/418' }, 'down'],
    ['399 is well', { path: '/399', followRedirects: false }, 'up'],
    ['400 is not', { path: '/400' }, 'down'],
    ['a redirect that is followed to its good end', { path: '/hop' }, 'up'],
    ['a redirect that is followed to its bad end', { path: '/bad-hop' }, 'down'],
    ['a redirect that is not followed', { path: '/bad-hop', followRedirects: false }, 'up'],
    ['redirects without end', { path: '/loop' }, 'down'],
    ['no answer in time', { path: '/hang', timeout: 30 }, 'down'],
    [
      'method, host and headers',
      { path: '/echo', method: 'HEAD', hostname: 'probe.test', headers: { 'X-Probe': '1' } },
      'up',
    ],
    ['another port', { path: '/', port: 1 }, 'down'],
    ['another scheme', { path: '/', scheme: 'https' }, 'down'],
  ])('%s', async (_what, overrides, expected) => {
    let asked = 0;
    const upstream = await httpUpstream((request, response) => {
      asked += 1;
      const { url = '', method, headers } = request;
      if (url === '/hang') return;
      if (url === '/hop') response.writeHead(302, { Location: '/200' });
      else if (url === '/bad-hop') response.writeHead(307, { Location: `http://${headers.host}/500?x` });
      else if (url === '/loop') response.writeHead(302, { Location: '/loop' });
      else if (url === '/echo') {
        const right = method === 'HEAD' && headers.host === 'probe.test' && headers['x-probe'] === '1';
        response.statusCode = right ? 200 : 500;
      } else response.statusCode = Number(/\d{3}/.exec(url)?.[0] ?? 200);
      response.end();
    });
    const { service, services } = setUp({
      a: balancer({ servers: [upstream.url], healthCheck: { ...check, ...overrides } }),
    });
    if (expected === 'down') await until(() => states(service) === 'down');
    else {
      await until(() => asked >= 3);
      expect(states(service)).toBe('up');
    }
    services.dispose();
  });

  it('wait longer between checks of a server that is down, when told to', async () => {
    let asked = 0;
    const upstream = await httpUpstream((_request, response) => {
      asked += 1;
      response.statusCode = 500;
      response.end();
    });
    const { services } = setUp({
      a: balancer({ servers: [upstream.url], healthCheck: { ...check, interval: 5, unhealthyInterval: 10_000 } }),
    });
    await until(() => asked > 0);
    await pause(80);
    expect(asked).toBe(1);
    services.dispose();
  });

  it('end with the last generation that wants them', async () => {
    let asked = 0;
    const upstream = await httpUpstream((_request, response) => {
      asked += 1;
      response.end();
    });
    const config = { a: balancer({ servers: [upstream.url], healthCheck: check }) };
    const first = setUp(config);
    const second = setUp(config, { registry: first.registry });
    await until(() => asked > 1);
    first.services.dispose();
    const before = asked;
    await until(() => asked > before + 1);
    second.services.dispose();
    await pause(20);
    const after = asked;
    await pause(60);
    expect(asked).toBe(after);
    await until(() => upstream.sockets.size === 0);
  });
});

describe('[DP-7.strategies] passive health checks', () => {
  const passiveHealthCheck = { failureWindow: 120, maxFailedAttempts: 2 };

  it('take a failing server out for a window', async () => {
    let well = false;
    const flaky = await httpUpstream((_request, response) => {
      response.statusCode = well ? 200 : 500;
      response.end('flaky');
    });
    const steady = await httpUpstream((_request, response) => response.end('steady'));
    const changes: ServerChange[] = [];
    const { service, services } = setUp(
      { a: balancer({ servers: [flaky.url, steady.url], passiveHealthCheck }) },
      { context: { onServerChange: (change) => changes.push(change) } },
    );
    for (let i = 0; i < 4; i++) await body(service);
    expect(states(service)).toBe('failing up');
    for (let i = 0; i < 4; i++) expect(await body(service)).toBe('steady');
    well = true;
    await until(() => states(service) === 'up up');
    expect(changes.map(({ up, by }) => `${up} ${by}`)).toEqual(['false passive', 'true passive']);
    const seen = new Set([await body(service), await body(service), await body(service)]);
    expect(seen.size).toBe(2);
    services.dispose();
  });

  it('count what did not answer, but not clients that went, and a good answer wipes the slate', async () => {
    let mode = 'hang';
    const upstream = await rawUpstream(({ socket }) => {
      if (mode === 'close') socket.destroy();
      else if (mode === 'good') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
    const { service, services } = setUp({ a: balancer({ servers: [upstream.url], passiveHealthCheck }) });
    const ask = async (): Promise<number> =>
      service.handle(testExchange(), clearance).then(
        ({ status }) => status,
        (error: { status: number }) => error.status,
      );
    for (let i = 0; i < 4; i++) {
      const exchange = testExchange();
      const asked = service.handle(exchange, clearance).catch(() => {});
      await pause(5);
      exchange.close();
      await asked;
    }
    expect(states(service)).toBe('up');
    mode = 'close';
    expect(await ask()).toBe(502);
    mode = 'good';
    expect(await ask()).toBe(200);
    mode = 'close';
    expect(await ask()).toBe(502);
    expect(states(service)).toBe('up');
    expect(await ask()).toBe(502);
    expect(states(service)).toBe('failing');
    expect(await ask()).toBe(503);
    services.dispose();
  });
});
