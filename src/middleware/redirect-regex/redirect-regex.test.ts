import { describe, expect, it } from 'vitest';
import { answer, answering, type ExchangeOverrides, testExchange } from '../../../test/support/exchange.ts';
import { buildHandler } from '../../../test/support/middleware-context.ts';
import { redirectRegex } from './redirect-regex.ts';

type Row = readonly [
  regex: string,
  replacement: string,
  request: ExchangeOverrides,
  status: number,
  location: string | undefined,
];

const rows: readonly Row[] = [
  [
    '^http://localhost/(.*)',
    'http://mydomain/${1}',
    { origin: 'http://localhost', path: '/foo', query: '?q=1' },
    302,
    'http://mydomain/foo?q=1',
  ],
  [
    '^https?://([^/]+)/old(.*)',
    'https://$1/new$2',
    { origin: 'http://foo:8000', path: '/old/x' },
    302,
    'https://foo:8000/new/x',
  ],
  ['^http://localhost/(.*)', 'http://mydomain/${1}', { origin: 'http://other', path: '/foo' }, 204, undefined],
  ['^(.*)$', '$1', { origin: 'http://foo', path: '/same' }, 204, undefined],
  ['^http://foo/(.*)', '/to the/$1', { origin: 'http://foo', path: '/x' }, 400, undefined],
  ['^http://foo/(.*)', '/$1', { origin: 'http://foo', path: '/x', method: 'DELETE' }, 307, '/x'],
];

describe('redirectRegex', () => {
  it.each(rows)('%s to %s on %j answers %d %s', async (regex, replacement, request, status, location) => {
    const handler = await buildHandler(redirectRegex, { regex, replacement }, answering(204));
    const reply = await answer(handler, testExchange(request));
    expect([reply.status, reply.headers.get('location')]).toEqual([status, location]);
  });

  it('sends a permanent redirect when told to', async () => {
    const options = { regex: 'http', replacement: 'https', permanent: true };
    const handler = await buildHandler(redirectRegex, options, answering(204));
    expect((await answer(handler, testExchange())).status).toBe(301);
    expect((await answer(handler, testExchange({ method: 'PUT' }))).status).toBe(308);
  });
});
