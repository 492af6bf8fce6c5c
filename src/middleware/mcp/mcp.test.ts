import { beforeEach, describe, expect, it } from 'vitest';
import { answer, type ExchangeOverrides, testExchange } from '../../../test/support/exchange.ts';
import { heardLogger } from '../../../test/support/kept-log.ts';
import { buildHandler, type TestContext, testContext } from '../../../test/support/middleware-context.ts';
import { anonymousPrincipal, jwtPrincipal } from '../../auth/principal.ts';
import { PortcullisError } from '../../errors.ts';
import type { Exchange, Handler, Reply } from '../../http/exchange.ts';
import { HeaderFields } from '../../http/headers.ts';
import { scanJson } from '../../http/json.ts';
import { Refusal } from '../../http/refusal.ts';
import { Decision } from '../../policy/index.ts';
import type { Logger } from '../../telemetry/log.ts';
import { mcp } from './mcp.ts';

/** Log lines as `LEVEL message {fields}`. */
function recordingLogger(lines: string[]): Logger {
  return heardLogger((level, message, fields) =>
    lines.push(`${level.toUpperCase()} ${message} ${JSON.stringify(fields)}`),
  );
}

function principal(claims: object): Exchange['identity'] {
  const scanned = scanJson(Buffer.from(JSON.stringify(claims)));
  return jwtPrincipal({
    issuer: undefined,
    subject: (claims as { sub?: string }).sub,
    claims: scanned as ReadonlyMap<string, never>,
    expiresAt: undefined,
    credential: 'token',
  });
}

const developer = principal({ sub: 'dev', groups: ['developer'] });
const admin = principal({ sub: 'boss', groups: ['admin'] });

const call = (method: string, params?: object, id: unknown = 1) =>
  JSON.stringify({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) });
const notify = (method: string, params?: object) => call(method, params, null).replace('"id":null,', '');
const tool = (name: string, given: object = {}) => call('tools/call', { name, arguments: given });

/** Posts a message; everything can be overridden. */
const post = (body: string, overrides: ExchangeOverrides = {}) =>
  testExchange({
    method: 'POST',
    body,
    identity: developer,
    ...overrides,
    headers: { 'Content-Type': 'application/json', ...(overrides.headers as Record<string, string>) },
  });

/** An upstream that answers what it is told and remembers what it saw, as it saw it. */
class Upstream {
  readonly bodies: (string | undefined)[] = [];
  readonly sessions: (string | undefined)[] = [];
  headers: Record<string, string> = { 'Content-Type': 'application/json' };
  status = 200;
  body = '{"jsonrpc":"2.0","id":1,"result":{}}';
  error: Error | undefined;

  readonly handler: Handler = (exchange) => {
    this.bodies.push(exchange.body.buffered?.toString());
    this.sessions.push(exchange.headers.get('mcp-session-id'));
    if (this.error !== undefined) return Promise.reject(this.error);
    const headers = HeaderFields.fromRaw(Object.entries(this.headers).flat());
    const reply: Reply = { status: this.status, headers, body: this.body === '' ? null : Buffer.from(this.body) };
    return Promise.resolve(reply);
  };
}

let upstream: Upstream;
let lines: string[];
beforeEach(() => {
  upstream = new Upstream();
  lines = [];
});

async function build(options: object, context: TestContext = testContext()): Promise<Handler> {
  return buildHandler(mcp, options, upstream.handler, { ...context, log: recordingLogger(lines) });
}

const json = (reply: Reply) => JSON.parse(String(reply.body));

/** Step 12 of the guide. */
const guide = {
  resourceMetadata: {
    resource: 'https://mcp.localhost/deepwiki-mcp',
    authorizationServers: ['https://mcp.localhost/oauth/authorize'],
    resourceDocumentation: 'https://docs.devin.ai/work-with-devin/deepwiki-mcp',
  },
  policies: [
    { match: 'Equals(`mcp.method`, `tools/list`)', action: 'allow' },
    {
      match: 'Equals(`mcp.method`, `tools/call`) && Equals(`mcp.params.name`, `read_wiki_structure`)',
      action: 'allow',
    },
    {
      match:
        'Equals(`mcp.method`, `tools/call`) && Equals(`mcp.params.name`, `read_wiki_contents`) && Contains(`jwt.groups`, `admin`)',
      action: 'allow',
    },
  ],
  defaultAction: 'deny',
};

describe('[G-12.developer] the policy of the guide', () => {
  it.each([
    ['developer', developer, 'read_wiki_structure', 200],
    ['developer', developer, 'read_wiki_contents', 403],
    ['developer', developer, 'ask_question', 403],
    ['admin', admin, 'read_wiki_contents', 200],
    ['admin', admin, 'ask_question', 403],
    ['nobody', anonymousPrincipal(), 'read_wiki_contents', 403],
  ])('%s: %s', async (_who, identity, name, status) => {
    const handler = await build(guide);
    const reply = await answer(handler, post(tool(name), { identity }));
    expect(reply.status).toBe(status);
    expect(upstream.bodies).toHaveLength(status === 200 ? 1 : 0);
  });

  it('[G-12.log] the denial is found in the DEBUG log, with the policy’s place', async () => {
    const handler = await build(guide);
    await answer(handler, post(tool('read_wiki_contents')));
    const line = lines.find((one) => one.startsWith('DEBUG The request has been denied since no policy matched'));
    expect(line).toBeDefined();
    expect(line).toMatch(/"mcpMethod":"tools\/call".*"mcpName":"read_wiki_contents".*"subject":"dev"/);
    expect(lines.some((one) => one.startsWith('INFO Denied by policy'))).toBe(true);
  });

  it('a denial by a rule names the rule and what settled it, not the arguments', async () => {
    const handler = await build({
      policies: [{ name: 'no big ones', match: 'Gt(`mcp.params.arguments.amount`, `100`)', action: 'deny' }],
      defaultAction: 'allow',
    });
    await answer(handler, post(tool('pay', { amount: 250 })));
    const line = lines.find((one) => one.startsWith('DEBUG The request has been denied by a policy'));
    expect(line).toContain('"policyName":"no big ones"');
    expect(line).toContain('Gt(');
    expect(line).not.toContain('250');
  });

  it('[G-7.metadata] publishes the metadata document', async () => {
    const context = testContext();
    await build(guide, context);
    expect(context.published).toMatchObject([
      { host: 'mcp.localhost', path: '/.well-known/oauth-protected-resource/deepwiki-mcp' },
    ]);
    const reply = context.published[0]?.respond(
      testExchange({ path: '/.well-known/oauth-protected-resource/deepwiki-mcp' }),
    );
    expect(reply === undefined ? undefined : json(reply)).toEqual({
      resource: 'https://mcp.localhost/deepwiki-mcp',
      authorization_servers: ['https://mcp.localhost/oauth/authorize'],
      bearer_methods_supported: ['header'],
      resource_documentation: 'https://docs.devin.ai/work-with-devin/deepwiki-mcp',
    });
  });
});

describe('[DP-1.bytes] what was judged is what is forwarded', () => {
  it('the same bytes, odd white space, escapes and numbers included', async () => {
    const handler = await build({ defaultAction: 'allow' });
    const body =
      ' {"jsonrpc" : "2.0",\n"id":1.0, "method":"tools\\/call","params":{"name":"a","arguments":{"n":1e400,"é":"\\u00e9"}}} ';
    const exchange = post(body);
    await answer(handler, exchange);
    expect(upstream.bodies).toEqual([body]);
    expect(Decision.is(exchange.decision)).toBe(true);
  });
});

describe('[DP-4.denied] a denial', () => {
  const denyAll = { policies: [], defaultAction: 'deny' };

  it('is 403 with the id of the request and of the decision, and tells nothing else', async () => {
    const handler = await build(denyAll);
    const exchange = post(call('tools/call', { name: 'x' }, 'abc'));
    const reply = await answer(handler, exchange);
    expect(reply.status).toBe(403);
    expect(reply.headers.get('content-type')).toBe('application/json');
    expect(json(reply)).toEqual({
      jsonrpc: '2.0',
      id: 'abc',
      error: { code: 403, message: 'denied by policy', data: { decisionId: exchange.facts.decision?.id } },
    });
    expect(exchange.facts).toMatchObject({ errorType: 'denied', decision: { outcome: 'deny', reason: 'default' } });
  });

  it('echoes a number id as it was written', async () => {
    const reply = await answer(
      await build(denyAll),
      post('{"jsonrpc":"2.0","id":9007199254740993,"method":"tools/list"}'),
    );
    expect(String(reply.body)).toContain('"id":9007199254740993,');
  });

  it('of a notification is 403 without an id, whatever statusCodeOnDeny says', async () => {
    const reply = await answer(
      await build({ ...denyAll, statusCodeOnDeny: 200 }),
      post(notify('tools/call', { name: 'x' })),
    );
    expect(reply.status).toBe(403);
    expect(json(reply)).not.toHaveProperty('id');
  });

  it('takes the status of statusCodeOnDeny', async () => {
    const reply = await answer(await build({ ...denyAll, statusCodeOnDeny: 200 }), post(tool('x')));
    expect(reply.status).toBe(200);
    expect(json(reply).error.code).toBe(403);
  });

  it.each([100, 204, 302, 400, 401, 404, 405, 600])('but never %i', (status) => {
    expect(mcp.options.safeParse({ statusCodeOnDeny: status }).success).toBe(false);
  });

  it.each(['initialize', 'server/discover', 'ping', 'notifications/initialized', 'notifications/cancelled'])(
    '[PL-5.connect] does not touch %s',
    async (method) => {
      const reply = await answer(
        await build(denyAll),
        post(method.startsWith('notifications') ? notify(method) : call(method)),
      );
      expect(reply.status).toBe(200);
    },
  );

  it('[PL-5.connect] does not touch the GET stream or DELETE, unless a rule does', async () => {
    const handler = await build(denyAll);
    expect((await answer(handler, testExchange({ method: 'GET', identity: developer }))).status).toBe(200);
    expect((await answer(handler, testExchange({ method: 'DELETE', identity: developer }))).status).toBe(200);
    const strict = await build({ policies: [{ match: 'Equals(`http.method`, `GET`)', action: 'deny' }] });
    const reply = await answer(strict, testExchange({ method: 'GET', identity: developer }));
    expect(reply.status).toBe(403);
    expect(json(reply)).not.toHaveProperty('id');
  });
});

describe('[DP-4.scopes] a denial that more scopes would cure', () => {
  const options = {
    ...guide,
    policies: [
      {
        match: 'Equals(`mcp.params.name`, `transfer`) && !SplitContains(`jwt.scope`, ` `, `bank:transfer`)',
        action: 'deny',
        requiredScopes: ['bank:read', 'bank:transfer'],
      },
    ],
    statusCodeOnDeny: 200,
    defaultAction: 'allow',
  };
  const ask = async (claims: object) =>
    answer(await build(options), post(tool('transfer'), { identity: principal({ sub: 'a', ...claims }) }));

  it('challenges for all of them, with the address of the metadata', async () => {
    const reply = await ask({ scope: 'bank:read' });
    expect(reply.status).toBe(403);
    expect(reply.headers.get('www-authenticate')).toBe(
      'Bearer error="insufficient_scope", scope="bank:read bank:transfer", resource_metadata="https://mcp.localhost/.well-known/oauth-protected-resource/deepwiki-mcp"',
    );
    expect(json(reply).error.message).toBe('denied by policy');
  });

  it('does not challenge a caller who has them already', async () => {
    const reply = await ask({ scp: ['bank:read', 'bank:transfer'] });
    expect(reply.status).toBe(200);
    expect(reply.headers.has('www-authenticate')).toBe(false);
  });

  it('belongs to deny rules, and scopes are tokens', () => {
    const rule = { match: 'Exists(`jwt.sub`)', action: 'allow', requiredScopes: ['a'] };
    expect(mcp.options.safeParse({ policies: [rule] }).success).toBe(false);
    expect(mcp.options.safeParse({ policies: [{ ...rule, action: 'deny', requiredScopes: ['a b'] }] }).success).toBe(
      false,
    );
    expect(mcp.options.safeParse({ policies: [{ ...rule, action: 'deny', requiredScopes: ['a"'] }] }).success).toBe(
      false,
    );
    expect(mcp.options.safeParse({ policies: [{ ...rule, action: 'deny' }] }).success).toBe(true);
  });
});

describe('hideAsUnknown', () => {
  const options = {
    policies: [
      { match: 'Equals(`mcp.params.name`, `sometimes`) && Equals(`mcp.params.arguments.mode`, `ro`)', action: 'allow' },
      { match: 'Equals(`mcp.params.name`, `known`)', action: 'allow' },
    ],
    hideAsUnknown: true,
  };
  it('answers for what could never be called as servers do for what they do not have', async () => {
    const reply = await answer(await build(options), post(tool('secret')));
    expect(reply.status).toBe(200);
    expect(json(reply)).toEqual({ jsonrpc: '2.0', id: 1, error: { code: -32602, message: 'Unknown tool: secret' } });
  });
  it('and as ever for what could be called otherwise', async () => {
    const reply = await answer(await build(options), post(tool('sometimes', { mode: 'rw' })));
    expect(reply.status).toBe(403);
  });
});

describe('[DP-2.body] bodies that are not one message of ours', () => {
  it.each<[string, Record<string, string | string[]>, number]>([
    ['no type', {}, 415],
    ['form', { 'Content-Type': 'application/x-www-form-urlencoded' }, 415],
    ['text', { 'Content-Type': 'text/plain' }, 415],
    ['two types', { 'Content-Type': ['application/json', 'application/json'] }, 415],
    ['joined types', { 'Content-Type': 'application/json, text/plain' }, 415],
    ['another charset', { 'Content-Type': 'application/json; charset=utf-16' }, 415],
    ['two charsets', { 'Content-Type': 'application/json; charset=utf-8; charset=utf-16' }, 415],
    ['a look-alike', { 'Content-Type': 'application/json-patch+json' }, 415],
    ['gzip', { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }, 415],
    ['identity and gzip', { 'Content-Type': 'application/json', 'Content-Encoding': ['identity', 'gzip'] }, 415],
    ['identity', { 'Content-Type': 'application/json', 'Content-Encoding': 'identity' }, 200],
    ['charset', { 'Content-Type': 'application/json; charset=utf-8' }, 200],
    ['quoted charset in capitals', { 'Content-Type': 'Application/JSON ;Charset="UTF-8"' }, 200],
  ])('%s', async (_name, headers, status) => {
    const handler = await build({ defaultAction: 'allow' });
    const reply = await answer(
      handler,
      testExchange({ method: 'POST', body: tool('a'), identity: developer, headers }),
    );
    expect(reply.status).toBe(status);
    expect(upstream.bodies).toHaveLength(status === 200 ? 1 : 0);
  });

  it.each([false, true])('over the limit: 413 (chunked: %s)', async (chunked) => {
    const handler = await build({ defaultAction: 'allow', maxRequestBodySize: 100 });
    expect((await answer(handler, post(tool('a'.repeat(100)), { chunked }))).status).toBe(413);
    expect((await answer(handler, post(tool('a'), { chunked }))).status).toBe(200);
    expect(upstream.bodies).toHaveLength(1);
  });

  it('the install option is the default limit', async () => {
    const handler = await build({ defaultAction: 'allow' }, testContext({ maxRequestBodySize: 50 }));
    expect((await answer(handler, post(tool('a')))).status).toBe(413);
  });

  it.each<[string, string, number]>([
    ['nothing', '', -32700],
    ['no JSON', '{', -32700],
    ['a batch', `[${tool('a')}]`, -32600],
    ['a name twice', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}', -32600],
  ])('%s: 400 before any policy', async (_name, body, code) => {
    const reply = await answer(await build({ defaultAction: 'allow' }), post(body));
    expect(reply.status).toBe(400);
    expect(json(reply).error.code).toBe(code);
    expect(upstream.bodies).toHaveLength(0);
  });

  it('GET and DELETE take none', async () => {
    const handler = await build({ defaultAction: 'allow' });
    for (const method of ['GET', 'DELETE']) {
      expect((await answer(handler, post(tool('a'), { method }))).status).toBe(400);
    }
    expect(upstream.bodies).toHaveLength(0);
  });
});

describe('HTTP methods', () => {
  it.each(['PUT', 'PATCH', 'HEAD', 'TRACE'])('%s is 405 with Allow', async (method) => {
    const reply = await answer(await build({ defaultAction: 'allow' }), testExchange({ method, identity: developer }));
    expect(reply.status).toBe(405);
    expect(reply.headers.get('allow')).toBe('GET, POST, DELETE, OPTIONS');
    expect(upstream.bodies).toHaveLength(0);
  });
  it('OPTIONS is answered here', async () => {
    const reply = await answer(await build({ defaultAction: 'allow' }), testExchange({ method: 'OPTIONS' }));
    expect(reply).toMatchObject({ status: 204, body: null });
    expect(upstream.bodies).toHaveLength(0);
  });
});

describe('[DP-2.origin] foreign pages', () => {
  it('are turned away; the route’s own, its resource’s and allowed ones are not', async () => {
    const options = { ...guide, allowedOrigins: ['https://app.example'] };
    const allowedOrigins = mcp.allowedOrigins?.(mcp.options.parse(options) as never);
    const handler = await build(options);
    const status = async (origin: string) =>
      (await answer(handler, post(call('ping'), { allowedOrigins, headers: { Origin: origin } as never }))).status;
    expect(await status('https://evil.example')).toBe(403);
    expect(await status('http://mcp.localhost:8000')).toBe(200);
    expect(await status('https://mcp.localhost')).toBe(200);
    expect(await status('https://app.example')).toBe(200);
  });
});

describe('[DP-3.headers] header and body that disagree', () => {
  it('are refused before the policies are asked', async () => {
    const handler = await build(guide);
    const reply = await answer(
      handler,
      post(tool('read_wiki_contents'), {
        headers: { 'Mcp-Method': 'tools/call', 'Mcp-Name': 'read_wiki_structure' } as never,
      }),
    );
    expect(reply.status).toBe(400);
    expect(json(reply).error.code).toBe(-32020);
  });
});

describe('[DP-5.sessions] sessions', () => {
  const initialize = call('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'c', version: '1' },
  });
  const withSession = (id: string) => ({ 'Mcp-Session-Id': id }) as never;

  async function connect(handler: Handler, overrides: ExchangeOverrides = {}): Promise<string> {
    upstream.headers['Mcp-Session-Id'] = 'upstream-1';
    const reply = await answer(handler, post(initialize, overrides));
    return reply.headers.get('mcp-session-id') ?? '';
  }

  it('the client sees a sealed id, the upstream its own', async () => {
    const handler = await build({ defaultAction: 'allow' });
    const sealed = await connect(handler);
    expect(sealed).not.toContain('upstream-1');
    const exchange = post(tool('a'), { headers: withSession(sealed) });
    const reply = await answer(handler, exchange);
    expect(upstream.sessions).toEqual([undefined, 'upstream-1']);
    expect(reply.headers.get('mcp-session-id')).toBe(sealed);
    expect(exchange.facts.mcp?.sessionId).toBe(sealed);
    for (const method of ['GET', 'DELETE'])
      await answer(handler, testExchange({ method, identity: developer, headers: withSession(sealed) }));
    expect(upstream.sessions).toEqual([undefined, 'upstream-1', 'upstream-1', 'upstream-1']);
  });

  it('another caller, another route, an altered or unknown id: 404, and the upstream is not asked', async () => {
    const handler = await build({ defaultAction: 'allow' });
    const sealed = await connect(handler);
    const foreign = post(tool('a'), { headers: withSession(sealed), identity: admin });
    const elsewhere = post(tool('a'), { headers: withSession(sealed) });
    elsewhere.facts.router = 'another-route@file';
    const attempts = [
      foreign,
      elsewhere,
      post(tool('a'), { headers: withSession(`${sealed}A`) }),
      post(tool('a'), { headers: withSession('upstream-1') }),
      testExchange({ method: 'GET', identity: admin, headers: withSession(sealed) }),
      testExchange({ method: 'DELETE', identity: admin, headers: withSession(sealed) }),
    ];
    for (const exchange of attempts) {
      const reply = await answer(handler, exchange);
      expect(reply.status).toBe(404);
      expect(json(reply).error).toEqual({ code: -32001, message: 'Session not found' });
    }
    expect(upstream.sessions).toHaveLength(1);
  });

  it('outlive a reload, and with a key a restart', async () => {
    const shared = new Map<string, unknown>();
    const sealed = await connect(await build({ defaultAction: 'allow' }, testContext({ shared })));
    const reloaded = await build({ defaultAction: 'deny', policies: guide.policies }, testContext({ shared }));
    expect((await answer(reloaded, post(call('tools/list'), { headers: withSession(sealed) }))).status).toBe(200);
    const stranger = await build({ defaultAction: 'allow' });
    expect((await answer(stranger, post(tool('a'), { headers: withSession(sealed) }))).status).toBe(404);

    const sessionKey = 'a key that is long enough to be one, really';
    const before = await connect(await build({ defaultAction: 'allow', sessionKey }));
    const after = await build({ defaultAction: 'allow', sessionKey });
    expect((await answer(after, post(tool('a'), { headers: withSession(before) }))).status).toBe(200);
  });

  it('are never required', async () => {
    const handler = await build({ defaultAction: 'allow' });
    await connect(handler);
    expect((await answer(handler, post(tool('a')))).status).toBe(200);
  });

  it('a modern request has none', async () => {
    const handler = await build({ defaultAction: 'allow' });
    const headers = { 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Session-Id': 'upstream-1' } as never;
    expect((await answer(handler, post(call('tools/list'), { headers }))).status).toBe(200);
    expect(upstream.sessions).toEqual([undefined]);
  });

  it('[SEC-orphan-response] a client’s response needs one', async () => {
    const handler = await build({ defaultAction: 'allow' });
    const sealed = await connect(handler);
    const response = JSON.stringify({ jsonrpc: '2.0', id: 5, result: {} });
    expect((await answer(handler, post(response))).status).toBe(400);
    expect(
      (
        await answer(
          handler,
          post(response, { headers: { 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Session-Id': sealed } as never }),
        )
      ).status,
    ).toBe(400);
    expect((await answer(handler, post(response, { headers: withSession(sealed) }))).status).toBe(200);
    expect(upstream.sessions).toEqual([undefined, 'upstream-1']);
  });

  it('a request that is tried again carries its own id again', async () => {
    const handler = await build({ defaultAction: 'allow' });
    const sealed = await connect(handler);
    const exchange = post(tool('a'), { headers: withSession(sealed) });
    upstream.error = new Refusal(502, 'upstream_unreachable', { unsent: true });
    await expect(handler(exchange)).rejects.toThrow(Refusal);
    upstream.error = undefined;
    expect((await answer(handler, exchange)).status).toBe(200);
    expect(upstream.sessions).toEqual([undefined, 'upstream-1', 'upstream-1']);
  });
});

describe('[DP-4.upstream] faults behind the middleware', () => {
  it.each([502, 503, 504])('%i answers a request as JSON-RPC', async (status) => {
    const handler = await build({ defaultAction: 'allow' });
    upstream.error = new Refusal(status, 'upstream_unreachable', {
      body: 'bad gateway\n',
      headers: [['Retry-After', '5']],
    });
    const reply = await answer(handler, post(call('tools/call', { name: 'a' }, 'q')));
    expect(reply).toMatchObject({ status });
    expect(reply.headers.get('retry-after')).toBe('5');
    expect(reply.headers.get('content-length')).toBe(String((reply.body as Buffer).length));
    expect(json(reply)).toMatchObject({ jsonrpc: '2.0', id: 'q', error: { code: status } });
  });

  it('leaves other refusals, notifications and real errors as they are', async () => {
    const handler = await build({ defaultAction: 'allow' });
    upstream.error = new Refusal(401, 'x', { body: 'plain' });
    expect(String((await answer(handler, post(tool('a')))).body)).toBe('plain');
    upstream.error = new Refusal(502, 'x', { body: 'plain' });
    expect(String((await answer(handler, post(notify('notifications/initialized')))).body)).toBe('plain');
    upstream.error = new Error('boom');
    await expect(handler(post(tool('a')))).rejects.toThrow('boom');
  });

  it('[DP-4.passthrough] the upstream’s own errors and redirects are untouched', async () => {
    const handler = await build({ defaultAction: 'allow' });
    for (const status of [302, 400, 404, 405, 500, 503]) {
      upstream.status = status;
      upstream.headers = { 'Content-Type': 'text/html', Location: '/x' };
      upstream.body = '<p>odd</p>';
      const reply = await answer(handler, post(call('tools/list')));
      expect(reply.status).toBe(status);
      expect(String(reply.body)).toBe('<p>odd</p>');
    }
  });
});

describe('[DP-6.abort] when the client goes', () => {
  it.each<[string, () => ReturnType<typeof post>, boolean]>([
    ['a legacy call goes on', () => post(tool('a')), false],
    [
      'a modern call ends',
      () => post(call('tools/list'), { headers: { 'MCP-Protocol-Version': '2026-07-28' } as never }),
      true,
    ],
    ['a GET stream ends', () => testExchange({ method: 'GET', identity: developer }), true],
  ])('%s', async (_name, make, abort) => {
    const exchange = make();
    await answer(await build({ defaultAction: 'allow' }), exchange);
    expect(exchange.abortOnClose).toBe(abort);
  });
});

describe('telemetry', () => {
  it('knows what was asked', async () => {
    const handler = await build({ defaultAction: 'allow' });
    const facts = async (exchange: ReturnType<typeof post>) => {
      await answer(handler, exchange);
      return exchange.facts.mcp;
    };
    expect(await facts(post(tool('a')))).toMatchObject({
      kind: 'request',
      era: 'legacy',
      method: 'tools/call',
      name: 'a',
      uri: undefined,
      requestId: '1',
    });
    expect(await facts(post(call('resources/read', { uri: 'x:y' })))).toMatchObject({ uri: 'x:y', name: undefined });
    expect(await facts(post(call('completion/complete', { ref: { type: 'ref/prompt', name: 'p' } })))).toMatchObject({
      name: 'p',
    });
    expect(await facts(post(call('initialize', { protocolVersion: '2025-06-18' })))).toMatchObject({
      protocolVersion: '2025-06-18',
    });
    expect(await facts(testExchange({ method: 'GET', identity: developer }))).toMatchObject({
      kind: 'stream',
      method: '',
    });
  });

  it.each<[string, Record<string, unknown>]>([
    ['{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"x"}}', { errorCode: -32602 }],
    ['{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":true}}', { toolError: true }],
    ['{"jsonrpc":"2.0","id":1,"result":{"content":[]}}', { toolError: false, errorCode: undefined }],
  ])('reads the outcome of %s and changes no byte', async (body, expected) => {
    const handler = await build({ defaultAction: 'allow' });
    for (const type of ['application/json', 'text/event-stream']) {
      upstream.headers = { 'Content-Type': type };
      upstream.body = type === 'application/json' ? body : `event: message\ndata: ${body}\n\n`;
      const exchange = post(tool('a'));
      const reply = await answer(handler, exchange);
      expect(String(reply.body)).toBe(upstream.body);
      expect(exchange.facts.mcp).toMatchObject(expected);
    }
  });
});

describe('options', () => {
  it('unknown keys are errors', () => {
    expect(mcp.options.safeParse({ defaultActoin: 'allow' }).success).toBe(false);
    expect(mcp.options.safeParse({ policies: [{ match: 'x', action: 'permit' }] }).success).toBe(false);
  });

  it.each<[string, object, string]>([
    [
      'a policy that does not compile',
      { policies: [{ match: 'Equals(`mcp.metod`, `x`)', action: 'allow' }] },
      'policies.0.match',
    ],
    ['a resource with a query', { resourceMetadata: { resource: 'https://x/a?b=c' } }, 'resourceMetadata.resource'],
    ['an origin that is none', { allowedOrigins: ['app.example'] }, 'allowedOrigins'],
  ])('%s is a diagnostic at its place', async (_name, options, place) => {
    try {
      await build(options);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(PortcullisError);
      expect((error as PortcullisError).diagnostics[0]?.subject).toBe(`test@file: ${place}`);
    }
  });

  it('the default is to deny', async () => {
    expect((await answer(await build({}), post(tool('a')))).status).toBe(403);
  });
});
