import { describe, expect, it } from 'vitest';
import { testExchange } from '../../test/support/exchange.ts';
import {
  balancer,
  clearance,
  closeUpstreams,
  httpsUpstream,
  httpUpstream,
  selfSigned,
  setUp,
} from '../../test/support/upstreams.ts';
import { collect } from '../http/body.ts';
import { Clearance } from '../http/clearance.ts';

closeUpstreams();

describe('a request on its way to a server', () => {
  it('arrives with the same bytes and comes back with the answer', async () => {
    const upstream = await httpUpstream((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => response.end(`${request.method} ${request.url} ${body}`));
    });
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    const exchange = testExchange({ path: '/mcp', query: '?a=1', body: '{"jsonrpc":"2.0"}' });
    await exchange.body.read(100);
    const reply = await service.handle(exchange, clearance);
    expect(reply.status).toBe(200);
    expect(Buffer.isBuffer(reply.body)).toBe(true);
    expect((await collect(reply.body, 1000)).toString()).toBe('POST /mcp?a=1 {"jsonrpc":"2.0"}');
    expect(exchange.facts).toMatchObject({
      service: 'a',
      serverUrl: upstream.url,
      originStatus: 200,
      retryAttempts: 0,
    });
    expect(exchange.facts.originDuration).toBeGreaterThan(0);
  });

  it('[DP-1.clearance] is not sent without a clearance', async () => {
    const upstream = await httpUpstream((_request, response) => response.end());
    const { service } = setUp({ a: balancer({ servers: [upstream.url] }) });
    await expect(service.handle(testExchange(), {} as Clearance)).rejects.toThrow(/clearance/);
    await expect(service.handle(testExchange(), Object.create(Clearance.prototype))).rejects.toThrow(/clearance/);
    expect(upstream.connections).toBe(0);
  });

  it('goes over TLS to where `resolve` says, with the name checked and sent', async () => {
    const { cert, key } = await selfSigned('mcp.example.test');
    let seen = '';
    const upstream = await httpsUpstream({ cert, key }, (request, response) => {
      seen = `${(request.socket as unknown as { servername: string }).servername} ${request.headers.host}`;
      response.end('ok');
    });
    const resolve = [{ host: 'mcp.example.test', port: 443, toHost: '127.0.0.1', toPort: upstream.port }];
    const { service } = setUp(
      { a: balancer({ servers: ['https://mcp.example.test'], passHostHeader: false }) },
      { transport: { rootCAs: [cert] }, context: { resolve } },
    );
    const reply = await service.handle(testExchange(), clearance);
    expect((await collect(reply.body, 10)).toString()).toBe('ok');
    expect(seen).toBe('mcp.example.test mcp.example.test');
  });
});
