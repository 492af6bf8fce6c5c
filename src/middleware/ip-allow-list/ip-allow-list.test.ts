import { describe, expect, it } from 'vitest';
import { answer, answering, testExchange } from '../../../test/support/exchange.ts';
import { buildHandler } from '../../../test/support/middleware-context.ts';
import { ipAllowList } from './ip-allow-list.ts';

describe('ipAllowList', () => {
  it.each([
    [{ sourceRange: ['127.0.0.1/32'] }, '127.0.0.1', undefined, 204],
    [{ sourceRange: ['127.0.0.1/32'] }, '127.0.0.2', undefined, 403],
    [{ sourceRange: ['::1'] }, '::1', undefined, 204],
    [{ sourceRange: ['10.0.0.0/8'] }, '127.0.0.1', '10.0.0.1', 403],
    [{ sourceRange: ['10.0.0.0/8'], ipStrategy: { depth: 1 } }, '127.0.0.1', '10.0.0.1', 204],
    [{ sourceRange: ['0.0.0.0/0', '::/0'], ipStrategy: { depth: 2 } }, '127.0.0.1', '10.0.0.1', 403],
    [
      { sourceRange: ['10.0.0.0/8'], ipStrategy: { excludedIPs: ['192.168.0.0/16'] } },
      '127.0.0.1',
      '10.0.0.1, 192.168.0.1',
      204,
    ],
    [{ sourceRange: ['0.0.0.0/0'], rejectStatusCode: 404 }, '::1', undefined, 404],
  ] as const)('[SEC-addresses] %j from %s (said: %s) answers %d', async (options, peerAddress, said, status) => {
    const exchange = testExchange({
      peerAddress,
      headers: { 'X-Forwarded-For': said === undefined ? peerAddress : `${said}, ${peerAddress}` },
    });
    const next = answering(204);
    const reply = await answer(await buildHandler(ipAllowList, options, next), exchange);
    expect([reply.status, next.seen.length]).toEqual([status, status === 204 ? 1 : 0]);
  });

  it.each([
    {},
    { sourceRange: [] },
    { sourceRange: ['::1'], rejectStatusCode: 200 },
    { sourceRange: ['::1'], rejectStatusCode: 499 },
  ])('refuses %j', (options) => {
    expect(ipAllowList.options.safeParse(options).success).toBe(false);
  });

  it('refuses what is no address, at its place', async () => {
    const building = buildHandler(ipAllowList, { sourceRange: ['::1', '10.0.0.0/99'] }, answering(204));
    await expect(building).rejects.toMatchObject({ diagnostics: [{ subject: 'test@file: sourceRange.1' }] });
  });
});
