import { describe, expect, it } from 'vitest';
import { answer, answering, type ExchangeOverrides, testExchange } from '../../../test/support/exchange.ts';
import { buildHandler } from '../../../test/support/middleware-context.ts';
import { redirectScheme } from './redirect-scheme.ts';

type Row = readonly [
  options: Readonly<Record<string, unknown>>,
  request: ExchangeOverrides,
  status: number,
  location: string | undefined,
];

const rows: readonly Row[] = [
  [{ scheme: 'https' }, { origin: 'http://foo', path: '/a', query: '?b=c' }, 302, 'https://foo/a?b=c'],
  [{ scheme: 'https' }, { origin: 'http://foo:80' }, 302, 'https://foo/'],
  [{ scheme: 'https' }, { origin: 'http://foo:8000' }, 302, 'https://foo/'],
  [{ scheme: 'https' }, { origin: 'https://foo' }, 204, undefined],
  [{ scheme: 'https' }, { origin: 'https://foo:8443' }, 302, 'https://foo/'],
  [{ scheme: 'https', port: '8443' }, { origin: 'https://foo:8443' }, 204, undefined],
  [{ scheme: 'https', port: '8443' }, { origin: 'http://foo:8000' }, 302, 'https://foo:8443/'],
  [{ scheme: 'https', port: 8443 }, { origin: 'http://foo' }, 302, 'https://foo:8443/'],
  [{ scheme: 'https', port: '443' }, { origin: 'http://foo' }, 302, 'https://foo/'],
  [{ scheme: 'http', port: '80' }, { origin: 'http://foo' }, 204, undefined],
  [{ scheme: 'https' }, { origin: 'http://foo', headers: { 'X-Forwarded-Proto': 'https' } }, 204, undefined],
  [{ scheme: 'https' }, { origin: 'http://foo', headers: { 'X-Forwarded-Proto': 'WSS' } }, 204, undefined],
  [{ scheme: 'https' }, { origin: 'http://foo', headers: { 'X-Forwarded-Proto': 'foo' } }, 302, 'https://foo/'],
  [{ scheme: 'https' }, { origin: 'http://[::1]:8000' }, 302, 'https://[::1]/'],
  [{ scheme: 'https' }, { origin: 'http://foo', method: 'POST' }, 307, 'https://foo/'],
  [{ scheme: 'https', permanent: true }, { origin: 'http://foo' }, 301, 'https://foo/'],
  [{ scheme: 'https', permanent: true }, { origin: 'http://foo', method: 'POST' }, 308, 'https://foo/'],
];

describe('redirectScheme', () => {
  it.each(rows)('%j on %j answers %d %s', async (options, request, status, location) => {
    const reply = await answer(await buildHandler(redirectScheme, options, answering(204)), testExchange(request));
    expect([reply.status, reply.headers.get('location')]).toEqual([status, location]);
  });

  it.each([
    {},
    { scheme: '' },
    { scheme: 'https:' },
    { scheme: 'https', port: 'x' },
    { scheme: 'https', port: 70_000 },
  ])('refuses %j', (options) => {
    expect(redirectScheme.options.safeParse(options).success).toBe(false);
  });
});
