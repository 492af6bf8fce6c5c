import { describe, expect, it } from 'vitest';
import { answer, testExchange } from '../../../test/support/exchange.ts';
import { buildHandler, testContext } from '../../../test/support/middleware-context.ts';
import { type PushedBody, pushedBody, recordingSink } from '../../../test/support/pushed-body.ts';
import type { Handler, Reply } from '../../http/exchange.ts';
import { HeaderFields } from '../../http/headers.ts';
import { Refusal, textReply } from '../../http/refusal.ts';
import { inFlightReq } from './in-flight-req.ts';

const ask = (handler: Handler, origin = 'http://a.test') => answer(handler, testExchange({ origin }));

/** A handler whose replies flow until the test ends them. */
function flowing(): { handler: Handler; bodies: PushedBody[] } {
  const bodies: PushedBody[] = [];
  return {
    bodies,
    handler: () => {
      const body = pushedBody();
      bodies.push(body);
      return Promise.resolve({ status: 200, headers: new HeaderFields(), body });
    },
  };
}

function start(reply: Reply) {
  if (reply.body === null || Buffer.isBuffer(reply.body)) throw new Error('not a flowing body');
  const sink = recordingSink();
  return { sink, flow: reply.body.start(sink) };
}

describe('inFlightReq', () => {
  const endings: readonly (readonly [string, (reply: Reply, body: PushedBody | undefined) => void])[] = [
    [
      'has ended',
      (reply, body) => {
        const { sink } = start(reply);
        body?.push('x');
        body?.end();
        expect([sink.text(), sink.outcome]).toEqual(['x', 'ended']);
      },
    ],
    [
      'has broken off',
      (reply, body) => {
        const { sink } = start(reply);
        body?.fail(new Error('cut'));
        expect(sink.outcome).toBeInstanceOf(Error);
      },
    ],
    ['has been cancelled while it flowed', (reply) => start(reply).flow.cancel()],
    [
      'has been cancelled before it flowed',
      (reply) => {
        if (reply.body !== null && !Buffer.isBuffer(reply.body)) reply.body.cancel();
      },
    ],
  ];

  it.each(endings)('[DP-6.slots] holds a slot until the body %s', async (_title, finish) => {
    const upstream = flowing();
    const handler = await buildHandler(inFlightReq, { amount: 1 }, upstream.handler);
    const reply = await ask(handler);
    expect((await ask(handler)).status).toBe(429);
    expect((await ask(handler, 'http://b.test')).status).toBe(200);
    finish(reply, upstream.bodies[0]);
    expect((await ask(handler)).status).toBe(200);
    expect((await ask(handler)).status).toBe(429);
  });

  it('gives the slot back for complete replies, refusals and faults', async () => {
    const results = [
      () => Promise.resolve(textReply(200, 'ok')),
      () => Promise.reject(new Refusal(502, 'upstream_unreachable')),
      () => Promise.reject(new TypeError('a fault')),
      () => Promise.resolve(textReply(204, '')),
    ];
    const handler = await buildHandler(inFlightReq, { amount: 1 }, () =>
      (results.shift() ?? (() => Promise.reject(new Error('asked too often'))))(),
    );
    expect((await ask(handler)).status).toBe(200);
    expect((await ask(handler)).status).toBe(502);
    await expect(ask(handler)).rejects.toThrow('a fault');
    expect((await ask(handler)).status).toBe(204);
  });

  it('[AR-shared-state] counts on over a reload', async () => {
    const shared = new Map<string, unknown>();
    const upstream = flowing();
    const before = await buildHandler(inFlightReq, { amount: 1 }, upstream.handler, testContext({ shared }));
    const after = await buildHandler(inFlightReq, { amount: 1 }, upstream.handler, testContext({ shared }));
    const reply = await ask(before);
    expect((await ask(after)).status).toBe(429);
    start(reply);
    upstream.bodies[0]?.end();
    expect((await ask(after)).status).toBe(200);
  });

  it.each([{}, { amount: 0 }, { amount: 1.5 }])('refuses %j', (options) => {
    expect(inFlightReq.options.safeParse(options).success).toBe(false);
  });
});
