import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answer, testExchange } from '../../../test/support/exchange.ts';
import { useFakeTime, useRealTime } from '../../../test/support/fake-time.ts';
import { buildHandler, testContext } from '../../../test/support/middleware-context.ts';
import type { Handler } from '../../http/exchange.ts';
import { Refusal, textReply } from '../../http/refusal.ts';
import { circuitBreaker } from './circuit-breaker.ts';

beforeEach(() => {
  useFakeTime();
});

afterEach(() => {
  useRealTime();
});

/** A service whose answer the test sets. */
function service(): { handler: Handler; answer: number | Error; asked: number; takes: number } {
  const state = {
    answer: 200 as number | Error,
    asked: 0,
    takes: 0,
    handler: (async () => {
      state.asked += 1;
      if (state.takes > 0) vi.advanceTimersByTime(state.takes);
      if (typeof state.answer === 'number') return textReply(state.answer, '');
      throw state.answer;
    }) as Handler,
  };
  return state;
}

const options = {
  expression: 'ResponseCodeRatio(500, 600, 0, 600) > 0.5',
  checkPeriod: 0,
  fallbackDuration: '10s',
  recoveryDuration: '10s',
};

describe('circuitBreaker', () => {
  it('opens, answers in place of the service, recovers by and by and closes', async () => {
    const upstream = service();
    const handler = await buildHandler(circuitBreaker, options, upstream.handler);
    const ask = async () => (await answer(handler, testExchange())).status;
    expect(await ask()).toBe(200);
    upstream.answer = 500;
    expect([await ask(), await ask()]).toEqual([500, 500]);
    upstream.answer = 200;
    const reply = await answer(handler, testExchange());
    expect(reply.status).toBe(503);
    expect(reply.headers.get('retry-after')).toBe('10');
    expect(upstream.asked).toBe(3);

    vi.advanceTimersByTime(10_000);
    const passed: number[] = [];
    for (let second = 0; second < 10; second++) {
      const before = upstream.asked;
      for (let i = 0; i < 20; i++) await ask();
      passed.push(upstream.asked - before);
      vi.advanceTimersByTime(1_000);
    }
    for (const [second, count] of passed.entries()) expect(Math.abs(count - 2 * second)).toBeLessThanOrEqual(1);
    expect(await ask()).toBe(200);
    upstream.asked = 0;
    for (let i = 0; i < 20; i++) await ask();
    expect(upstream.asked).toBe(20);
  });

  it('opens again when the service fails while it recovers', async () => {
    const upstream = service();
    const handler = await buildHandler(circuitBreaker, options, upstream.handler);
    const ask = async () => (await answer(handler, testExchange())).status;
    upstream.answer = 500;
    expect(await ask()).toBe(500);
    vi.advanceTimersByTime(10_000);
    expect(await ask()).toBe(503);
    vi.advanceTimersByTime(9_900);
    expect(await ask()).toBe(503);
    expect(await ask()).toBe(500);
    vi.advanceTimersByTime(9_900);
    expect(await ask()).toBe(503);
  });

  it.each([
    ['NetworkErrorRatio() > 0.5', new Refusal(502, 'upstream_unreachable'), true],
    ['NetworkErrorRatio() > 0.5', new Refusal(503, 'upstream_unavailable'), false],
    ['NetworkErrorRatio() > 0.5', new Refusal(499, 'client_gone'), false],
    ['ResponseCodeRatio(500, 600, 0, 600) > 0.5', new TypeError('a fault'), true],
    ['RequestThreshold() >= 2', 200, true],
    ['RequestThreshold() >= 3', 200, false],
    ['ResponseCodeRatio(500, 600, 0, 600) > 0.5 && RequestThreshold() >= 3', 500, false],
  ])('%s with %s opens: %s', async (expression, result, opens) => {
    const upstream = service();
    upstream.answer = result;
    const handler = await buildHandler(circuitBreaker, { ...options, expression }, upstream.handler);
    for (let i = 0; i < 2; i++) await answer(handler, testExchange()).catch(() => undefined);
    upstream.answer = 200;
    upstream.asked = 0;
    await answer(handler, testExchange());
    expect(upstream.asked).toBe(opens ? 0 : 1);
  });

  it('opens when the service is slow', async () => {
    const upstream = service();
    upstream.takes = 150;
    const handler = await buildHandler(
      circuitBreaker,
      { expression: 'LatencyAtQuantileMS(50.0) > 100' },
      upstream.handler,
    );
    expect((await answer(handler, testExchange())).status).toBe(200);
    expect((await answer(handler, testExchange())).status).toBe(503);
  });

  it('looks at the expression once in a check period', async () => {
    const upstream = service();
    upstream.answer = 200;
    const handler = await buildHandler(circuitBreaker, { ...options, checkPeriod: '1s' }, upstream.handler);
    await answer(handler, testExchange());
    upstream.answer = 500;
    for (let i = 0; i < 5; i++) expect((await answer(handler, testExchange())).status).toBe(500);
    vi.advanceTimersByTime(1_000);
    expect((await answer(handler, testExchange())).status).toBe(500);
    expect((await answer(handler, testExchange())).status).toBe(503);
  });

  it('answers with the configured status', async () => {
    const upstream = service();
    upstream.answer = 500;
    const handler = await buildHandler(circuitBreaker, { ...options, responseCode: 429 }, upstream.handler);
    await answer(handler, testExchange());
    const reply = await answer(handler, testExchange());
    expect([reply.status, reply.body?.toString()]).toEqual([429, 'Too Many Requests']);
  });

  it('[AR-shared-state] stays open over a reload', async () => {
    const shared = new Map<string, unknown>();
    const upstream = service();
    upstream.answer = 500;
    const build = () => buildHandler(circuitBreaker, options, upstream.handler, testContext({ shared }));
    await answer(await build(), testExchange());
    expect((await answer(await build(), testExchange())).status).toBe(503);
  });

  it.each(['', 'NetworkErrorRatio()', 'LatencyAtQuantileMS() > 1', 'Nothing() > 1'])(
    'refuses the expression %j',
    async (expression) => {
      await expect(async () => buildHandler(circuitBreaker, { expression }, service().handler)).rejects.toThrow();
    },
  );
});
