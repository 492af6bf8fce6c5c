import { describe, expect, it } from 'vitest';
import { answer, answering, type ExchangeOverrides, testExchange } from '../../../test/support/exchange.ts';
import { buildHandler, testContext } from '../../../test/support/middleware-context.ts';
import { pushedBody } from '../../../test/support/pushed-body.ts';
import { Principal } from '../../auth/principal.ts';
import type { Handler } from '../../http/exchange.ts';
import { HeaderFields } from '../../http/headers.ts';
import { Refusal } from '../../http/refusal.ts';
import { errors } from './errors.ts';

const pages = () => answering(200, { headers: { 'Content-Type': 'text/html' }, body: '<p>sorry</p>' });

async function run(options: object, next: Handler, request: ExchangeOverrides = {}, service: Handler = pages()) {
  const context = testContext({ services: { 'pages@file': service } });
  const exchange = testExchange(request);
  const handler = await buildHandler(errors, { service: 'pages@file', ...options }, next, context);
  return { reply: await answer(handler, exchange), exchange };
}

describe('errors', () => {
  it.each([
    [['500-599'], answering(503), true],
    [['500-599'], answering(404), false],
    [['404', 410], answering(410), true],
    [['502'], () => Promise.reject(new Refusal(502, 'upstream_unreachable', { body: 'x' })), true],
    [['404'], () => Promise.reject(new Refusal(502, 'upstream_unreachable', { body: 'x' })), false],
  ] as const)('%j: a page instead of the reply', async (status, next, replaced) => {
    const { reply } = await run({ status: [...status] }, next);
    expect(reply.body?.toString() === '<p>sorry</p>').toBe(replaced);
    expect(reply.status).not.toBe(200);
  });

  it('asks for the page with the status, the one before rewriting and the URL', async () => {
    const service = pages();
    const { reply } = await run(
      {
        status: ['500-599'],
        statusRewrites: { '418': 404, '500-503': 502 },
        query: '/{status}.html?from={originalStatus}&url={url}',
      },
      answering(503),
      { origin: 'http://a.test:8000', path: "/x'y/(z)", query: '?q=1&$&=2', method: 'POST', body: '{}' },
      service,
    );
    expect(reply.status).toBe(502);
    const [asked] = service.seen;
    expect(asked?.method).toBe('GET');
    expect(asked?.path).toBe('/502.html');
    expect(asked?.query).toBe('?from=503&url=http%3A%2F%2Fa.test%3A8000%2Fx%27y%2F%28z%29%3Fq%3D1%26%24%26%3D2');
    expect(asked?.body.empty).toBe(true);
    expect(asked?.headers.has('content-length')).toBe(false);
  });

  it.each([
    [undefined, ['accept', 'host', 'x-a']],
    [['X-A'], ['host', 'x-a']],
    [[], ['host']],
    [['Authorization'], ['authorization', 'host']],
  ])('[SEC-errors] with errorRequestHeaders %j passes on %j', async (errorRequestHeaders, expected) => {
    const service = pages();
    await run(
      { status: ['500'], ...(errorRequestHeaders === undefined ? {} : { errorRequestHeaders }) },
      answering(500),
      {
        headers: {
          'X-A': '1',
          Accept: '*/*',
          Authorization: 'Bearer secret',
          Cookie: 'a=b',
          'Content-Type': 'a/b',
          'If-None-Match': 'x',
        },
      },
      service,
    );
    const names: string[] = [];
    service.seen[0]?.headers.forEach(({ lower }) => {
      names.push(lower);
    });
    expect(names.sort()).toEqual(expected);
  });

  it('keeps what clients must answer to, and works for callers who are nobody', async () => {
    const service = pages();
    const challenge = 'Bearer resource_metadata="https://a.test/.well-known/oauth-protected-resource"';
    const next = () => Promise.reject(new Refusal(401, 'no_token', { headers: [['WWW-Authenticate', challenge]] }));
    const { reply, exchange } = await run({ status: ['401'] }, next, {}, service);
    expect([reply.status, reply.headers.get('www-authenticate')]).toEqual([401, challenge]);
    expect(reply.headers.get('content-type')).toBe('text/html');
    expect(exchange.facts.errorType).toBe('no_token');
    expect(exchange.identity).toBeUndefined();
    expect(Principal.is(service.seen[0]?.identity)).toBe(true);
  });

  it('lets the error through when there is no page, and cancels the body that nobody sees otherwise', async () => {
    const body = pushedBody();
    const next: Handler = () => Promise.resolve({ status: 500, headers: new HeaderFields(), body });
    const failing: Handler = () => Promise.reject(new Refusal(502, 'upstream_unreachable'));
    const { reply } = await run({ status: ['500'] }, next, {}, failing);
    expect([reply.status, reply.body === body, body.state.cancelled]).toEqual([500, true, false]);
    await run({ status: ['500'] }, next);
    expect(body.state.cancelled).toBe(true);
  });

  it('passes faults of the gateway on', async () => {
    await expect(run({ status: ['500'] }, () => Promise.reject(new TypeError('a fault')))).rejects.toThrow('a fault');
  });

  it.each([
    [{ status: ['500'], service: 'gone@file' }, 'CONFIG_REFERENCE', 'service'],
    [{ status: ['500'], statusRewrites: { '5xx': 500 } }, 'CONFIG_INVALID_VALUE', 'statusRewrites.5xx'],
  ])('refuses %j', async (options, code, path) => {
    await expect(run(options, answering(200))).rejects.toMatchObject({
      diagnostics: [{ code, subject: `test@file: ${path}` }],
    });
  });

  it.each([{ service: 's' }, { status: [], service: 's' }, { status: ['x'], service: 's' }, { status: ['500'] }])(
    'refuses %j',
    (options) => {
      expect(errors.options.safeParse(options).success).toBe(false);
    },
  );
});
