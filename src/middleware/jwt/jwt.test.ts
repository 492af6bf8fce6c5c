import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { SignJWT } from 'jose';
import { afterEach, describe, expect, test } from 'vitest';
import {
  answer,
  answering,
  type ExchangeOverrides,
  headerFields,
  testExchange,
} from '../../../test/support/exchange.ts';
import { heardLogger } from '../../../test/support/kept-log.ts';
import { buildHandler, type ContextOverrides, testContext } from '../../../test/support/middleware-context.ts';
import { resourceMetadataUrl } from '../../auth/challenge.ts';
import { Principal } from '../../auth/principal.ts';
import type { TokenVerifier } from '../../auth/token-verifier.ts';
import { PortcullisError } from '../../errors.ts';
import { metadataPlace } from '../../mcp/resource-metadata.ts';
import { jwt } from './jwt.ts';

const guideSecret = 'my-super-secret-key-change-in-production';
const metadataUrl = 'https://mcp.localhost/.well-known/oauth-protected-resource/deepwiki-mcp';
const guideOptions = {
  signingSecret: guideSecret,
  forwardAuthorization: false,
  wwwAuthenticate: metadataUrl,
  forwardHeaders: { 'X-User-ID': 'sub', 'X-User-Groups': 'groups' },
};
const resource = 'https://mcp.localhost/deepwiki-mcp';
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicKey = ec.publicKey.export({ format: 'pem', type: 'spki' }).toString();

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

function sign(
  claims: Record<string, unknown>,
  secret: string | Buffer = guideSecret,
  header: Record<string, unknown> = {},
) {
  return new SignJWT({ exp: inAnHour(), ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', ...header })
    .sign(Buffer.from(secret));
}
const signWithKey = (claims: Record<string, unknown>, header: Record<string, unknown> = {}) =>
  new SignJWT({ exp: inAnHour(), ...claims }).setProtectedHeader({ alg: 'ES256', ...header }).sign(ec.privateKey);

async function ask(options: object, exchange: ExchangeOverrides, context: ContextOverrides = {}) {
  const next = answering(200);
  const handler = await buildHandler(jwt, options, next, testContext(context));
  const sent = testExchange({ path: '/deepwiki-mcp/mcp', routeResource: resource, ...exchange });
  const reply = await answer(handler, sent);
  return { reply, sent, passed: next.seen.length > 0 };
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

describe('the guide', () => {
  test('[G-8.token] a token of the guide, with groups and without aud, is let in and its claims arrive as headers', async () => {
    const token = await sign({ sub: 'test-user', groups: ['developer'], email: 'test@example.com' });
    const { reply, sent, passed } = await ask(guideOptions, { headers: bearer(token) });
    expect([reply.status, passed]).toEqual([200, true]);
    expect(sent.headers.getAll('x-user-id')).toEqual(['test-user']);
    expect(sent.headers.getAll('x-user-groups')).toEqual(['developer']);
    expect(sent.headers.has('authorization')).toBe(false);
    expect(sent.facts.username).toBe('test-user');
    expect(Principal.is(sent.identity)).toBe(true);
    expect(sent.identity?.claims.get('groups')).toEqual(['developer']);
  });

  test('[G-9.401] no token: 401 with an empty body and the challenge that names the metadata', async () => {
    const { reply, passed, sent } = await ask(guideOptions, {});
    expect(passed).toBe(false);
    expect(reply.status).toBe(401);
    expect(reply.body).toBeNull();
    expect(reply.headers.get('content-length')).toBe('0');
    expect(reply.headers.get('www-authenticate')).toBe(`Bearer resource_metadata="${metadataUrl}"`);
    expect(sent.facts.errorType).toBe('jwt_missing');
  });

  test('[DP-4.challenge] a bad token: the challenge says so', async () => {
    const { reply, passed } = await ask(guideOptions, { headers: bearer(await sign({}, Buffer.alloc(32))) });
    expect([reply.status, passed]).toEqual([401, false]);
    expect(reply.headers.get('www-authenticate')).toBe(
      `Bearer resource_metadata="${metadataUrl}", error="invalid_token"`,
    );
  });

  test.each(['https://mcp.localhost', 'https://mcp.localhost/', resource, 'https://a:8443/b/c', 'http://[::1]:1/x'])(
    'the challenge that follows from the resource %s names the place where the document is published',
    (one) => {
      expect(resourceMetadataUrl(one)).toBe(metadataPlace(one).url);
    },
  );
});

describe('[SEC-token-places] where a token counts', () => {
  test.each([
    ['in the query', { query: '?access_token=TOKEN&jwt=TOKEN' }],
    ['in a cookie', { headers: { Cookie: 'Authorization=Bearer TOKEN; access_token=TOKEN' } }],
    ['in the body', { body: 'access_token=TOKEN', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }],
    ['in Proxy-Authorization', { headers: { 'Proxy-Authorization': 'Bearer TOKEN' } }],
    ['in another header', { headers: { 'X-Authorization': 'Bearer TOKEN', 'X-Access-Token': 'TOKEN' } }],
    ['without a scheme', { headers: { Authorization: 'TOKEN' } }],
    ['under another scheme', { headers: { Authorization: 'Token TOKEN' } }],
  ] as const)('%s: 401', async (_, exchange) => {
    const token = await sign({});
    const filled = JSON.parse(JSON.stringify(exchange).replaceAll('TOKEN', token)) as ExchangeOverrides;
    const { reply, passed } = await ask(guideOptions, filled);
    expect([reply.status, passed]).toEqual([401, false]);
  });

  test('two credentials: 400', async () => {
    const token = await sign({});
    for (const value of [[`Bearer ${token}`, `Bearer ${token}`], [`Bearer ${token}, Bearer ${token}`]]) {
      const { reply, passed } = await ask(guideOptions, { headers: headerFields({ Authorization: value }) });
      expect([reply.status, passed]).toEqual([400, false]);
    }
  });

  test('headerName moves it, and then Authorization neither counts nor is touched', async () => {
    const token = await sign({ sub: 'alice' });
    const options = { signingSecret: guideSecret, headerName: 'X-Token' };
    const moved = await ask(options, { headers: { 'X-Token': token, Authorization: 'Basic YTpi' } });
    expect(moved.sent.headers.has('x-token')).toBe(false);
    expect(moved.sent.headers.get('authorization')).toBe('Basic YTpi');
    expect(moved.passed).toBe(true);
    expect((await ask(options, { headers: bearer(token) })).reply.status).toBe(401);
  });

  test.each(['tokenKey', 'tokenQueryKey'])(
    '%s opts into the query, with a warning; the parameter goes no further',
    async (name) => {
      const context = testContext();
      const options = { signingSecret: guideSecret, [name]: 'jwt' };
      const next = answering(200);
      const handler = await buildHandler(jwt, options, next, context);
      expect(context.warnings.map((warning) => warning.subject)).toEqual([`test@file: ${name}`]);
      const [inQuery, inHeader] = [await sign({ sub: 'query' }), await sign({ sub: 'header' })];
      const one = testExchange({ query: `?a=1&jwt=${inQuery}&b` });
      await handler(one);
      expect([one.identity?.subject, one.query]).toEqual(['query', '?a=1&b']);
      const both = testExchange({ query: `?jwt=${inQuery}`, headers: bearer(inHeader) });
      await handler(both);
      expect([both.identity?.subject, both.query]).toEqual(['header', '']);
    },
  );
});

describe('[DP-5.forward-authorization] the inbound token', () => {
  test.each([
    [{}, false, 0],
    [{ forwardAuthorization: false }, false, 0],
    [{ forwardAuthorization: true }, true, 1],
    [{ stripAuthorizationHeader: true }, false, 0],
    [{ stripAuthorizationHeader: false }, true, 1],
    [{ stripAuthorizationHeader: true, forwardAuthorization: false }, false, 0],
  ])('%j', async (more, forwarded, warnings) => {
    const context = testContext();
    const handler = await buildHandler(jwt, { signingSecret: guideSecret, ...more }, answering(200), context);
    const sent = testExchange({ headers: bearer(await sign({})) });
    await handler(sent);
    expect([sent.headers.has('authorization'), context.warnings.length]).toEqual([forwarded, warnings]);
  });
});

describe('[DP-5.audience] a token must be meant for the route', () => {
  const other = 'https://mcp.localhost/github-mcp';
  const rows: readonly (readonly [string, object, unknown, string | undefined, number, number])[] = [
    // what, options, aud, the route's resource, under a shared secret, under a public key
    ['no aud', {}, undefined, resource, 200, 401],
    ['no aud, no resource', {}, undefined, undefined, 200, 200],
    ['our aud', {}, resource, resource, 200, 200],
    ['our aud with a slash more', {}, `${resource}/`, resource, 200, 200],
    ['our aud with two', {}, `${resource}//`, resource, 401, 401],
    ['our aud in other case', {}, resource.toUpperCase(), resource, 401, 401],
    ['a longer aud', {}, `${resource}-admin`, resource, 401, 401],
    ['the aud of a sibling', {}, other, resource, 401, 401],
    ['a list with ours', {}, [other, resource], resource, 200, 200],
    ['a list without ours', {}, [other], resource, 401, 401],
    ['an empty list', {}, [], resource, 401, 401],
    ['an empty aud', {}, '', resource, 401, 401],
    ['any aud where the route has no resource', {}, other, undefined, 200, 200],
    ['a configured aud', { audience: 'api' }, 'api', resource, 200, 200],
    ['one of several', { audience: ['api', 'mcp'] }, 'mcp', undefined, 200, 200],
    ['ours besides the configured one', { audience: 'api' }, resource, resource, 200, 200],
    ['a foreign one though one is configured', { audience: 'api' }, other, undefined, 401, 401],
    ['no aud though one is configured', { audience: 'api' }, undefined, undefined, 401, 401],
    ['ours and a foreign one, strictly', { strictAudience: true }, [resource, other], resource, 401, 401],
    ['an empty list, strictly', { strictAudience: true }, [], resource, 401, 401],
    ['only ours, strictly', { strictAudience: true, audience: 'api' }, [resource, 'api'], resource, 200, 200],
  ];
  test.each(rows)('%s', async (_, options, aud, routeResource, shared, keyed) => {
    const claims = aud === undefined ? {} : { aud };
    const symmetric = await ask(
      { signingSecret: guideSecret, ...options },
      { routeResource, headers: bearer(await sign(claims)) },
    );
    const asymmetric = await ask(
      { publicKey, ...options },
      { routeResource, headers: bearer(await signWithKey(claims)) },
    );
    expect([symmetric.reply.status, asymmetric.reply.status]).toEqual([shared, keyed]);
    for (const one of [symmetric, asymmetric]) {
      expect(one.sent.facts.errorType).toBe(one.reply.status === 401 ? 'jwt_audience' : undefined);
      expect(one.passed).toBe(one.reply.status === 200);
    }
  });

  test('is judged by each route, also when the token is remembered', async () => {
    const next = answering(200);
    const handler = await buildHandler(jwt, { publicKey }, next, testContext());
    const headers = bearer(await signWithKey({ aud: resource }));
    const statuses: number[] = [];
    for (const routeResource of [resource, other, resource, undefined, other]) {
      statuses.push((await answer(handler, testExchange({ routeResource, headers }))).status);
    }
    expect(statuses).toEqual([200, 401, 200, 200, 401]);
  });
});

describe('[DP-5.claims-option] the claims expression', () => {
  test.each([
    ['Contains(`groups`, `admin`)', { groups: ['admin'] }, 200],
    ['Contains(`groups`, `admin`)', { groups: ['developer'] }, 403],
    ['Contains(`groups`, `admin`)', { groups: ['administrator'] }, 403],
    ['Contains(`groups`, `admin`)', {}, 403],
    ['!Contains(`groups`, `guest`)', {}, 403],
    ['Equals(`jwt.role`, `a`) && Exists(`sub`)', { role: 'a', sub: 'x' }, 200],
    ['  ', {}, 200],
  ])('%s on %j gives %d', async (expression, claims, status) => {
    const handler = await buildHandler(jwt, { signingSecret: guideSecret, claims: expression }, answering(200));
    for (let turn = 0; turn < 2; turn++) {
      const sent = testExchange({ headers: bearer(await sign(claims)) });
      const reply = await answer(handler, sent);
      expect([reply.status, reply.body, sent.facts.errorType]).toEqual([
        status,
        null,
        status === 403 ? 'jwt_claims_denied' : undefined,
      ]);
    }
  });
});

describe('[DP-5.forward-headers] identity headers', () => {
  const spellings = [
    'X-User-Groups',
    'x-user-groups',
    'X_User_Groups',
    'X-User_Groups',
    'X.User.Groups',
    'XUserGroups',
  ];
  test.each(spellings)('a client that sends %s itself achieves nothing', async (name) => {
    const headers = headerFields({ [name]: ['admin', 'root'], 'X-User-Id': 'root' });
    headers.append('Authorization', `Bearer ${await sign({ sub: 'alice' })}`);
    const { sent } = await ask(guideOptions, { headers });
    // Without a groups claim the header is absent, not the client's and not empty.
    expect(sent.headers.toRaw().filter((_, index) => index % 2 === 0)).toEqual(['Host', 'X-User-ID']);
    expect(sent.headers.get('x-user-id')).toBe('alice');
  });

  test('also in what a refused request leaves behind', async () => {
    const { sent } = await ask(guideOptions, { headers: { 'X-User-ID': 'root' } });
    expect(sent.headers.has('x-user-id')).toBe(false);
  });

  test('arrays are joined, elements escaped, nested paths followed', async () => {
    const options = {
      signingSecret: guideSecret,
      forwardHeaders: {
        'X-Groups': 'groups',
        'X-Role': 'realm_access.roles.0',
        'X-Tenant': 'https://example\\.com/tenant',
      },
    };
    const token = await sign({
      groups: ['a,b', 'c%', 'd\r\ne'],
      realm_access: { roles: ['é'] },
      'https://example.com/tenant': 7,
    });
    const { sent } = await ask(options, { headers: bearer(token) });
    expect(sent.headers.get('x-groups')).toBe('a%2Cb,c%25,d%0D%0Ae');
    expect(sent.headers.get('x-role')).toBe('%C3%A9');
    expect(sent.headers.get('x-tenant')).toBe('7');
  });

  test('usernameClaim names the user in the log', async () => {
    const options = { signingSecret: guideSecret, usernameClaim: 'email' };
    const { sent } = await ask(options, { headers: bearer(await sign({ sub: 'a', email: 'a@example.com' })) });
    expect(sent.facts.username).toBe('a@example.com');
  });
});

describe('each request is verified by itself', () => {
  test('[DP-5.token-cache] many callers at once never get each other’s identity', async () => {
    const next = answering(200);
    const handler = await buildHandler(jwt, guideOptions, next);
    const users = Array.from({ length: 40 }, (_, index) => `user-${index}`);
    const tokens = await Promise.all(users.map((sub) => sign({ sub })));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(39), { minLength: 1, maxLength: 30 }), async (order) => {
        const exchanges = order.map((index) => testExchange({ headers: bearer(tokens[index] ?? '') }));
        await Promise.all(exchanges.map((exchange) => handler(exchange)));
        expect(exchanges.map((exchange) => exchange.headers.get('x-user-id'))).toEqual(
          order.map((index) => users[index]),
        );
        expect(exchanges.map((exchange) => exchange.identity?.subject)).toEqual(order.map((index) => users[index]));
      }),
      { numRuns: 30 },
    );
  });

  test('a fault in verification is a fault, not a pass', async () => {
    const shared = new Map<string, unknown>();
    const next = answering(200);
    const handler = await buildHandler(jwt, guideOptions, next, testContext({ shared }));
    const [verifier] = shared.values() as Iterable<TokenVerifier>;
    Object.assign(verifier ?? {}, { verify: () => Promise.reject(new RangeError('broken')) });
    await expect(handler(testExchange({ headers: bearer(await sign({})) }))).rejects.toThrow(RangeError);
    expect(next.seen).toHaveLength(0);
  });
});

describe('[SEC-no-token-in-logs] what the log learns', () => {
  test('the reason, never the token or the secret', async () => {
    const lines: string[] = [];
    const log = heardLogger((_level, message, fields) => lines.push(JSON.stringify([message, fields])));
    const context = { ...testContext(), log };
    const handler = await buildHandler(jwt, guideOptions, answering(200), context);
    const tokens = [
      await sign({ sub: 'alice', exp: 1 }),
      await sign({ sub: 'alice' }, Buffer.alloc(32)),
      await sign({ sub: 'alice', aud: 'other' }),
      await sign({ sub: 'alice' }, guideSecret, { kid: 'k', typ: 'logout+jwt' }),
      'a.b.c',
    ];
    for (const token of tokens)
      await answer(handler, testExchange({ routeResource: resource, headers: bearer(token) }));
    await answer(handler, testExchange());
    expect(lines.map((line) => /"reason":"([a-z_]+)"/.exec(line)?.[1])).toEqual([
      'jwt_expired',
      'jwt_signature',
      'jwt_audience',
      'jwt_header',
      'jwt_malformed',
      'jwt_missing',
    ]);
    const text = lines.join('\n');
    for (const secret of [
      guideSecret,
      ...tokens.flatMap((token) => token.split('.')).filter((part) => part.length > 8),
    ]) {
      expect(text).not.toContain(secret);
    }
  });
});

describe('what is wrong with the options', () => {
  const problemsOf = async (options: object): Promise<string[]> => {
    const context = testContext();
    try {
      await buildHandler(jwt, options, answering(200), context);
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error;
      return error.diagnostics.map((problem) => `${problem.subject?.replace('test@file: ', '')}: ${problem.message}`);
    }
    for (const disposal of [context]) disposal.dispose();
    return [];
  };
  const jwks = (keys: readonly object[]) => JSON.stringify({ keys });
  const rows: readonly (readonly [object, RegExp | undefined])[] = [
    [{}, /no key to verify/],
    [{ signingSecret: '' }, /no key to verify/],
    [{ signingSecret: 'my-secret' }, /^signingSecret: the secret has 9 bytes/],
    [{ signingSecret: 'x'.repeat(32) }, undefined],
    [{ signingSecret: Buffer.alloc(32).toString('base64'), signingSecretBase64Encoded: true }, undefined],
    [{ signingSecret: 'x'.repeat(40), signingSecretBase64Encoded: true }, /^signingSecret: the secret has 30 bytes/],
    [{ signingSecret: 'not base64 at all!', signingSecretBase64Encoded: true }, /not base64/],
    [{ publicKey }, undefined],
    [
      { publicKey: ec.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString() },
      /^publicKey: this is a private key/,
    ],
    [{ signingSecret: guideSecret, publicKey }, /signingSecret and publicKey are set/],
    [{ jwksFile: jwks([{ ...ec.publicKey.export({ format: 'jwk' }), kid: 'a' }]) }, undefined],
    [{ jwksFile: jwks([]) }, /^jwksFile: no key in it/],
    [{ jwksFile: '{"keys":[' }, /^jwksFile: not strict JSON/],
    [{ jwksFile: 'keys.json' }, /absolute path/],
    [{ jwksFile: '/nonexistent/keys.json' }, /ENOENT/],
    [{ jwksUrl: 'http://issuer.example/keys' }, /need TLS/],
    [{ jwksUrl: 'ftp://issuer.example/keys' }, /not an HTTP URL/],
    [{ jwksUrl: 'https://user:password@issuer.example/keys' }, /credentials/],
    [{ jwksUrl: 'https://169.254.169.254/keys' }, /link-local/],
    [{ jwksUrl: 'https://[fe80::1]/keys' }, /link-local/],
    [{ jwksUrl: '/keys' }, /needs issuers/],
    [{ jwksUrl: '/keys', trustedIssuers: [{ issuer: 'http://issuer.example' }] }, /need TLS/],
    [{ trustedIssuers: [{ issuer: 'https://issuer.example' }] }, /no jwksUrl for the issuer/],
    [
      {
        trustedIssuers: [
          { issuer: 'a', jwksUrl: 'http://127.0.0.1:1/' },
          { issuer: 'a', jwksUrl: 'http://127.0.0.1:1/' },
        ],
      },
      /listed twice/,
    ],
    [{ jwksUrl: 'https://a.example/k', trustedIssuers: [{ issuer: 'https://a.example' }] }, /must be a path/],
    [{ signingSecret: guideSecret, forwardAuthorization: true, stripAuthorizationHeader: true }, /contradicts/],
    [{ signingSecret: guideSecret, headerName: 'X Token' }, /^headerName/],
    [{ signingSecret: guideSecret, wwwAuthenticate: 'https://a b' }, /^wwwAuthenticate/],
    [{ signingSecret: guideSecret, forwardHeaders: { Host: 'sub' } }, /^forwardHeaders\.Host/],
    [{ signingSecret: guideSecret, forwardHeaders: { 'X-A': 'sub', X_A: 'sub' } }, /X_A/],
    [{ signingSecret: guideSecret, forwardHeaders: { 'X-A': 'sub', XA: 'sub' } }, /may take it for X-A/],
    [{ signingSecret: guideSecret, forwardHeaders: { Authorization: 'sub' } }, /may take it for Authorization/],
    [{ signingSecret: guideSecret, forwardHeaders: { 'X-A': 'a..b' } }, /not a claim path/],
    [{ signingSecret: guideSecret, claims: 'Contain(`groups`, `a`)' }, /Contain/],
  ];
  test.each(rows)('[SEC-jwt-options] %j', async (options, expected) => {
    const problems = await problemsOf(options);
    if (expected === undefined) expect(problems).toEqual([]);
    else expect(problems.join('\n')).toMatch(expected);
    expect(problems.join('\n')).not.toContain('my-secret');
  });

  test('everything that is wrong is said at once', async () => {
    expect(
      await problemsOf({
        signingSecret: 'my-secret',
        headerName: 'X Y',
        wwwAuthenticate: '"',
        forwardHeaders: { Host: 'sub' },
      }),
    ).toHaveLength(4);
  });

  test.each([
    { unknown: 1 },
    { leeway: '61s' },
    { leeway: 61 },
    { leeway: -1 },
    { clientConfig: { maxRetries: -1 } },
    { signingSecret: 1 },
  ])('the schema refuses %j', (options) => {
    expect(jwt.options.safeParse(options).success).toBe(false);
  });

  test.each([
    [{ requireExpiration: false }, 'requireExpiration'],
    [{ clientConfig: { tls: { insecureSkipVerify: true } } }, 'clientConfig.tls.insecureSkipVerify'],
    [{ forwardHeaders: { 'X-Role': 'https://example.com/role' } }, 'forwardHeaders.X-Role'],
  ])('%j is a warning', async (options, path) => {
    const context = testContext();
    await buildHandler(jwt, { signingSecret: guideSecret, ...options }, answering(200), context);
    expect(context.warnings.map((warning) => [warning.severity, warning.subject])).toEqual([
      ['warning', `test@file: ${path}`],
    ]);
  });
});

describe('keys that are fetched', () => {
  const servers: Server[] = [];
  const contexts: Map<string, unknown>[] = [];
  afterEach(async () => {
    for (const shared of contexts.splice(0)) for (const one of shared.values()) (one as TokenVerifier).dispose();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  async function serve(status = 200, kid = 'k') {
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(status);
      response.end(JSON.stringify({ keys: [{ ...ec.publicKey.export({ format: 'jwk' }), kid }] }));
    });
    servers.push(server);
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return { asked, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }
  const context = () => {
    const shared = new Map<string, unknown>();
    contexts.push(shared);
    return { shared };
  };

  test('[DP-5.jwks] jwksUrl: tokens of its keys are let in', async () => {
    const { origin } = await serve();
    const headers = bearer(await signWithKey({ aud: resource }, { kid: 'k' }));
    expect((await ask({ jwksUrl: `${origin}/keys` }, { headers }, context())).passed).toBe(true);
  });

  test.each([
    ['without TLS options', undefined],
    ['with TLS options of its own', { tls: { insecureSkipVerify: true } }],
  ])('keys come from where `resolve` points, %s', async (_name, clientConfig) => {
    const { asked, origin } = await serve();
    const base = testContext(context());
    const resolve = new Map([['keys.localhost:80', new URL(origin).host]]);
    const options = { jwksUrl: 'http://keys.localhost/keys', ...(clientConfig === undefined ? {} : { clientConfig }) };
    const handler = await buildHandler(jwt, options, answering(200), {
      ...base,
      install: { ...base.install, outbound: { resolve } },
    });
    const headers = bearer(await signWithKey({ aud: resource }, { kid: 'k' }));
    expect((await answer(handler, testExchange({ headers, routeResource: resource }))).status).toBe(200);
    expect(asked).toEqual(['/keys']);
  });

  test('[SEC-jwks-down] keys that cannot be had: 503 with Retry-After and no body', async () => {
    const { origin } = await serve(500);
    const headers = bearer(await signWithKey({ aud: resource }, { kid: 'k' }));
    const options = { jwksUrl: `${origin}/keys`, clientConfig: { maxRetries: 0 } };
    const { reply, passed, sent } = await ask(options, { headers }, context());
    expect([reply.status, reply.headers.get('retry-after'), reply.body, passed]).toEqual([503, '1', null, false]);
    expect(reply.headers.has('www-authenticate')).toBe(false);
    expect(sent.facts.errorType).toBe('jwks_unavailable');
  });

  test('[DP-5.issuer] a path is resolved against trusted issuers only; the one a token names causes nothing', async () => {
    const trusted = await serve();
    const evil = await serve();
    const options = { jwksUrl: '/.well-known/jwks.json', issuer: [`${trusted.origin}/tenant`] };
    const one = context();
    const good = await ask(
      options,
      { headers: bearer(await signWithKey({ aud: resource, iss: `${trusted.origin}/tenant` }, { kid: 'k' })) },
      one,
    );
    const bad = await ask(
      options,
      { headers: bearer(await signWithKey({ aud: resource, iss: evil.origin }, { kid: 'x' })) },
      one,
    );
    expect([good.reply.status, bad.reply.status, bad.sent.facts.errorType]).toEqual([200, 401, 'jwt_issuer']);
    expect([trusted.asked, evil.asked]).toEqual([['/.well-known/jwks.json'], []]);
  });

  test('trustedIssuers: each issuer with its own keys', async () => {
    const [a, b] = [await serve(200, 'a'), await serve(200, 'b')];
    const options = {
      trustedIssuers: [
        { issuer: 'https://a.example', jwksUrl: `${a.origin}/a` },
        { issuer: 'https://b.example', jwksUrl: `${b.origin}/b` },
      ],
    };
    const status = async (iss: string, kid: string) =>
      (await ask(options, { headers: bearer(await signWithKey({ aud: resource, iss }, { kid })) }, context())).reply
        .status;
    expect(await status('https://a.example', 'a')).toBe(200);
    expect(await status('https://b.example', 'b')).toBe(200);
    expect(await status('https://a.example', 'b')).toBe(401);
    expect(await status('https://c.example', 'a')).toBe(401);
  });

  test('[DP-5.token-cache] a reload with equal options keeps keys and verified tokens; with others it does not', async () => {
    const { origin, asked } = await serve();
    const headers = bearer(await signWithKey({ aud: resource }, { kid: 'k' }));
    const one = context();
    for (const options of [{ leeway: '10s' }, { leeway: '10s' }, { leeway: '20s' }]) {
      expect((await ask({ jwksUrl: `${origin}/keys`, ...options }, { headers: { ...headers } }, one)).passed).toBe(
        true,
      );
    }
    expect(asked).toHaveLength(2);
    expect(one.shared.size).toBe(2);
    for (const key of one.shared.keys()) expect(key).not.toContain(origin);
  });
});
