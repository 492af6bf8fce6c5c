import { describe, expect, it } from 'vitest';
import { type ExchangeOverrides, testExchange } from '../../test/support/exchange.ts';
import { balancer, clearance, closeUpstreams, httpUpstream, rawUpstream, setUp } from '../../test/support/upstreams.ts';
import type { ServiceConfig } from '../config/dynamic/model.ts';
import type { McpFacts } from '../http/facts.ts';
import type { Service } from './service.ts';

closeUpstreams();

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function echo(seen: string[]): Promise<string> {
  const upstream = await httpUpstream((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      seen.push(`${request.method} ${request.url} ${body}`);
      response.end('x'.repeat(100_000));
    });
  });
  return upstream.url;
}

async function mirrored(
  percents: readonly number[],
  options: { mirrorBody?: boolean; maxBodySize?: number } = {},
): Promise<{ service: Service; main: string[]; mirrors: string[][] }> {
  const main: string[] = [];
  const mirrors = percents.map((): string[] => []);
  const config: Record<string, ServiceConfig> = {
    top: {
      kind: 'mirroring',
      service: 'main',
      mirrors: percents.map((percent, index) => ({ name: `mirror-${index}`, percent })),
      mirrorBody: true,
      maxBodySize: -1,
      ...options,
    },
    main: balancer({ servers: [await echo(main)] }),
  };
  for (const [index, seen] of mirrors.entries()) config[`mirror-${index}`] = balancer({ servers: [await echo(seen)] });
  return { service: setUp(config).service, main, mirrors };
}

async function ask(service: Service, overrides: ExchangeOverrides, mcp?: string): Promise<number> {
  const exchange = testExchange(overrides);
  if (mcp !== undefined) exchange.facts.mcp = { kind: 'request', method: mcp } as McpFacts;
  const reply = await service.handle(exchange, clearance);
  if (reply.body !== null && !Buffer.isBuffer(reply.body)) reply.body.cancel();
  return reply.status;
}

describe('mirroring', () => {
  it('copies a share of the requests, body included', async () => {
    const { service, main, mirrors } = await mirrored([100, 25, 0]);
    for (let i = 0; i < 20; i++) expect(await ask(service, { path: `/${i}`, body: `b${i}` })).toBe(200);
    await pause(60);
    expect(main.length).toBe(20);
    expect(mirrors.map(({ length }) => length)).toEqual([20, 5, 0]);
    expect(mirrors[0]?.sort()).toEqual(main.sort());
  });

  it('[DP-6.once] never copies a tools/call', async () => {
    const { service, main, mirrors } = await mirrored([100]);
    await ask(service, { body: '{}' }, 'tools/call');
    await ask(service, { body: '{}' }, 'tools/list');
    await pause(30);
    expect([main.length, mirrors[0]?.length]).toEqual([2, 1]);
  });

  it('leaves the body away where told to, and the copy where the body is too long or of unknown length', async () => {
    const without = await mirrored([100], { mirrorBody: false });
    await ask(without.service, { body: 'hello', path: '/a' });
    const short = await mirrored([100], { maxBodySize: 3 });
    await ask(short.service, { body: 'hello', path: '/a' });
    await ask(short.service, { body: 'he', path: '/b' });
    await ask(short.service, { body: 'he', path: '/c', chunked: true });
    await pause(40);
    expect(without.main).toEqual(['POST /a hello']);
    expect(without.mirrors).toEqual([['POST /a ']]);
    expect(short.main).toEqual(['POST /a hello', 'POST /b he', 'POST /c he']);
    expect(short.mirrors).toEqual([['POST /b he']]);
  });

  it('does not wait for a mirror, nor suffer from it, nor let it run for ever', async () => {
    const main: string[] = [];
    const hanging = await rawUpstream(() => {});
    const dead = await rawUpstream(() => {});
    await dead.close();
    const { service } = setUp(
      {
        top: {
          kind: 'mirroring',
          service: 'main',
          mirrors: [
            { name: 'hanging', percent: 100 },
            { name: 'dead', percent: 100 },
          ],
          mirrorBody: true,
          maxBodySize: -1,
        },
        main: balancer({ servers: [await echo(main)] }),
        hanging: balancer({ servers: [hanging.url] }),
        dead: balancer({ servers: [dead.url] }),
      },
      { context: { limits: { orphanTime: 400 } } },
    );
    for (let i = 0; i < 200; i++) {
      expect(await ask(service, { path: '/' })).toBe(200);
      expect(hanging.sockets.size).toBeLessThanOrEqual(128);
    }
    for (let end = performance.now() + 3_000; hanging.sockets.size > 0 && performance.now() < end; ) await pause(5);
    expect(hanging.sockets.size).toBe(0);
    expect(service.status().length).toBe(1);
  });
});
