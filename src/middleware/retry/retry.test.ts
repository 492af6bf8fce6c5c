import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answer, type ExchangeOverrides, testExchange } from '../../../test/support/exchange.ts';
import { useFakeTime, useRealTime } from '../../../test/support/fake-time.ts';
import { buildHandler, testContext } from '../../../test/support/middleware-context.ts';
import { pushedBody } from '../../../test/support/pushed-body.ts';
import type { Exchange, Handler, Reply } from '../../http/exchange.ts';
import { HeaderFields } from '../../http/headers.ts';
import { Refusal, textReply } from '../../http/refusal.ts';
import { retry } from './retry.ts';

beforeEach(() => {
  useFakeTime();
});

afterEach(() => {
  useRealTime();
});

const unsent = () => new Refusal(502, 'upstream_unreachable', { unsent: true });
const sent = () => new Refusal(502, 'upstream_cut');
/** A room between us and the service put its own answer around the refusal. */
const wrapped = () => new Refusal(502, 'upstream_unreachable', { body: '{}', cause: unsent() });

/** Plays a list of results, and says how often it was asked. */
function playing(results: readonly (number | (() => Refusal))[]): Handler & { asked: number } {
  const handler = (exchange: Exchange): Promise<Reply> => {
    const result = results[Math.min(handler.asked, results.length - 1)];
    handler.asked += 1;
    exchange.path = `${exchange.path}/changed`;
    exchange.headers.append('X-Changed', 'yes');
    if (typeof result === 'number') return Promise.resolve(textReply(result, ''));
    return Promise.reject(result?.());
  };
  handler.asked = 0;
  return handler;
}

const call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pay"}}';
const post: ExchangeOverrides = { method: 'POST', body: call };
const plainPost: ExchangeOverrides = { method: 'POST', body: 'a=b' };

type Row = readonly [
  title: string,
  options: Readonly<Record<string, unknown>>,
  request: ExchangeOverrides,
  results: readonly (number | (() => Refusal))[],
  asked: number,
  status: number,
];

const rows: readonly Row[] = [
  ['no connection', { attempts: 3 }, {}, [unsent, unsent, 200], 3, 200],
  ['no connection at all', { attempts: 3 }, {}, [unsent], 3, 502],
  ['no connection for a tool call', { attempts: 3 }, post, [unsent, 200], 2, 200],
  ['no connection, told by a room in between', { attempts: 3 }, post, [wrapped, 200], 2, 200],
  ['a cut after something was sent', { attempts: 3 }, {}, [sent, 200], 1, 502],
  ['a cut after a tool call was sent', { attempts: 3 }, post, [sent, 200], 1, 502],
  [
    'network errors switched off',
    { attempts: 3, disableRetryOnNetworkError: true, status: ['503'] },
    {},
    [unsent, 200],
    1,
    502,
  ],
  ['an unnamed status', { attempts: 3 }, {}, [503, 200], 1, 503],
  ['a named status', { attempts: 3, status: ['500-503'] }, {}, [503, 200], 2, 200],
  ['a named status of a refusal', { attempts: 3, status: ['502'] }, {}, [sent, 200], 2, 200],
  ['a named status for PUT', { attempts: 2, status: ['503'] }, { method: 'PUT', body: 'x' }, [503, 200], 2, 200],
  ['a named status for POST', { attempts: 2, status: ['503'] }, plainPost, [503, 200], 1, 503],
  [
    'a named status for POST when allowed',
    { attempts: 2, status: ['503'], retryNonIdempotentMethod: true },
    plainPost,
    [503, 200],
    2,
    200,
  ],
  [
    'a named status for a tool call although allowed',
    { attempts: 2, status: ['503'], retryNonIdempotentMethod: true },
    post,
    [503, 200],
    1,
    503,
  ],
  [
    'a named status for a batch although allowed',
    { attempts: 2, status: ['503'], retryNonIdempotentMethod: true },
    { ...post, body: `[${call}]` },
    [503, 200],
    1,
    503,
  ],
  ['a single attempt', { attempts: 1 }, {}, [unsent, 200], 1, 502],
  ['a body that is too long', { attempts: 3, maxRequestBodyBytes: 10 }, post, [unsent, 200], 1, 502],
  ['a body of unknown length', { attempts: 3 }, { ...post, chunked: true }, [unsent, 200], 1, 502],
  ['no limit of its own', { attempts: 3, maxRequestBodyBytes: -1 }, post, [unsent, 200], 2, 200],
];

describe('retry', () => {
  it.each(rows)('[DP-6.retry] %s', async (_title, options, request, results, asked, status) => {
    const next = playing(results);
    const exchange = testExchange(request);
    const reply = await answer(await buildHandler(retry, options, next), exchange);
    expect([next.asked, reply.status, exchange.facts.retryAttempts]).toEqual([asked, status, asked - 1]);
  });

  it('[DP-6.retry] knows an MCP message by what the mcp middleware found, too', async () => {
    const next: Handler & { asked?: number } = (exchange) => {
      next.asked = (next.asked ?? 0) + 1;
      exchange.facts.mcp = { method: 'tools/call' } as NonNullable<Exchange['facts']['mcp']>;
      return Promise.resolve(textReply(503, ''));
    };
    const handler = await buildHandler(retry, { attempts: 2, status: ['503'], retryNonIdempotentMethod: true }, next);
    await answer(handler, testExchange(plainPost));
    expect(next.asked).toBe(1);
  });

  it('runs each attempt on the request as it was', async () => {
    const exchange = testExchange({ path: '/a', query: '?q', headers: { 'X-A': ['1', '2'] } });
    await answer(await buildHandler(retry, { attempts: 3 }, playing([unsent])), exchange);
    expect(exchange.path).toBe('/a/changed');
    expect(exchange.headers.getAll('x-changed')).toEqual(['yes']);
    expect(exchange.headers.getAll('x-a')).toEqual(['1', '2']);
  });

  it('cancels the bodies of replies that nobody sees', async () => {
    const bodies = [pushedBody(), pushedBody()];
    let asked = 0;
    const next: Handler = () =>
      Promise.resolve({ status: 503, headers: new HeaderFields(), body: bodies[asked++] ?? null });
    const handler = await buildHandler(retry, { attempts: 2, status: ['503'] }, next);
    await answer(handler, testExchange());
    expect(bodies.map(({ state }) => state.cancelled)).toEqual([true, false]);
  });

  it('waits between attempts, longer each time, and not beyond the timeout', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const times: number[] = [];
    const next: Handler = () => {
      times.push(performance.now());
      return Promise.reject(unsent());
    };
    const options = { attempts: 4, initialInterval: '100ms', timeout: '350ms' };
    const begin = performance.now();
    const done = answer(await buildHandler(retry, options, next), testExchange());
    await vi.runAllTimersAsync();
    expect((await done).status).toBe(502);
    expect(times.map((time) => Math.round(time - begin))).toEqual([0, 100, 241]);
    vi.restoreAllMocks();
  });

  it('stops waiting when the client goes', async () => {
    const exchange = testExchange();
    const next = playing([unsent, 200]);
    const done = answer(await buildHandler(retry, { attempts: 2, initialInterval: '1s' }, next), exchange);
    await vi.advanceTimersByTimeAsync(10);
    exchange.close();
    expect((await done).status).toBe(499);
    expect([next.asked, vi.getTimerCount()]).toEqual([1, 0]);
  });

  it('does not go on when the client has gone, nor after a fault', async () => {
    const exchange = testExchange();
    const next = playing([unsent, 200]);
    const handler = await buildHandler(retry, { attempts: 3 }, async (one) => {
      exchange.close();
      return next(one);
    });
    expect((await answer(handler, exchange)).status).toBe(502);
    expect(next.asked).toBe(1);
    let asked = 0;
    const faulty = await buildHandler(retry, { attempts: 3 }, () => {
      asked += 1;
      return Promise.reject(new TypeError('a fault'));
    });
    await expect(faulty(testExchange())).rejects.toThrow('a fault');
    expect(asked).toBe(1);
  });

  it("[DP-2.body-limit-middlewares] keeps the installation's limit for bodies", async () => {
    const next = playing([unsent, 200]);
    const context = testContext({ maxRequestBodySize: 20 });
    await answer(await buildHandler(retry, { attempts: 2 }, next, context), testExchange(post));
    expect(next.asked).toBe(1);
  });

  it.each([{}, { attempts: 0 }, { attempts: 2, status: ['5xx'] }, { attempts: 2, maxRequestBodyBytes: -2 }])(
    'refuses %j',
    (options) => {
      expect(retry.options.safeParse(options).success).toBe(false);
    },
  );

  it('refuses options that leave nothing to try again on', async () => {
    const options = { attempts: 2, disableRetryOnNetworkError: true };
    await expect(buildHandler(retry, options, playing([200]))).rejects.toMatchObject({ code: 'CONFIG_INVALID_VALUE' });
  });
});
