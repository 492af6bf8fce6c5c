import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../peers/gateway.ts';

/** The general middlewares behind a real port, before a real server: what unit tests cannot see. */
let upstream: Server;
let gateway: TestGateway;
let lateUrl = '';
const seen: { method: string; url: string; headers: IncomingMessage['headers'] }[] = [];

function configuration(url: string, deadUrl: string, lateUrl: string): string {
  const routes: Readonly<Record<string, readonly string[]>> = {
    strip: ['strip'],
    cors: ['cors'],
    host: ['rename'],
    limit: ['limit'],
    slots: ['slots'],
    page: ['page'],
    compress: ['compress'],
    buffer: ['buffer'],
    late: ['again'],
    redirect: ['redirect'],
    listed: ['list'],
    breaker: ['breaker'],
    all: ['everything'],
  };
  const services: Readonly<Record<string, string>> = { late: 'late', breaker: 'dead' };
  const routers = Object.entries(routes).map(
    ([name, middlewares]) =>
      `    ${name}: {rule: 'PathPrefix("/${name}")', service: ${services[name] ?? 'up'}, middlewares: [${middlewares}]}`,
  );
  return `
http:
  routers:
${routers.join('\n')}
  services:
    up: {loadBalancer: {servers: [{url: '${url}'}]}}
    dead: {loadBalancer: {servers: [{url: '${deadUrl}'}]}}
    late: {loadBalancer: {servers: [{url: '${lateUrl}'}]}}
  middlewares:
    strip: {stripPrefix: {prefixes: [/strip]}}
    cors:
      headers:
        accessControlAllowOriginList: ['https://app.example.com']
        accessControlExposeHeaders: ['*']
        customRequestHeaders: {Authorization: 'Bearer upstream', X-Drop: ''}
        customResponseHeaders: {Server: ''}
    rename: {headers: {customRequestHeaders: {Host: other.example.com}}}
    limit: {rateLimit: {average: 1, period: 1m, burst: 2}}
    slots: {inFlightReq: {amount: 1}}
    page: {errors: {status: ['500-599'], service: up, query: '/pages/{status}.html'}}
    compress: {compress: {}}
    buffer: {buffering: {maxRequestBodyBytes: 10, maxResponseBodyBytes: 100}}
    again: {retry: {attempts: 6, initialInterval: 200ms}}
    redirect: {redirectScheme: {scheme: https, permanent: true}}
    list: {ipAllowList: {sourceRange: [192.0.2.0/24]}}
    breaker: {circuitBreaker: {expression: 'NetworkErrorRatio() > 0.5', checkPeriod: 0}}
    everything: {chain: {middlewares: [cors, compress]}}
`;
}

beforeAll(async () => {
  upstream = createServer((incoming, reply) => {
    seen.push({ method: incoming.method ?? '', url: incoming.url ?? '', headers: incoming.headers });
    const path = incoming.url?.replace(/^\/[a-z]+(?=\/|$)/, '') ?? '';
    if (path === '/fail') reply.writeHead(503, { 'Content-Type': 'text/plain' }).end('internal detail');
    else if (path === '/502.html' || incoming.url?.startsWith('/pages/')) reply.end('<p>sorry</p>');
    else if (path === '/long') reply.writeHead(200, { 'Content-Type': 'text/plain' }).end('portcullis '.repeat(500));
    else if (path === '/stream') reply.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: 1\n\n');
    else {
      reply
        .writeHead(200, { 'Access-Control-Allow-Origin': 'https://upstream.example', Server: 'secret/1.0' })
        .end('fine');
    }
  });
  const url = await listen(upstream);
  const deadUrl = await closedPort();
  lateUrl = await closedPort();
  gateway = await startTestGateway({ files: { 'routing.yaml': configuration(url, deadUrl, lateUrl) } });
});

afterAll(async () => {
  await gateway?.stop();
  upstream?.closeAllConnections();
  upstream?.close();
});

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

async function closedPort(): Promise<string> {
  const server = createServer();
  const url = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return url;
}

function ask(path: string, init: RequestInit = {}): Promise<Response> {
  seen.length = 0;
  return fetch(gateway.webUrl + path, { redirect: 'manual', ...init });
}

/** As `ask`, for headers that `fetch` does not let through. */
function askRaw(path: string, method: string, headers: Readonly<Record<string, string>>): Promise<IncomingMessage> {
  seen.length = 0;
  return new Promise((resolve, reject) => {
    request(gateway.webUrl + path, { method, headers, agent: false }, (reply) => {
      reply.resume();
      resolve(reply);
    })
      .once('error', reject)
      .end();
  });
}

describe('middlewares behind a port', () => {
  it('[DP-2.strip] strips a prefix, and leaves what only begins like it unclaimed', async () => {
    expect((await ask('/strip/a/b?c=d')).status).toBe(200);
    expect(seen[0]?.url).toBe('/a/b?c=d');
    expect(seen[0]?.headers['x-forwarded-prefix']).toBe('/strip');
    expect((await ask('/stripped/a')).status).toBe(404);
    expect(seen).toEqual([]);
  });

  it('[DP-2.cors] answers a preflight request itself, and owns CORS on replies', async () => {
    const preflight = await askRaw('/cors', 'OPTIONS', {
      Origin: 'https://app.example.com',
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization,mcp-param-owner',
    });
    expect(preflight.statusCode).toBe(200);
    expect(preflight.headers['access-control-allow-origin']).toBe('https://app.example.com');
    expect(preflight.headers['access-control-allow-headers']?.toLowerCase()).toContain('mcp-param-owner');
    expect(seen).toEqual([]);

    const reply = await askRaw('/cors', 'GET', {
      Origin: 'https://app.example.com',
      Authorization: 'mine',
      'X-Drop': '1',
    });
    expect(reply.headers['access-control-allow-origin']).toBe('https://app.example.com');
    expect(reply.headers['access-control-expose-headers']).toBe('*');
    expect(reply.headers['server']).toBeUndefined();
    expect(seen[0]?.headers.authorization).toBe('Bearer upstream');
    expect(seen[0]?.headers['x-drop']).toBeUndefined();
  });

  it('sets the host that the upstream sees', async () => {
    await ask('/host');
    expect(seen[0]?.headers.host).toBe('other.example.com');
  });

  it('[SEC-rate] limits, and says when to come back', async () => {
    const replies = [await ask('/limit'), await ask('/limit'), await ask('/limit')];
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(Number(replies[2]?.headers.get('retry-after'))).toBeGreaterThan(50);
  });

  it('[DP-6.slots] holds a slot as long as a stream is open', async () => {
    const gone = new AbortController();
    const stream = await ask('/slots/stream', { signal: gone.signal });
    expect(stream.status).toBe(200);
    expect((await ask('/slots/x')).status).toBe(429);
    gone.abort();
    await expect.poll(async () => (await ask('/slots/x')).status, { timeout: 5_000 }).toBe(200);
  });

  it('puts a page in the place of an error', async () => {
    const reply = await ask('/page/fail', { headers: { Authorization: 'Bearer mine' } });
    expect([reply.status, await reply.text()]).toEqual([503, '<p>sorry</p>']);
    expect(seen.map(({ url }) => url)).toEqual(['/page/fail', '/pages/503.html']);
    expect(seen[1]?.headers.authorization).toBeUndefined();
  });

  it('[DP-6.unbuffered] compresses documents and no streams', async () => {
    const reply = await askWithBody('/compress/long');
    expect(reply.message.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(reply.body).toString()).toBe('portcullis '.repeat(500));
    const gone = new AbortController();
    const stream = await ask('/compress/stream', { headers: { 'Accept-Encoding': 'gzip' }, signal: gone.signal });
    expect(stream.headers.get('content-encoding')).toBeNull();
    const first = await stream.body?.getReader().read();
    expect(Buffer.from(first?.value ?? []).toString()).toBe('data: 1\n\n');
    gone.abort();
  });

  it('limits bodies in both directions', async () => {
    expect((await ask('/buffer', { method: 'POST', body: 'x'.repeat(11) })).status).toBe(413);
    expect(seen).toEqual([]);
    expect((await ask('/buffer', { method: 'POST', body: 'x'.repeat(10) })).status).toBe(200);
    expect((await ask('/buffer/long')).status).toBe(500);
  });

  it('[DP-6.retry] sends a POST again that nobody was there to take, and only once to who is', async () => {
    const bodies: string[] = [];
    const late = createServer((incoming, reply) => {
      incoming.on('data', (chunk: Buffer) => bodies.push(chunk.toString()));
      incoming.on('end', () => reply.writeHead(503).end());
    });
    const pending = ask('/late', { method: 'POST', body: '{"a":1}' });
    await new Promise((resolve) => setTimeout(resolve, 150));
    late.listen(Number(new URL(lateUrl).port), '127.0.0.1');
    const reply = await pending;
    late.closeAllConnections();
    late.close();
    expect([reply.status, bodies]).toEqual([503, ['{"a":1}']]);
  });

  it('opens the circuit breaker of a dead service', async () => {
    expect((await ask('/breaker')).status).toBe(502);
    const reply = await ask('/breaker');
    expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, '10']);
  });

  it('redirects, and turns strangers away', async () => {
    const reply = await ask('/redirect/x?y=z');
    expect(reply.status).toBe(301);
    expect(reply.headers.get('location')).toMatch(/^https:\/\/127\.0\.0\.1\/redirect\/x\?y=z$/);
    expect((await ask('/listed')).status).toBe(403);
  });

  it('uses a chain as one', async () => {
    const reply = await askWithBody('/all/long');
    expect(reply.message.headers['content-encoding']).toBe('gzip');
    expect(reply.message.headers['access-control-expose-headers']).toBe('*');
  });
});

function askWithBody(path: string): Promise<{ message: IncomingMessage; body: Buffer }> {
  return new Promise((resolve, reject) => {
    request(gateway.webUrl + path, { headers: { 'Accept-Encoding': 'gzip' }, agent: false }, (message) => {
      const chunks: Buffer[] = [];
      message.on('data', (chunk: Buffer) => chunks.push(chunk));
      message.once('end', () => resolve({ message, body: Buffer.concat(chunks) }));
      message.once('error', reject);
    })
      .once('error', reject)
      .end();
  });
}
