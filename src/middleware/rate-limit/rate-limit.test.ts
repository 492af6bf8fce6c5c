import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answer, answering, type ExchangeOverrides, testExchange } from '../../../test/support/exchange.ts';
import { useFakeTime, useRealTime } from '../../../test/support/fake-time.ts';
import { buildHandler, testContext } from '../../../test/support/middleware-context.ts';
import { rateLimit } from './rate-limit.ts';

beforeEach(() => {
  useFakeTime();
});

afterEach(() => {
  useRealTime();
});

const from = (peerAddress: string): ExchangeOverrides => ({ peerAddress });

describe('rateLimit', () => {
  it('[SEC-rate] answers 429 with the wait in both headers', async () => {
    const handler = await buildHandler(rateLimit, { average: 6, period: '1m', burst: 2 }, answering(204));
    expect((await answer(handler, testExchange())).status).toBe(204);
    expect((await answer(handler, testExchange())).status).toBe(204);
    const reply = await answer(handler, testExchange());
    expect(reply.status).toBe(429);
    expect(reply.headers.get('retry-after')).toBe('10');
    expect(reply.headers.get('x-retry-in')).toBe('10s');
    expect(reply.body?.toString()).toBe('Too Many Requests');
    expect((await answer(handler, testExchange(from('192.0.2.1')))).status).toBe(204);
    vi.advanceTimersByTime(10_000);
    expect((await answer(handler, testExchange())).status).toBe(204);
  });

  it('[SEC-rate] waits when a token comes within half the time between two', async () => {
    const next = answering(204);
    const handler = await buildHandler(rateLimit, { average: 10 }, next);
    await answer(handler, testExchange());
    expect((await answer(handler, testExchange())).status).toBe(429);
    vi.advanceTimersByTime(60);
    const waiting = answer(handler, testExchange());
    await vi.advanceTimersByTimeAsync(39);
    expect(next.seen).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2);
    expect((await waiting).status).toBe(204);
  });

  it('stops waiting when the client goes', async () => {
    const next = answering(204);
    const handler = await buildHandler(rateLimit, { average: 1, period: '2s' }, next);
    await answer(handler, testExchange());
    vi.advanceTimersByTime(1_600);
    const exchange = testExchange();
    const waiting = answer(handler, exchange);
    await vi.advanceTimersByTimeAsync(1);
    exchange.close();
    expect((await waiting).status).toBe(499);
    expect(next.seen).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('lets everything pass without an average', async () => {
    const handler = await buildHandler(rateLimit, {}, answering(204));
    for (let i = 0; i < 50; i++) expect((await answer(handler, testExchange())).status).toBe(204);
  });

  it.each([
    [{ average: 1, burst: 0 }, 1],
    [{ average: 1, burst: 5 }, 5],
    [{ average: 100, period: 0, burst: 7 }, 7],
  ])('with %j lets %d requests pass at once', async (options, burst) => {
    const handler = await buildHandler(rateLimit, options, answering(204));
    const statuses = await Promise.all(Array.from({ length: burst }, () => answer(handler, testExchange())));
    expect(statuses.map(({ status }) => status)).toEqual(Array.from({ length: burst }, () => 204));
    expect((await answer(handler, testExchange())).status).toBe(429);
  });

  it('[AR-shared-state] keeps its buckets over a reload, unless the options change', async () => {
    const shared = new Map<string, unknown>();
    const options = { average: 1, period: '1m' };
    const build = (changed: object) => buildHandler(rateLimit, changed, answering(204), testContext({ shared }));
    expect((await answer(await build(options), testExchange())).status).toBe(204);
    expect((await answer(await build(options), testExchange())).status).toBe(429);
    expect((await answer(await build({ ...options, burst: 2 }), testExchange())).status).toBe(204);
  });

  it.each([
    { average: -1 },
    { average: 1.5 },
    { period: '-1s' },
    { period: 'soon' },
    { redis: { endpoints: ['nowhere'] } },
    { redis: { endpoints: [] } },
    { rate: 1 },
  ])('refuses %j', (options) => {
    expect(rateLimit.options.safeParse(options).success).toBe(false);
  });
});
