import { describe, expect, it } from 'vitest';
import { answer, answering, testExchange } from '../../../test/support/exchange.ts';
import { buildHandler, testContext } from '../../../test/support/middleware-context.ts';
import { type PushedBody, pushedBody, recordingSink } from '../../../test/support/pushed-body.ts';
import type { Handler, Reply } from '../../http/exchange.ts';
import { HeaderFields } from '../../http/headers.ts';
import { Refusal, textReply } from '../../http/refusal.ts';
import { buffering } from './buffering.ts';

function replying(body: PushedBody, type = 'application/json', longLived?: true): Handler {
  const headers = new HeaderFields();
  headers.append('Content-Type', type);
  return () => Promise.resolve({ status: 200, headers, body, ...(longLived === undefined ? {} : { longLived }) });
}

/** Runs without waiting for the end of the reply's body. */
async function run(options: unknown, handler: Handler): Promise<{ reply: Promise<Reply> }> {
  return { reply: answer(await buildHandler(buffering, options, handler), testExchange()) };
}

describe('buffering of requests', () => {
  it.each([
    [{ maxRequestBodyBytes: 4 }, '12345', false, 413, undefined],
    [{ maxRequestBodyBytes: 4 }, '1234', false, 204, '1234'],
    [{ maxRequestBodyBytes: 4 }, '12345', true, 413, undefined],
    [{}, '12345', true, 204, '12345'],
    [{ memRequestBodyBytes: 4 }, '12345', false, 204, undefined],
    [{ memRequestBodyBytes: 4 }, '12345', true, 204, '12345'],
    [{ maxRequestBodyBytes: 4 }, '', false, 204, undefined],
  ] as const)('%j with the body %j (length unknown: %s) answers %d', async (options, body, chunked, status, held) => {
    const exchange = testExchange({ method: 'POST', body, chunked });
    const next = answering(204);
    const reply = await answer(await buildHandler(buffering, options, next), exchange);
    expect([reply.status, next.seen.length]).toEqual([status, status === 204 ? 1 : 0]);
    expect(exchange.body.buffered?.toString()).toBe(held);
  });

  it("[DP-2.body-limit-middlewares] never goes above the installation's limit, and says so", async () => {
    const context = testContext({ maxRequestBodySize: 4 });
    const handler = await buildHandler(buffering, { maxRequestBodyBytes: 100 }, answering(204), context);
    expect((await answer(handler, testExchange({ method: 'POST', body: '12345' }))).status).toBe(413);
    expect(context.warnings.map(({ subject }) => subject)).toEqual(['test@file: maxRequestBodyBytes']);
  });
});

describe('buffering of replies', () => {
  it.each([
    [['ab'], ['cd']],
    [[], ['ab', 'cd']],
    [['ab', 'cd'], []],
  ])('makes one complete body of what comes early (%j) and late (%j)', async (early, late) => {
    const body = pushedBody(early);
    const { reply } = await run({ maxResponseBodyBytes: 4 }, replying(body));
    await Promise.resolve();
    for (const text of late) body.push(text);
    body.end();
    const whole = await reply;
    expect(whole.body?.toString()).toBe('abcd');
    expect(whole.headers.get('content-length')).toBe('4');
  });

  it.each([[['abcde']], [['ab', 'cd', 'e']]])(
    'answers 500 for a body that is too long (%j), early or late',
    async (chunks) => {
      const early = pushedBody(chunks);
      expect((await (await run({ maxResponseBodyBytes: 4 }, replying(early))).reply).status).toBe(500);
      expect(early.state.cancelled).toBe(true);
      const late = pushedBody();
      const { reply } = await run({ maxResponseBodyBytes: 4 }, replying(late));
      await Promise.resolve();
      for (const chunk of chunks) late.push(chunk);
      expect((await reply).status).toBe(500);
      expect(late.state.cancelled).toBe(true);
      const complete = answering(200, { body: 'abcde' });
      expect((await (await run({ maxResponseBodyBytes: 4 }, complete)).reply).status).toBe(500);
    },
  );

  it.each([
    [['abc', 'd'], ['e']],
    [[], ['abc', 'de']],
  ])('passes a long body on as a stream (%j, %j)', async (early, late) => {
    const body = pushedBody(early);
    const { reply } = await run({ memResponseBodyBytes: 3 }, replying(body));
    await Promise.resolve();
    for (const text of late) body.push(text);
    const streamed = (await reply).body;
    if (streamed === null || Buffer.isBuffer(streamed)) throw new Error('not a stream');
    expect(body.state.paused).toBe(true);
    const sink = recordingSink();
    const flow = streamed.start(sink);
    expect([sink.text(), body.state.paused]).toEqual(['abcde'.slice(0, [...early, ...late].join('').length), false]);
    body.push('f');
    body.end();
    expect([sink.text().at(-1), sink.outcome]).toEqual(['f', 'ended']);
    flow.cancel();
    expect(body.state.cancelled).toBe(true);
  });

  it('keeps an end or a cut that came while nobody listened', async () => {
    for (const finish of [(body: PushedBody) => body.end(), (body: PushedBody) => body.fail(new Error('cut'))]) {
      const body = pushedBody(['abcd']);
      const streamed = (await (await run({ memResponseBodyBytes: 3 }, replying(body))).reply).body;
      if (streamed === null || Buffer.isBuffer(streamed)) throw new Error('not a stream');
      finish(body);
      const sink = recordingSink();
      streamed.start(sink);
      expect(sink.text()).toBe('abcd');
      expect(sink.outcome).not.toBe('open');
    }
  });

  it('answers 502 when the body breaks off before anything was passed on', async () => {
    const body = pushedBody();
    const { reply } = await run({}, replying(body));
    await Promise.resolve();
    body.push('half');
    body.fail(new Error('cut'));
    expect((await reply).status).toBe(502);
  });

  it.each([
    ['text/event-stream', undefined],
    ['Text/Event-Stream; charset=utf-8', undefined],
    ['application/json', true],
  ] as const)('[DP-6.unbuffered] leaves streams alone (%s, long-lived: %s)', async (type, longLived) => {
    const body = pushedBody();
    const reply = await (await run({ maxResponseBodyBytes: 1 }, replying(body, type, longLived))).reply;
    expect(reply.body).toBe(body);
    expect(body.state.started).toBe(false);
  });
});

describe('retryExpression', () => {
  const call = '{"jsonrpc":"2.0","id":1,"method":"tools/call"}';
  const refusing = (unsent: boolean) => () => Promise.reject(new Refusal(502, 'upstream', { unsent }));

  it.each([
    ['IsNetworkError() && Attempts() < 2', { method: 'GET' }, refusing(false), 2],
    ['IsNetworkError() && Attempts() < 4', { method: 'GET' }, refusing(false), 4],
    ['IsNetworkError()', { method: 'GET' }, refusing(false), 10],
    ['ResponseCode() == 503 && Attempts() <= 2', { method: 'GET' }, () => Promise.resolve(textReply(503, '')), 3],
    ['ResponseCode() == 500', { method: 'GET' }, () => Promise.resolve(textReply(503, '')), 1],
    ['IsNetworkError() && Attempts() < 3', { method: 'POST', body: call }, refusing(true), 3],
    ['IsNetworkError() && Attempts() < 3', { method: 'POST', body: call }, refusing(false), 1],
    ['IsNetworkError() && Attempts() < 3', { method: 'PUT', body: call }, refusing(false), 1],
    ['IsNetworkError() && Attempts() < 3', { method: 'PUT', body: 'x' }, refusing(false), 3],
  ] as const)('[DP-6.retry] %s on %j', async (retryExpression, request, result, asked) => {
    let count = 0;
    const next: Handler = () => {
      count += 1;
      return result();
    };
    await answer(await buildHandler(buffering, { retryExpression }, next), testExchange(request));
    expect(count).toBe(asked);
  });

  it('is refused at its place when it is none', async () => {
    await expect(buildHandler(buffering, { retryExpression: 'Attempt() < 2' }, answering(204))).rejects.toMatchObject({
      diagnostics: [{ subject: 'test@file: retryExpression', hint: 'did you mean Attempts?' }],
    });
  });
});
