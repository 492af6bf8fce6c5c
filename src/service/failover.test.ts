import type { RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type ExchangeOverrides, testExchange } from '../../test/support/exchange.ts';
import {
  balancer,
  clearance,
  closeUpstreams,
  httpUpstream,
  rawUpstream,
  setUp,
  type Upstream,
} from '../../test/support/upstreams.ts';
import { collect } from '../http/body.ts';
import type { McpFacts } from '../http/facts.ts';
import { compileStatusRanges } from './failover.ts';
import { isRepeatable } from './repeatable.ts';
import type { Service } from './service.ts';

closeUpstreams();

interface Pair {
  readonly service: Service;
  readonly main: Upstream;
  readonly asked: { main: number; fallback: number };
  readonly bodies: string[];
}

async function pair(
  mainListener: RequestListener,
  status?: readonly string[],
  maxRequestBodyBytes?: number,
): Promise<Pair> {
  const asked = { main: 0, fallback: 0 };
  const bodies: string[] = [];
  const main = await httpUpstream((request, response) => {
    asked.main += 1;
    request.on('end', () => mainListener(request, response)).resume();
  });
  const fallback = await httpUpstream((request, response) => {
    asked.fallback += 1;
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      bodies.push(body);
      response.end('fallback');
    });
  });
  const { service } = setUp({
    top: {
      kind: 'failover',
      service: 'main',
      fallback: 'fallback',
      ...(status === undefined ? {} : { errors: { status, maxRequestBodyBytes } }),
    },
    main: balancer({ servers: [main.url] }),
    fallback: balancer({ servers: [fallback.url] }),
  });
  return { service, main, asked, bodies };
}

async function ask(service: Service, overrides: ExchangeOverrides = {}, mcp?: Partial<McpFacts>): Promise<string> {
  const exchange = testExchange(overrides);
  if (mcp !== undefined) {
    exchange.facts.mcp = { kind: 'request', ...mcp } as McpFacts;
    await exchange.body.read(1_000_000);
  }
  try {
    const reply = await service.handle(exchange, clearance);
    return `${reply.status} ${await collect(reply.body, 1000)}`;
  } catch (error) {
    return `${(error as { status: number }).status}`;
  }
}

const failing: RequestListener = (_request, response) => {
  response.statusCode = 503;
  response.end('main');
};

describe('failover', () => {
  it('leaves answers alone that it was not told about', async () => {
    const { service, asked } = await pair(failing);
    expect(await ask(service)).toBe('503 main');
    expect(asked.fallback).toBe(0);
  });

  it('by status, for what may be sent twice, with the body again', async () => {
    const { service, asked, bodies } = await pair(failing, ['500-599', '404']);
    expect(await ask(service)).toBe('200 fallback');
    expect(await ask(service, { body: '{"method":"tools/list"}' }, { method: 'tools/list' })).toBe('200 fallback');
    expect(bodies).toEqual(['', '{"method":"tools/list"}']);
    expect(asked).toEqual({ main: 2, fallback: 2 });
  });

  it('[DP-6.once] by status, never for a tools/call, nor for a POST that nobody has read', async () => {
    const { service, asked } = await pair(failing, ['500-599']);
    expect(await ask(service, { body: '{}' }, { method: 'tools/call' })).toBe('503 main');
    expect(await ask(service, { body: '{}' }, { method: 'x/unknown' })).toBe('503 main');
    expect(await ask(service, { body: '{}' }, { method: 'tools/list', kind: 'notification' })).toBe('503 main');
    expect(await ask(service, { body: '{}' })).toBe('503 main');
    expect(asked).toEqual({ main: 4, fallback: 0 });
  });

  it('not for a body beyond its limit', async () => {
    const { service, asked } = await pair(failing, ['503'], 5);
    expect(await ask(service, { body: '{"a":1}' }, { method: 'tools/list' })).toBe('503 main');
    expect(await ask(service, { body: '{}' }, { method: 'tools/list' })).toBe('200 fallback');
    expect(asked).toEqual({ main: 2, fallback: 1 });
  });

  it('when nothing could be sent, for everything', async () => {
    const { service, main, asked } = await pair(failing);
    await main.close();
    expect(await ask(service, { body: '{}' }, { method: 'tools/call' })).toBe('200 fallback');
    expect(asked).toEqual({ main: 0, fallback: 1 });
  });

  it('[DP-6.once] not for a tools/call whose connection broke after it was sent', async () => {
    let taken = 0;
    const main = await rawUpstream(({ socket }) => {
      taken += 1;
      socket.destroy();
    });
    let asked = 0;
    const fallback = await httpUpstream((_request, response) => {
      asked += 1;
      response.end('fallback');
    });
    const { service } = setUp({
      top: { kind: 'failover', service: 'main', fallback: 'fallback', errors: { status: ['502'] } },
      main: balancer({ servers: [main.url] }),
      fallback: balancer({ servers: [fallback.url] }),
    });
    expect(await ask(service, { body: '{}' }, { method: 'tools/call' })).toBe('502');
    expect([taken, asked]).toEqual([1, 0]);
    expect(await ask(service, { body: '{}' }, { method: 'tools/list' })).toBe('200 fallback');
    expect([taken, asked]).toEqual([2, 1]);
  });

  it('by health, and back', async () => {
    const passiveHealthCheck = { failureWindow: 60_000, maxFailedAttempts: 1 };
    const main = await httpUpstream(failing);
    const fallback = await httpUpstream((_request, response) => response.end('fallback'));
    const { service, services } = setUp({
      top: { kind: 'failover', service: 'main', fallback: 'fallback' },
      main: balancer({ servers: [main.url], passiveHealthCheck }),
      fallback: balancer({ servers: [fallback.url], passiveHealthCheck }),
    });
    expect(await ask(service, { body: '{}' })).toBe('503 main');
    expect(await ask(service, { body: '{}' })).toBe('200 fallback');
    expect(service.available()).toBe(true);
    expect(service.status().map(({ state }) => state)).toEqual(['failing', 'up']);
    services.dispose();
  });
});

describe('isRepeatable', () => {
  it.each([
    ['GET', undefined, true],
    ['HEAD', undefined, true],
    ['OPTIONS', undefined, true],
    ['POST', undefined, false],
    ['DELETE', undefined, false],
    ['PUT', undefined, false],
    ['POST', 'tools/list', true],
    ['POST', 'initialize', true],
    ['POST', 'tools/call', false],
    ['POST', 'sampling/createMessage', false],
  ])('%s %s: %s', (method, mcp, expected) => {
    const exchange = testExchange({ method });
    if (mcp !== undefined) exchange.facts.mcp = { kind: 'request', method: mcp } as McpFacts;
    expect(isRepeatable(exchange)).toBe(expected);
  });
});

describe('compileStatusRanges', () => {
  it.each([
    [
      ['500-599', '404'],
      [500, 599, 404],
      [499, 600, 403, 200],
    ],
    [[' 503 '], [503], [502]],
    [[], [], [200]],
  ])('%j', (texts, inside, outside) => {
    const matches = compileStatusRanges(texts);
    for (const status of inside) expect(matches?.(status)).toBe(true);
    for (const status of outside) expect(matches?.(status)).toBe(false);
  });
});
