import { describe, expect, it } from 'vitest';
import { type ExchangeOverrides, testExchange } from '../../test/support/exchange.ts';
import { testContext } from '../../test/support/middleware-context.ts';
import { anonymousPrincipal } from '../auth/principal.ts';
import type { Identity } from '../http/identity.ts';
import { compileSourceKey, sourceCriterionOptions } from './source-criterion.ts';

const forwarded = (list: string, peerAddress = '13.0.0.9'): ExchangeOverrides => ({
  peerAddress,
  // As the entrypoint leaves it: what proxies said, and the peer.
  headers: { 'X-Forwarded-For': list === '' ? peerAddress : `${list}, ${peerAddress}` },
});

const list = '10.0.0.1,11.0.0.1,12.0.0.1,13.0.0.1';
const person: Identity = {
  kind: 'jwt',
  issuer: 'i',
  subject: 's',
  claims: new Map(),
  bindingKey: '["jwt","i","s"]',
  expiresAt: undefined,
};

/** Rows of Traefik's documentation, and the cases around them. */
const rows: readonly (readonly [criterion: unknown, request: ExchangeOverrides, key: string])[] = [
  [{ ipStrategy: { depth: 1 } }, forwarded(list), '13.0.0.1'],
  [{ ipStrategy: { depth: 3 } }, forwarded(list), '11.0.0.1'],
  [{ ipStrategy: { depth: 5 } }, forwarded(list), ''],
  [{ ipStrategy: { depth: 1 } }, forwarded(''), ''],
  [{ ipStrategy: { depth: 1, ipv6Subnet: 64 } }, forwarded('2001:db8::1:2:3:4'), '2001:db8::'],
  [{ ipStrategy: { excludedIPs: ['11.0.0.1', '12.0.0.1'] } }, forwarded('10.0.0.1,11.0.0.1,12.0.0.1'), '10.0.0.1'],
  [{ ipStrategy: { excludedIPs: ['12.0.0.1'] } }, forwarded('10.0.0.1,11.0.0.1,12.0.0.1'), '11.0.0.1'],
  [{ ipStrategy: { excludedIPs: ['0.0.0.0/0'] } }, forwarded(list), ''],
  [{ ipStrategy: { depth: 2, excludedIPs: ['12.0.0.1'] } }, forwarded(list), '12.0.0.1'],
  [{ ipStrategy: {} }, forwarded(list), '13.0.0.9'],
  [{ ipStrategy: { ipv6Subnet: 64 } }, { peerAddress: '::abcd:1111:2222:3333' }, '::'],
  [{ ipStrategy: { ipv6Subnet: 129 } }, { peerAddress: '2001:db8::1' }, '2001:db8::1'],
  [undefined, forwarded(list), '13.0.0.9'],
  [{}, forwarded(list), '13.0.0.9'],
  [{ requestHost: true }, { origin: 'http://MCP.example.com:81' }, 'mcp.example.com'],
  [{ requestHeaderName: 'X-Team' }, { headers: { 'x-team': 'blue' } }, 'blue'],
  [{ requestHeaderName: 'X-Team' }, {}, ''],
  [{ principal: true }, { identity: person }, '["jwt","i","s"]'],
  [{ principal: true }, { identity: anonymousPrincipal(), clientAddress: '192.0.2.7' }, '192.0.2.7'],
  [{ principal: true }, { clientAddress: '192.0.2.7' }, '192.0.2.7'],
];

describe('source criteria', () => {
  it.each(rows)('%j on %j counts by %j', (criterion, request, key) => {
    const options = criterion === undefined ? undefined : sourceCriterionOptions.parse(criterion);
    expect(compileSourceKey(options, 'address', testContext())(testExchange(request))).toBe(key);
  });

  it('count by host where that is the default', () => {
    const exchange = testExchange({ origin: 'http://a.test', peerAddress: '192.0.2.7' });
    expect(compileSourceKey({}, 'host', testContext())(exchange)).toBe('a.test');
    expect(compileSourceKey({ ipStrategy: {} }, 'host', testContext())(exchange)).toBe('192.0.2.7');
  });

  it.each([
    { requestHost: true, requestHeaderName: 'X' },
    { ipStrategy: {}, requestHost: true },
    { principal: true, ipStrategy: { depth: 1 } },
    { ipStrategy: { depth: -1 } },
    { requestHostName: 'x' },
  ])('%j is refused', (criterion) => {
    expect(sourceCriterionOptions.safeParse(criterion).success).toBe(false);
  });

  it('say which address is none', () => {
    const options = sourceCriterionOptions.parse({ ipStrategy: { excludedIPs: ['10.0.0.1', 'nobody'] } });
    expect(() => compileSourceKey(options, 'address', testContext())).toThrow(
      expect.objectContaining({
        diagnostics: [expect.objectContaining({ subject: 'test@file: sourceCriterion.ipStrategy.excludedIPs.1' })],
      }),
    );
  });
});
