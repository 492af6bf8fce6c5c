import { beforeEach, describe, expect, it } from 'vitest';
import { answer, testExchange } from '../../../test/support/exchange.ts';
import { buildHandler, testContext } from '../../../test/support/middleware-context.ts';
import { jwtPrincipal } from '../../auth/principal.ts';
import { type BodySink, type BodySource, collect } from '../../http/body.ts';
import type { Handler, Reply } from '../../http/exchange.ts';
import { HeaderFields } from '../../http/headers.ts';
import { mcp } from './mcp.ts';

/** Sends the parts one by one, each in its own turn, unless told to break off. */
class Parts implements BodySource {
  readonly #parts: readonly (string | Buffer)[];
  readonly #breakOff: boolean;
  cancelled = false;
  constructor(parts: readonly (string | Buffer)[], breakOff = false) {
    this.#parts = parts;
    this.#breakOff = breakOff;
  }
  start(sink: BodySink) {
    const run = async (): Promise<void> => {
      for (const part of this.#parts) {
        await Promise.resolve();
        if (this.cancelled) return;
        sink.chunk(Buffer.from(part));
      }
      await Promise.resolve();
      if (this.cancelled) return;
      if (this.#breakOff) sink.fail(new Error('cut'));
      else sink.end();
    };
    void run();
    const cancel = (): void => this.cancel();
    return { pause: () => undefined, resume: () => undefined, cancel };
  }
  cancel(): void {
    this.cancelled = true;
  }
}

const answers = {
  type: 'application/json',
  status: 200,
  headers: {} as Record<string, string>,
  body: null as Reply['body'],
};
const upstream: Handler = () => {
  const headers = HeaderFields.fromRaw(['Content-Type', answers.type, ...Object.entries(answers.headers).flat()]);
  return Promise.resolve({ status: answers.status, headers, body: answers.body });
};
beforeEach(() => {
  Object.assign(answers, { type: 'application/json', status: 200, headers: {}, body: null });
});

const claims = (groups: string) => new Map([['groups', [groups]]]);
const identityOf = (group: string) =>
  jwtPrincipal({ issuer: undefined, subject: group, claims: claims(group), expiresAt: undefined, credential: group });

const policies = [
  {
    match: 'OneOf(`mcp.method`, `tools/list`, `prompts/list`, `resources/list`, `resources/templates/list`)',
    action: 'allow',
  },
  { match: 'OneOf(`mcp.method`, `tools/call`, `prompts/get`) && Equals(`mcp.params.name`, `open`)', action: 'allow' },
  {
    match:
      'Equals(`mcp.method`, `tools/call`) && Equals(`mcp.params.name`, `guarded`) && Contains(`jwt.groups`, `admin`)',
    action: 'allow',
  },
  { match: 'Equals(`mcp.method`, `resources/read`) && Prefix(`mcp.params.uri`, `file:///public/`)', action: 'allow' },
];

async function ask(
  method: string,
  options: {
    group?: string;
    http?: 'GET' | 'POST';
    config?: object;
    handler?: Handler;
    headers?: Record<string, string>;
    params?: object;
  } = {},
) {
  const handler = options.handler ?? (await buildHandler(mcp, { policies, ...options.config }, upstream));
  const http = options.http ?? 'POST';
  const exchange = testExchange({
    method: http,
    identity: identityOf(options.group ?? 'developer'),
    headers: { ...(http === 'POST' ? { 'Content-Type': 'application/json' } : {}), ...options.headers },
    ...(http === 'POST'
      ? { body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: options.params ?? {} }) }
      : {}),
  });
  const reply = await answer(handler, exchange);
  const text = await collect(reply.body, 1 << 20).then(String, (error: Error) => `CUT ${error.message}`);
  return { reply, text, exchange };
}

const toolList = (...names: string[]) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    result: { tools: names.map((name) => ({ name, inputSchema: { type: 'object' } })), nextCursor: 'c' },
  });
const event = (data: string) => `event: message\nid: 7\ndata: ${data}\n\n`;

describe('[DP-6.lists] lists hold what their reader may use', () => {
  it.each([
    ['developer', ['open']],
    ['admin', ['open', 'guarded']],
  ])('%s, as JSON', async (group, expected) => {
    answers.body = Buffer.from(toolList('open', 'guarded', 'secret'));
    const { reply, text, exchange } = await ask('tools/list', { group });
    expect(text).toBe(toolList(...expected));
    expect(reply.headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
    expect(exchange.facts.mcp?.hidden).toBe(3 - expected.length);
  });

  it.each([1, 7, 1000])('as JSON in parts of %i bytes', async (size) => {
    const bytes = Buffer.from(toolList('open', 'guarded', 'sécret'));
    answers.body = new Parts(
      Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size)),
    );
    answers.headers = { 'Content-Length': String(bytes.length) };
    const { reply, text } = await ask('tools/list');
    expect(text).toBe(toolList('open'));
    expect(reply.headers.getAll('content-length')).toEqual([String(Buffer.byteLength(text))]);
  });

  it.each([1, 7, 1000])('as events in parts of %i bytes; other events untouched', async (size) => {
    const progress =
      ': hi\r\n\r\nevent: message\r\ndata: {"jsonrpc":"2.0",  "method":"notifications/progress"}\r\n\r\n';
    const bytes = Buffer.from(progress + event(toolList('secret', 'open')));
    answers.type = 'text/event-stream; charset=utf-8';
    answers.body = new Parts(
      Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size)),
    );
    const { reply, text, exchange } = await ask('tools/list');
    expect(text.replace('\r\n\r\n\n', '\r\n\r\n')).toBe(
      `${progress}event: message\nid: 7\ndata: ${toolList('open')}\n\n`,
    );
    expect(exchange.facts.mcp?.hidden).toBe(1);
    expect(reply.headers.get('x-accel-buffering')).toBe('no');
    expect(reply.headers.get('cache-control')).toBe('no-cache, no-transform');
    expect(reply.headers.has('content-length')).toBe(false);
    expect(reply.longLived).toBe(true);
  });

  it('as events that came whole', async () => {
    answers.type = 'text/event-stream';
    answers.body = Buffer.from(event(toolList('secret', 'open')));
    expect((await ask('tools/list')).text).toBe(event(toolList('open')));
  });

  it('on a resumed GET stream too, where nobody knows what was asked', async () => {
    answers.type = 'text/event-stream';
    const other = event('{"jsonrpc":"2.0","id":9,"result":{"content":[]}}');
    answers.body = new Parts([other + event(toolList('secret', 'open'))]);
    const { text } = await ask('', { http: 'GET', headers: { 'Last-Event-ID': '3' } });
    expect(text).toBe(other + event(toolList('open')));
  });

  it.each([
    ['prompts/list', 'prompts', 'name', ['open'], ['secret']],
    ['resources/list', 'resources', 'uri', ['file:///public/a'], ['file:///private/a']],
    [
      'resources/templates/list',
      'resourceTemplates',
      'uriTemplate',
      ['file:///public/{x}', 'file:///{x}'],
      ['file:///private/{x}'],
    ],
  ])('%s', async (method, list, key, shown, hidden) => {
    const items = (names: string[]) => JSON.stringify({ result: { [list]: names.map((name) => ({ [key]: name })) } });
    answers.body = Buffer.from(items([...shown, ...hidden]));
    expect((await ask(method)).text).toBe(items(shown));
  });

  it('[DP-6.cachescope] a filtered public list becomes private, and so does one of which nothing was taken', async () => {
    answers.body = Buffer.from('{"result":{"tools":[],"ttlMs":9,"cacheScope":"public"}}');
    expect((await ask('tools/list')).text).toBe('{"result":{"tools":[],"ttlMs":9,"cacheScope":"private"}}');
  });

  it('listPolicies and listDefaultAction decide before the calls do', async () => {
    answers.body = Buffer.from(toolList('open', 'guarded', 'secret'));
    const config = {
      listPolicies: [{ match: 'Equals(`mcp.params.name`, `open`)', action: 'hide' }],
      listDefaultAction: 'show',
    };
    expect((await ask('tools/list', { config })).text).toBe(toolList('guarded', 'secret'));
  });

  it('a route that shows everything to everybody touches no byte', async () => {
    const odd = ' {"result": {"tools":[ {"noName":1} ],"tools2":{}}} ';
    answers.body = Buffer.from(odd);
    expect((await ask('tools/list', { config: { policies: [], defaultAction: 'allow' } })).text).toBe(odd);
  });

  it('nor one in a form that it could not filter', async () => {
    Object.assign(answers, { type: 'text/plain', headers: { 'Content-Encoding': 'gzip' }, body: Buffer.from('odd') });
    const { reply, text } = await ask('tools/list', { config: { policies: [], defaultAction: 'allow' } });
    expect([reply.status, text]).toEqual([200, 'odd']);
  });

  it('the outcome of a list that comes as an event is read', async () => {
    const error = event('{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}');
    Object.assign(answers, { type: 'text/event-stream', body: new Parts([error]) });
    const { text, exchange } = await ask('tools/list');
    expect(text).toBe(error);
    expect(exchange.facts.mcp?.errorCode).toBe(-32601);
  });

  it('an error instead of a list passes', async () => {
    const error = '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}';
    answers.body = Buffer.from(error);
    const { text, exchange } = await ask('tools/list');
    expect(text).toBe(error);
    expect(exchange.facts.mcp?.errorCode).toBe(-32601);
  });

  it.each([404, 500])('an HTML %i passes', async (status) => {
    Object.assign(answers, { type: 'text/html', status, body: Buffer.from('<p>') });
    expect(await ask('tools/list')).toMatchObject({ text: '<p>', reply: { status } });
  });

  it('202 without a body passes', async () => {
    Object.assign(answers, { type: 'text/plain', status: 202, body: null });
    expect((await ask('tools/list')).reply.status).toBe(202);
  });
});

describe('[DP-6.failclosed] a list that cannot be filtered is never passed on', () => {
  it.each<[string, () => void]>([
    ['one that is no JSON', () => (answers.body = Buffer.from('{"result":{"tools":[}'))],
    ['one with a key twice', () => (answers.body = Buffer.from('{"result":{"tools":[],"tools":[{"name":"secret"}]}}'))],
    [
      'one with the result twice',
      () => (answers.body = Buffer.from('{"result":{},"result":{"tools":[{"name":"secret"}]}}')),
    ],
    ['one after a byte order mark', () => (answers.body = Buffer.from(`\ufeff${toolList('secret')}`))],
    [
      'one in another media type',
      () => Object.assign(answers, { type: 'text/plain', body: Buffer.from(toolList('secret')) }),
    ],
    [
      'one that is compressed',
      () => Object.assign(answers, { headers: { 'Content-Encoding': 'gzip' }, body: Buffer.from('x') }),
    ],
    [
      'a compressed stream',
      () =>
        Object.assign(answers, {
          type: 'text/event-stream',
          headers: { 'Content-Encoding': 'br' },
          body: new Parts(['x']),
        }),
    ],
    ['one that is too long', () => (answers.body = new Parts([toolList('secret'.repeat(100))]))],
    ['one that breaks off', () => (answers.body = new Parts(['{"result":{"tools":['], true))],
    [
      'a broken event that came whole',
      () => Object.assign(answers, { type: 'text/event-stream', body: Buffer.from(event('{"result":{"tools":[}')) }),
    ],
  ])('%s: 502', async (_name, prepare) => {
    prepare();
    const { reply, text } = await ask('tools/list', { config: { maxListSize: 500 } });
    expect(reply.status).toBe(502);
    expect(JSON.parse(text)).toMatchObject({ jsonrpc: '2.0', id: 1, error: { code: 502 } });
    expect(text).not.toContain('secret');
    if (answers.body instanceof Parts && reply.status === 502) expect(answers.body.cancelled || text !== '').toBe(true);
  });

  it.each([
    ['no JSON', '{"result":{"tools":[}'],
    ['a key twice', '{"result":{"tools":[],"tools":[{"name":"secret"}]}}'],
    ['escapes that hide the word', '{"r\\u0065sult":{"tools":[{"name":"open"}],"tools":[{"name":"secret"}]}}'],
    ['an event that is too long', toolList('secret'.repeat(200))],
  ])('an event with %s cuts the stream', async (_name, data) => {
    Object.assign(answers, {
      type: 'text/event-stream',
      body: new Parts([event('{"jsonrpc":"2.0","method":"x"}'), event(data).slice(0, -1), '\n']),
    });
    for (const http of ['POST', 'GET'] as const) {
      answers.body = new Parts([event('{"jsonrpc":"2.0","method":"x"}'), event(data).slice(0, -1), '\n']);
      const { text } = await ask('tools/list', { http, config: { maxListSize: 500 } });
      expect(text).toMatch(/^CUT /);
    }
  });

  it('escapes do not hide a list', async () => {
    answers.body = Buffer.from('{"r\\u0065sult":{"t\\u006fols":[{"n\\u0061me":"s\\u0065cret"},{"name":"open"}]}}');
    expect((await ask('tools/list')).text).toBe('{"r\\u0065sult":{"t\\u006fols":[{"name":"open"}]}}');
  });
});

describe('[DP-6.bytes] other answers are not touched', () => {
  it.each(['application/json', 'text/event-stream'])('%s of a call', async (type) => {
    const body =
      type === 'application/json'
        ? ' {"result":{"tools":[{"name":"secret"}],"a":1,"a":2}} '
        : 'data:  {"result":{"tools":[1]}}\r\r';
    Object.assign(answers, { type, body: new Parts([body]) });
    const { text } = await ask('tools/call', { params: { name: 'open' } });
    expect(text).toBe(body);
  });

  it('a compressed stream of a call keeps its encoding', async () => {
    Object.assign(answers, {
      type: 'text/event-stream',
      headers: { 'Content-Encoding': 'gzip' },
      body: Buffer.from([31, 139]),
    });
    const { reply } = await ask('tools/call', { params: { name: 'open' } });
    expect(reply.body).toEqual(Buffer.from([31, 139]));
  });

  it('a call that breaks off is a cut', async () => {
    for (const type of ['application/json', 'text/event-stream']) {
      Object.assign(answers, { type, body: new Parts(['{'], true) });
      expect((await ask('tools/call', { params: { name: 'open' } })).text).toBe('CUT cut');
    }
  });
});

describe('[PL-6.capabilities-answers] capabilities hold what their reader may use', () => {
  const greeting = (...names: string[]) =>
    `{"jsonrpc":"2.0","id": 1.0,"result":{"capabilities":{${names.map((name) => `"${name}":{"listChanged":true}`).join(',')}},"serverInfo":{ "name":"\\u00e9" },"protocolVersion":"2025-11-25"}}`;
  const sent = greeting('logging', 'tools', 'prompts', 'resources', 'x');
  const forTools = [{ match: 'OneOf(`mcp.method`, `tools/list`, `tools/call`)', action: 'allow' }];

  it.each([
    ['application/json', (text: string) => text],
    ['text/event-stream', event],
  ])('%s, whole and in parts', async (type, write) => {
    for (const body of [Buffer.from(write(sent)), new Parts([write(sent).slice(0, 50), write(sent).slice(50)])]) {
      Object.assign(answers, { type, body });
      const { reply, text, exchange } = await ask('initialize', { config: { policies: forTools } });
      expect(text).toBe(write(greeting('tools', 'x')));
      expect(exchange.facts.mcp?.protocolVersion).toBe('2025-11-25');
      const length = reply.headers.get('content-length');
      if (type === 'application/json') expect(length).toBe(String(Buffer.byteLength(text)));
    }
  });

  it('by caller', async () => {
    const config = {
      policies: [...forTools, { match: 'Contains(`jwt.groups`, `admin`)', action: 'allow' }],
    };
    answers.body = Buffer.from(sent);
    expect((await ask('initialize', { config })).text).toBe(greeting('tools', 'x'));
    answers.body = Buffer.from(sent);
    expect((await ask('initialize', { config, group: 'admin' })).text).toBe(sent);
  });

  it('discovery is private, like lists', async () => {
    const discovered = (capabilities: string, scope: string) =>
      `{"result":{"supportedVersions":["2026-07-28"],"capabilities":${capabilities},"ttlMs":9,"cacheScope":"${scope}"}}`;
    const version = '2026-07-28';
    const asked = {
      headers: { 'MCP-Protocol-Version': version, 'Mcp-Method': 'server/discover' },
      params: { _meta: { 'io.modelcontextprotocol/protocolVersion': version } },
    };
    answers.body = Buffer.from(discovered('{"prompts":{},"tools":{},"logging":{}}', 'public'));
    expect((await ask('server/discover', { ...asked, config: { policies: forTools } })).text).toBe(
      discovered('{"tools":{},"logging":{}}', 'private'),
    );
    answers.body = Buffer.from(discovered('{"tools":{}}', 'public'));
    expect((await ask('server/discover', { ...asked, config: { policies: forTools } })).text).toBe(
      discovered('{"tools":{}}', 'private'),
    );
    answers.body = Buffer.from(discovered('{"tools":{}}', 'public'));
    expect((await ask('server/discover', { ...asked, config: { policies: [], defaultAction: 'allow' } })).text).toBe(
      discovered('{"tools":{}}', 'public'),
    );
  });

  it('what more scopes would open is offered', async () => {
    const policies = [
      { match: '!Contains(`jwt.scope`, `tools`)', action: 'deny' },
      { match: 'Equals(`mcp.method`, `tools/call`)', action: 'allow' },
    ];
    const greetings = { match: 'Equals(`mcp.method`, `initialize`)', action: 'allow' };
    answers.body = Buffer.from(sent);
    expect((await ask('initialize', { config: { policies: [greetings, ...policies] } })).text).toBe(greeting('x'));
    answers.body = Buffer.from(sent);
    const curable = { ...policies[0], requiredScopes: ['tools'] };
    expect((await ask('initialize', { config: { policies: [greetings, curable, policies[1]] } })).text).toBe(sent);
  });

  it('an answer that cannot be read in one way only is refused; an error passes', async () => {
    answers.body = Buffer.from('{"result":{"capabilities":{"tools":{}},"capabilities":{}}}');
    expect((await ask('initialize', { config: { policies: forTools } })).reply.status).toBe(502);
    const error = '{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"result"}}';
    Object.assign(answers, { body: Buffer.from(error), status: 400 });
    const { reply, text } = await ask('initialize', { config: { policies: forTools } });
    expect([reply.status, text]).toEqual([400, error]);
  });

  it.each(['ping', 'tools/call'])('the same words in an answer to %s are not touched', async (method) => {
    answers.body = Buffer.from(sent);
    expect((await ask(method, { params: { name: 'a' }, config: { policies: forTools } })).text).toBe(sent);
  });

  it('nothing is touched where everything is allowed', async () => {
    const odd = '{"result":{"capabilities":{"tools":{}},"capabilities":{},"cacheScope":"public"}}';
    answers.body = Buffer.from(odd);
    expect((await ask('initialize', { config: { policies: [], defaultAction: 'allow' } })).text).toBe(odd);
  });
});

describe('what lists teach', () => {
  const listed = {
    jsonrpc: '2.0',
    id: 1,
    result: {
      tools: [
        {
          name: 'reader',
          annotations: { readOnlyHint: true },
          inputSchema: { properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } },
        },
        { name: 'writer', annotations: { readOnlyHint: false } },
      ],
    },
  };
  const config = {
    policies: [
      { match: 'Equals(`mcp.method`, `tools/list`)', action: 'allow' },
      { match: 'Equals(`tool.annotations.readOnlyHint`, `true`)', action: 'allow' },
    ],
  };
  const version = '2026-07-28';
  const modern = { 'MCP-Protocol-Version': version, 'Mcp-Method': 'tools/call', 'Mcp-Name': 'reader' };
  const params = {
    name: 'reader',
    arguments: { region: 'eu' },
    _meta: { 'io.modelcontextprotocol/protocolVersion': version },
  };

  it('[PL-7.learned] annotations, once the list is known, for this route only', async () => {
    const handler = await buildHandler(mcp, config, upstream, testContext());
    answers.body = Buffer.from(JSON.stringify(listed));
    const call = (name: string) => ask('tools/call', { handler, params: { name } });
    expect((await call('reader')).reply.status).toBe(403);
    const { text } = await ask('tools/list', { handler });
    expect(JSON.parse(text).result.tools.map((tool: { name: string }) => tool.name)).toEqual(['reader']);
    expect((await call('reader')).reply.status).toBe(200);
    expect((await call('writer')).reply.status).toBe(403);
  });

  it('[DP-3.headers] which headers repeat arguments', async () => {
    const handler = await buildHandler(mcp, { policies, defaultAction: 'allow' }, upstream, testContext());
    answers.body = Buffer.from(JSON.stringify(listed));
    const call = (region: string) =>
      ask('tools/call', { handler, params, headers: { ...modern, 'Mcp-Param-Region': region } });
    expect((await call('us')).reply.status).toBe(200);
    await ask('tools/list', { handler });
    expect((await call('us')).reply.status).toBe(400);
    expect((await call('eu')).reply.status).toBe(200);
  });
});
