import { describe, expect, it } from 'vitest';
import { answer, testExchange } from '../../../test/support/exchange.ts';
import { buildHandler, type TestContext, testContext } from '../../../test/support/middleware-context.ts';
import { jwtPrincipal } from '../../auth/principal.ts';
import type { BodySink, BodySource } from '../../http/body.ts';
import type { Exchange, Handler, Reply } from '../../http/exchange.ts';
import { HeaderFields } from '../../http/headers.ts';
import { mcp } from './mcp.ts';

/** An upstream stream that stays open until the test says otherwise. */
class OpenBody implements BodySource {
  sink: BodySink | undefined;
  cancelled = false;
  start(sink: BodySink) {
    this.sink = sink;
    return { pause: () => undefined, resume: () => undefined, cancel: () => this.cancel() };
  }
  cancel(): void {
    this.cancelled = true;
  }
}

const tools = ['read', 'write', 'hidden'];
const lists: Readonly<Record<string, unknown>> = {
  'tools/list': { tools: tools.map((name) => ({ name })) },
  'prompts/list': { prompts: [{ name: 'ask' }] },
};

/** Lists as JSON; GET and listen as streams that stay open. */
const upstream: Handler = (exchange) => {
  const body = exchange.body.buffered?.toString() ?? '{}';
  const { method, id } = JSON.parse(body) as { method?: string; id?: number };
  const list = lists[method ?? ''];
  const fields = ['Content-Type', list === undefined ? 'text/event-stream' : 'application/json'];
  const headers = HeaderFields.fromRaw(
    method === 'initialize' ? [...fields, 'Mcp-Session-Id', 'upstream-session'] : fields,
  );
  const reply: Reply = {
    status: 200,
    headers,
    body: list === undefined ? new OpenBody() : Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, result: list })),
  };
  opened.push(reply.body);
  return Promise.resolve(reply);
};
const opened: Reply['body'][] = [];

const identity = (group: string) =>
  jwtPrincipal({
    issuer: undefined,
    subject: group,
    claims: new Map([['groups', [group]]]),
    expiresAt: undefined,
    credential: group,
  });

/** One middleware through its reloads. */
class Played {
  readonly #shared = new Map<string, unknown>();
  #context: TestContext | undefined;
  handler: Handler = () => Promise.reject(new Error('not built'));

  /** Builds with other options and swaps, as the gateway does. */
  async reload(options: object): Promise<void> {
    const context = testContext({ shared: this.#shared });
    this.handler = await buildHandler(mcp, options, upstream, context);
    const previous = this.#context;
    this.#context = context;
    context.serve();
    previous?.retire();
  }

  /** The middleware is taken away. */
  remove(): void {
    this.#context?.retire();
  }

  async post(group: string, method: string, params: object = {}, headers: Record<string, string> = {}): Promise<Reply> {
    return answer(
      this.handler,
      testExchange({
        method: 'POST',
        identity: identity(group),
        headers: { 'Content-Type': 'application/json', ...headers },
        body: JSON.stringify({ jsonrpc: '2.0', id: 7, method, params }),
      }),
    );
  }

  /** Opens a stream and collects what comes over it. */
  async stream(group: string, reply?: Reply, headers: Record<string, string> = {}) {
    const open =
      reply ?? (await answer(this.handler, testExchange({ method: 'GET', identity: identity(group), headers })));
    const source = opened.at(-1) as OpenBody;
    const seen = { text: '', end: 'open' };
    (open.body as BodySource).start({
      chunk: (data) => {
        seen.text += Buffer.from(data).toString();
      },
      end: () => {
        seen.end = 'ended';
      },
      fail: (error) => {
        seen.end = error.message;
      },
    });
    return { seen, source, send: (text: string) => source.sink?.chunk(Buffer.from(text)) };
  }

  listen(group: string, notifications: object): Promise<Reply> {
    const version = '2026-07-28';
    return this.post(
      group,
      'subscriptions/listen',
      { notifications, _meta: { 'io.modelcontextprotocol/protocolVersion': version } },
      { 'MCP-Protocol-Version': version, 'Mcp-Method': 'subscriptions/listen' },
    );
  }
}

const lists_ = { match: 'OneOf(`mcp.method`, `tools/list`, `prompts/list`)', action: 'allow' };
const callable = (name: string, extra = '') => ({
  match: `Equals(\`mcp.method\`, \`tools/call\`) && Equals(\`mcp.params.name\`, \`${name}\`)${extra}`,
  action: 'allow',
});
const everyoneReads = {
  policies: [lists_, callable('read'), callable('write', ' && Contains(`jwt.groups`, `admin`)')],
};
const everyoneWrites = { policies: [lists_, callable('read'), callable('write')] };
const toolsChanged = 'data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n';

async function playing(options: object = everyoneReads): Promise<Played> {
  opened.length = 0;
  const played = new Played();
  await played.reload(options);
  await played.post('admin', 'tools/list');
  await played.post('admin', 'prompts/list');
  return played;
}

describe('[PL-6.live] when the policies change', () => {
  it('callers whose own lists changed are told on their streams, others are not', async () => {
    const played = await playing();
    const developer = await played.stream('developer');
    const admin = await played.stream('admin');
    await played.reload(everyoneWrites);
    expect(developer.seen.text).toBe(toolsChanged);
    expect(admin.seen.text).toBe('');
    await played.reload(everyoneWrites);
    expect(developer.seen.text).toBe(toolsChanged);
    await played.reload(everyoneReads);
    expect(developer.seen.text).toBe(toolsChanged + toolsChanged);
    expect([developer.seen.end, admin.seen.end]).toEqual(['open', 'open']);
  });

  it('from a policy that shows everything too, and about each list by its own name', async () => {
    const played = await playing({ defaultAction: 'allow' });
    const { seen } = await played.stream('developer');
    await played.reload(everyoneReads);
    expect(seen.text).toBe(`${toolsChanged}${toolsChanged.replace('tools', 'prompts')}`);
  });

  it('between two of the upstream’s events', async () => {
    const played = await playing();
    const { seen, send } = await played.stream('developer');
    send('data: {"jsonrpc":"2.0"');
    await played.reload(everyoneWrites);
    send(',"method":"x"}\n\n');
    expect(seen.text).toBe(`data: {"jsonrpc":"2.0","method":"x"}\n\n${toolsChanged}`);
  });

  it('on one stream of a session only', async () => {
    const played = await playing();
    const session = (await played.post('developer', 'initialize')).headers.get('mcp-session-id') ?? '';
    const first = await played.stream('developer', undefined, { 'Mcp-Session-Id': session });
    const second = await played.stream('developer', undefined, { 'Mcp-Session-Id': session });
    const elsewhere = await played.stream('developer');
    await played.reload(everyoneWrites);
    expect([first.seen.text, second.seen.text].toSorted()).toEqual(['', toolsChanged]);
    expect(elsewhere.seen.text).toBe(toolsChanged);
  });

  it('on a modern listen stream only what it asked for, tagged, and after the acknowledgement', async () => {
    const played = await playing();
    const asking = await played.stream('developer', await played.listen('developer', { toolsListChanged: true }));
    const other = await played.stream('developer', await played.listen('developer', { promptsListChanged: true }));
    await played.reload(everyoneWrites);
    expect(asking.seen.text).toBe('');
    const acknowledged = 'data: {"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged"}\n\n';
    asking.send(acknowledged);
    other.send(acknowledged);
    expect(asking.seen.text).toBe(
      `${acknowledged}data: {"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":7}}}\n\n`,
    );
    expect(other.seen.text).toBe(acknowledged);
  });

  it('nobody is told over a stream that has ended', async () => {
    const played = await playing();
    const { seen, source } = await played.stream('developer');
    source.sink?.end();
    await played.reload(everyoneWrites);
    expect(seen).toEqual({ text: '', end: 'ended' });
  });
});

describe('[AR-revoked] a stream whose caller lost the right to it ends', () => {
  const noStreams = {
    policies: [
      { match: 'Equals(`http.method`, `GET`) && !Contains(`jwt.groups`, `admin`)', action: 'deny' },
      ...everyoneReads.policies,
    ],
  };

  it('and no other', async () => {
    const played = await playing();
    const developer = await played.stream('developer');
    const admin = await played.stream('admin');
    await played.reload(noStreams);
    expect(developer.seen.end).toBe('ended');
    expect(developer.source.cancelled).toBe(true);
    expect(admin.seen.end).toBe('open');
    expect(admin.source.cancelled).toBe(false);
  });

  it('also when the change came while the upstream was asked', async () => {
    const played = await playing();
    const old = played.handler;
    let letGo: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const exchange = testExchange({ method: 'GET', identity: identity('developer') });
    const asked = answer(delayed(old, slow), exchange);
    await played.reload(noStreams);
    letGo();
    const { seen, source } = await played.stream('developer', await asked);
    expect(seen.end).not.toBe('open');
    expect(source.cancelled).toBe(true);
  });

  it('when the middleware is taken away', async () => {
    const played = await playing();
    const { seen } = await played.stream('admin');
    played.remove();
    expect(seen.end).toBe('ended');
  });

  it('is judged by the headers it was opened with', async () => {
    const byHeader = (action: string) => ({
      policies: [{ match: 'Equals(`http.headers.x-team`, `red`)', action }],
      defaultAction: 'allow',
    });
    const played = await playing(byHeader('allow'));
    const exchange = testExchange({ method: 'GET', identity: identity('developer'), headers: { 'X-Team': 'red' } });
    const reply = await answer(played.handler, exchange);
    exchange.headers.delete('x-team');
    const { seen } = await played.stream('developer', reply);
    await played.reload(byHeader('deny'));
    expect(seen.end).toBe('ended');
  });
});

/** Lets the exchange begin under the old configuration and go on when told. */
function delayed(handler: Handler, until: Promise<void>): Handler {
  return async (exchange: Exchange) => {
    await until;
    return handler(exchange);
  };
}
