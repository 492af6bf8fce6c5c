import { describe, expect, it } from 'vitest';
import { answer, answering, type ExchangeOverrides, testExchange } from '../../../test/support/exchange.ts';
import { buildHandler, testContext } from '../../../test/support/middleware-context.ts';
import type { HeaderFields } from '../../http/headers.ts';
import { Refusal } from '../../http/refusal.ts';
import { corsOriginTest } from './cors.ts';
import { headers } from './headers.ts';

const page = 'https://app.example.com';

async function run(options: unknown, overrides: ExchangeOverrides, next = answering(200)) {
  const exchange = testExchange(overrides);
  const reply = await answer(await buildHandler(headers, options, next), exchange);
  return { exchange, reply, next };
}

function preflight(extra: Readonly<Record<string, string>> = {}, origin = page): ExchangeOverrides {
  return { method: 'OPTIONS', headers: { Origin: origin, 'Access-Control-Request-Method': 'POST', ...extra } };
}

const fields = (reply: { readonly headers: HeaderFields }) => {
  const found: Record<string, string> = {};
  reply.headers.forEach(({ spelled }, value) => {
    found[spelled] = value;
  });
  return found;
};

describe('CORS preflight', () => {
  /** Options, requested headers, expected reply fields besides Content-Length. */
  const rows: readonly (readonly [
    title: string,
    options: Readonly<Record<string, unknown>>,
    requested: string | undefined,
    expected: Readonly<Record<string, string>>,
  ])[] = [
    [
      'everything named',
      {
        accessControlAllowOriginList: [page],
        accessControlAllowMethods: ['GET', 'POST'],
        accessControlAllowHeaders: ['Authorization', 'Content-Type'],
        accessControlExposeHeaders: ['*'],
        accessControlMaxAge: 100,
      },
      'authorization,x-other',
      {
        'Access-Control-Allow-Origin': page,
        'Access-Control-Expose-Headers': '*',
        'Access-Control-Allow-Methods': 'GET,POST',
        'Access-Control-Allow-Headers': 'Authorization,Content-Type',
        'Access-Control-Max-Age': '100',
        Vary: 'Origin',
      },
    ],
    [
      'wildcards without credentials',
      {
        accessControlAllowOriginList: ['*'],
        accessControlAllowMethods: ['*'],
        accessControlAllowHeaders: ['*'],
        accessControlExposeHeaders: ['*'],
      },
      'authorization, mcp-param-repo,bad\u00e9name',
      {
        'Access-Control-Allow-Origin': '*',
        'Access-Control-Expose-Headers': '*',
        'Access-Control-Allow-Methods': '*',
        'Access-Control-Allow-Headers': 'authorization,mcp-param-repo',
      },
    ],
    [
      'wildcards with credentials',
      {
        accessControlAllowCredentials: true,
        accessControlAllowOriginList: ['*'],
        accessControlAllowMethods: ['*'],
        accessControlAllowHeaders: ['*'],
        accessControlExposeHeaders: ['*'],
      },
      'authorization',
      {
        'Access-Control-Allow-Origin': page,
        'Access-Control-Allow-Credentials': 'true',
        'Access-Control-Allow-Methods': 'POST',
        'Access-Control-Allow-Headers': 'authorization',
        Vary: 'Origin',
      },
    ],
    [
      'another origin',
      {
        accessControlAllowOriginList: ['https://other.example'],
        accessControlAllowMethods: ['POST'],
        accessControlAllowHeaders: [],
        accessControlExposeHeaders: [],
      },
      undefined,
      { 'Access-Control-Allow-Methods': 'POST', Vary: 'Origin' },
    ],
    [
      'an expression',
      {
        accessControlAllowOriginListRegex: ['^https://[a-z]+\\.example\\.com$'],
        accessControlAllowMethods: ['POST'],
        accessControlAllowHeaders: ['Mcp-Param-*', 'Accept'],
        accessControlExposeHeaders: ['X-One', 'X-Two'],
      },
      'accept, MCP-Param-Repo, mcp-other',
      {
        'Access-Control-Allow-Origin': page,
        'Access-Control-Expose-Headers': 'X-One,X-Two',
        'Access-Control-Allow-Methods': 'POST',
        'Access-Control-Allow-Headers': 'Accept,MCP-Param-Repo',
        Vary: 'Origin',
      },
    ],
  ];

  it.each(rows)('[DP-2.cors] is answered with %s', async (_title, options, requested, expected) => {
    const extra = requested === undefined ? {} : { 'Access-Control-Request-Headers': requested };
    const { reply, next } = await run(options, preflight(extra));
    expect(reply.status).toBe(200);
    expect(fields(reply)).toEqual({ ...expected, 'Content-Length': '0' });
    expect(next.seen).toHaveLength(0);
  });

  it('[DP-2.cors] allows what MCP clients in browsers need when only origins are given', async () => {
    const { reply } = await run(
      { accessControlAllowOriginList: [page] },
      preflight({ 'Access-Control-Request-Headers': 'mcp-param-owner,mcp-method,content-type' }),
    );
    const allowed = reply.headers.get('access-control-allow-headers')?.toLowerCase().split(',') ?? [];
    for (const name of [
      'authorization',
      'content-type',
      'mcp-protocol-version',
      'mcp-session-id',
      'last-event-id',
      'mcp-method',
      'mcp-name',
      'mcp-param-owner',
    ]) {
      expect(allowed).toContain(name);
    }
    expect(reply.headers.get('access-control-allow-methods')).toBe('GET,POST,DELETE,OPTIONS');
    expect(reply.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
  });

  it.each([
    ['no CORS options', { customResponseHeaders: { 'X-A': 'b' } }, preflight()],
    ['another method', { accessControlAllowOriginList: ['*'] }, { ...preflight(), method: 'POST' }],
    [
      'no Origin',
      { accessControlAllowOriginList: ['*'] },
      { method: 'OPTIONS', headers: { 'Access-Control-Request-Method': 'POST' } },
    ],
    ['no requested method', { accessControlAllowOriginList: ['*'] }, { method: 'OPTIONS', headers: { Origin: page } }],
  ] as const)('is no preflight with %s', async (_title, options, overrides) => {
    expect((await run(options, overrides)).next.seen).toHaveLength(1);
  });
});

describe('CORS on replies', () => {
  it("[DP-2.cors] replaces the upstream's fields by its own", async () => {
    const upstream = answering(200, {
      headers: {
        'Access-Control-Allow-Origin': 'https://upstream.example',
        'Access-Control-Allow-Credentials': 'true',
        'Access-Control-Allow-Private-Network': 'true',
        Vary: 'Accept-Encoding',
      },
    });
    const options = { accessControlAllowOriginList: [page], accessControlExposeHeaders: ['Mcp-Session-Id'] };
    const { reply } = await run(options, { headers: { Origin: page } }, upstream);
    expect(fields(reply)).toEqual({
      'Content-Length': '0',
      Vary: 'Accept-Encoding, Origin',
      'Access-Control-Allow-Origin': page,
      'Access-Control-Expose-Headers': 'Mcp-Session-Id',
    });
  });

  it('[DP-2.cors] are on refusals too, which stay refusals', async () => {
    const refusing = () => Promise.reject(new Refusal(401, 'no_token', { headers: [['WWW-Authenticate', 'Bearer']] }));
    const handler = await buildHandler(headers, { accessControlAllowOriginList: ['*'] }, refusing);
    const exchange = testExchange({ headers: { Origin: page } });
    await expect(handler(exchange)).rejects.toMatchObject({ name: 'Refusal', status: 401, errorType: 'no_token' });
    const reply = await answer(handler, exchange);
    expect(reply.headers.get('www-authenticate')).toBe('Bearer');
    expect(reply.headers.get('access-control-allow-origin')).toBe('*');
    expect(reply.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
  });

  it('uses the origin as the client sent it, whatever happens to the header later', async () => {
    const { reply, exchange } = await run(
      { accessControlAllowOriginList: [page], customRequestHeaders: { Origin: '' } },
      { headers: { Origin: page } },
    );
    expect(exchange.headers.has('origin')).toBe(false);
    expect(reply.headers.get('access-control-allow-origin')).toBe(page);
  });

  it.each([
    [{}, undefined, []],
    [{ accessControlAllowOriginList: [page] }, true, [page]],
    [{ accessControlAllowOriginList: [page] }, false, ['https://evil.example', `${page}.evil.example`, 'null', '']],
    [{ accessControlAllowOriginList: ['*'] }, true, ['https://evil.example', 'null']],
    [{ accessControlAllowOriginListRegex: ['^https://a\\.b$'] }, true, ['https://a.b']],
    [{ accessControlAllowOriginListRegex: ['^https://a\\.b$'] }, false, ['https://a.bc', 'https://axb']],
  ] as const)('[DP-2.cors] %j allows (%s) %j', (options, allowed, origins) => {
    const test = corsOriginTest(options as Parameters<typeof corsOriginTest>[0]);
    if (allowed === undefined) expect(test).toBeUndefined();
    for (const origin of origins) expect(test?.(origin)).toBe(allowed);
  });

  it('tells the exchange which origins are allowed', async () => {
    const { exchange } = await run({ accessControlAllowOriginList: [page] }, {});
    expect(exchange.allowedOrigins?.(page)).toBe(true);
    expect(exchange.allowedOrigins?.('https://evil.example')).toBe(false);
  });
});

describe('custom headers', () => {
  it('sets and removes request headers, the host included', async () => {
    const options = {
      customRequestHeaders: { Authorization: 'Bearer upstream', 'X-Drop': '', Host: 'upstream.example' },
    };
    const { exchange } = await run(options, {
      headers: { authorization: ['Bearer a', 'Bearer b'], 'x-drop': ['1', '2'], 'X-Keep': 'yes' },
    });
    expect(exchange.headers.getAll('authorization')).toEqual(['Bearer upstream']);
    expect(exchange.headers.has('x-drop')).toBe(false);
    expect(exchange.headers.get('x-keep')).toBe('yes');
    expect(exchange.headers.getAll('host')).toEqual(['upstream.example']);
  });

  it('sets and removes reply headers after everything else', async () => {
    const next = answering(200, { headers: { Server: 'secret/1.2', 'X-Frame-Options': 'ALLOW' } });
    const { reply } = await run(
      { customResponseHeaders: { Server: '', 'X-Frame-Options': 'SAMEORIGIN' }, frameDeny: true },
      {},
      next,
    );
    expect(reply.headers.has('server')).toBe(false);
    expect(reply.headers.getAll('x-frame-options')).toEqual(['SAMEORIGIN']);
  });

  it.each([
    { 'Bad Name': 'x' },
    { 'X-A': 'a\r\nB: c' },
    { 'X-A': '\u20ac' },
    { 'Transfer-Encoding': 'chunked' },
    { 'content-length': '5' },
    { Connection: '' },
  ])('refuses %j', (map) => {
    expect(headers.options.safeParse({ customRequestHeaders: map }).success).toBe(false);
    expect(headers.options.safeParse({ customResponseHeaders: map }).success).toBe(false);
  });
});

describe('security headers', () => {
  const all = {
    frameDeny: true,
    contentTypeNosniff: true,
    browserXssFilter: true,
    contentSecurityPolicy: "default-src 'none'",
    contentSecurityPolicyReportOnly: "default-src 'self'",
    referrerPolicy: 'no-referrer',
    permissionsPolicy: 'camera=()',
    publicKey: 'pin-sha256="x"; max-age=1',
    stsSeconds: 31_536_000,
    stsIncludeSubdomains: true,
    stsPreload: true,
  };
  const plain = {
    'X-Frame-Options': 'DENY',
    'X-Content-Type-Options': 'nosniff',
    'X-XSS-Protection': '1; mode=block',
    'Content-Security-Policy': "default-src 'none'",
    'Content-Security-Policy-Report-Only': "default-src 'self'",
    'Referrer-Policy': 'no-referrer',
    'Permissions-Policy': 'camera=()',
  };
  const sts = { 'Strict-Transport-Security': 'max-age=31536000; includeSubDomains; preload' };
  const pins = { 'Public-Key-Pins': 'pin-sha256="x"; max-age=1' };

  it.each([
    ['without TLS', all, 'http://a.test', {}, plain],
    ['over TLS', all, 'https://a.test', {}, { ...plain, ...sts, ...pins }],
    ['forced', { ...all, forceSTSHeader: true }, 'http://a.test', {}, { ...plain, ...sts }],
    ['in development', { ...all, isDevelopment: true, forceSTSHeader: true }, 'https://a.test', {}, plain],
    [
      'behind a proxy with TLS',
      { ...all, sslProxyHeaders: { 'X-Forwarded-Proto': 'https' } },
      'http://a.test',
      { 'X-Forwarded-Proto': 'https' },
      { ...plain, ...sts, ...pins },
    ],
    [
      'behind a proxy without',
      { ...all, sslProxyHeaders: { 'X-Forwarded-Proto': 'https' } },
      'http://a.test',
      { 'X-Forwarded-Proto': 'http' },
      plain,
    ],
    [
      'with own values',
      { customFrameOptionsValue: 'SAMEORIGIN', frameDeny: true, customBrowserXSSValue: '0' },
      'http://a.test',
      {},
      { 'X-Frame-Options': 'SAMEORIGIN', 'X-XSS-Protection': '0' },
    ],
  ] as const)('are right %s', async (_title, options, origin, requestHeaders, expected) => {
    const { reply } = await run(options, { origin, headers: requestHeaders });
    expect(fields(reply)).toEqual({ 'Content-Length': '0', ...expected });
  });

  it.each([
    ['http://good.test', {}, 200],
    ['http://GOOD.test:8000', {}, 200],
    ['http://evil.test', {}, 421],
    ['http://evil.test', { 'X-Host': 'good.test' }, 200],
    ['http://good.test', { 'X-Host': 'evil.test' }, 421],
  ])('allowedHosts on %s with %j answers %d', async (origin, requestHeaders, status) => {
    const options = { allowedHosts: ['good.test'], hostsProxyHeaders: ['X-Host'] };
    expect((await run(options, { origin, headers: requestHeaders })).reply.status).toBe(status);
    expect(
      (await run({ ...options, isDevelopment: true, frameDeny: true }, { origin, headers: requestHeaders })).reply
        .status,
    ).toBe(200);
  });
});

describe('options', () => {
  it('must not all be unset', async () => {
    await expect(buildHandler(headers, { frameDeny: false, allowedHosts: [] }, answering(200))).rejects.toMatchObject({
      code: 'CONFIG_MISSING_KEY',
    });
  });

  it('that allow more than they seem to are warned about', async () => {
    const context = testContext();
    const options = {
      accessControlAllowOriginListRegex: ['https://app\\.example\\.com', '^https://a\\.b$'],
      accessControlAllowOriginList: ['*'],
      accessControlAllowCredentials: true,
    };
    await buildHandler(headers, options, answering(200), context);
    expect(context.warnings.map((warning) => warning.subject)).toEqual([
      'test@file: accessControlAllowOriginListRegex.0',
      'test@file: accessControlAllowOriginList',
    ]);
  });
});
