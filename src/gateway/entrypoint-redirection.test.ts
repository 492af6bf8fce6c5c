import { describe, expect, test } from 'vitest';
import { testExchange } from '../../test/support/exchange.ts';
import { loadStaticConfiguration } from '../config/static/load.ts';
import { textReply } from '../http/refusal.ts';
import { redirectAll, redirectionOf } from './entrypoint-redirection.ts';

function redirection(...argv: string[]) {
  const flags = argv.map((flag) => `--entryPoints.web.http.redirections.entryPoint.${flag}`);
  const loaded = loadStaticConfiguration({
    argv: [
      ...flags,
      '--entryPoints.web.address=:80',
      '--entryPoints.secure.address=:443',
      '--entryPoints.odd.address=:8443',
      '--entryPoints.any.address=:0',
    ],
    env: {},
    cwd: '/',
  });
  if (!loaded.ok) throw new Error('wrong options');
  return redirectionOf(loaded.configuration, 'web');
}

describe('what the options ask for', () => {
  test.each<[string[], object | undefined]>([
    [[], undefined],
    [['to=secure'], { scheme: 'https', port: undefined, permanent: true }],
    [['to=odd', 'permanent=false'], { scheme: 'https', port: 8443, permanent: false }],
    [['to=:443'], { scheme: 'https', port: undefined, permanent: true }],
    [['to=:9443', 'scheme=http'], { scheme: 'http', port: 9443, permanent: true }],
    [['to=:80', 'scheme=https'], { scheme: 'https', port: 80, permanent: true }],
    [['to=any'], { scheme: 'https', port: undefined, permanent: true }],
  ])('%j', (argv, expected) => {
    expect(redirection(...argv)).toEqual(expected);
  });
});

describe('what clients see', () => {
  const next = async () => textReply(200, 'routed');
  const handler = redirectAll({ scheme: 'https', port: 8443, permanent: true }, next);

  test.each([
    ['GET', 301],
    ['POST', 308],
  ])('%s: %i to the same host, path and query', async (method, status) => {
    const reply = await handler(
      testExchange({ method, origin: 'http://mcp.example:8000', path: '/wiki/mcp', query: '?a=b' }),
    );
    expect([reply.status, reply.headers.get('location')]).toEqual([status, 'https://mcp.example:8443/wiki/mcp?a=b']);
  });

  test('an address of six groups stands in brackets', async () => {
    const reply = await handler(testExchange({ origin: 'http://[::1]:8000' }));
    expect(reply.headers.get('location')).toBe('https://[::1]:8443/');
  });

  test('what a proxy in front took over TLS is served, not sent round in a circle', async () => {
    const reply = await handler(testExchange({ headers: { 'X-Forwarded-Proto': 'https' } }));
    expect(reply.status).toBe(200);
  });
});
